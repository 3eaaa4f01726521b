"""The embedded renderer: moves the plate's own pixels, on the CPU, without any weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from mien.media.planes import Plate
from mien.model.shot import Shot
from mien.rendering.base import Dependence, FacePlan, Patch, PlateSource
from mien.rendering.warp.exemplars import MouthMemory, look_through, moves_mouth
from mien.rendering.warp.head import head_turns, turn_head
from mien.rendering.warp.motion import Mover
from mien.rendering.warp.paint import paint

__all__ = ["WarpRenderer"]


class WarpRenderer:
    """Warps the plate, layer by layer: skin, lids over eyeballs, lips over a mouth's inside."""

    @property
    def name(self) -> str:
        """`warp`."""
        return "warp"

    def dependence(self, shot: Shot, plan: FacePlan) -> Dependence:
        """A frame depends on its own edit, and on whether the shot was searched for mouths."""
        return Dependence("mouth" if moves_mouth(plan) else "", reach=0)

    def open(
        self,
        shot: Shot,
        plans: Sequence[FacePlan],
        source: PlateSource,
        progress: Callable[[float], None] | None = None,
    ) -> _Session:
        """Look through the shot and get ready.

        Args:
            shot: The tracked shot.
            plans: The faces with edits.
            source: The shot's plates.
            progress: Told the share done, 0..1.
        """
        movers = {plan.face.number: Mover(plan.face, shot.media.orientation) for plan in plans}
        memories = {}
        for done, plan in enumerate(plans, start=1):
            mover = movers[plan.face.number]
            memories[plan.face.number] = look_through(plan, mover, source, shot.cuts)
            if progress is not None:
                progress(done / len(plans))
        return _Session(shot, movers, memories)


class _Session:
    """The warp renderer at work on one shot."""

    def __init__(
        self, shot: Shot, movers: Mapping[int, Mover], memories: Mapping[int, MouthMemory]
    ) -> None:
        self._orientation = shot.media.orientation
        self._movers = movers
        self._memories = memories

    def render(self, plan: FacePlan, frame: int, plate: Plate) -> Patch | None:
        """New pixels of one face in one frame; None where nothing changes."""
        evaluated, face = plan.evaluated, plan.face
        if not evaluated.delta[frame].any():
            return None
        source = evaluated.source[frame]
        target = source + evaluated.delta[frame]
        motion = self._movers[face.number].move(frame, source, target)
        patch = paint(motion, plate, frame, self._memories[face.number])
        turns = head_turns(source, target)
        if turns.any():
            return turn_head(face, self._orientation, frame, turns, plate, patch)
        return patch

    def __enter__(self) -> _Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None
