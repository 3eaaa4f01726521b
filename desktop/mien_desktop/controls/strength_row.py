"""The row that says how much of an expression is applied, and as what."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSlider, QWidget

from mien_desktop.controls.applying import STRONGEST, ExpressionApplying

__all__ = ["StrengthRow"]

_MANNERS = (
    (False, "As a moment", "It comes before the playhead and goes after it"),
    (True, "As a key", "Only a key at the playhead: the first holds for the whole shot"),
)


class StrengthRow(QWidget):
    """A slider for the strength, and a box for the manner.

    Args:
        applying: What they set, here and wherever else it is shown.
        parent: Qt's owner.
    """

    def __init__(self, applying: ExpressionApplying, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._applying = applying
        self._strength = QSlider(Qt.Orientation.Horizontal)
        self._strength.setRange(0, STRONGEST)
        self._strength.setPageStep(10)
        self._strength.setAccessibleName("Strength")
        self._strength.setToolTip("How much of an expression is tried and applied")
        self._figure = QLabel()
        self._figure.setFixedWidth(46)
        self._figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._manner = QComboBox()
        for as_key, text, tip in _MANNERS:
            self._manner.addItem(text, as_key)
            self._manner.setItemData(self._manner.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._manner.setAccessibleName("How it is applied")
        self._manner.setToolTip("\n".join(f"{text}: {tip}" for _, text, tip in _MANNERS))
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 2, 6, 4)
        row.setSpacing(6)
        row.addWidget(self._strength, 1)
        row.addWidget(self._figure)
        row.addWidget(self._manner)
        self._show()
        self._strength.valueChanged.connect(applying.set_per_cent)
        self._manner.currentIndexChanged.connect(
            lambda: applying.set_as_key(bool(self._manner.currentData()))
        )
        applying.changed.connect(self._show)

    def _show(self) -> None:
        self._strength.setValue(self._applying.per_cent)
        self._figure.setText(f"{self._applying.per_cent} %")
        self._manner.setCurrentIndex(int(self._applying.as_key))
