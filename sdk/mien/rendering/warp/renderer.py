"""The embedded renderer: moves the plate's own pixels, on the CPU, without any weights."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from mien.model.face import Face
from mien.model.shot import Shot
from mien.progress import Progress, silent
from mien.rendering.appearance.mouth import MouthAppearance, moves_mouth, scan_mouth
from mien.rendering.base import (
    CacheKey,
    FacePlan,
    Patch,
    PlateSource,
    Renderer,
    RenderRequest,
    RenderSession,
)
from mien.rendering.geometry.head import head_turns, turn_head
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.painting.paint import paint

__all__ = ["WarpRenderer", "WarpSession"]


class WarpRenderer(Renderer):
    """Warps the plate, layer by layer: skin, lids over eyeballs, lips over a mouth's inside."""

    name = "warp"
    pixels = 1
    concurrent = True

    def open(self, shot: Shot, source: PlateSource) -> WarpSession:
        """Start work on a shot; see `Renderer.open`."""
        return WarpSession(shot, source)

    def cache_key(self, shot: Shot, plan: FacePlan) -> CacheKey:
        """Return what pixels depend on: a frame's own edit, and whether a mouth moves at all."""
        return CacheKey("mouth" if moves_mouth(plan) else "", temporal_radius=0)


class WarpSession(RenderSession):
    """The warp renderer at work on one shot, whatever is asked of its faces.

    The shot is looked through once for each face whose mouth moves; what is painted for one
    edit after another is what a newly opened session would paint.

    Args:
        shot: The tracked shot.
        source: The shot's plates.
    """

    def __init__(self, shot: Shot, source: PlateSource) -> None:
        self._shot = shot
        self._source = source
        self._deformers: dict[int, FaceDeformer] = {}
        self._mouths: dict[int, MouthAppearance] = {}
        self._moving: dict[int, tuple[FacePlan, bool]] = {}
        self._scanning = threading.Lock()

    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        """Look through the shot for the mouths that move; see `RenderSession.prepare`."""
        for done, plan in enumerate(plans, start=1):
            if self._moves_mouth(plan):
                self.warm_up(plan.face)
            progress("prepare", done, len(plans))

    def is_prepared(self, plans: Sequence[FacePlan]) -> bool:
        """Tell whether the mouths that move are known."""
        return all(plan.face.number in self._mouths for plan in plans if self._moves_mouth(plan))

    def warm_up(self, face: Face) -> bool:
        """Look through the shot for a face's mouth, where that has not been done."""
        with self._scanning:
            if face.number in self._mouths:
                return False
            deformer = self._deformer(face)
            mouth = scan_mouth(face, deformer, self._source, self._shot.cuts)
            self._mouths[face.number] = mouth
            return True

    def render(self, request: RenderRequest) -> Patch | None:
        """Move the face's pixels; see `RenderSession.render`."""
        face, frame, plate = request.face, request.frame, request.plate
        motion = self._deformer(face).motion_at(frame, request.source, request.target)
        known = self._mouths.get(face.number) if self._moves_mouth(request.plan) else None
        patch = paint(motion, plate, frame, known or MouthAppearance())
        turns = head_turns(request.source, request.target)
        if turns.any():
            return turn_head(face, self._shot.media.orientation, frame, turns, plate, patch)
        return patch

    def _deformer(self, face: Face) -> FaceDeformer:
        known = self._deformers.get(face.number)
        if known is None:
            known = FaceDeformer(face, self._shot.media.orientation)
            self._deformers[face.number] = known
        return known

    def _moves_mouth(self, plan: FacePlan) -> bool:
        """Whether an edit moves the mouth anywhere; looked at once for each plan."""
        known = self._moving.get(plan.face.number)
        if known is None or known[0] is not plan:
            known = plan, moves_mouth(plan)
            self._moving[plan.face.number] = known
        return known[1]
