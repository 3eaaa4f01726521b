"""Fields for a text that is burnt into a draft."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QWidget

from mien.model.watermark import DRAFT, LONGEST_WATERMARK
from mien_desktop.settings import settings

__all__ = ["WatermarkForm"]

_WANTED: Final = "export/watermark"
_TEXT: Final = "export/watermark-text"


class WatermarkForm(QWidget):
    """A switch for a watermark, and its text; both are as they were at the last export.

    Args:
        parent: Qt's owner.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = QCheckBox("Burn in")
        self._wanted.setAccessibleName("Burn a watermark in")
        self._wanted.setToolTip(
            "A text in the lower left corner of every frame, which says that this is a draft."
            " The viewer does not show it"
        )
        self._text = QLineEdit()
        self._text.setAccessibleName("Text of the watermark")
        self._text.setMaxLength(LONGEST_WATERMARK)
        self._text.setPlaceholderText(DRAFT)
        self._recall()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._wanted)
        row.addWidget(self._text, 1)
        self._wanted.toggled.connect(self._turn)
        self._text.textChanged.connect(self.changed)

    def text(self) -> str | None:
        """Return the text; None where no watermark is wanted."""
        if not self._wanted.isChecked():
            return None
        return self._text.text().strip() or DRAFT

    def remember(self) -> None:
        """Keep what is chosen for the next export."""
        settings().setValue(_WANTED, self._wanted.isChecked())
        settings().setValue(_TEXT, self._text.text())

    def _recall(self) -> None:
        wanted, text = settings().value(_WANTED, False, bool), settings().value(_TEXT, DRAFT, str)
        self._wanted.setChecked(bool(wanted))
        self._text.setText(str(text))
        self._text.setEnabled(bool(wanted))

    def _turn(self, wanted: bool) -> None:
        self._text.setEnabled(wanted)
        self.changed.emit()
