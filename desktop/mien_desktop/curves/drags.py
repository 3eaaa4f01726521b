"""Drags on the canvas of the curve editor, from press to release; one class for each."""

from __future__ import annotations

import math
from typing import Protocol

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from mien.model.document import Document
from mien.session.commands import duplicate_keys, move_keys, set_handles
from mien.session.refs import KeyRef
from mien_desktop import theme
from mien_desktop.curves.hits import HandleHit, keys_inside
from mien_desktop.curves.surface import CurveSurface
from mien_desktop.curves.view import RULER, View
from mien_desktop.geometry.handles import dragged, handles
from mien_desktop.geometry.snap import PIXELS, snap, targets

__all__ = ["BoxDrag", "CurveDrag", "HandleDrag", "KeyDrag", "PanDrag", "ScrubDrag"]

_STILL = 3.0
"""Pixels that a pressed pointer may shake before it drags."""
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_ALT = Qt.KeyboardModifier.AltModifier
_MORE = _SHIFT | Qt.KeyboardModifier.ControlModifier


class CurveDrag(Protocol):
    """A drag that goes on."""

    def move(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Follow the pointer to a position."""

    def end(self, *, keep: bool) -> None:
        """End the drag at the release of the button, or take it back."""

    def paint(self, painter: QPainter, view: View) -> None:
        """Paint what the drag adds to the picture."""


class ScrubDrag:
    """A drag of the playhead."""

    def __init__(self, canvas: CurveSurface, position: QPointF) -> None:
        self._canvas = canvas
        self.move(position, Qt.KeyboardModifier.NoModifier)

    def move(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Go to the frame under the pointer."""
        self._canvas.workspace.set(frame=max(self._canvas.view.time.frame(position.x()), 0))

    def end(self, *, keep: bool) -> None:
        """Leave the playhead where it is."""

    def paint(self, painter: QPainter, view: View) -> None:
        """Paint nothing: the playhead is painted already."""


class PanDrag:
    """A drag that pulls the curves about."""

    def __init__(self, canvas: CurveSurface, position: QPointF) -> None:
        self._canvas, self._last = canvas, position

    def move(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Pull time and values along."""
        moved, self._last = position - self._last, position
        view = self._canvas.view
        self._canvas.set_time(view.time.panned(moved.x(), self._canvas.workspace.now.frame_count))
        self._canvas.set_values(view.values.panned(moved.y()))

    def end(self, *, keep: bool) -> None:
        """Leave the curves where they are."""

    def paint(self, painter: QPainter, view: View) -> None:
        """Paint nothing."""


class BoxDrag:
    """A drag that selects keys in a box; with Shift or Ctrl added to those that are."""

    def __init__(
        self, canvas: CurveSurface, position: QPointF, modifiers: Qt.KeyboardModifier
    ) -> None:
        self._canvas, self._start, self._position = canvas, position, position
        self._before = canvas.workspace.state.keys
        self._kept = self._before if modifiers & _MORE else frozenset[KeyRef]()

    def move(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Select what is in the box by now."""
        self._position = position
        view, start = self._canvas.view, self._start
        inside = keys_inside(
            self._canvas.scene,
            view,
            start.x(),
            start.y() - RULER,
            position.x(),
            position.y() - RULER,
        )
        self._canvas.workspace.set(keys=self._kept | inside)

    def end(self, *, keep: bool) -> None:
        """Keep the selection; a click beside everything selects nothing."""
        if not keep:
            self._canvas.workspace.set(keys=self._before)
        elif _near(self._start, self._position):
            self._canvas.workspace.set(keys=self._kept)

    def paint(self, painter: QPainter, view: View) -> None:
        """Paint the box."""
        if _near(self._start, self._position):
            return
        fill = QColor(theme.SELECTION)
        fill.setAlphaF(0.08)
        painter.setPen(QPen(theme.SELECTION, 1))
        painter.setBrush(fill)
        painter.drawRect(QRectF(self._start, self._position).normalized())


class KeyDrag:
    """A drag of the selected keys in time and value.

    Shift holds to one of both, snapping draws one of the keys to something that means a time,
    and with Alt the keys stay where they are and copies move.
    """

    def __init__(
        self,
        canvas: CurveSurface,
        position: QPointF,
        grasped: KeyRef,
        modifiers: Qt.KeyboardModifier,
        *,
        selected: bool,
    ) -> None:
        self._canvas, self._start = canvas, position
        self._grasped, self._alone = grasped, not modifiers & _MORE
        self._dropped = selected and bool(modifiers & _SHIFT)
        self._copying = bool(modifiers & _ALT)
        workspace = canvas.workspace
        self._keys = workspace.state.keys
        self._units = {line.ref: line.unit for line, _ in canvas.scene.selected()}
        project = workspace.project
        assert project is not None
        still = () if self._copying else self._keys
        self._targets = targets(project, workspace.state.frame, still)
        self._snapped: int | None = None
        self._moving = False

    def move(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Move the keys from where they were by as much as the pointer moved."""
        if not self._moving:
            if _near(self._start, position):
                return
            self._moving = True
            word = "Copy" if self._copying else "Move"
            self._canvas.workspace.begin_gesture(f"{word} {_counted(self._keys)}")
        view, moved = self._canvas.view, position - self._start
        dx, dy = moved.x(), moved.y()
        if modifiers & _SHIFT:
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        frames = self._frames(dx, view)
        value = -dy / view.values.scale
        self._move(frames, value)

    def _frames(self, dx: float, view: View) -> int:
        frames = math.floor(dx / view.time.scale + 0.5)
        self._snapped = None
        if self._canvas.workspace.state.snap and frames:
            moved = [key.frame for key in self._keys]
            reach = PIXELS / view.time.scale
            inside = snap(moved, frames, self._targets, reach)
            frames, self._snapped = inside.delta, inside.target
        return frames

    def _move(self, frames: int, value: float) -> None:
        after: frozenset[KeyRef] = frozenset()

        def change(document: Document) -> Document:
            nonlocal after
            by = duplicate_keys if self._copying else move_keys
            document, refs = by(document, self._keys, frames)
            after = frozenset(refs)
            # A value is moved in the unit of its track: pixels mean degrees here, weights there.
            for unit in set(self._units.values()):
                keys = [ref for ref in refs if self._units.get(ref.track) == unit]
                document, _ = move_keys(document, keys, 0, value * unit)
            return document

        workspace = self._canvas.workspace
        workspace.update_gesture(change)
        workspace.set(keys=after)

    def end(self, *, keep: bool) -> None:
        """End the step; a click without a drag selects the key alone, or with Shift drops it."""
        workspace = self._canvas.workspace
        if self._moving:
            workspace.finish_gesture(keep=keep)
            if not keep:
                workspace.set(keys=self._keys)
        elif keep and self._alone:
            workspace.set(keys=frozenset({self._grasped}))
        elif keep and self._dropped:
            workspace.set(keys=self._keys - {self._grasped})

    def paint(self, painter: QPainter, view: View) -> None:
        """Paint the line that keys snapped to."""
        if self._snapped is not None:
            x = view.time.x(self._snapped)
            painter.setPen(QPen(theme.SELECTION, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QLineF(x, RULER, x, RULER + view.values.height))


class HandleDrag:
    """A drag of a Bezier handle; an aligned twin turns along, but not with Alt."""

    def __init__(self, canvas: CurveSurface, position: QPointF, grasped: HandleHit) -> None:
        self._canvas, self._hit = canvas, grasped
        self._began = False
        self._handles = handles(grasped.line.track.keys, grasped.index)
        key = grasped.line.track.keys[grasped.index]
        self._key = key
        frames, value = self._handles[grasped.side]
        view = canvas.view
        # The handle keeps its distance from the pointer that took it.
        self._off = position - QPointF(
            view.time.x(key.frame + frames),
            view.values.y((key.value + value) / grasped.line.unit) + RULER,
        )

    def move(self, position: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        """Move the handle to the pointer."""
        workspace = self._canvas.workspace
        if not self._began:
            self._began = True
            workspace.begin_gesture("Shape curve")
        view, unit, key = self._canvas.view, self._hit.line.unit, self._key
        at = position - self._off
        frames = view.time.time(at.x()) - key.frame
        value = view.values.value(at.y() - RULER) * unit - key.value
        if modifiers & _SHIFT:
            value = 0.0
        moved = self._handles | dragged(
            self._handles, self._hit.side, (frames, value), free=bool(modifiers & _ALT)
        )
        pair = (moved.get("in", key.handle_in), moved.get("out", key.handle_out))
        ref = KeyRef(self._hit.line.ref, key.frame)
        workspace.update_gesture(lambda document: set_handles(document, {ref: pair}))

    def end(self, *, keep: bool) -> None:
        """End the step."""
        if self._began:
            self._canvas.workspace.finish_gesture(keep=keep)

    def paint(self, painter: QPainter, view: View) -> None:
        """Paint nothing: handles are painted with their keys."""


def _near(a: QPointF, b: QPointF) -> bool:
    return QLineF(a, b).length() < _STILL


def _counted(keys: frozenset[KeyRef]) -> str:
    return "key" if len(keys) == 1 else f"{len(keys)} keys"
