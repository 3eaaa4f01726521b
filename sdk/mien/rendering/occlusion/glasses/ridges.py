"""Thin lines in pictures: darker, or brighter, than what is on either side of them.

A line counts as much as the side that differs less: an edge, which is no line, has one side that
does not differ at all. Lines of several widths are looked for, in several directions.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mien._types import DoubleArray, FloatArray

__all__ = ["DIRECTIONS", "REACHES", "along", "difference", "ridges", "sampled"]

DIRECTIONS: Final = 8
"""Directions in half a turn; direction i is that of the normal, at i / 8 of it."""
REACHES: Final = (0.12, 0.21, 0.36)
"""How far from a line its sides are looked at, cm; from the second on it may be wide."""
_WIDE: Final = 0.25
"""Part of the reach over which a wide line is averaged, to either side."""
_STEADY: Final = 2.0
"""Texels along the line over which it is averaged, to either side."""


def difference(line: FloatArray, left: FloatArray, right: FloatArray) -> FloatArray:
    """Return how far lines differ from both their sides: above 0 darker, below 0 brighter."""
    a, b = left - line, right - line
    alike = a * b > 0
    least = np.minimum(np.abs(a), np.abs(b, out=b), out=b)
    np.copysign(least, a, out=least)
    least *= alike
    return np.asarray(least, dtype=np.float32)


def ridges(picture: FloatArray, texel: float) -> FloatArray:
    """Return how far every place of a picture is a thin line, direction by direction.

    Args:
        picture: (H, W) contrast.
        texel: Its scale, cm a pixel.

    Returns:
        (DIRECTIONS, H, W) float32, above 0 for dark lines and below for bright ones.
    """
    found = np.zeros((DIRECTIONS, *picture.shape), dtype=np.float32)
    border = int(np.ceil(max(REACHES) / texel)) + 1
    padded = np.pad(picture, border, mode="edge")
    for i in range(DIRECTIONS):
        turn = np.pi * i / DIRECTIONS
        x, y = np.cos(turn), np.sin(turn)
        ends = _moved(padded, -_STEADY * y, _STEADY * x) + _moved(padded, _STEADY * y, -_STEADY * x)
        steady = np.float32(0.5) * padded + np.float32(0.25) * ends
        inner = steady[border:-border, border:-border]
        for j, reach in enumerate(REACHES):
            far = reach / texel
            line = inner
            if j:
                near = _WIDE * far
                line = (inner + _seen(steady, border, near * x, near * y)
                        + _seen(steady, border, -near * x, -near * y)) / np.float32(3)  # fmt: skip
            here = difference(
                line,
                _seen(steady, border, far * x, far * y),
                _seen(steady, border, -far * x, -far * y),
            )
            np.copyto(found[i], here, where=np.abs(here) > np.abs(found[i]))
    return found


def along(profiles: FloatArray, step: float) -> FloatArray:
    """Return how far places of profiles are thin lines.

    Args:
        profiles: (N, K) contrast along the normals of a curve, point after point.
        step: Distance of their places, cm.

    Returns:
        (N, K) float32, never below 0, 0 near the ends of the profiles.
    """
    found = np.zeros_like(profiles)
    for j, reach in enumerate(REACHES):
        far = max(1, round(reach / step))
        if 2 * far >= profiles.shape[1]:
            continue
        line = profiles
        if j:
            line = cv2.blur(profiles, (2 * max(1, round(_WIDE * far)) + 1, 1))
        inner = slice(far, -far)
        here = np.abs(difference(line[:, inner], profiles[:, : -2 * far], profiles[:, 2 * far :]))
        found[:, inner] = np.maximum(found[:, inner], here)
    return found


def sampled(
    maps: FloatArray, points: DoubleArray, normals: DoubleArray, spread: float
) -> FloatArray:
    """Return how far places are lines whose normals are nearly those given.

    Args:
        maps: (DIRECTIONS, H, W) what `ridges` gave.
        points: (..., 2) places, x right and y down.
        normals: (...) directions of the normals, radians; 1 along an axis where all are alike.
        spread: Radians by which a line's normal may be off; it counts less from half of that.

    Returns:
        (...) float32, with the sign of `ridges`.
    """
    x, y = (np.ascontiguousarray(points[..., i], dtype=np.float32) for i in (0, 1))
    flat = x.reshape(x.shape[0], -1), y.reshape(x.shape[0], -1)
    best = np.zeros(x.shape, dtype=np.float32)
    for i in range(DIRECTIONS):
        off = np.abs((normals - np.pi * i / DIRECTIONS + np.pi / 2) % np.pi - np.pi / 2)
        counts = np.clip(2 * (1 - off / spread), 0, 1)
        if not counts.any():
            continue
        here = counts * cv2.remap(maps[i], *flat, cv2.INTER_LINEAR).reshape(x.shape)
        best = np.where(np.abs(here) > np.abs(best), here, best).astype(np.float32)
    return best


def _seen(padded: FloatArray, border: int, x: float, y: float) -> FloatArray:
    """What lies (x, y), in whole pixels, from every place of a picture with a border."""
    right, down = round(x) + border, round(y) + border
    height, width = padded.shape
    return padded[down : down + height - 2 * border, right : right + width - 2 * border]


def _moved(picture: FloatArray, x: float, y: float) -> FloatArray:
    """A picture whose every place shows what lies (x, y), in whole pixels, from it."""
    return np.asarray(np.roll(picture, (-round(y), -round(x)), axis=(0, 1)))
