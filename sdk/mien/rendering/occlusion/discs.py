"""Discs that pictures are dilated and eroded with: as OpenCV does it, in a fraction of the time.

OpenCV looks at every pixel of a disc for every pixel of a picture. A disc is a pile of rectangles,
though, and what is most, or least, in these is found along rows first and then along columns.
"""

from __future__ import annotations

from functools import cache
from typing import Final, TypeVar

import cv2
import numpy as np

from mien._types import BoolArray, ByteArray, FloatArray

__all__ = ["around", "dilated", "ellipse", "eroded"]

_Picture = TypeVar("_Picture", ByteArray, FloatArray)

_SMALL: Final = 4
"""Radius up to which OpenCV's own way is as quick."""


def ellipse(radius: float) -> ByteArray:
    """Return a disc to dilate and erode with, at least three pixels across."""
    side = 2 * _whole(radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)


def dilated(picture: _Picture, radius: float) -> _Picture:
    """Return a picture (h, w) or (h, w, C) whose pixels are the most that a disc around has."""
    return _spread(picture, _whole(radius), cv2.MORPH_DILATE)


def eroded(picture: _Picture, radius: float) -> _Picture:
    """Return a picture (h, w) or (h, w, C) whose pixels are the least that a disc around has."""
    return _spread(picture, _whole(radius), cv2.MORPH_ERODE)


def around(area: BoolArray, margin: int) -> tuple[slice, slice]:
    """Return the rows and columns that hold an area (h, w), and a margin; none if it is empty."""
    x, y, width, height = cv2.boundingRect(area.view(np.uint8))
    if not width:
        return slice(0, 0), slice(0, 0)
    top, left = max(y - margin, 0), max(x - margin, 0)
    return slice(top, y + height + margin), slice(left, x + width + margin)


def _whole(radius: float) -> int:
    return max(1, round(radius))


def _spread(picture: _Picture, radius: int, kind: int) -> _Picture:
    if radius <= _SMALL:
        return np.asarray(cv2.morphologyEx(picture, kind, ellipse(radius)))
    both = cv2.max if kind == cv2.MORPH_DILATE else cv2.min
    along = found = picture
    before = wide = 0
    # From the disc's ends to its middle: the wider the rows are, the fewer they are, and what was
    # found in the narrower ones is spread on over those.
    for height, half in _rows(radius):
        along = cv2.morphologyEx(along, kind, _line(half - wide, 0))
        if before:
            found = both(cv2.morphologyEx(found, kind, _line(0, before - height)), along)
        else:
            found = along
        before, wide = height, half
    return np.asarray(cv2.morphologyEx(found, kind, _line(0, before)))


@cache
def _rows(radius: int) -> tuple[tuple[int, int], ...]:
    """How far from a disc's middle its rows are as wide as they are, and half how wide, upwards."""
    widths = (ellipse(radius).sum(axis=1) // 2).tolist()[radius:]
    farthest = {half: height for height, half in enumerate(widths)}
    return tuple((height, half) for half, height in sorted(farthest.items()))


@cache
def _line(across: int, down: int) -> ByteArray:
    return np.ones((2 * down + 1, 2 * across + 1), dtype=np.uint8)
