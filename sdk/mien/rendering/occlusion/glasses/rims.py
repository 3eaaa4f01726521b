"""The rims of a face's glasses, looked for in frames that were brought to the layout.

Around each eye the closed path that lies on thin lines is looked for, and the path over the nose
between them. A face always has such paths. One that wears glasses has lines all along them: below
the eyes, where skin is smooth, and over the bridge of the nose, in the same place of the layout in
every frame. How strong the lines are where they are weakest tells one from the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from mien._types import BoolArray, ByteArray, DoubleArray, FloatArray, Int32Array
from mien.rendering.geometry.topology import BROWS, EYES
from mien.rendering.occlusion.glasses.layout import HEIGHT, TEXEL, WIDTH
from mien.rendering.occlusion.glasses.lining_up import line_up, line_up_with, shifted
from mien.rendering.occlusion.glasses.paths import best_path, best_ring
from mien.rendering.occlusion.glasses.ridges import DIRECTIONS, ridges, sampled

__all__ = ["Evidence", "RimPaths", "find_paths"]

_ANGLES: Final = 120
"""Places around a lens."""
_RADII: Final = 64
"""Distances from its middle that a rim may have."""
_NEAREST, _FARTHEST = 0.9, 3.2
"""The least and the greatest of them, cm down from the middle."""
_OBLONG: Final = 1.3
"""How much wider than high a lens is taken to be, so that paths bend little."""
_MIDDLE: Final = (3.6, -0.55)
"""The middle of a lens: to the side of the nose's middle and above the eyes' height, cm."""
_SPREAD: Final = np.radians(60)
"""How far a rim's normal may turn away from the ray to it."""
_FULL: Final = 0.4
"""Strength from which a line does not count more."""
_UNIT: Final = 0.05
"""Strength of a line that counts 1."""
_STEP, _BEND = 3, 0.25
"""Radii from place to place along a ring at most, and what one costs."""
_BAND: Final = 8
"""Radii by which either side may depart from what both sides share."""
_IN_EYE: Final = 6.0
"""What a path loses by going through an eye or right under its lid."""
_KNOWN: Final = 0.25
"""Part of the frames that has to show a place free of lids, for it to be known."""
_UNTOLD: Final = 0.7
"""What a place that is not known is worth to a path."""
_SMOOTH: Final = 1.5
"""Places over which a ring is smoothed (sigma)."""
_BRIDGE: Final = (0.8, 1.2, -0.85)
"""Where a bridge may lie: to either side of the nose's middle, above and below the eyes, cm."""
_BRIDGE_STEP, _BRIDGE_BEND = 2, 0.3
_ROUNDS: Final = 2
"""How often frames are brought onto the curves that were found."""
_SURE: Final = 0.019
"""Strength of arcs and bridge, in the (geometric) mean, that only glasses have."""
_CLUTTER: Final = 0.012
"""Strength of lines that smooth skin has anyway; where there are stronger ones all over, lines
count less."""
_WEAKEST: Final = 0.25
"""Quantile of the strength along a path that tells how strong it is."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much speaks for glasses: strength of lines, as a part of the brightness around.

    Attributes:
        arcs: Of the lower halves of both rims.
        bridge: Of the bridge.
    """

    arcs: float
    bridge: float

    @property
    def strength(self) -> float:
        """Both together: 1 where they are as strong as is enough to be sure."""
        return self.arcs * self.bridge / _SURE**2


@dataclass(frozen=True, slots=True, eq=False)
class RimPaths:
    """The best paths of rims in a layout, whether there are glasses or not.

    Attributes:
        rings: For the person's right and left eye, (120, 2) float64 texels, from the outer side
            downwards, inwards and up.
        bridge: (N, 2) float64 texels, from the right of the face to its left.
        shifts: (T, 2) what brings the frames onto each other, texels.
        evidence: How much speaks for glasses.
    """

    rings: tuple[DoubleArray, DoubleArray]
    bridge: DoubleArray
    shifts: Int32Array
    evidence: Evidence


