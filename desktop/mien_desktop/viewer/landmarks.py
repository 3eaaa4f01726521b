"""Correction of landmarks by hand: their groups are dragged to where they belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from mien._types import FloatArray
from mien.face.corrections import group_landmarks
from mien.model.controls import Region
from mien.model.corrections import GROUPS, CorrectionGroup
from mien.model.document import Document
from mien.model.face import Face
from mien.session.commands import correct_landmarks, remove_corrections, set_corrections
from mien_desktop import theme
from mien_desktop.command import Command
from mien_desktop.geometry.landmark_groups import (
    REACH,
    dragged,
    grips,
    group_at,
    group_title,
    here,
)
from mien_desktop.geometry.picture import Placement
from mien_desktop.view_state import ViewMode
from mien_desktop.viewer.overlays import paint_words
from mien_desktop.workspace import Workspace

__all__ = ["LandmarkTool"]

_GROUP = "Landmarks"
_REGIONS: Final[dict[CorrectionGroup, Region]] = {
    "left_eye": "eyes", "right_eye": "eyes", "brows": "brows", "nose": "nose", "mouth": "mouth",
    "jaw": "jaw",
}  # fmt: skip
_DOT = 2.5
_GRIP, _HELD_GRIP = 5.5, 7.5
"""Radius of a grip in view pixels, and of the one that is held."""
_NUDGE = 1.0
"""Pixels of the picture that a key moves a group by."""
Point = tuple[float, float]


@dataclass(slots=True, eq=False)
class _Drag:
    """A group being dragged: from where, and by how many pixels of the picture."""

    shot: str
    face: Face
    frame: int
    group: CorrectionGroup
    start: Point
    by: Point = (0.0, 0.0)


class LandmarkTool:
    """Grips of the current face's landmarks; each drag is one step of undo.

    While the tool is in the hand the plate is shown: it is there that landmarks belong.

    Args:
        workspace: What is changed.
        update: Called when it looks different.
    """

    def __init__(self, workspace: Workspace, update: Callable[[], None]) -> None:
        self._workspace, self._update = workspace, update
        self._hovered: CorrectionGroup | None = None
        self._chosen: CorrectionGroup = "mouth"
        self._drag: _Drag | None = None
        self._mode: ViewMode | None = None

    @property
    def active(self) -> bool:
        """True while landmarks can be dragged."""
        return self._workspace.state.tool == "landmarks"

    def take(self) -> None:
        """Take the tool into the hand, or put it away."""
        state = self._workspace.state
        if self.active:
            return self.put_away()
        reason = self.missing()
        if reason:
            self._workspace.said.emit(reason)
            return
        self._mode = state.mode
        self._workspace.set(tool="landmarks", mode="plate", speed=0.0)

    def put_away(self) -> None:
        """Pull at handles again, and show what was shown before."""
        state = self._workspace.state
        # The user may have looked at something else meanwhile; that stays.
        back = self._mode if state.mode == "plate" and self._mode else state.mode
        self._workspace.set(tool="pull", mode=back)
        self._mode = None

    def missing(self) -> str:
        """Return why no landmarks can be corrected; empty when they can."""
        return "The shot has no faces: track it first." if self._workspace.now.face is None else ""

    def places(self) -> dict[CorrectionGroup, Point]:
        """Return where the groups are taken hold of; empty where the face is not seen."""
        points = self._points()
        return {} if points is None else grips(points)

    # -- the mouse -----------------------------------------------------------------------------

    def cursor(self) -> Qt.CursorShape:
        """Return a hand over a grip."""
        held = self._drag is not None or self._hovered is not None
        return Qt.CursorShape.PointingHandCursor if held else Qt.CursorShape.ArrowCursor

    def hover(self, at: Point, zoom: float) -> None:
        """Note which grip is under the pointer."""
        group = group_at(self.places(), at, REACH / zoom)
        if group != self._hovered:
            self._hovered = group
            self._update()

    def begin(self, at: Point, zoom: float) -> bool:
        """Take hold of a grip; return whether there is one."""
        now = self._workspace.now
        group = group_at(self.places(), at, REACH / zoom)
        if group is None or now.face is None or now.state.shot is None:
            return False
        self._drag = _Drag(now.state.shot, now.face, now.state.frame, group, at)
        self._chosen = group
        self._workspace.set(speed=0.0)
        return True

    def move(self, at: Point) -> None:
        """Drag the group along."""
        drag = self._drag
        if drag is not None:
            drag.by = at[0] - drag.start[0], at[1] - drag.start[1]

    def finish(self, *, keep: bool = True) -> None:
        """Let the group go: one step of undo; nothing when it is given up."""
        drag, self._drag = self._drag, None
        if drag is not None and keep and any(drag.by):
            self._correct(drag.shot, drag.face, drag.frame, drag.group, drag.by)

    # -- painting ------------------------------------------------------------------------------

    def paint(self, painter: QPainter, placement: Placement, within: QRectF) -> None:
        """Paint the landmarks of the groups, and the grips, with what is being dragged."""
        points, now, drag = self._points(), self._workspace.now, self._drag
        if points is None or now.face is None:
            return
        held = drag.group if drag is not None else self._hovered
        before = grips(points)
        if drag is not None:
            points = dragged(points, drag.group, drag.by)
        shown = placement.to_view(points)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for group, indices in group_landmarks().items():
            color = theme.SELECTION if group == held else theme.REGIONS[_REGIONS[group]]
            _paint_dots(painter, [QPointF(x, y) for x, y in shown[indices].tolist()], color)
        keyed = {one.group for one in here(now.face, now.state.frame)}
        for group, place in grips(points).items():
            at = QPointF(*placement.to_view(place).tolist())
            if drag is not None and group == drag.group:
                start = QPointF(*placement.to_view(before[group]).tolist())
                painter.setPen(QPen(theme.SELECTION, 1.0, Qt.PenStyle.DashLine))
                painter.drawLine(QLineF(start, at))
            _paint_grip(painter, at, held=group == held, keyed=group in keyed,
                        chosen=group == self._chosen)  # fmt: skip
            if group == held:
                paint_words(painter, self._words(group), at, within)

    def _words(self, group: CorrectionGroup) -> tuple[str, ...]:
        now, drag = self._workspace.now, self._drag
        if drag is not None:
            reach = now.state.falloff
            fades = f"fades over {reach} frames" if reach else "this frame only"
            return group_title(group), f"{drag.by[0]:+.1f}, {drag.by[1]:+.1f} px", fades
        made = here(now.face, now.state.frame) if now.face is not None else ()
        moved = (f"moved by {one.dx:+.1f}, {one.dy:+.1f} px" for one in made if one.group == group)
        return group_title(group), *moved

    def _points(self) -> FloatArray | None:
        """(478, 2) landmarks of the current face as they are now, without an edit."""
        now = self._workspace.now
        if now.face is None or now.state.speed or not now.face.valid[now.state.frame]:
            return None
        points: FloatArray = now.face.landmarks[now.state.frame, :, :2]
        return points

    # -- changes -------------------------------------------------------------------------------

    def set_falloff(self, frames: int) -> None:
        """Let corrections fade over so many frames: those at the playhead, and new ones."""
        now = self._workspace.now
        self._workspace.set(falloff=frames)
        if now.face is None or now.state.shot is None:
            return
        face, frame, shot = now.face, now.state.frame, now.state.shot
        changed = [
            replace(one, before=frames, after=frames) if one.frame == frame else one
            for one in face.corrections
        ]
        if tuple(changed) != face.corrections:
            self._apply(
                f"Fade corrections over {frames} frames",
                lambda document: set_corrections(document, shot, face.number, changed),
            )

    def _correct(
        self, shot: str, face: Face, frame: int, group: CorrectionGroup, by: Point
    ) -> None:
        falloff = self._workspace.state.falloff
        self._apply(
            f"Correct {group_title(group).lower()} of {face.name}",
            partial(
                correct_landmarks, shot=shot, face=face.number, frame=frame, group=group,
                dx=by[0], dy=by[1], falloff=falloff,
            ),
        )  # fmt: skip

    def _nudge(self, dx: float, dy: float) -> None:
        """Move the chosen group a little."""
        now = self._workspace.now
        if self.active and now.face is not None and now.state.shot is not None and self.places():
            self._correct(now.state.shot, now.face, now.state.frame, self._chosen,
                          (dx * _NUDGE, dy * _NUDGE))  # fmt: skip

    def _choose(self, way: int) -> None:
        """Choose the next group."""
        row = GROUPS.index(self._chosen) + way
        self._chosen = GROUPS[row % len(GROUPS)]
        self._workspace.said.emit(f"{group_title(self._chosen)}: Alt and an arrow moves it.")
        self._hovered = self._chosen
        self._update()

    def clear(self, *, everywhere: bool) -> None:
        """Take away the corrections of the face, in the frame at the playhead or everywhere."""
        reason, now = self.clearing(everywhere=everywhere), self._workspace.now
        if reason or now.face is None or now.state.shot is None:
            self._workspace.said.emit(reason)
            return
        shot, face = now.state.shot, now.face.number
        frame = None if everywhere else now.state.frame
        self._apply(
            f"Clear corrections of {now.face.name}",
            lambda document: remove_corrections(document, shot, face, frame),
        )

    def clearing(self, *, everywhere: bool) -> str:
        """Return why there is nothing to clear; empty when there is."""
        now = self._workspace.now
        if now.face is None:
            return self.missing()
        made = now.face.corrections if everywhere else here(now.face, now.state.frame)
        where = "" if everywhere else " in this frame"
        return "" if made else f"Nothing of {now.face.name} was corrected{where}."

    def _apply(self, name: str, change: Callable[[Document], Document]) -> None:
        self._workspace.apply(name, change)

    # -- commands ------------------------------------------------------------------------------

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the tool."""
        made = partial(Command, group=_GROUP, scope="viewer")
        nudges = (("left", -1, 0), ("right", 1, 0), ("up", 0, -1), ("down", 0, 1))
        return (
            made("landmarks.correct", "Correct landmarks", self.take, ("C",),
                 tip="Drag eyes, brows, nose, mouth and jaw to where they belong in this frame;"
                 " the frames around follow",
                 checked=lambda: self.active, why=self.missing),
            made("landmarks.next", "Choose the next group of landmarks", partial(self._choose, 1),
                 ("G",), enabled=lambda: self.active),
            made("landmarks.previous", "Choose the previous group of landmarks",
                 partial(self._choose, -1), ("Shift+G",), enabled=lambda: self.active),
            *(made(f"landmarks.{way}", f"Move the group {way}", partial(self._nudge, dx, dy),
                   (f"Alt+{way.capitalize()}",), enabled=lambda: self.active)
              for way, dx, dy in nudges),
            made("landmarks.clear-here", "Clear corrections in this frame",
                 partial(self.clear, everywhere=False), (),
                 why=partial(self.clearing, everywhere=False)),
            made("landmarks.clear", "Clear all corrections of the face",
                 partial(self.clear, everywhere=True), (),
                 why=partial(self.clearing, everywhere=True)),
        )  # fmt: skip


def _paint_dots(painter: QPainter, points: list[QPointF], color: QColor) -> None:
    for tint, size in ((theme.WINDOW, _DOT + 1.5), (color, _DOT)):
        pen = QPen(tint, size)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPoints(QPolygonF(points))


def _paint_grip(painter: QPainter, at: QPointF, *, held: bool, keyed: bool, chosen: bool) -> None:
    """Paint a grip: blue inside where the group was corrected in this frame."""
    shadow = QColor(theme.WINDOW)
    shadow.setAlphaF(0.7)
    radius = _HELD_GRIP if held else _GRIP
    inside = QColor(theme.WINDOW)
    inside.setAlphaF(0.15)  # what is below, as an iris, is what one aims by
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(shadow, 3.5))
    painter.drawEllipse(at, radius, radius)
    painter.setBrush(theme.RESULT if keyed and not held else inside)
    painter.setPen(QPen(theme.SELECTION if held or chosen else theme.TEXT, 1.8))
    painter.drawEllipse(at, radius, radius)
