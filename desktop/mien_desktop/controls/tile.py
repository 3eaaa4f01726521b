"""A tile of the palette: a schematic face and a name."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from mien.model.feelings import FEELINGS
from mien_desktop import theme
from mien_desktop.controls.face_painting import paint_face
from mien_desktop.geometry.glyph import Glyph, glyph
from mien_desktop.words import title

__all__ = ["ExpressionTile"]

_FACE = 44
"""Side of the face in pixels."""


class ExpressionTile(QAbstractButton):
    """An expression that can be auditioned and applied.

    Args:
        name: Its name.
        weights: Sided controls and their weights.
        own: Whether the user made it.
        parent: Qt's owner.

    Attributes:
        search_text: What a search finds it by: its name, and what else is said for it.
    """

    entered = Signal()
    """The pointer or the keyboard came to it."""
    left = Signal()
    """They went."""

    def __init__(
        self,
        name: str,
        weights: tuple[tuple[str, float], ...],
        *,
        own: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.name, self.weights, self.own = name, weights, own
        feeling = None if own else FEELINGS.get(name)
        self.search_text = " ".join((name, *(feeling.adjectives if feeling else ())))
        self._glyph: Glyph = glyph(weights)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name if own else title(name))
        parts = ", ".join(f"{title(control)} {weight:g}" for control, weight in weights[:8])
        more = "" if len(weights) <= 8 else ", ..."
        self.setToolTip(f"{self.accessibleName()}: {parts}{more}")

    def sizeHint(self) -> QSize:
        """Return the least size that face and name need."""
        return QSize(70, _FACE + 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint ground, face and name."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hot = self.underMouse() or self.hasFocus()
        ground = theme.WELL if self.isDown() else (theme.HOVER if hot else theme.RAISED)
        painter.setPen(QPen(theme.ACCENT if self.hasFocus() else theme.LINE, 1))
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        color = theme.TEXT if self.isEnabled() else theme.DISABLED
        area = QRectF((self.width() - _FACE) / 2, 3, _FACE, _FACE)
        paint_face(painter, self._glyph, area, color)
        painter.setPen(color)
        painter.setFont(theme.small())
        words = self.accessibleName()
        room = self.width() - 2
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
        area = QRectF(0, _FACE + 4, self.width(), 18)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, words)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Audition the expression."""
        super().enterEvent(event)
        self.update()
        self.entered.emit()

    def leaveEvent(self, event: QEvent) -> None:
        """End the audition."""
        super().leaveEvent(event)
        self.update()
        self.left.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Audition the expression when it was reached by the keyboard."""
        super().focusInEvent(event)
        keys = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if event.reason() in keys:
            self.entered.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """End the audition."""
        super().focusOutEvent(event)
        self.left.emit()
