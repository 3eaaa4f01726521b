"""The edit as the warp renderer shows it: the plate's own pixels, moved."""

from __future__ import annotations

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.media.cache import ByteCache
from mien.media.planes import Plate
from mien.model.controls import HEAD, INDEX
from mien.model.shot import Shot
from mien.rendering.appearance.cache import AppearanceCache
from mien.rendering.appearance.examples import example_faces
from mien.rendering.appearance.regions import needs
from mien.rendering.appearance.scan import face_appearance
from mien.rendering.base import FacePlan, OcclusionSource, Patch, PlateSource
from mien.rendering.change import FaceChange
from mien.rendering.compose import compose
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.painting.face import FacePainter
from mien.rendering.painting.shade import Shade
from mien.rendering.painting.uncover import Uncovered
from mien.rendering.plans import face_change

__all__ = ["Warped"]

_BARE_PLATES = 4
"""Uncovered plates that are kept: each is asked for several times in a row."""
_GAZE = [i for name, i in INDEX.items() if name.startswith("gaze")]
_HEAD = [INDEX[name] for name in HEAD]


class Warped:
    """One face of a shot, warped.

    Args:
        plan: The face and its edit.
        shot: The shot.
        source: Its plates, which are looked through for the regions that move.
    """

    def __init__(self, plan: FacePlan, shot: Shot, source: PlateSource) -> None:
        self._plan = plan
        self._mattes = source if isinstance(source, OcclusionSource) else None
        self._bare: ByteCache[int, Uncovered] = ByteCache(_BARE_PLATES)
        examples = example_faces(shot, plan.face)
        self._painter = FacePainter(plan.face, shot.media.orientation, examples)
        self._appearance = face_appearance(
            shot,
            self._painter.tracked,
            self._painter.learned,
            source,
            needs(plan.evaluated),
            AppearanceCache(),
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was left out of what other material shows of the face, and why."""
        return self._appearance.library.remarks

    @property
    def expressive(self) -> BoolArray:
        """(T,) the frames in which more is asked than a look or a turn of the head.

        No coefficient of a face says where it looks or where the head is turned.
        """
        delta = self._plan.evaluated.delta.copy()
        delta[:, _GAZE + _HEAD] = 0
        return np.asarray(delta.any(axis=1))

    def motion(self, frame: int) -> FaceMotion:
        """How the face moves in a frame."""
        return self._painter.motion(self._appearance, frame, self._change(frame))

    def occlusion(self, frame: int, plate: Plate) -> FloatArray | None:
        """(H, W) how far something is in front of the face; None where nothing is known to be."""
        if self._mattes is None:
            return None
        return self._mattes.occlusion(self._plan.face, frame, plate)

    def uncovered(self, frame: int, plate: Plate) -> Uncovered:
        """The plate without what is in front of the face; itself where nothing is."""
        if self._mattes is None:
            return Uncovered(plate)
        bare = self._bare.get(frame)
        if bare is None:
            occlusion = self.occlusion(frame, plate)
            change = self._change(frame)
            bare = self._painter.uncovered(self._appearance, frame, change, plate, occlusion)
            self._bare.put(frame, bare, 1)
        return bare

    def covered(self, frame: int, plate: Plate, patch: Patch | None) -> Patch | None:
        """A patch of the uncovered plate, with what is in front as the plate has it."""
        return self._painter.covered(patch, plate, self.uncovered(frame, plate))

    def patch(self, frame: int, plate: Plate, shade: Shade | None = None) -> Patch | None:
        """The changed expression; None when nothing of it is in the picture.

        Args:
            frame: Index of the frame.
            plate: Its plate, without what is in front of the face.
            shade: What is known of the shade on the face.
        """
        return self._painter.patch(self._appearance, frame, self._change(frame), plate, shade)

    def plate(self, frame: int, plate: Plate, shade: Shade | None = None) -> Plate:
        """The plate with the changed expression in it; see `patch`."""
        patch = self.patch(frame, plate, shade)
        return plate if patch is None else compose(plate, [patch])

    def turned(self, frame: int, plate: Plate, patch: Patch | None) -> Patch | None:
        """A changed expression with the head turned as asked."""
        return self._painter.turned(frame, self._change(frame), plate, patch)

    def _change(self, frame: int) -> FaceChange:
        return face_change(self._plan, frame)
