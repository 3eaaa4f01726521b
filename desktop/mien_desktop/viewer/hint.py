"""Hint of where a face is: a box drawn in the picture, from which the face is tracked again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, Literal

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from mien.timebase import FrameRange
from mien_desktop import theme
from mien_desktop.command import Command
from mien_desktop.faces import reasons
from mien_desktop.faces.hint import Box, Hint, Point
from mien_desktop.geometry.picture import Placement
from mien_desktop.viewer.overlays import paint_words
from mien_desktop.workspace import Workspace

__all__ = ["HintTool", "Reach"]

_LEAST: Final = 12.0
"""Side of a box in pixels of the picture below which there is no face in it."""
Reach = Literal["take", "in to out", "from here"]
"""Frames that are tracked: all between the cuts around the playhead, those between in and out, or
those from the playhead on, up to a cut."""


class HintTool:
    """A box around the current face, or one that was missed, drawn in one frame.

    Args:
        workspace: What is shown.
        update: Called when it looks different.
        give: Told the hint once the box is drawn.
    """

    def __init__(
        self, workspace: Workspace, update: Callable[[], None], give: Callable[[Hint], object]
    ) -> None:
        self._workspace, self._update, self._give = workspace, update, give
        self.reach: Reach = "take"
        """Which frames are tracked again."""
        self.new = False
        """Whether it is a face that the tracker has missed."""
        self._ends: tuple[Point, Point] | None = None

    @property
    def active(self) -> bool:
        """True while a box can be drawn."""
        return self._workspace.state.tool == "hint"

    def take(self) -> None:
        """Take the tool into the hand, or put it away."""
        if self.active:
            return self.put_away()
        reason = self.missing()
        if reason:
            self._workspace.said.emit(reason)
            return
        self._workspace.set(tool="hint", speed=0.0)

    def put_away(self) -> None:
        """Pull at handles again."""
        self._workspace.set(tool="pull")

    def missing(self) -> str:
        """Return why the face cannot be tracked again; empty when it can."""
        return reasons.tracking(self._workspace.now)

    def whose(self) -> str:
        """Return who the box is around: the current face's name, or that it is a new one."""
        face = self._workspace.now.face
        return "New face" if self.new or face is None else face.name

    def frames(self) -> FrameRange | None:
        """Return the frames that are tracked again; None for all between cuts."""
        now = self._workspace.now
        if self.reach == "from here":
            return FrameRange(now.state.frame, now.frame_count)
        if self.reach == "in to out" and now.project is not None:
            return now.project.span
        return None

    # -- the mouse -----------------------------------------------------------------------------

    def cursor(self) -> Qt.CursorShape:
        """Return a cross."""
        return Qt.CursorShape.CrossCursor

    def hover(self, at: Point, zoom: float) -> None:
        """Nothing is held where nothing is pressed."""

    def begin(self, at: Point, zoom: float) -> bool:
        """Begin a box."""
        self._workspace.set(speed=0.0)
        self._ends = at, at
        return True

    def move(self, at: Point) -> None:
        """Draw it to the pointer."""
        if self._ends is not None:
            self._ends = self._ends[0], at

    def finish(self, *, keep: bool = True) -> None:
        """Track the face again from the box, unless it is given up."""
        box, self._ends = self._box(), None
        self._update()
        now, reason = self._workspace.now, self.missing()
        if not keep or box is None or now.state.shot is None:
            return
        if reason or min(box[2] - box[0], box[3] - box[1]) < _LEAST:
            self._workspace.said.emit(reason or "Draw a box around the face: press and drag.")
            return
        frames = self.frames()
        if frames is not None and now.state.frame not in frames:
            self._workspace.said.emit("Go to a frame between in and out, and draw the box there.")
            return
        face = None if self.new or now.face is None else now.face.number
        hint = Hint(now.state.shot, face, now.state.frame, box, frames)
        self.put_away()
        self._give(hint)

    def _box(self) -> Box | None:
        """The box as far as it lies in the picture."""
        shot = self._workspace.now.shot
        if self._ends is None or shot is None:
            return None
        width, height = shot.media.orientation.upright_size
        (x0, y0), (x1, y1) = self._ends
        left, right = (min(max(x, 0.0), float(width)) for x in sorted((x0, x1)))
        top, bottom = (min(max(y, 0.0), float(height)) for y in sorted((y0, y1)))
        return left, top, right, bottom

    def paint(self, painter: QPainter, placement: Placement, within: QRectF) -> None:
        """Paint the box that is being drawn."""
        box = self._box()
        if box is None:
            return
        (x0, y0), (x1, y1) = placement.to_view([box[:2], box[2:]]).tolist()
        area, inside = QRectF(x0, y0, x1 - x0, y1 - y0), QColor(theme.SELECTION)
        inside.setAlpha(30)
        painter.setBrush(inside)
        painter.setPen(QPen(theme.SELECTION, 1.5, Qt.PenStyle.DashLine))
        painter.drawRect(area)
        paint_words(painter, (self.whose(),), area.bottomRight(), within)

    def commands(self) -> tuple[Command, ...]:
        """Return the command that takes the tool."""
        made = partial(Command, group="Faces")
        return (
            made("faces.retrack", "Track a face from a box…", self.take, ("Ctrl+Shift+T",),
                 tip="Draw a box around a face where it was lost or missed; edits stay",
                 checked=lambda: self.active, why=self.missing),
        )  # fmt: skip
