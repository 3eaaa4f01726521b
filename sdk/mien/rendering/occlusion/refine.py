"""The edge of what is in front of a face, found in the plate's own pixels."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mien._types import BoolArray, FloatArray, Int32Array
from mien.rendering.occlusion.discs import around
from mien.rendering.occlusion.face_model import each_channel

__all__ = ["Guide", "refine"]

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
    guide = Guide(rgb, weight, radius, _EVEN)
    for _ in range(_ROUNDS):
        near = np.clip(guide.smoothed(share), 0, 1)
        told = np.log((near + np.float32(0.02)) / (np.float32(1.02) - near))
        share = (1 / (1 + np.exp(-(np.float32(1.2) * told + own)))).astype(np.float32)
    area = size * size
    hard = _trimmed(share > 0.5, share, rgb, hidden)
    hard = _touching(hard, _SPECK * area, hidden[..., 0] >= 0)
    hard = _without_holes(hard, _HOLE * area)
    soft = cv2.GaussianBlur(hard.astype(np.float32), (0, 0), _SOFT)
    return np.asarray(np.clip(_SPARE * soft, 0, 1), dtype=np.float32)


def _trimmed(mask: BoolArray, share: FloatArray, rgb: FloatArray, hidden: FloatArray) -> BoolArray:
    """A mask (h, w) without pixels at its edge that look as the face does.

    Between the colour of what is in front, around a pixel, and that of the face there, the pixel's
    own says how much it shows of either; where both are alike it says nothing.
    """
    square = np.ones((2 * _EDGE - 1,) * 2, dtype=np.uint8)
    hard = mask.view(np.uint8)
    inside = cv2.erode(hard, square) > 0
    edge = cv2.dilate(hard, np.ones((3, 3), dtype=np.uint8)) > 0
    edge &= ~inside
    # What lies at the edge is asked, and all that it takes lies around.
    part = around(edge, _EDGE)
    edge = edge[part]
    if not edge.size:
        return mask
    reach = 2 * _EDGE + 1
    sure = (share[part] > _SURE).astype(np.float32)
    count = cv2.blur(sure, (reach, reach))[edge]
    theirs = cv2.blur(rgb[part] * each_channel(sure), (reach, reach))[edge]
    rgb, hidden = rgb[part][edge], hidden[part][edge]
    apart = theirs / (count[:, None] + 1e-6) - hidden
    contrast = (apart**2).sum(axis=1)
    shown = ((rgb - hidden) * apart).sum(axis=1) / np.maximum(contrast, 1e-6)
    told = (count > 0) & (contrast > _CONTRAST**2) & (hidden[:, 0] >= 0)
    trimmed = mask.copy()
    here = trimmed[part]
    here[edge] = np.where(told, shown > _PART, here[edge])
    return trimmed


def _touching(mask: BoolArray, size: float, area: BoolArray) -> BoolArray:
    """The parts of a mask (h, w) that are as large as a size and reach into an area."""
    labels, kept = _large(mask, size, 8)
    reaching = np.zeros(len(kept), dtype=bool)
    reaching[labels[area & mask]] = True
    return np.asarray((kept & reaching).take(labels))


def _without_holes(mask: BoolArray, size: float) -> BoolArray:
    """A mask (h, w) whose small holes are filled."""
    labels, kept = _large(~mask, size, 4)
    return np.asarray((~kept).take(labels))


def _large(mask: BoolArray, size: float, connectivity: int) -> tuple[Int32Array, BoolArray]:
    """The number of the part that each pixel of a mask belongs to, and which are large."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        mask.view(np.uint8), connectivity=connectivity
    )
    kept = stats[:, cv2.CC_STAT_AREA] >= size
    kept[0] = False
    return np.asarray(labels), np.asarray(kept)


class Guide:
    """A picture along which values are smoothed: linear in its colours around every pixel.

    Args:
        picture: (h, w, 3) the picture.
        weight: (h, w) how much each pixel counts.
        radius: Half the side of the squares in which values are linear, pixels.
        even: Variance of the picture's colours that counts as none.
    """

    def __init__(self, picture: FloatArray, weight: FloatArray, radius: int, even: float) -> None:
        self._side = 2 * radius + 1
        self._weight = weight
        # As planes: NumPy and OpenCV take twice as long over every third number.
        self._colours = colours = cv2.split(picture)
        self._total = total = self._mean(weight) + np.float32(1e-6)
        self._channels = channels = [colour * weight for colour in colours]
        self._means = means = [self._mean(channel) / total for channel in channels]

        def covariance(i: int, j: int) -> FloatArray:
            return np.asarray(self._mean(channels[i] * colours[j]) / total - means[i] * means[j])

        a, d, f = (covariance(i, i) + np.float32(even) for i in range(3))
        b, c, e = covariance(0, 1), covariance(0, 2), covariance(1, 2)
        # The inverse of a symmetric matrix, by its cofactors.
        first, second, third = d * f - e * e, c * e - b * f, b * e - c * d
        across = b * c - a * e
        self._scale = 1 / (a * first + b * second + c * third)
        self._inverse = (
            (first, second, third),
            (second, a * f - c * c, across),
            (third, across, a * d - b * b),
        )

    def smoothed(self, values: FloatArray) -> FloatArray:
        """Return values (h, w) smoothed along the picture."""
        level = self._mean(values * self._weight) / self._total
        towards: list[FloatArray] = [
            self._mean(c * values) / self._total - m * level
            for c, m in zip(self._channels, self._means, strict=True)
        ]
        x, y, z = towards
        slopes = [self._scale * (p * x + q * y + r * z) for p, q, r in self._inverse]
        offset = level.copy()
        for slope, m in zip(slopes, self._means, strict=True):
            offset -= slope * m
        result = self._mean(offset)
        for slope, colour in zip(slopes, self._colours, strict=True):
            result = result + self._mean(np.asarray(slope, dtype=np.float32)) * colour
        return np.asarray(result, dtype=np.float32)

    def _mean(self, picture: FloatArray) -> FloatArray:
        side = self._side, self._side
        return np.asarray(cv2.blur(picture, side, borderType=cv2.BORDER_REFLECT))
