"""Drags in the timeline, from press to release; each is one step of undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mien.model.document import Document
from mien.session.commands import (
    duplicate_keys,
    move_keys,
    move_layer,
    move_marker,
    scale_keys,
    set_layer,
    set_span,
    set_track,
)
from mien.session.refs import KeyRef
from mien.timebase import FrameRange
from mien_desktop.geometry.lanes import ROW, Lane
from mien_desktop.geometry.select import SelectMode, chosen, keys_in
from mien_desktop.geometry.snap import PIXELS, Snapped, snap, targets
from mien_desktop.keyframes.selection import choose
from mien_desktop.timeline.scene import TimelineScene
from mien_desktop.timeline.targets import SpanPart
from mien_desktop.words import count
from mien_desktop.workspace import Workspace

__all__ = [
    "BoxSelect",
    "DocumentDrag",
    "TimelineDrag",
    "MoveKeys",
    "MoveLayer",
    "MoveMarker",
    "MoveSpan",
    "DragOverlay",
    "Pan",
    "ScaleKeys",
    "Scrub",
    "SetSpan",
    "SetWeight",
]


@dataclass(slots=True)
class DragOverlay:
    """Additions to the picture of the timeline while a drag goes on.

    Attributes:
        box: Two corners of a box, on the widget.
        line: Frame that something was drawn to.
        insert: Number of the lane above which something would be put.
        note: Words beside the pointer.
        onto: Number of the lane onto which something would be dropped.
        refused: Whether it cannot be dropped there.
    """

    box: tuple[float, float, float, float] | None = None
    line: int | None = None
    insert: int | None = None
    note: str = ""
    onto: int | None = None
    refused: bool = False


class TimelineDrag(Protocol):
    """A drag that goes on."""

    overlay: DragOverlay

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Follow the pointer; `free` of snapping, or snapping when that is off."""

    def finish(self, *, keep: bool) -> None:
        """End the drag at the release of the button, or take it back (`keep` is False)."""


class DocumentDrag:
    """A drag that changes the document: begun with the first change, one step of undo."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.overlay = DragOverlay()
        self.workspace = workspace
        self.name = name
        self._begun = False
        self._last: object = None

    def change(self, what: object, change: Callable[[Document], Document]) -> None:
        """Change the document as it was at the press; nothing when `what` is what it was last."""
        if what == self._last:
            return
        self._last = what
        if not self._begun:
            self.workspace.begin_gesture(self.name)
            self._begun = True
        self.workspace.update_gesture(change)

    def finish(self, *, keep: bool) -> None:
        """End the step."""
        if self._begun:
            self.workspace.finish_gesture(keep=keep)


def _snapped(
    workspace: Workspace,
    scene: TimelineScene,
    frames: npt.ArrayLike,
    delta: int,
    snap_targets: npt.NDArray[np.int64],
    free: bool,
) -> Snapped:
    """Return a move of frames, snapped when snapping is on; `free` turns that around."""
    if workspace.state.snap == free:
        return Snapped(delta)
    return snap(frames, delta, snap_targets, PIXELS / scene.axis.scale)


class Scrub:
    """A drag of the playhead."""

    def __init__(self, workspace: Workspace) -> None:
        self.overlay = DragOverlay()
        self._workspace = workspace

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Go to the frame under the pointer; with Ctrl to a key, marker or cut that is near."""
        frame, self.overlay.line = scene.frame(x), None
        project = scene.now.project
        if free and project is not None:
            snapped = snap([frame], 0, targets(project), PIXELS / scene.axis.scale)
            frame, self.overlay.line = frame + snapped.delta, snapped.target
        self._workspace.set(frame=frame, speed=0.0)  # who scrubs does not play

    def finish(self, *, keep: bool) -> None:
        """Leave the playhead where it is."""


