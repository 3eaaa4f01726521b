"""The edge of what is in front of a face, found in the plate's own pixels."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mien._types import BoolArray, FloatArray
from mien.rendering.occlusion.layout import ellipse

__all__ = ["guided", "refine"]

_ROUNDS: Final = 2
"""Rounds in which pixels and their neighbours of like colour agree."""
_REACH: Final = 0.012
"""How far a pixel's neighbours reach, over the face's size."""
_EVEN: Final = 5e-4
"""Variance of R'G'B' below which a neighbourhood has no edge (the filter's epsilon)."""
_SPECK, _HOLE = 0.0015, 0.001
"""Areas, over the square of the face's size, of specks to drop and of holes to fill."""
_SPARE: Final = 1
"""Pixels that are kept around what is in front: its blurred edge is its own."""
_SOFT: Final = 0.6
"""Standard deviation of the matte's edge, pixels."""


def refine(rgb: FloatArray, odds: FloatArray, trust: FloatArray, size: float) -> FloatArray:
    """Return how far every pixel shows what is in front.

    Pixels take over what those of like colour around them say (guided filter, He, Sun and Tang,
    ECCV 2010, with weights), as far as they say little themselves.

    Args:
        rgb: (h, w, 3) R'G'B' of the plate.
        odds: (h, w) logarithm of the odds that a pixel shows it.
        trust: (h, w) 0..1, how much the pixel itself says.
        size: Height or width of the face, whichever is larger, pixels.

    Returns:
        (h, w) float32, 0..1.
    """
    radius = max(2, int(_REACH * size))
    share = (1 / (1 + np.exp(-odds))).astype(np.float32)
    weight = np.float32(0.1) + trust
    own = np.float32(0.6) * odds * np.minimum(1, trust + np.float32(0.2))
    for _ in range(_ROUNDS):
        around = np.clip(guided(rgb, share, weight, radius, _EVEN), 0, 1)
        told = np.log((around + np.float32(0.02)) / (np.float32(1.02) - around))
        share = (1 / (1 + np.exp(-(np.float32(1.2) * told + own)))).astype(np.float32)
    area = size * size
    hard = _without_small(share > 0.5, _SPECK * area, 8)
    hard = ~_without_small(~hard, _HOLE * area, 4)
    grown = cv2.dilate(hard.astype(np.uint8), ellipse(_SPARE)).astype(np.float32)
    return np.asarray(np.clip(1.02 * cv2.GaussianBlur(grown, (0, 0), _SOFT), 0, 1), np.float32)


def _without_small(mask: BoolArray, area: float, connectivity: int) -> BoolArray:
    """A mask (h, w) without its small parts."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.astype(np.uint8), connectivity=connectivity
    )
    large = stats[:, cv2.CC_STAT_AREA] >= area
    large[0] = False
    return np.asarray(large[labels])


def guided(
    guide: FloatArray, values: FloatArray, weight: FloatArray, radius: int, even: float
) -> FloatArray:
    """Return values smoothed along a picture: linear in its colours around every pixel.

    Args:
        guide: (h, w, 3) the picture.
        values: (h, w) the values.
        weight: (h, w) how much each counts.
        radius: Half the side of the squares in which they are linear, pixels.
        even: Variance of the picture's colours that counts as none.
    """

    def mean(picture: FloatArray) -> FloatArray:
        side = 2 * radius + 1
        return np.asarray(cv2.blur(picture, (side, side), borderType=cv2.BORDER_REFLECT))

    total = mean(weight) + np.float32(1e-6)
    channels = [guide[..., i] * weight for i in range(3)]
    means = [mean(channel) / total for channel in channels]
    level = mean(values * weight) / total
    towards: list[FloatArray] = [
        mean(c * values) / total - m * level for c, m in zip(channels, means, strict=True)
    ]

    def covariance(i: int, j: int) -> FloatArray:
        return np.asarray(mean(channels[i] * guide[..., j]) / total - means[i] * means[j])

    a, d, f = (covariance(i, i) + np.float32(even) for i in range(3))
    b, c, e = covariance(0, 1), covariance(0, 2), covariance(1, 2)
    # The inverse of a symmetric matrix, by its cofactors.
    first, second, third = d * f - e * e, c * e - b * f, b * e - c * d
    across = b * c - a * e
    scale = 1 / (a * first + b * second + c * third)
    x, y, z = towards
    slopes = [
        scale * (first * x + second * y + third * z),
        scale * (second * x + (a * f - c * c) * y + across * z),
        scale * (third * x + across * y + (a * d - b * b) * z),
    ]
    offset = level.copy()
    for slope, m in zip(slopes, means, strict=True):
        offset -= slope * m
    result = mean(offset)
    for i, slope in enumerate(slopes):
        result = result + mean(np.asarray(slope, dtype=np.float32)) * guide[..., i]
    return np.asarray(result, dtype=np.float32)
