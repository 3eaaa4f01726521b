"""The embedded renderer: moves the plate's own pixels, on the CPU, without any weights."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from mien.media.planes import Plate
from mien.model.face import Face
from mien.model.media import Orientation
from mien.model.shot import Shot
from mien.rendering.appearance.appearance import Appearance
from mien.rendering.appearance.regions import needs
from mien.rendering.appearance.scan import scan_face
from mien.rendering.base import Dependence, FacePlan, Patch, PlateSource
from mien.rendering.geometry.head import head_turns, turn_head
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.painting.paint import paint

__all__ = ["WarpRenderer", "WarpSession", "WarpShot"]


class WarpRenderer:
    """Warps the plate, layer by layer: skin, lids over eyeballs, lips over a mouth's inside."""

    @property
    def name(self) -> str:
        """`warp`."""
        return "warp"

    def dependence(self, shot: Shot, plan: FacePlan) -> Dependence:
        """A frame depends on its own edit, and on what of the face the shot was searched for."""
        return Dependence("+".join(sorted(r.value for r in needs(plan.evaluated))), reach=0)

    def open(
        self,
        shot: Shot,
        plans: Sequence[FacePlan],
        source: PlateSource,
        progress: Callable[[float], None] | None = None,
    ) -> WarpSession:
        """Look through the shot and get ready.

        Args:
            shot: The tracked shot.
            plans: The faces with edits.
            source: The shot's plates.
            progress: Told the share done, 0..1.
        """
        return WarpShot(shot, source).session(plans, progress)


class WarpShot:
    """What the warp renderer knows of a shot, whatever is asked of its faces.

    One edit after another can be rendered with it, in any number of threads: the shot is
    looked through once for each face that needs it, and what a session of it paints is
    what a newly opened one would.

    Args:
        shot: The tracked shot.
        source: The shot's plates; where `scale` is given, its upright pictures, so scaled.
        scale: Pixels of the pictures that are painted on in an upright pixel; None where they
            are the coded plates.
    """

    def __init__(self, shot: Shot, source: PlateSource, scale: float | None = None) -> None:
        self._shot = shot
        self._source = source
        self._orientation = shot.media.orientation
        self._scale = 1.0
        if scale is not None:
            self._orientation = Orientation(*shot.media.orientation.upright_size)
            self._scale = scale
        self._deformers: dict[int, FaceDeformer] = {}
        self._appearances: dict[int, Appearance] = {}
        self._scanning = threading.Lock()

    def is_scanned(self, face: Face) -> bool:
        """Tell whether the shot has been looked through for this face."""
        return face.number in self._appearances

    def scan(self, face: Face) -> None:
        """Look through the shot for how this face looks, where that has not been done.

        Raises:
            MediaError: When a frame cannot be read.
        """
        with self._scanning:
            if not self.is_scanned(face):
                self._appearances[face.number] = scan_face(
                    face, self.deformer(face), self._source, self._shot.cuts
                )

    def deformer(self, face: Face) -> FaceDeformer:
        """What turns edits of a face into motion."""
        found = self._deformers.get(face.number)
        if found is None:
            found = FaceDeformer(face, self._orientation, self._scale)
            self._deformers[face.number] = found
        return found

    def session(
        self,
        plans: Sequence[FacePlan],
        progress: Callable[[float], None] | None = None,
        *,
        scan: bool = True,
    ) -> WarpSession:
        """The renderer at work on one edit.

        Args:
            plans: The faces with edits.
            progress: Told the share done, 0..1.
            scan: Whether to look through the shot first for regions that move; without,
                regions that are not known yet are painted without what other frames show.
        """
        appearances = {}
        for done, plan in enumerate(plans, start=1):
            number, regions = plan.face.number, needs(plan.evaluated)
            if regions and scan:
                self.scan(plan.face)
            appearances[number] = self._appearances.get(number, Appearance()).only(regions)
            if progress is not None:
                progress(done / len(plans))
        deformers = {plan.face.number: self.deformer(plan.face) for plan in plans}
        return WarpSession(self._orientation, self._scale, deformers, appearances)


class WarpSession:
    """The warp renderer at work on one edit of a shot.

    Args:
        orientation: How the faces' upright pixels lie in the coded picture.
        scale: Pixels of the plates in a coded pixel.
        deformers: By a face's number, what turns its edit into motion.
        appearances: By a face's number, what the shot shows of it.
    """

    def __init__(
        self,
        orientation: Orientation,
        scale: float,
        deformers: Mapping[int, FaceDeformer],
        appearances: Mapping[int, Appearance],
    ) -> None:
        self._orientation = orientation
        self._scale = scale
        self._deformers = deformers
        self._appearances = appearances

    def render(self, plan: FacePlan, frame: int, plate: Plate) -> Patch | None:
        """New pixels of one face in one frame; None where nothing changes."""
        evaluated, face = plan.evaluated, plan.face
        if not evaluated.delta[frame].any():
            return None
        source = evaluated.source[frame]
        target = source + evaluated.delta[frame]
        motion = self._deformers[face.number].motion_at(frame, source, target)
        patch = paint(motion, plate, frame, self._appearances[face.number])
        turns = head_turns(source, target)
        if turns.any():
            return turn_head(face, self._orientation, frame, turns, plate, patch, self._scale)
        return patch

    def __enter__(self) -> WarpSession:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None