def find_paths(pictures: FloatArray, eyes: FloatArray, landmarks: FloatArray) -> RimPaths:
    """Find the best paths of rims.

    Args:
        pictures: (T, HEIGHT, WIDTH) contrast of frames in the layout.
        eyes: (T, HEIGHT, WIDTH) where eyes and lids are in each.
        landmarks: (468, 2) the neutral face in it, texels.
    """
    maps = np.stack([ridges(picture, TEXEL) for picture in pictures])
    inside = _under_lids(landmarks)
    seen = 1 - eyes
    counts = _where_rims_are(landmarks)
    shifts = line_up(maps, counts)
    aligned, clear = shifted(maps, shifts), shifted(seen, shifts)
    rings, bridge = _paths(aligned, clear, inside)
    for _ in range(_ROUNDS):
        points = np.concatenate([*rings, bridge])
        normals = np.concatenate([*map(_normals, rings), np.full(len(bridge), np.pi / 2)])
        directions = np.round(normals * DIRECTIONS / np.pi).astype(np.int32) % DIRECTIONS
        shifts = line_up_with(maps, shifts, points, directions)
        aligned, clear = shifted(maps, shifts), shifted(seen, shifts)
        rings, bridge = _paths(aligned, clear, inside)
    return RimPaths(rings, bridge, shifts, _evidence(aligned, counts, rings, bridge))


def _paths(
    maps: FloatArray, clear: FloatArray, inside: ByteArray
) -> tuple[tuple[DoubleArray, DoubleArray], DoubleArray]:
    """The rings and the bridge that lie best on the lines that all frames have."""
    known = clear.sum(axis=0)
    weights = (clear / np.maximum(known, 1e-3))[:, None]
    mean = (weights * maps).sum(axis=0)
    spread = np.sqrt(np.maximum((weights * (maps - mean) ** 2).sum(axis=0), 0))
    known = np.clip(known / (_KNOWN * len(maps)), 0, 1)
    # What comes and goes, like lids and creases, counts less than what is always there.
    steady = mean * np.clip(1.5 * np.abs(mean) / (spread + 0.01), 0.2, 1)
    worths = []
    for side in (-1, 1):
        points, normals = _rays(side)
        lines = sampled(steady, points, normals, float(_SPREAD))
        in_eye = cv2.remap(inside, *_xy(points), cv2.INTER_NEAREST)
        told = cv2.remap(known, *_xy(points), cv2.INTER_LINEAR)
        # Where lids hide what is there, a path goes on as it came.
        worths.append(told * _worth(lines) + (1 - told) * _UNTOLD - _IN_EYE * in_eye)
    # Both rims are alike, and creases seldom: first what both sides share, a little off or not.
    near = [cv2.dilate(np.concatenate([w[-2:], w, w[:2]]), np.ones((3, 5)))[2:-2] for w in worths]
    shared = best_ring(np.minimum(*near) + 0.25 * (near[0] + near[1]), _STEP, _BEND)
    far = np.abs(np.arange(_RADII) - shared[:, None]) > _BAND
    every = np.arange(_ANGLES)
    rings = []
    for side, worth in zip((-1, 1), worths, strict=True):
        points, _ = _rays(side)
        ring = best_ring(np.where(far, -_IN_EYE - 2, worth), _STEP, _BEND)
        rings.append(_smoothed(points[every, ring]))
    return (rings[0], rings[1]), _bridge(mean)


def _bridge(mean: FloatArray) -> DoubleArray:
    """(N, 2) the best path over the nose."""
    aside, above, below = _BRIDGE
    columns = np.arange(round((WIDTH - 1) / 2 - aside / TEXEL), round((WIDTH - 1) / 2 + aside / TEXEL) + 1)
    top = round((HEIGHT - 1) / 2 - above / TEXEL)
    bottom = round((HEIGHT - 1) / 2 - below / TEXEL)
    half = DIRECTIONS // 2
    lines = np.abs(mean[half - 1 : half + 2, top:bottom, columns[0] : columns[-1] + 1]).max(axis=0)
    path = best_path(_worth(lines).T, _BRIDGE_STEP, _BRIDGE_BEND)
    return np.stack([columns, path + top], axis=1).astype(np.float64)


