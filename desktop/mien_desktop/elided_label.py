"""A line of words that gives way where there is little room, and ends in dots then."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mien_desktop import theme

__all__ = ["ElidedLabel"]

_LEAST = 40
"""Width below which it does not go."""


class ElidedLabel(QWidget):
    """A line of words, as long as there is room.

    Args:
        parent: Qt's owner.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(_LEAST)

    @property
    def text(self) -> str:
        """The words, all of them."""
        return self._text

    def show_text(self, text: str) -> None:
        """Show other words."""
        self._text = text
        self.setAccessibleName(text)
        self.update()

    def sizeHint(self) -> QSize:
        """Return the room that all words take."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance(self._text), metrics.height() + 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the words that there is room for."""
        with QPainter(self) as painter:
            painter.setPen(theme.TEXT)
            words = self.fontMetrics().elidedText(
                self._text, Qt.TextElideMode.ElideRight, self.width()
            )
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, words)
