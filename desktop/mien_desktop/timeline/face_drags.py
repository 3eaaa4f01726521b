"""Drag of a face onto another one in the face lane: both become one."""

from __future__ import annotations

from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.geometry.lanes import Lane
from mien_desktop.timeline.drags import DragOverlay
from mien_desktop.timeline.scene import TimelineScene
from mien_desktop.workspace import Workspace

__all__ = ["MergeFaces"]


class MergeFaces:
    """A drag of a face, or of all that are selected, onto one that keeps its name.

    Args:
        workspace: Where they are.
        repairs: Merges them.
        lane: The row that was pressed.
    """

    def __init__(self, workspace: Workspace, repairs: FaceRepairs, lane: Lane) -> None:
        self.overlay = DragOverlay()
        self._repairs, self._lane = repairs, lane
        selected, number = workspace.state.faces, lane.face.number
        self._dragged = selected if number in selected else frozenset({number})
        self._onto: int | None = None

    def move(self, scene: TimelineScene, x: float, y: float, *, free: bool) -> None:
        """Show onto which face they would be put, or why they cannot be."""
        lane, faces = scene.lane(y), scene.now.shot.faces if scene.now.shot else ()
        names = " and ".join(face.name for face in faces if face.number in self._dragged)
        self._onto, self.overlay.onto, self.overlay.refused = None, None, False
        self.overlay.note = f"{names}: drop it on the face that is the same person"
        if lane is None or lane.kind != "person" or lane.face.number in self._dragged:
            return
        reason = self._repairs.merging(self._dragged | {lane.face.number})
        self.overlay.onto = scene.lanes.rows.index(lane)
        self.overlay.refused = bool(reason)
        self.overlay.note = reason or f"Merge {names} into {lane.face.name}"
        self._onto = None if reason else lane.face.number

    def finish(self, *, keep: bool) -> None:
        """Merge them."""
        if keep and self._onto is not None:
            self._repairs.merge(self._dragged | {self._onto}, self._onto)
