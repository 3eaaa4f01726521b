"""Easing of a performance that a face follows, and how exact its keys are."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFormLayout,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mien.model.transfer import Transfer

__all__ = ["ApplyMore"]


class ApplyMore(QWidget):
    """Easing and tolerance, behind a button that unfolds them.

    Args:
        parent: Qt's owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        usual = Transfer()
        self._ease = QSpinBox(minimum=0, maximum=1000, value=usual.ease)
        self._ease.setAccessibleName("Ease in and out")
        self._ease.setSuffix(" frames")
        self._ease.setToolTip("Frames over which it begins and ends, where that is inside the shot")
        self._tolerance = QDoubleSpinBox(
            minimum=0, maximum=0.5, singleStep=0.005, decimals=3, value=usual.tolerance
        )
        self._tolerance.setAccessibleName("Tolerance of keys")
        self._tolerance.setToolTip(
            "How far the keys may be from the performance in any frame; more makes fewer keys."
            " What differs by less is left alone."
        )
        self._button = QToolButton()
        self._button.setText("More")
        self._button.setCheckable(True)
        self._button.setArrowType(Qt.ArrowType.RightArrow)
        self._button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._button.toggled.connect(self._unfold)
        self._fields = QWidget()
        form = QFormLayout(self._fields)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Ease in and out", self._ease)
        form.addRow("Tolerance of keys", self._tolerance)
        self._fields.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._button)
        column.addWidget(self._fields)

    @property
    def ease(self) -> int:
        """Frames over which it is eased in and out."""
        return self._ease.value()

    @property
    def tolerance(self) -> float:
        """Distance in weights that keys may have from the performance in any frame."""
        return round(self._tolerance.value(), 3)

    def _unfold(self, on: bool) -> None:
        self._fields.setVisible(on)
        self._button.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
