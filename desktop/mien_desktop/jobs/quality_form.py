"""Fields for how well an export is encoded."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from mien.errors import UsageError
from mien.media.rate_control import RATE_CONTROLS, RateControl
from mien.model.quality import Quality

__all__ = ["QualityForm"]

_LEVELS: Final = (
    ("visually-lossless", "Visually lossless", "No difference is seen; about the source's size"),
    ("small", "Small", "For looking and sending"),
)
_CRF: Final = ("crf", "Constant rate factor", "Lower is better and larger; each codec has its own"
               " scale")  # fmt: skip
_BITRATE: Final = ("bitrate", "Bit rate", "Bits a second on average")
_EXAMPLES: Final = {"crf": "18", "bitrate": "20M"}


class QualityForm(QWidget):
    """A level, a constant rate factor or a bit rate, and the encoder's preset.

    Args:
        parent: Qt's owner.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._control = RateControl()
        self._kind = QComboBox()
        self._kind.setAccessibleName("Encoding")
        self._value = QLineEdit()
        self._value.setAccessibleName("Value of the quality")
        self._value.setMaximumWidth(80)
        self._preset = QComboBox()
        self._preset.setAccessibleName("Encoder preset")
        self._preset.setToolTip("How long the encoder tries to make the file small")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._kind, 1)
        row.addWidget(self._value)
        row.addWidget(self._preset)
        self._kind.currentIndexChanged.connect(self._turn_to)
        self._value.textChanged.connect(self.changed)
        self._preset.currentIndexChanged.connect(self.changed)

    def show_codec(self, codec: str | None, *, lossless: bool) -> bool:
        """Offer what a codec has, and keep what is chosen where it has that too.

        Args:
            codec: Its name; None for the source's.
            lossless: Whether the export is lossless whatever is chosen.

        Returns:
            Whether there is anything to choose.
        """
        control = RateControl() if lossless else RATE_CONTROLS.get(codec or "", RateControl())
        if control is not self._control:
            self._control = control
            kinds = [*_LEVELS] if control.levels else []
            kinds += [_CRF] if control.crf else []
            kinds += [_BITRATE] if control.bitrate else []
            _fill(self._kind, [(text, name, tip) for name, text, tip in kinds])
            presets = [(f"Preset {name}", name, "") for name in control.presets]
            _fill(self._preset, [("Preset as usual", None, ""), *presets])
            self._preset.setVisible(bool(presets))
            self._turn_to()
        return bool(control.levels)

    def quality(self) -> Quality:
        """Return what is chosen.

        Raises:
            UsageError: When the value cannot be meant.
        """
        kind, preset = self._kind.currentData(), self._preset.currentData()
        if kind is None:
            return Quality()
        if kind not in _EXAMPLES:
            return Quality(level=kind, preset=preset)
        text = self._value.text().strip()
        if not text:
            name = self._kind.currentText().lower()
            raise UsageError(f"There is no {name}.", f"Type one, as {_EXAMPLES[kind]}.")
        return Quality(**{kind: text, "preset": preset})

    def _turn_to(self) -> None:
        kind = self._kind.currentData()
        self._value.setVisible(kind in _EXAMPLES)
        self._value.setPlaceholderText(_EXAMPLES.get(kind, ""))
        if kind in _EXAMPLES and self._value.property("kind") != kind:
            with QSignalBlocker(self._value):
                self._value.setText(_EXAMPLES[kind])
            self._value.setProperty("kind", kind)
        self.changed.emit()


def _fill(box: QComboBox, rows: list[tuple[str, str | None, str]]) -> None:
    """Offer rows of text, data and tip; what is chosen stays so where it is among them."""
    chosen = box.currentData()
    with QSignalBlocker(box):
        box.clear()
        for text, data, tip in rows:
            box.addItem(text, data)
            if tip:
                box.setItemData(box.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        box.setCurrentIndex(max(box.findData(chosen), 0))
