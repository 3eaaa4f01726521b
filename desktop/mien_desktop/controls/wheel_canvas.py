"""The wheel itself: fields to point at, to drag and to walk over with the arrow keys."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from mien.model.feelings import FEELINGS
from mien_desktop import theme
from mien_desktop.controls.face_painting import paint_face
from mien_desktop.controls.wheel_painting import paint_segment
from mien_desktop.geometry.glyph import glyph
from mien_desktop.geometry.wheel import HUB, Segment, WheelMap
from mien_desktop.words import title

__all__ = ["WheelCanvas"]

_MARGIN = 6
_SLACK = 4.0
"""Pixels that a press may move before it is a drag."""
_PER_PIXEL = 0.5
"""Per cent of strength for a pixel that a word is dragged outwards."""
_WALK = {
    Qt.Key.Key_Right: ("beside", 1), Qt.Key.Key_Left: ("beside", -1),
    Qt.Key.Key_Up: ("across", 1), Qt.Key.Key_Down: ("across", -1),
}  # fmt: skip


class WheelCanvas(QWidget):
    """Words for feelings in rings; the face of the one that is pointed at in the middle.

    Args:
        parent: Qt's owner.
    """

    pointed = Signal(object)
    """The field that the pointer or the keyboard came to; None for none."""
    chosen = Signal(str)
    """A word was clicked, dragged and let go, or entered."""
    strengthened = Signal(int, bool)
    """Per cent by which a drag of a word changes the strength, and whether it has just begun."""
    given_up = Signal()
    """The drag was taken back."""
    typed = Signal(str)
    """A letter was typed, which is for the search."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[str, ...] = tuple(FEELINGS)
        self.map = WheelMap(self._words)
        """The fields that are shown."""
        self.current: Segment | None = None
        """The field that is pointed at."""
        self._pressed: tuple[Segment | None, QPointF] | None = None
        self._dragged = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Wheel of feelings")
        self.setMinimumSize(360, 360)

    def sizeHint(self) -> QSize:
        """Return a size in which every word of the whole wheel can be read."""
        return QSize(660, 660)

    def narrow(self, words: tuple[str, ...]) -> None:
        """Show only some words; the whole of them, not of a branch."""
        self._words = words
        self._turn_to(())

    def open(self, branch: tuple[str, ...]) -> None:
        """Let a branch fill the wheel; an empty one shows all."""
        self._turn_to(branch)

    def back(self) -> None:
        """Show one branch more."""
        if self.map.branch:
            self._turn_to(self.map.branch[:-1])

    def point_at(self, segment: Segment | None) -> None:
        """Make a field the current one."""
        if segment != self.current:
            self.current = segment
            self.setAccessibleDescription(_described(segment))
            self.update()
            self.pointed.emit(segment)

    def place_of(self, segment: Segment) -> QPointF:
        """Return the middle of a field, in pixels."""
        from mien_desktop.geometry.wheel import RINGS

        reach = sum(RINGS[segment.ring]) / 2 * self._radius
        turn = segment.middle * math.tau
        return self._middle + QPointF(math.sin(turn) * reach, -math.cos(turn) * reach)

    def _turn_to(self, branch: tuple[str, ...]) -> None:
        path = self.current.path if self.current else ()
        self.map = WheelMap(self._words, branch)
        self.current = None
        same = next((s for s in self.map.segments if s.path == path), None)
        self.point_at(same or (self.map.segments[0] if self.hasFocus() else None))
        if self.current is None:
            self.pointed.emit(None)
        self.update()

    @property
    def _middle(self) -> QPointF:
        return QPointF(self.width() / 2, self.height() / 2)

    @property
    def _radius(self) -> float:
        return min(self.width(), self.height()) / 2 - _MARGIN

    def _at(self, place: QPointF) -> Segment | None:
        offset = (place - self._middle) / self._radius
        return self.map.at(offset.x(), offset.y())

    def _in_hub(self, place: QPointF) -> bool:
        offset = place - self._middle
        return math.hypot(offset.x(), offset.y()) < HUB * self._radius

    # Qt's events --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the fields, the current one on top, and its face in the hub."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, radius = self._middle, self._radius
        for segment in self.map.segments:
            if segment != self.current:
                paint_segment(painter, segment, middle, radius, dim=not self.isEnabled())
        if self.current is not None:
            paint_segment(painter, self.current, middle, radius, lit=True)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.ACCENT, 1))
            painter.drawEllipse(middle, radius + 3, radius + 3)
        self._paint_hub(painter, middle, HUB * radius)
        painter.end()

    def _paint_hub(self, painter: QPainter, middle: QPointF, reach: float) -> None:
        current = self.current
        word = FEELINGS.get(current.name) if current is not None and current.ring == 2 else None
        side = reach * (1.2 if self.map.branch else 1.45)
        area = QRectF(middle.x() - side / 2, middle.y() - side / 2, side, side)
        color = theme.TEXT if word is not None else theme.DISABLED
        if self.map.branch:
            area.translate(0, -reach * 0.14)
            painter.setPen(theme.DIM)
            painter.setFont(theme.small())
            below = QRectF(middle.x() - reach, area.bottom() - 1, 2 * reach, 18)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "back")
        if not self.map.segments:
            painter.setPen(theme.DIM)
            painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, "No such word")
            return
        paint_face(painter, glyph(word.weights if word is not None else ()), area, color)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at what is below; with the button held on a word, make it stronger or weaker."""
        place = event.position()
        if self._pressed is None:
            self.point_at(self._at(place))
            return
        segment, begun = self._pressed
        if segment is None or segment.ring < 2:
            return
        out = self._out(place) - self._out(begun)
        if not self._dragged and abs(out) < _SLACK:
            return
        first, self._dragged = not self._dragged, True
        self.strengthened.emit(round(out * _PER_PIXEL), first)

    def _out(self, place: QPointF) -> float:
        offset = place - self._middle
        return math.hypot(offset.x(), offset.y())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Hold a word."""
        if event.button() == Qt.MouseButton.LeftButton:
            place = event.position()
            self._pressed, self._dragged = (self._at(place), place), False
            self.point_at(self._pressed[0])

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Key the word, open the branch, or go back from the hub."""
        if self._pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        (segment, begun), self._pressed = self._pressed, None
        place = event.position()
        if self._dragged and segment is not None:
            self.chosen.emit(segment.name)
        elif segment is None and self._in_hub(begun) and self._in_hub(place):
            self.back()
        elif segment is not None and self._at(place) == segment:
            self._enter(segment)
        self.point_at(self._at(place))

    def _enter(self, segment: Segment) -> None:
        if segment.ring == 2:
            self.chosen.emit(segment.name)
        elif segment.path == self.map.branch:
            self.back()
        else:
            self.open(segment.path)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at nothing."""
        if self._pressed is None and not self.hasFocus():
            self.point_at(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Point at the first field when the keyboard comes."""
        super().focusInEvent(event)
        keys = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if self.current is None and event.reason() in keys and self.map.segments:
            self.point_at(self.map.segments[0])
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Paint the ring no more."""
        super().focusOutEvent(event)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Walk with the arrows, key with Enter, go back with Backspace; letters search."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape and self._pressed is not None:
            self._pressed = None
            if self._dragged:
                self.given_up.emit()
        elif key in _WALK and self.map.segments:
            step, way = _WALK[key]
            current = self.current or self.map.segments[0]
            self.point_at(getattr(self.map, step)(current, way))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self.current:
            self._enter(self.current)
        elif key == Qt.Key.Key_Backspace:
            self.back()
        elif event.text().isalpha():
            self.typed.emit(event.text())
        else:
            super().keyPressEvent(event)


def _described(segment: Segment | None) -> str:
    """Say in words what a field is, for who cannot see it."""
    if segment is None:
        return "Arrows walk over the words, Enter keys one, Backspace goes back; letters search."
    within = ", ".join(reversed(segment.path[:-1]))
    what = f"{title(segment.name)}, in {within}" if within else title(segment.name)
    if segment.ring < 2:
        return f"{what}, {segment.words} words; Enter opens it"
    return f"{what}; Enter keys it at the playhead"
