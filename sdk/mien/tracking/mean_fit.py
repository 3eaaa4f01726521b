"""The rig's mean face laid onto landmarks: where a head points, and how large it is."""

from __future__ import annotations

import functools

import numpy as np

from mien._types import FloatArray
from mien.face.rig import load_rig
from mien.model.landmarks import SKIN

__all__ = ["fit_mean", "mean_height"]


def fit_mean(points: FloatArray) -> tuple[FloatArray, float]:
    """Return the rotation and scale that lay the mean face onto landmarks (Umeyama 1991).

    Args:
        points: (478, 3) landmarks, pixels, y down, z away from the camera.

    Returns:
        Rotation (3, 3) and scale (pixels per canonical unit) from the canonical face to the
        landmarks with y up and z towards the camera.
    """
    mean, size = _centred_mean()
    # The mean face is centred, so that the landmarks need not be.
    seen = (points[:SKIN].T @ mean) * _UP_AND_NEAR
    u, stretch, vt = np.linalg.svd(seen)
    sign = np.array([1, 1, np.sign(np.linalg.det(u @ vt))], np.float32)
    rotation = (u * sign) @ vt
    return np.asarray(rotation, np.float32), float(stretch @ sign) / size


_UP_AND_NEAR = np.array([[1], [-1], [-1]], np.float32)
"""From pixels, y down and z away, to y up and z towards the camera."""


@functools.cache
def _centred_mean() -> tuple[FloatArray, float]:
    """The mean face about its middle, and the sum of its squares."""
    mean = load_rig().mean
    centred = np.asarray(mean - mean.mean(axis=0), np.float32)
    return centred, float((centred**2).sum())


@functools.cache
def mean_height() -> float:
    """Return the mean face's height in canonical units."""
    return float(np.ptp(load_rig().mean[:, 1]))
