"""Where the head is: similarity alignment of a known shape to tracked points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray

__all__ = ["Alignment", "align", "angles", "nearest_rotations"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Alignment:
    """points = scale * rotation @ shape + translation, frame by frame.

    Attributes:
        scale: (T,) pixels per canonical unit.
        rotation: (T, 3, 3).
        translation: (T, 3) in camera axes: x right, y up, z towards the camera.
    """

    scale: FloatArray
    rotation: FloatArray
    translation: FloatArray

    def apply(self, shape: FloatArray) -> FloatArray:
        """Take canonical points (T, N, 3) to camera axes."""
        turned = shape @ self.rotation.transpose(0, 2, 1)
        moved = self.scale[:, None, None] * turned + self.translation[:, None]
        return np.asarray(moved, dtype=np.float32)

    def undo(self, points: FloatArray) -> FloatArray:
        """Take points (T, N, 3) in camera axes back to canonical space."""
        moved = points - self.translation[:, None]
        return np.asarray((moved @ self.rotation) / self.scale[:, None, None], dtype=np.float32)


def align(shape: FloatArray, points: FloatArray, weights: FloatArray) -> Alignment:
    """Return the similarity that best takes a shape to points (Umeyama 1991).

    Args:
        shape: (N, 3), or (T, N, 3) one for each frame.
        points: (T, N, 3) in camera axes (x right, y up, z towards the camera).
        weights: (N,) how much each point counts.
    """
    w = (weights / weights.sum()).astype(np.float32)
    shapes = np.broadcast_to(shape, points.shape)
    shape_mean = w @ shapes
    points_mean = w @ points
    centred = shapes - shape_mean[:, None]
    q = (points - points_mean[:, None]) * w[:, None]
    u, s, vt = np.linalg.svd(q.transpose(0, 2, 1) @ centred)
    sign = np.ones_like(s)
    sign[:, 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * sign[:, None]) @ vt
    spread = ((centred**2).sum(axis=2) * w).sum(axis=1)
    scale = (s * sign).sum(axis=1) / spread
    translation = points_mean - scale[:, None] * (rotation @ shape_mean[:, :, None])[:, :, 0]
    return Alignment(
        scale.astype(np.float32), rotation.astype(np.float32), translation.astype(np.float32)
    )


def angles(rotation: FloatArray) -> FloatArray:
    """Return yaw, pitch and roll in degrees, with the signs of `model.controls`.

    The head is rolled, then pitched, then yawed: R = Ry(yaw) Rx(-pitch) Rz(-roll).

    Args:
        rotation: (T, 3, 3) from canonical to camera axes.

    Returns:
        (T, 3) float32 yaw, pitch, roll.
    """
    yaw = np.arctan2(rotation[:, 0, 2], rotation[:, 2, 2])
    pitch = np.arcsin(np.clip(rotation[:, 1, 2], -1, 1))
    roll = np.arctan2(-rotation[:, 1, 0], rotation[:, 1, 1])
    return np.asarray(np.degrees(np.stack([yaw, pitch, roll], axis=1)), dtype=np.float32)


def nearest_rotations(matrices: npt.NDArray[np.float32]) -> FloatArray:
    """Return the rotations nearest to (T, 3, 3) matrices that are nearly rotations."""
    u, _, vt = np.linalg.svd(matrices)
    u[:, :, 2] *= np.sign(np.linalg.det(u) * np.linalg.det(vt))[:, None]
    return np.asarray(u @ vt, dtype=np.float32)
