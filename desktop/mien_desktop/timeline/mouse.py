"""The mouse on the timeline: press, drag, double click and wheel."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QCursor, QMouseEvent, QWheelEvent

from mien_desktop.geometry.lanes import Lane
from mien_desktop.geometry.select import SelectMode, chosen
from mien_desktop.keyframes.selection import choose, choose_tracks
from mien_desktop.timeline import drags
from mien_desktop.timeline.drags import DragOverlay, TimelineDrag
from mien_desktop.timeline.editing import LaneEditing
from mien_desktop.timeline.face_drags import MergeFaces
from mien_desktop.timeline.menus import context_menu, mode_menu
from mien_desktop.timeline.surface import TimelineSurface
from mien_desktop.timeline.targets import Target, target

__all__ = ["Mouse"]

_SLACK = 3.0
"""Pixels that a press may move before it is a drag."""
_ZOOM = 1.0015
"""Factor of zoom for an eighth of a degree of the wheel; a notch of 15 degrees gives 1.2."""
_CURSORS: dict[str, Qt.CursorShape] = {
    "column": Qt.CursorShape.SplitHCursor,
    "key": Qt.CursorShape.PointingHandCursor,
    "marker": Qt.CursorShape.PointingHandCursor,
    "in": Qt.CursorShape.SizeHorCursor,
    "out": Qt.CursorShape.SizeHorCursor,
    "grip": Qt.CursorShape.SizeHorCursor,
    "event": Qt.CursorShape.PointingHandCursor,
    "trouble": Qt.CursorShape.PointingHandCursor,
    "phone-edge": Qt.CursorShape.SizeHorCursor,
    "correction": Qt.CursorShape.PointingHandCursor,
}
_LEFT, _MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton


class Mouse:
    """Translation of mouse events into drags and commands.

    Args:
        surface: The timeline.
    """

    def __init__(self, surface: TimelineSurface) -> None:
        self._surface = surface
        self._workspace = surface.workspace
        self._editing = LaneEditing(surface)
        self._drag: TimelineDrag | None = None
        self._column = False
        self._pressed: tuple[Target, float, float] | None = None
        self._moved = False
        self.position = (0.0, 0.0)
        """Position of the pointer."""
        self.hot_grip: int | None = None
        """0 or 1 while the pointer is over the first or the last end of the selection."""

    @property
    def idle(self) -> bool:
        """True while no button is held."""
        return self._pressed is None

    @property
    def overlay(self) -> DragOverlay:
        """Additions to the picture by the drag that goes on."""
        return self._drag.overlay if self._drag is not None else DragOverlay()

    def target_at(self, x: float, y: float) -> Target:
        """Return the target at a position of the widget."""
        return target(self._surface.scene, x, y)

    def press(self, event: QMouseEvent) -> None:
        """Choose what is under the pointer, and what a drag of it would do."""
        x, y = event.position().x(), event.position().y()
        if not self.idle or self._workspace.project is None:
            return
        target = self.target_at(x, y)
        if event.button() == _MIDDLE:
            self._begin(target, x, y)
            self._drag = drags.Pan(self._workspace, x, y, self._surface.scroll_lanes)
        elif event.button() == _LEFT:
            self._begin(target, x, y)
            self._press(target, x, y, event.modifiers())

    def move(self, event: QMouseEvent) -> None:
        """Go on with the drag; without one, show what could begin."""
        x, y = self.position = (event.position().x(), event.position().y())
        if self._pressed is None:
            self._hover(self.target_at(x, y))
            return
        _, x0, y0 = self._pressed
        if not self._moved and max(abs(x - x0), abs(y - y0)) < _SLACK:
            return
        self._moved = True
        if self._column:
            self._surface.set_bands(
                dataclasses.replace(self._surface.preferred_bands, names=round(x))
            )
        elif self._drag is not None:
            self._turn(x)
            free = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self._drag.move(self._surface.scene, x, y, free=free)
            self._surface.repaint_overlay()

    def release(self, event: QMouseEvent) -> None:
        """End the drag; a press without one was a click."""
        if self._pressed is None or event.button() not in (_LEFT, _MIDDLE):
            return
        target, moved, drag = self._pressed[0], self._moved, self._drag
        if self._column:
            self._surface.keep_bands()
        self._end()
        if drag is not None:
            drag.finish(keep=True)
        if not moved:
            self._click(target, event)
        self._surface.repaint_overlay()

    def give_up(self) -> None:
        """Bring back what was before the press."""
        drag = self._drag
        self._end()
        if drag is not None:
            drag.finish(keep=False)
        self._surface.repaint_overlay()

    def leave(self) -> None:
        """Forget what was under the pointer."""
        if self.hot_grip is not None:
            self.hot_grip = None
            self._surface.repaint_overlay()

    def double(self, event: QMouseEvent) -> None:
        """Rename, type a value, add a key or a marker, go to a key."""
        x, y = event.position().x(), event.position().y()
        if event.button() == _LEFT and self._workspace.project is not None:
            self._end()
            self._editing.open(self.target_at(x, y), x, y)

    def menu(self, event: QContextMenuEvent) -> None:
        """Open the menu of what is under the pointer, which is chosen first."""
        x, y = event.pos().x(), event.pos().y()
        if not self.idle or self._workspace.project is None:
            return
        target = self.target_at(x, y)
        if target.kind == "key" and target.lane is not None:
            keys = frozenset(target.lane.keys_at(target.frame))
            if not keys & self._workspace.state.keys:
                choose(self._workspace, keys)
        elif (
            target.lane is not None
            and target.lane.kind == "track"
            and target.lane.ref not in self._workspace.state.tracks
        ):
            choose_tracks(self._workspace, [target.lane.ref])
        elif (
            target.lane is not None
            and target.lane.kind == "person"
            and target.lane.face.number not in self._workspace.state.faces
        ):
            self._editing.choose_lane(target.lane, None)
        menu = context_menu(
            self._surface.viewport(), self._surface, self._editing, target,
            self._surface.scene.frame(x),
        )  # fmt: skip
        menu.popup(event.globalPos())

    def wheel(self, event: QWheelEvent) -> None:
        """Zoom under the pointer; over the names, and with Shift, scroll; with Ctrl, go in time."""
        scene, frames = self._surface.scene, self._workspace.now.frame_count
        turned, fine = event.angleDelta(), event.pixelDelta()
        x = event.position().x() - scene.bands.names
        held = event.modifiers()
        sideways = turned.x() if abs(turned.x()) > abs(turned.y()) else 0
        if held & Qt.KeyboardModifier.ShiftModifier or x < 0:
            self._surface.scroll_lanes(-(fine.y() or turned.y() / 2))
        elif sideways or held & Qt.KeyboardModifier.ControlModifier:
            pixels = fine.x() or (sideways or turned.y()) / 2
            self._surface.show_time(scene.axis.panned(pixels, frames))
        elif frames:
            self._surface.show_time(scene.axis.zoomed(x, _ZOOM ** turned.y(), frames))
        event.accept()

    def _begin(self, target: Target, x: float, y: float) -> None:
        self._pressed, self._moved, self._column = (target, x, y), False, False
        self.position = (x, y)

    def _end(self) -> None:
        self._pressed = self._drag = None
        self._column = False

    def _press(self, target: Target, x: float, y: float, held: Qt.KeyboardModifier) -> None:
        scene, workspace = self._surface.scene, self._workspace
        lane = target.lane
        self._column = target.kind == "column"
        if target.kind in ("sight", "reading", "event", "voice", "phone-edge") and lane is not None:
            self._editing.choose_lane(lane, None)
        if target.kind in ("ruler", "sight", "reading", "voice"):
            self._drag = drags.Scrub(workspace)
            self._drag.move(scene, x, y, free=bool(held & Qt.KeyboardModifier.ControlModifier))
            self._moved = True
        elif target.kind in ("in", "out"):
            self._drag = drags.SetSpan(workspace, "start" if target.kind == "in" else "stop")
        elif target.kind == "grip":
            self._drag = drags.ScaleKeys(workspace, scene, target.part)
        elif target.kind == "marker":
            self._drag = drags.MoveMarker(workspace, target.frame)
        elif target.kind == "phone-edge" and lane is not None and target.mark is not None:
            self._drag = self._editing.voices.drag(lane, target.mark, x)
        elif target.kind == "key" and lane is not None:
            self._press_key(lane, target.frame, x, held)
        elif target.kind == "span" and lane is not None and not _how(held):
            choose_tracks(workspace, [lane.ref])
            self._drag = drags.MoveSpan(workspace, scene, lane, target.part, x)
        elif target.kind in ("lane", "span"):
            self._drag = drags.BoxSelect(workspace, scene, x, y, _how(held) or "only")
        elif lane is not None and lane.kind == "person":
            self._drag = MergeFaces(workspace, self._surface.repairs, lane)
        elif target.kind == "cell" and lane is not None and lane.kind == "layer":
            if target.cell == "weight":
                self._drag = drags.SetWeight(workspace, lane, x)
            elif target.cell == "name":
                self._drag = drags.MoveLayer(workspace, lane, y)

    def _press_key(self, lane: Lane, frame: int, x: float, held: Qt.KeyboardModifier) -> None:
        """Select a key, unless it is already; then it can be dragged with all that are."""
        keys, before = frozenset(lane.keys_at(frame)), self._workspace.state.keys
        how = _how(held)
        if how is not None:
            choose(self._workspace, chosen(before, keys, how))
        elif not keys <= before:
            choose(self._workspace, keys)
        if keys <= self._workspace.state.keys:
            copies = bool(held & Qt.KeyboardModifier.AltModifier)
            self._drag = drags.MoveKeys(self._workspace, self._surface.scene, x, copies=copies)

    def _click(self, target: Target, event: QMouseEvent) -> None:
        lane, held = target.lane, event.modifiers()
        if event.button() != _LEFT:
            return
        if target.kind in ("marker", "correction", "event", "trouble"):
            self._workspace.set(frame=target.frame, speed=0.0)
        if lane is not None and lane.kind == "person":
            self._editing.choose_lane(lane, _how(held))
        elif target.kind == "key" and lane is not None and _how(held) is None:
            # Pressed on one of several: they could have been dragged, but were not.
            choose(self._workspace, frozenset(lane.keys_at(target.frame)))
        elif target.kind == "cell" and lane is not None:
            self._click_cell(target, lane, event)
        elif target.kind == "lane" and lane is not None and lane.kind == "track":
            choose_tracks(self._workspace, [lane.ref])

    def _click_cell(self, target: Target, lane: Lane, event: QMouseEvent) -> None:
        if target.cell == "fold":
            self._surface.fold(lane)
        elif target.cell == "mute":
            self._editing.mute(lane)
        elif target.cell == "mode":
            mode_menu(self._surface.viewport(), self._editing, lane).popup(
                event.globalPosition().toPoint()
            )
        elif target.cell == "key":
            self._editing.toggle_key(lane)
        elif target.cell in ("name", "value"):
            self._editing.choose_lane(lane, _how(event.modifiers()))

    def _turn(self, x: float) -> None:
        """Scroll while something is dragged beyond an edge; faster the further it is."""
        if self._drag is None or isinstance(
            self._drag, drags.Pan | drags.SetWeight | drags.MoveLayer | MergeFaces
        ):
            return
        scene = self._surface.scene
        over = min(x - scene.bands.names, 0) or max(x - scene.width, 0)
        if over:
            axis = scene.axis.panned(-over / 2, self._workspace.now.frame_count)
            self._surface.show_time(axis)

    def _hover(self, target: Target) -> None:
        shape = _CURSORS.get(target.kind)
        # Ends of spans and weights are dragged sideways too.
        if (target.kind == "span" and target.part != "body") or target.cell == "weight":
            shape = Qt.CursorShape.SizeHorCursor
        viewport = self._surface.viewport()
        if shape is None:
            viewport.unsetCursor()
        elif viewport.cursor().shape() != shape:
            viewport.setCursor(QCursor(shape))
        hot = (0 if target.part == "start" else 1) if target.kind == "grip" else None
        if hot != self.hot_grip:
            self.hot_grip = hot
            self._surface.repaint_overlay()


def _how(held: Qt.KeyboardModifier) -> SelectMode | None:
    """Return what the held keys make of the selection; None when none is held."""
    if held & Qt.KeyboardModifier.ControlModifier:
        return "other"
    if held & Qt.KeyboardModifier.ShiftModifier:
        return "more"
    return None
