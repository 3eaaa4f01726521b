"""Between coded pixels and the upright picture: mirroring, quarter turns and pixel aspect.

Pixel centres lie at integer coordinates in both. All functions take points of any shape
(..., 2), x right and y down.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray, FloatArray
from mien.model.media import Orientation

__all__ = ["standing", "to_coded", "to_upright", "turn", "turn_back", "vectors_to_coded"]

_Number = TypeVar("_Number", bound=np.generic)


def to_upright(orientation: Orientation, points: npt.ArrayLike) -> FloatArray:
    """Coded pixels (..., 2) as pixels of the upright picture with square pixels."""
    x, y = _stretch(points, _stretch_factor(orientation))
    width = round(orientation.width * orientation.pixel_aspect)
    height = orientation.height
    if orientation.mirrored:
        x = width - 1 - x
    turned = (
        (x, y),
        (y, width - 1 - x),
        (width - 1 - x, height - 1 - y),
        (height - 1 - y, x),
    )[orientation.quarter_turns % 4]
    return np.stack(turned, axis=-1).astype(np.float32)


def to_coded(orientation: Orientation, points: npt.ArrayLike) -> FloatArray:
    """Pixels (..., 2) of the upright picture as coded pixels."""
    matrix, offset = _coding(orientation)
    return np.asarray(np.asarray(points, dtype=np.float64) @ matrix + offset, dtype=np.float32)


def vectors_to_coded(orientation: Orientation, vectors: npt.ArrayLike) -> FloatArray:
    """Displacements (..., 2) in the upright picture as ones in coded pixels."""
    matrix, _ = _coding(orientation)
    return np.asarray(np.asarray(vectors, dtype=np.float64) @ matrix, dtype=np.float32)


@lru_cache(maxsize=64)
def _coding(orientation: Orientation) -> tuple[DoubleArray, DoubleArray]:
    """(2, 2) and (2,) what takes row vectors of the upright picture to coded pixels."""
    width = round(orientation.width * orientation.pixel_aspect)
    height = orientation.height
    matrix, offset = (
        ([[1, 0], [0, 1]], [0, 0]),
        ([[0, 1], [-1, 0]], [width - 1, 0]),
        ([[-1, 0], [0, -1]], [width - 1, height - 1]),
        ([[0, -1], [1, 0]], [0, height - 1]),
    )[orientation.quarter_turns % 4]
    rotated, start = np.array(matrix), np.array(offset)
    if orientation.mirrored:
        rotated, start = rotated * (-1, 1), start * (-1, 1) + (width - 1, 0)
    across = np.array([1 / _stretch_factor(orientation), 1])
    # Centres at integers: the left edge of the picture, at -0.5, stays where it is.
    return rotated * across, (start + 0.5) * across - 0.5


def turn(orientation: Orientation, picture: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """A coded picture (h, w, ...) made upright; contiguous. The pixel aspect is not applied."""
    shown = picture[:, ::-1] if orientation.mirrored else picture
    return np.ascontiguousarray(np.rot90(shown, orientation.quarter_turns % 4))


def turn_back(orientation: Orientation, picture: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """An upright picture (h, w, ...) as it is coded; contiguous. The reverse of `turn`."""
    turned = np.rot90(picture, -orientation.quarter_turns % 4)
    return np.ascontiguousarray(turned[:, ::-1] if orientation.mirrored else turned)


def standing(orientation: Orientation) -> Orientation:
    """The orientation of a picture after `turn`: the same pixel aspect, nothing left to turn."""
    width, height, aspect = orientation.width, orientation.height, orientation.pixel_aspect
    if orientation.quarter_turns % 2:
        return Orientation(height, width, 0, 1 / aspect)
    return Orientation(width, height, 0, aspect)


def _stretch_factor(orientation: Orientation) -> float:
    # The width of the upright picture is whole, so the factor is its ratio to the coded one.
    return round(orientation.width * orientation.pixel_aspect) / orientation.width


def _stretch(
    points: npt.ArrayLike, factor: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    array = np.asarray(points, dtype=np.float64)
    # Centres at integers: the left edge of the picture, at -0.5, stays where it is.
    return (array[..., 0] + 0.5) * factor - 0.5, array[..., 1]
