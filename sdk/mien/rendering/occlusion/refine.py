"""The edge of what is in front of a face, found in the plate's own pixels."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mien._types import BoolArray, FloatArray

__all__ = ["guided", "refine"]

_ROUNDS: Final = 2
"""Rounds in which pixels and their neighbours of like colour agree."""
_REACH: Final = 0.012
"""How far a pixel's neighbours reach, over the face's size."""
_EVEN: Final = 5e-4
"""Variance of R'G'B' below which a neighbourhood has no edge (the filter's epsilon)."""
_SPECK, _HOLE = 0.0015, 0.001
"""Areas, over the square of the face's size, of specks to drop and of holes to fill."""
_EDGE: Final = 3
"""Pixels to either side of the edge in which colours tell where it is."""
_SURE: Final = 0.85
"""Share from which a pixel has the colour of what is in front."""
_CONTRAST: Final = 0.12
"""Least difference of R'G'B' between that and the face for colours to tell."""
_PART: Final = 0.35
"""Part of a pixel that what is in front covers, from which it is kept."""
_SOFT: Final = 0.8
"""Standard deviation of the matte's edge, pixels."""
_SPARE: Final = 1.6
"""Factor of the soft edge: what is in front is kept whole up to its own edge, and a little more."""


def refine(
    rgb: FloatArray, odds: FloatArray, trust: FloatArray, hidden: FloatArray, size: float
) -> FloatArray:
    """Return how far every pixel shows what is in front.

    Pixels take over what those of like colour around them say (guided filter, He, Sun and Tang,
    ECCV 2010, with weights), as far as they say little themselves.

    Args:
        rgb: (h, w, 3) R'G'B' of the plate.
        odds: (h, w) logarithm of the odds that a pixel shows it.
        trust: (h, w) 0..1, how much the pixel itself says.
        hidden: (h, w, 3) what the face is expected to look like; negative where that is not known.
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
    hard = _trimmed(share > 0.5, share, rgb, hidden)
    hard = _touching(_without_small(hard, _SPECK * area, 8), hidden[..., 0] >= 0)
    hard = ~_without_small(~hard, _HOLE * area, 4)
    soft = cv2.GaussianBlur(hard.astype(np.float32), (0, 0), _SOFT)
    return np.asarray(np.clip(_SPARE * soft, 0, 1), dtype=np.float32)


def _trimmed(mask: BoolArray, share: FloatArray, rgb: FloatArray, hidden: FloatArray) -> BoolArray:
    """A mask (h, w) without pixels at its edge that look as the face does.

    Between the colour of what is in front, around a pixel, and that of the face there, the pixel's
    own says how much it shows of either; where both are alike it says nothing.
    """
    reach = 2 * _EDGE + 1
    sure = (share > _SURE).astype(np.float32)
    count = cv2.blur(sure, (reach, reach))
    theirs = cv2.blur(rgb * sure[..., None], (reach, reach)) / (count[..., None] + 1e-6)
    apart = theirs - hidden
    contrast = (apart**2).sum(axis=2)
    part = ((rgb - hidden) * apart).sum(axis=2) / np.maximum(contrast, 1e-6)
    told = (count > 0) & (contrast > _CONTRAST**2) & (hidden[..., 0] >= 0)
    square = np.ones((2 * _EDGE - 1,) * 2, dtype=np.uint8)
    hard = mask.astype(np.uint8)
    inside = cv2.erode(hard, square) > 0
    near = cv2.dilate(hard, np.ones((3, 3), dtype=np.uint8)) > 0
    return np.asarray(np.where(told & near & ~inside, part > _PART, mask))


def _touching(mask: BoolArray, area: BoolArray) -> BoolArray:
    """The parts of a mask (h, w) that reach into an area."""
    _, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    labels = np.asarray(labels)
    reaching = np.zeros(int(labels.max()) + 1, dtype=bool)
    reaching[np.unique(labels[area & mask])] = True
    reaching[0] = False
    return np.asarray(reaching[labels])


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
