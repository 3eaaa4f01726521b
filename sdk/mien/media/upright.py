"""Pixels of the upright picture, taken straight from a plate, for networks to look at."""

from __future__ import annotations

import cv2
import numpy as np

from mien._types import DoubleArray, FloatArray
from mien.media.display import to_display
from mien.media.orient import to_coded
from mien.media.planes import Box, Plate
from mien.model.media import Orientation

__all__ = ["sample_upright"]


_LEAST_SHRINK = 2
"""Bilinear sampling at wider steps skips pixels and flickers: pixels are averaged first."""


def sample_upright(
    plate: Plate, orientation: Orientation, xs: DoubleArray, ys: DoubleArray
) -> DoubleArray:
    """Sample a plate on a grid of the upright picture, bilinearly, black outside.

    The picture is taken as its 8-bit R'G'B', which is what networks are trained on.

    Args:
        plate: The picture, coded.
        orientation: How it is turned and stretched.
        xs: (w,) places from left to right, evenly spaced, pixels of the upright picture.
        ys: (h,) places from top to bottom.

    Returns:
        (h, w, 3) float64 R'G'B' in 8-bit code values, between whole ones where interpolated;
        linear light (EXR) and HDR as an ordinary display shows them.
    """
    turned = orientation.quarter_turns % 2 == 1
    origin, right, below = np.asarray(
        to_coded(orientation, [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), dtype=np.float64
    )
    # A quarter turn makes columns of rows, so each coded axis follows one upright axis.
    along_x, along_y = (ys, xs) if turned else (xs, ys)
    columns = origin[0] + ((below if turned else right) - origin)[0] * along_x
    rows = origin[1] + ((right if turned else below) - origin)[1] * along_y
    sampled = _sample(plate, columns, rows)
    return np.ascontiguousarray(sampled.transpose(1, 0, 2) if turned else sampled)


def _sample(plate: Plate, columns: DoubleArray, rows: DoubleArray) -> DoubleArray:
    """Sample on a grid of coded pixels."""
    shrink = int(min(_step(columns), _step(rows)))
    if shrink < _LEAST_SHRINK:
        shrink = 1
    box = _box_around(columns, rows, shrink).clip(
        plate.width // shrink * shrink, plate.height // shrink * shrink
    )
    if not box.width or not box.height:
        return np.zeros((len(rows), len(columns), 3))
    rgb = to_display(plate, plate.rgb(box))
    codes = np.clip(rgb, 0, 1)
    codes *= np.float32(255)
    np.rint(codes, out=codes)
    if shrink > 1:
        size = (box.width // shrink, box.height // shrink)
        codes = np.asarray(cv2.resize(codes, size, interpolation=cv2.INTER_AREA))
    middle = (shrink - 1) / 2
    by_rows = _along(codes, (rows - box.y0 - middle) / shrink, 0)
    return _along(by_rows, (columns - box.x0 - middle) / shrink, 1)


def _step(positions: DoubleArray) -> float:
    return float(abs(positions[-1] - positions[0]) / max(len(positions) - 1, 1))


def _box_around(columns: DoubleArray, rows: DoubleArray, multiple: int) -> Box:
    """Whole pixels about all places, on the picture's own grid of multiples."""
    low = [
        int(np.floor(positions.min() / multiple) - 1) * multiple for positions in (columns, rows)
    ]
    high = [
        int(np.floor(positions.max() / multiple) + 3) * multiple for positions in (columns, rows)
    ]
    return Box(low[0], low[1], high[0], high[1])


def _along(pixels: FloatArray | DoubleArray, positions: DoubleArray, axis: int) -> DoubleArray:
    """Interpolate pixels (h, w, 3) linearly along rows (0) or columns (1); zero beyond the ends."""
    count = pixels.shape[axis]
    first = np.floor(positions).astype(np.int64)
    fraction = positions - first
    parts: list[DoubleArray] = []
    for tap, weight in ((first, 1 - fraction), (first + 1, fraction)):
        weight = np.where((tap >= 0) & (tap < count), weight, 0.0)
        taken = pixels.take(np.clip(tap, 0, count - 1), axis=axis).astype(np.float64, copy=False)
        # Row by row: over a last axis of three NumPy takes several times as long.
        flat = taken.reshape(len(taken), -1)
        flat *= np.repeat(weight, pixels.shape[2]) if axis else weight[:, None]
        parts.append(taken)
    parts[0] += parts[1]
    return parts[0]