class MoveKeys(DocumentDrag):
    """A drag of the selected keys in time; with Alt of their copies.

    Args:
        workspace: Where they are.
        scene: The timeline at the press.
        x: Where the pointer was pressed.
        copies: Whether the keys stay and copies move.
    """

    def __init__(
        self, workspace: Workspace, scene: TimelineScene, x: float, *, copies: bool
    ) -> None:
        self._keys = workspace.state.keys
        verb = "Duplicate" if copies else "Move"
        super().__init__(workspace, f"{verb} {count(len(self._keys), 'key')}")
        self._x, self._copies = x, copies
        self._frames = np.unique([key.frame for key in self._keys])
        project = workspace.project
        assert project is not None
        without = () if copies else self._keys
        self._targets = targets(project, workspace.state.frame, without)

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Move by as many frames as the pointer did, or as snapping says."""
        delta = round((x - self._x) / scene.axis.scale)
        snapped = _snapped(self.workspace, scene, self._frames, delta, self._targets, free)
        self.overlay.line = snapped.target
        self.overlay.note = f"{snapped.delta:+d}"
        act = duplicate_keys if self._copies and snapped.delta else move_keys
        moved: list[KeyRef] = []

        def change(document: Document) -> Document:
            document, keys = act(document, self._keys, snapped.delta)
            moved.extend(keys)
            return document

        self.change(snapped.delta, change)
        if moved:
            self.workspace.set(keys=frozenset(moved))

    def finish(self, *, keep: bool) -> None:
        """End the step; given up, the keys are selected as they were."""
        super().finish(keep=keep)
        if not keep:
            self.workspace.set(keys=self._keys)


class ScaleKeys(DocumentDrag):
    """A drag that moves the selected keys away from one end of the selection, or towards it.

    Args:
        workspace: Where they are.
        scene: The timeline at the press.
        part: The end that is dragged; the other one stays.
    """

    def __init__(self, workspace: Workspace, scene: TimelineScene, part: SpanPart) -> None:
        self._keys = workspace.state.keys
        super().__init__(workspace, f"Scale {count(len(self._keys), 'key')} in time")
        assert scene.selected.span is not None
        first, last = scene.selected.span
        self._end, self._pivot = (first, last) if part == "start" else (last, first)
        project = workspace.project
        assert project is not None
        self._targets = targets(project, workspace.state.frame, self._keys)

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Bring the end to the frame under the pointer."""
        delta = scene.frame(x) - self._end
        snapped = _snapped(self.workspace, scene, [self._end], delta, self._targets, free)
        end = self._end + snapped.delta
        if end == self._pivot:  # all keys would fall into one
            end += 1 if self._end > self._pivot else -1
        factor = (end - self._pivot) / (self._end - self._pivot)
        self.overlay.line = snapped.target
        self.overlay.note = f"{factor:.0%}"
        moved: list[KeyRef] = []

        def change(document: Document) -> Document:
            document, keys = scale_keys(document, self._keys, self._pivot, factor)
            moved.extend(keys)
            return document

        self.change(factor, change)
        if moved:
            self.workspace.set(keys=frozenset(moved))

    def finish(self, *, keep: bool) -> None:
        """End the step; given up, the keys are selected as they were."""
        super().finish(keep=keep)
        if not keep:
            self.workspace.set(keys=self._keys)


class BoxSelect:
    """A drag that selects keys in a box.

    Args:
        workspace: Where they are.
        scene: The timeline at the press.
        x: Where the pointer was pressed.
        y: As `x`.
        how: What becomes of the selection that is there.
    """

    def __init__(
        self, workspace: Workspace, scene: TimelineScene, x: float, y: float, how: SelectMode
    ) -> None:
        self.overlay = DragOverlay()
        self._workspace, self._how = workspace, how
        self._before = workspace.state.keys
        inside = scene.inside(x, y)
        # In frames and lanes, so that the corner stays where it is when the view scrolls.
        self._start = (scene.axis.time(inside[0]), inside[1])

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Draw the box to the pointer."""
        corner = (scene.axis.x(self._start[0]), self._start[1])
        left = scene.bands.names + corner[0]
        self.overlay.box = (left, corner[1] + scene.bands.lanes - scene.scroll, x, y)
        picked = keys_in(scene.lanes, scene.axis, corner, scene.inside(x, y))
        choose(self._workspace, chosen(self._before, picked, self._how))

    def finish(self, *, keep: bool) -> None:
        """End the drag: a click on nothing selects nothing; given up, all is as it was."""
        if not keep:
            choose(self._workspace, self._before)
        elif self.overlay.box is None and self._how == "only":
            choose(self._workspace, frozenset())


class MoveMarker(DocumentDrag):
    """A drag of a marker.

    Args:
        workspace: Where it is.
        frame: Where it was pressed.
    """

    def __init__(self, workspace: Workspace, frame: int) -> None:
        super().__init__(workspace, "Move marker")
        self._frame = frame
        project = workspace.project
        assert project is not None
        frames = targets(project, workspace.state.frame)
        self._targets = frames[frames != frame]

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Move the marker to the frame under the pointer."""
        delta = scene.frame(x) - self._frame
        snapped = _snapped(self.workspace, scene, [self._frame], delta, self._targets, free)
        to = scene.frame(scene.x(self._frame + snapped.delta))
        self.overlay.line = snapped.target
        shot = self.workspace.state.shot
        assert shot is not None
        self.change(to, lambda document: move_marker(document, shot, self._frame, to))


