"""Glasses as something in front of a face: their rims keep the plate's pixels."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import DoubleArray, FloatArray
from mien.blas import one_blas_thread
from mien.errors import DamagedMediaError
from mien.media.orient import to_coded
from mien.media.planes import Box, Plate
from mien.model.face import Face
from mien.model.shot import Shot
from mien.progress import Progress, silent
from mien.rendering.base import PlateSource
from mien.rendering.occlusion.glasses.curves import RimCurve, normals_of, snap
from mien.rendering.occlusion.glasses.found import Glasses, find_glasses
from mien.rendering.occlusion.glasses.layout import (
    AROUND,
    Sheet,
    contrast,
    detection_frames,
    eyes_in,
    in_layout,
)
from mien.rendering.occlusion.glasses.strokes import Stroke, draw
from mien.rendering.occlusion.source import MatteSource

__all__ = ["GlassesMatte"]

_SPARE: Final = 1.0
"""Pixels beyond a rim's edge that are kept with it."""
_WORN: Final = 0.08, 0.2
"""Strength of lines in a frame, over what it mostly is, from which glasses begin to be worn in it,
and from which they are."""
_LIDS: Final = 0.12
"""How far around an eye its lashes and lids have lines of their own, cm."""
_AROUND_CURVES: Final = 1.2
"""How far around the curves a plate is read, cm."""


class GlassesMatte(MatteSource):
    """Tells where a face's glasses are.

    Args:
        shot: The tracked shot.
        source: Its plates.
        faces: Numbers of the faces that are looked at; all when not given.
    """

    on_head = True

    def __init__(
        self, shot: Shot, source: PlateSource, faces: Collection[int] | None = None
    ) -> None:
        self._faces = {face.number for face in shot.faces} if faces is None else set(faces)
        self._shot = shot
        self._source = source
        self._found: dict[int, Glasses | None] = {}
        self._lock = threading.Lock()

    def prepare(self, faces: Sequence[Face], progress: Progress = silent) -> None:
        """Look for glasses on faces, once a session.

        Raises:
            MediaError: When a frame cannot be read.
        """
        for face in faces:
            with self._lock:
                if face.number not in self._found:
                    self._found[face.number] = self._look(face)

    def is_prepared(self, faces: Sequence[Face]) -> bool:
        """Tell whether that has been done."""
        return all(face.number in self._found for face in faces)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found of each face that wears glasses, or is said to."""
        said = []
        for number, glasses in sorted(self._found.items()):
            name = self._shot.face(number).name
            if glasses is not None:
                said.append(f"Glasses of {name} are kept still.")
            elif self._shot.occlusion.wears_glasses(number) == "yes":
                said.append(
                    f"No rims were found on {name}, which is said to wear glasses: nothing is kept."
                )
        return tuple(said)

    def matte(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
        """Return where the rims of a face's glasses are; None when it has none in the frame."""
        glasses = self._found.get(face.number)
        if glasses is None or not face.valid[frame]:
            return None
        with one_blas_thread():
            return rims_in(glasses, face, self._shot, frame, plate)

    @one_blas_thread()
    def _look(self, face: Face) -> Glasses | None:
        choice = self._shot.occlusion.wears_glasses(face.number)
        if face.number not in self._faces or choice == "no" or not face.valid.any():
            return None
        face = face.uncorrected()
        sheet = Sheet.of(face.identity)
        frames = []
        for frame in detection_frames(face).tolist():
            try:
                plate = self._source.plate(frame)
            except DamagedMediaError:
                continue  # whoever comes to the frame itself says so
            seen = in_layout(face, sheet, self._shot.media.orientation, frame, plate)
            if seen is not None:
                frames.append(seen)
        return find_glasses(frames, sheet, face.identity, said=choice == "yes")


def rims_in(
    glasses: Glasses, face: Face, shot: Shot, frame: int, plate: Plate
) -> FloatArray | None:
    """Return the matte of glasses in one frame.

    Args:
        glasses: The glasses.
        face: The face that wears them, valid in the frame.
        shot: Its shot.
        frame: Index of the frame.
        plate: Its plate.

    Returns:
        (H, W) float32; None when they are not seen in it.
    """
    pose, orientation = face.curves.pose, shot.media.orientation
    unit = float(pose.scale[frame])
    curves = [
        to_coded(orientation, pose.project(frame, curve.points)).astype(np.float64)
        for curve in glasses.curves
    ]
    every = np.concatenate(curves)
    if not np.isfinite(every).all():
        return None
    low = np.floor(every.min(axis=0) - _AROUND_CURVES * unit).astype(int)
    high = np.ceil(every.max(axis=0) + _AROUND_CURVES * unit).astype(int) + 1
    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1])).clip(plate.width, plate.height)
    if min(box.width, box.height) < 2:
        return None
    picture = contrast(plate, box, AROUND * unit)
    corner = np.array([box.x0, box.y0])
    snapped = snap(
        picture,
        [curve - corner for curve in curves],
        [curve.closed for curve in glasses.curves],
        [curve.strength for curve in glasses.curves],
        unit,
        ignored=eyes_in(face, orientation, frame, box, _LIDS),
    )
    usual = np.concatenate([curve.strength for curve in glasses.curves])
    here = np.concatenate(snapped.strength)
    worn = float(smoothstep(float(np.median(here) / max(np.median(usual), 1e-6)), *_WORN))
    if worn == 0:
        return None
    matte = np.zeros((plate.height, plate.width), dtype=np.float32)
    strokes = [
        _stroke(curve, points + corner, unit)
        for curve, points in zip(glasses.curves, snapped.curves, strict=True)
    ]
    draw(matte, strokes[:2], worn)
    draw(matte, strokes[2:], worn)
    return matte


def _stroke(curve: RimCurve, points: DoubleArray, unit: float) -> Stroke:
    against, along = unit * curve.reach.T.astype(np.float64)
    middle = points + (0.5 * (along - against))[:, None] * normals_of(points, curve.closed)
    return Stroke(middle, 0.5 * (along + against) + _SPARE, curve.closed)
