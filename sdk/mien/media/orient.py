"""Between coded pixels and the upright picture: quarter turns and pixel aspect.

Pixel centres lie at integer coordinates in both. All functions take points of any shape
(..., 2), x right and y down.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.model.media import Orientation

__all__ = ["to_coded", "to_upright", "turn"]


def to_upright(orientation: Orientation, points: npt.ArrayLike) -> FloatArray:
    """Coded pixels (..., 2) as pixels of the upright picture with square pixels."""
    x, y = _stretch(points, _stretch_factor(orientation))
    width = round(orientation.width * orientation.pixel_aspect)
    height = orientation.height
    turned = (
        (x, y),
        (y, width - 1 - x),
        (width - 1 - x, height - 1 - y),
        (height - 1 - y, x),
    )[orientation.quarter_turns % 4]
    return np.stack(turned, axis=-1).astype(np.float32)


def to_coded(orientation: Orientation, points: npt.ArrayLike) -> FloatArray:
    """Pixels (..., 2) of the upright picture as coded pixels."""
    array = np.asarray(points, dtype=np.float64)
    x, y = array[..., 0], array[..., 1]
    width = round(orientation.width * orientation.pixel_aspect)
    height = orientation.height
    turned = (
        (x, y),
        (width - 1 - y, x),
        (width - 1 - x, height - 1 - y),
        (y, height - 1 - x),
    )[orientation.quarter_turns % 4]
    return np.stack(
        _stretch(np.stack(turned, axis=-1), 1 / _stretch_factor(orientation)), axis=-1
    ).astype(np.float32)


def turn(orientation: Orientation, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A coded picture (h, w, ...) turned upright; contiguous. The pixel aspect is not applied."""
    return np.ascontiguousarray(np.rot90(picture, orientation.quarter_turns % 4))


def _stretch_factor(orientation: Orientation) -> float:
    # The width of the upright picture is whole, so the factor is its ratio to the coded one.
    return round(orientation.width * orientation.pixel_aspect) / orientation.width


def _stretch(
    points: npt.ArrayLike, factor: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    array = np.asarray(points, dtype=np.float64)
    # Centres at integers: the left edge of the picture, at -0.5, stays where it is.
    return (array[..., 0] + 0.5) * factor - 0.5, array[..., 1]
