"""Rotations as curve files hold them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray

__all__ = ["axis_angle"]


def axis_angle(rotation: npt.NDArray[Any]) -> FloatArray:
    """Return (T, 3, 3) rotations as (T, 3) axis times angle, radians; NaN where there is none."""
    from scipy.spatial.transform import Rotation

    vectors = np.full((len(rotation), 3), np.nan, dtype=np.float32)
    # An invalid frame's row may hold anything; SciPy refuses what is no rotation.
    fine = np.isfinite(rotation).all(axis=(1, 2))
    fine[fine] = np.linalg.det(rotation[fine]) > 0
    if fine.any():
        vectors[fine] = Rotation.from_matrix(rotation[fine].astype(np.float64)).as_rotvec()
    return vectors