class SetSpan(DocumentDrag):
    """A drag of the in or the out point.

    Args:
        workspace: Where it is.
        part: `start` for in, `stop` for out.
    """

    def __init__(self, workspace: Workspace, part: SpanPart) -> None:
        super().__init__(workspace, "Set in point" if part == "start" else "Set out point")
        project = workspace.project
        assert project is not None
        assert project.span is not None
        self._part, self._span = part, project.span

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Bring it to the frame under the pointer; a frame stays between in and out."""
        frame = scene.frame(x)
        if self._part == "start":
            span = FrameRange(min(frame, self._span.stop - 1), self._span.stop)
        else:
            span = FrameRange(self._span.start, max(frame, self._span.start) + 1)
        shot = self.workspace.state.shot
        assert shot is not None
        self.change(span, lambda document: set_span(document, shot, span))


class MoveSpan(DocumentDrag):
    """A drag of the span in which a track acts, or of one of its ends.

    Args:
        workspace: Where it is.
        scene: The timeline at the press.
        lane: The track's lane.
        part: What is dragged.
        x: Where the pointer was pressed.
    """

    def __init__(
        self, workspace: Workspace, scene: TimelineScene, lane: Lane, part: SpanPart, x: float
    ) -> None:
        super().__init__(workspace, "Move span" if part == "body" else "Trim span")
        assert lane.track.span is not None
        self._ref, self._span, self._part, self._x = lane.ref, lane.track.span, part, x
        project = workspace.project
        assert project is not None
        self._targets = targets(project, workspace.state.frame)

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Move by as many frames as the pointer did; it stays in the shot."""
        start, stop = self._span.start, self._span.stop
        ends = {"start": [start], "stop": [stop], "body": [start, stop]}[self._part]
        delta = round((x - self._x) / scene.axis.scale)
        snapped = _snapped(self.workspace, scene, ends, delta, self._targets, free)
        self.overlay.line = snapped.target
        frames, delta = scene.now.frame_count, snapped.delta
        if self._part == "start":
            start = min(max(start + delta, 0), stop - 1)
        elif self._part == "stop":
            stop = max(min(stop + delta, frames), start + 1)
        else:
            delta = min(max(delta, -start), frames - stop)
            start, stop = start + delta, stop + delta
        span = FrameRange(start, stop)
        self.change(span, lambda document: set_track(document, self._ref, span=span))


class SetWeight(DocumentDrag):
    """A drag from left to right that sets the weight of a layer.

    Args:
        workspace: Where it is.
        lane: The layer's lane.
        x: Where the pointer was pressed.
    """

    def __init__(self, workspace: Workspace, lane: Lane, x: float) -> None:
        assert lane.layer is not None
        super().__init__(workspace, f"Weight of {lane.layer.name}")
        self._layer, self._face, self._x = lane.layer, lane.face.number, x

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Change the weight by a hundredth for each pixel."""
        weight = min(max(round(self._layer.weight + (x - self._x) / 100, 2), 0.0), 1.0)
        shot, name = self.workspace.state.shot, self._layer.name
        assert shot is not None
        self.change(weight, lambda d: set_layer(d, shot, self._face, name, weight=weight))


class MoveLayer:
    """A drag of a layer to elsewhere among the layers of its face.

    Args:
        workspace: Where it is.
        lane: The layer's lane.
        y: Where the pointer was pressed.
    """

    def __init__(self, workspace: Workspace, lane: Lane, y: float) -> None:
        self.overlay = DragOverlay()
        self._workspace, self._lane, self._y = workspace, lane, y
        self._index: int | None = None

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Show the layer's new place."""
        if abs(y - self._y) < ROW / 2 and self.overlay.insert is None:
            return
        rows = scene.lanes.rows
        gap = round(scene.inside(x, y)[1] / ROW)
        own = [i for i, lane in enumerate(rows) if lane.face.number == self._lane.face.number]
        # Between the groups of layers only: above a layer, or below all of them.
        gaps = [i for i in own if rows[i].kind == "layer"] + [own[-1] + 1]
        self.overlay.insert = min(gaps, key=lambda i: abs(i - gap))
        above = [rows[i].id for i in own if rows[i].kind == "layer" and i < self.overlay.insert]
        layers = [rows[i].id for i in own if rows[i].kind == "layer"]
        others = [name for name in layers if name != self._lane.id]
        # Lanes run from the top layer down, layers from the bottom up.
        self._index = len(others) - len([name for name in above if name != self._lane.id])

    def finish(self, *, keep: bool) -> None:
        """Put the layer there."""
        index, layer, shot = self._index, self._lane.layer, self._workspace.state.shot
        if keep and index is not None and layer is not None and shot is not None:
            face, name = self._lane.face.number, layer.name
            self._workspace.apply(
                f"Move layer {name}", lambda d: move_layer(d, shot, face, name, index)
            )


class Pan:
    """A drag of the picture in both directions.

    Args:
        workspace: Whose stretch of time moves.
        x: Where the pointer was pressed.
        y: As `x`.
        scroll: Scrolls the lanes by pixels.
    """

    def __init__(
        self, workspace: Workspace, x: float, y: float, scroll: Callable[[float], None]
    ) -> None:
        self.overlay = DragOverlay()
        self._workspace, self._x, self._y, self._scroll = workspace, x, y, scroll

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Scroll along with the pointer."""
        axis = scene.axis.panned(x - self._x, scene.now.frame_count)
        self._scroll(self._y - y)
        self._x, self._y = x, y
        self._workspace.set(time=axis.view)

    def finish(self, *, keep: bool) -> None:
        """Leave the picture where it is."""
