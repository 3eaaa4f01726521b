"""Curves that more than one room draws with."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray

__all__ = ["ease", "smoothstep"]

_Float = TypeVar("_Float", np.float32, np.float64)


def ease(fraction: npt.NDArray[_Float]) -> npt.NDArray[_Float]:
    """Return 3x^2 - 2x^3 of a fraction 0..1: from 0 to 1, level at both ends.

    Args:
        fraction: Any shape; its precision is kept.
    """
    return np.asarray(fraction * fraction * (3 - 2 * fraction), dtype=fraction.dtype)


def smoothstep(value: npt.ArrayLike, low: float, high: float) -> FloatArray:
    """Return 0 up to `low`, 1 from `high` on, and `ease` between them.

    Args:
        value: Any shape.
        low: Where it begins to rise.
        high: Where it has risen.
    """
    # Called hundreds of times a frame, on numbers and small arrays: numbers are left to Python,
    # and the rest is done in place, without np.clip, which costs more around than in it.
    steepness = 1 / max(high - low, 1e-6)
    x = np.array(value, dtype=np.float32)
    if not x.ndim:
        part = min(max((float(x) - low) * steepness, 0.0), 1.0)
        return np.array(part * part * (3 - 2 * part), dtype=np.float32)
    x -= low
    x *= steepness
    np.minimum(np.maximum(x, 0, out=x), 1, out=x)
    slope = -2 * x
    slope += 3
    x *= x
    x *= slope
    return x
