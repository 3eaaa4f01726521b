"""The landmarks of a face in one picture of which it is known about where it is."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.model.landmarks import SKIN
from mien.tracking.face_reader import FaceReader
from mien.tracking.regions import FACE_MARGIN, Roi

__all__ = ["PictureReader", "near_face"]

_EYES: Final = (33, 263)
_NEAR: Final = 1.0
"""How far a face may lie from where it is expected, in distances of the eyes."""


class PictureReader:
    """Reads faces of single pictures with the models of mien's own tracker.

    Raises:
        MissingDependencyError: When MediaPipe or its models are not installed.
    """

    def __init__(self) -> None:
        from mien.tracking.mediapipe.detector import BlazeFace
        from mien.tracking.mediapipe.face_mesh import FaceMesh

        self._models = (BlazeFace(), FaceMesh())
        self._reader = FaceReader(*self._models)

    def read(self, picture: npt.NDArray[np.uint8], near: FloatArray) -> FloatArray | None:
        """Read a face.

        Args:
            picture: (H, W, 3) uint8 sRGB, upright.
            near: (478, 2 or 3) about where the face is, in its pixels.

        Returns:
            (478, 3) float32, z away from the camera; None where no face is seen there.
        """
        points = np.asarray(near, dtype=np.float32)[:, :2]
        low, high = points[:SKIN].min(axis=0), points[:SKIN].max(axis=0)
        x, y = (low + high) / 2
        across = points[_EYES[1]] - points[_EYES[0]]
        roll = float(np.arctan2(across[1], across[0]))
        height = float((high - low).max())
        reading = self._reader.settle(picture, Roi(float(x), float(y), FACE_MARGIN * height, roll))
        if not self._reader.is_face(reading, self._models[1].thresholds.followed):
            return None
        return near_face(reading.points, points)

    def close(self) -> None:
        """Free the models."""
        for model in self._models:
            model.close()


def near_face(points: FloatArray, expected: FloatArray) -> FloatArray | None:
    """Return landmarks (478, 3), unless they are somebody else's: None.

    Args:
        points: The landmarks.
        expected: (478, 2) about where they should be.
    """
    apart = max(float(np.linalg.norm(expected[_EYES[1]] - expected[_EYES[0]])), 1.0)
    away = float(np.linalg.norm(points[:, :2] - expected, axis=1).mean())
    return points if away < _NEAR * apart else None