def _evidence(
    maps: FloatArray, counts: FloatArray, rings: tuple[DoubleArray, DoubleArray], bridge: DoubleArray
) -> Evidence:
    """How strong lines are along the paths, in the mean of the frames and in most of them."""
    mean = maps.mean(axis=0)
    arcs = 0.0
    lower = slice(0, _ANGLES // 2 + 1)
    for ring in rings:
        points, normals = ring[lower], _normals(ring)[lower]
        every = [np.abs(sampled(one, points[None], normals[None], 0.8))[0] for one in (mean, *maps)]
        arcs += 0.5 * (_weakest(every[0]) + _weakest(np.median(every[1:], axis=0)))
    upright = np.full(len(bridge), np.pi / 2)
    every = [np.abs(sampled(one, bridge[None], upright[None], 0.8))[0] for one in (mean, *maps)]
    over = (_weakest(every[0]) * _weakest(np.median(every[1:], axis=0))) ** 0.5
    # What is stronger than the lines that noise, beard or make-up make everywhere on this face.
    lines = np.abs(maps[..., counts > 0.5]).max(axis=1)
    clutter = float(np.median(np.median(lines, axis=0)))
    clear = min(1.0, _CLUTTER / max(clutter, 1e-6))
    return Evidence(clear * arcs, clear * over)


def _weakest(strength: FloatArray) -> float:
    return float(np.quantile(strength, _WEAKEST))


def _worth(lines: FloatArray) -> FloatArray:
    """What lines are worth to a path: long weak ones are more than short strong ones."""
    return np.asarray(np.sqrt(np.minimum(np.abs(lines), _FULL) / _UNIT), dtype=np.float32)


def _rays(side: int) -> tuple[DoubleArray, DoubleArray]:
    """(120, 64, 2) places around a lens, texels, and (120, 64) the directions of the rays."""
    turn = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    radius = np.linspace(_NEAREST, _FARTHEST, _RADII)
    x = side * (_MIDDLE[0] + np.cos(turn)[:, None] * radius * _OBLONG)
    y = -_MIDDLE[1] + np.sin(turn)[:, None] * radius
    points = np.stack([x, y], axis=2) / TEXEL + [(WIDTH - 1) / 2, (HEIGHT - 1) / 2]
    normals = np.arctan2(np.sin(turn), side * np.cos(turn) / _OBLONG)
    return points, np.repeat(normals[:, None], _RADII, axis=1)


def _normals(ring: DoubleArray) -> DoubleArray:
    """(N,) directions of the normals of a closed path."""
    ahead = np.roll(ring, -2, axis=0) - np.roll(ring, 2, axis=0)
    return np.asarray(np.arctan2(ahead[:, 0], -ahead[:, 1]))


def _smoothed(ring: DoubleArray) -> DoubleArray:
    reach = 4
    kernel = cv2.getGaussianKernel(2 * reach + 1, _SMOOTH)[:, 0]
    closed = np.concatenate([ring[-reach:], ring, ring[:reach]])
    return np.stack([np.convolve(closed[:, i], kernel, "valid") for i in (0, 1)], axis=1)


def _under_lids(landmarks: FloatArray) -> ByteArray:
    """(HEIGHT, WIDTH) 1 in the eyes, beside them and right below, where no rim is."""
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    beside, below = 5, 12  # texels
    for eye in EYES.values():
        rim = landmarks[list(eye.rim)]
        # An upper rim may lie on the lid, seen from the front.
        for x, y in ((0, below // 3), (0, 2 * below // 3), (0, below), (-beside, 8), (beside, 8)):
            cv2.fillPoly(mask, [np.round(rim + [x, y]).astype(np.int32)], 1)
    return mask


def _where_rims_are(landmarks: FloatArray) -> FloatArray:
    """(HEIGHT, WIDTH) how far lines count when frames are brought onto each other.

    Eyes, brows, nostrils and what is beside the face move on their own.
    """
    moving = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    for outline, grow in [*((eye.rim, 11) for eye in EYES.values()), *((brow, 5) for brow in BROWS)]:
        mask = np.zeros_like(moving)
        cv2.fillPoly(mask, [np.round(landmarks[list(outline)]).astype(np.int32)], 1)
        moving |= cv2.dilate(mask, np.ones((grow, grow), dtype=np.uint8))
    counts = np.where(moving > 0, np.float32(0.15), np.float32(1))
    x = np.abs(np.arange(WIDTH) - (WIDTH - 1) / 2) * TEXEL
    y = (np.arange(HEIGHT) - (HEIGHT - 1) / 2) * TEXEL
    outside: BoolArray = (x > 7.5) | (y[:, None] < -3.7) | (y[:, None] > 3.3)
    nostrils = (x < 1.8) & (y[:, None] > 1.8)
    counts[outside | nostrils] = 0
    return np.asarray(cv2.GaussianBlur(counts, (0, 0), 1.5), dtype=np.float32)


def _xy(points: DoubleArray) -> tuple[FloatArray, FloatArray]:
    return points[..., 0].astype(np.float32), points[..., 1].astype(np.float32)
