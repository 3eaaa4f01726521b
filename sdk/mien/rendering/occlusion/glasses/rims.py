"""The rims of a face's glasses, looked for in frames that were brought to the layout.

Around each eye the closed path that lies on thin lines is looked for, and the path over the nose
between them. A face always has such paths. One that wears glasses has lines all along them: below
the eyes, where skin is smooth, and over the bridge of the nose, in the same place of the layout in
every frame. How strong the lines are where they are weakest tells one from the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from mien._types import BoolArray, ByteArray, DoubleArray, FloatArray, IndexArray, Int32Array
from mien.rendering.geometry.topology import BROWS, EYES, OVAL
from mien.rendering.occlusion.glasses.layout import HEIGHT, TEXEL, WIDTH
from mien.rendering.occlusion.glasses.lining_up import line_up, line_up_with, shifted
from mien.rendering.occlusion.glasses.paths import best_path, best_ring
from mien.rendering.occlusion.glasses.ridges import DIRECTIONS, ridges, sampled

__all__ = ["RimEvidence", "RimPaths", "find_paths"]

_ANGLES: Final = 100
"""Places around a lens."""
_RADII: Final = 56
"""Distances from its middle that a rim may have."""
_NEAREST: Final = 0.9
"""The least distance from its middle that a rim may have, cm down."""
_LENSES: Final = ((3.6, 0.55, 1.3, 3.2), (3.3, 0.75, 1.0, 2.5))
"""Lenses to start from: the middle, to the side of the nose's and below the eyes' height, cm; how
much wider than high, so that paths bend little; the greatest distance down, cm."""
_SPREAD, _KNOWN_SPREAD = 1.05, 0.6
"""How far a rim's normal may turn away from the ray to it, and from that of a ring that is known,
radians."""
_FULLS: Final = (0.4, 0.08)
"""Strength from which a line does not count more, one after the other."""
_WEAK_FULL, _OVER_USUAL = 0.05, 2.5
"""The same once a ring is known: at least, and over the strength that it mostly has."""
_REFINED: Final = 3
"""How often rings are looked for again beside themselves..."""
_ACROSS: Final = 12.0
"""...so many texels to either side,"""
_ACROSS_STEP, _ACROSS_BEND, _ACROSS_BAND = 3, 0.15, 10
"""...and how they may go there, in half texels."""
_WAVES: Final = 8
"""Waves around a ring, at most, where it is made round."""
_ROUND: Final = 0.01
"""How much speaks against high waves."""
_BESIDE: Final = 0.4
"""What lines beside the face count."""
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
"""What a place that is not known is worth to a path, as long as nothing is known of rims."""
_HIDDEN: Final = 0.6
"""The same, over what a ring that is known is mostly worth."""
_ONE_SIGN: Final = 0.4
"""Part by which the dark places of a ring outweigh the bright ones from which on it is dark..."""
_OTHER: Final = 0.3
"""...and what lines of the other kind then count."""
_SMOOTH: Final = 1.5
"""Places over which a ring is smoothed (sigma)."""
_BRIDGE: Final = (0.8, 1.2, -0.85)
"""Where a bridge may lie: to either side of the nose's middle, above and below the eyes, cm."""
_BRIDGE_STEP, _BRIDGE_BEND = 2, 0.3
_ENDS: Final = 7.3
"""How far from the middle end pieces are followed, cm."""
_UPPER: Final = 0.7
"""Upper part of a rim's height at which they may lie."""
_LEAST_END: Final = 4
"""Texels of an end piece, at least, and those that tell how strong it is."""
_END_SEEN: Final = 0.03
"""Strength of lines from which there is one."""
_ROUNDS: Final = 1
"""How often frames are brought onto the curves that were found."""
_SURE: Final = 0.019
"""Strength of arcs and bridge, in the (geometric) mean, that only glasses have."""
_CLUTTER: Final = 0.012
"""Strength of lines that smooth skin has anyway; where there are stronger ones all over, lines
count less."""
_WEAKEST: Final = 0.25
"""Quantile of the strength along a path that tells how strong it is."""


@dataclass(frozen=True, slots=True)
class RimEvidence:
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
        rings: For the person's right and left eye, (100, 2) float64 texels, from the outer side
            downwards, inwards and up.
        bridge: (N, 2) float64 texels, from the right of the face to its left.
        ends: The end pieces that are seen, beside the rims, (N, 2) float64 texels each.
        shifts: (T, 2) what brings the frames onto each other, texels.
        evidence: How much speaks for glasses.
    """

    rings: tuple[DoubleArray, DoubleArray]
    bridge: DoubleArray
    ends: tuple[DoubleArray, ...]
    shifts: Int32Array
    evidence: RimEvidence


@dataclass(frozen=True, slots=True, eq=False)
class _Places:
    """Where rims are not, and where they are less likely, as in `_Lines`."""

    inside: ByteArray
    face: FloatArray


def find_paths(pictures: FloatArray, eyes: FloatArray, landmarks: FloatArray) -> RimPaths:
    """Find the best paths of rims.

    Args:
        pictures: (T, HEIGHT, WIDTH) contrast of frames in the layout.
        eyes: (T, HEIGHT, WIDTH) where eyes and lids are in each.
        landmarks: (468, 2) the neutral face in it, texels.
    """
    maps = np.stack([ridges(picture, TEXEL) for picture in pictures])
    places = _Places(_under_lids(landmarks), _face(landmarks))
    seen = 1 - eyes
    counts = _where_rims_are(landmarks)
    shifts = line_up(maps, counts)
    aligned = shifted(maps, shifts)
    rings = _rings(_lines(aligned, shifted(seen, shifts), places))
    bridge = _bridge(aligned.mean(axis=0))
    for _ in range(_ROUNDS):
        points = np.concatenate([*rings, bridge])
        normals = np.concatenate([*map(_normals, rings), np.full(len(bridge), np.pi / 2)])
        directions = np.round(normals * DIRECTIONS / np.pi).astype(np.int32) % DIRECTIONS
        shifts = line_up_with(maps, shifts, points, directions)
        aligned = shifted(maps, shifts)
        rings = _rings(_lines(aligned, shifted(seen, shifts), places))
        bridge = _bridge(aligned.mean(axis=0))
    mean = np.abs(aligned.mean(axis=0))
    ends = [_end_piece(mean, ring, side) for ring, side in zip(rings, (-1, 1), strict=True)]
    seen_ends = tuple(end for end in ends if end is not None)
    evidence = _evidence(aligned, counts, rings, bridge)
    return RimPaths(rings, bridge, seen_ends, shifts, evidence)


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """The lines that all frames have, and where there can be rims.

    Attributes:
        steady: (D, H, W) strength; less where it changes from frame to frame.
        known: (H, W) 0..1 how far places are seen free of lids.
        inside: (H, W) 1 where no rim is.
        face: (H, W) 1 in the face, less beside it, where hair and background have lines.
    """

    steady: FloatArray
    known: FloatArray
    inside: ByteArray
    face: FloatArray

    def worth(
        self,
        points: DoubleArray,
        normals: DoubleArray,
        spread: float,
        full: float,
        untold: float,
        sign: float = 0.0,
    ) -> FloatArray:
        """What places (N, K, 2) are worth to a path across normals (N,).

        Lines of the other sign than that which is given count less: one is dark, one is bright.
        """
        lines = sampled(self.steady, points, normals[:, None], spread)
        if sign:
            lines = np.where(lines * sign < 0, np.float32(_OTHER) * lines, lines)
        xy = points[..., 0].astype(np.float32), points[..., 1].astype(np.float32)
        inside = cv2.remap(self.inside, *xy, cv2.INTER_NEAREST)
        known = cv2.remap(self.known, *xy, cv2.INTER_LINEAR)
        face = cv2.remap(self.face, *xy, cv2.INTER_LINEAR)
        # Where lids hide what is there, a path goes on as it came.
        told = known * face * _worth(lines, full) + (1 - known) * untold
        return np.asarray(told - _IN_EYE * inside, dtype=np.float32)


def _lines(maps: FloatArray, clear: FloatArray, places: _Places) -> _Lines:
    known = clear.sum(axis=0)
    weights = (clear / np.maximum(known, 1e-3))[:, None]
    mean = (weights * maps).sum(axis=0)
    spread = np.sqrt(np.maximum((weights * (maps - mean) ** 2).sum(axis=0), 0))
    # What comes and goes, like lids and creases, counts less than what is always there.
    steady = mean * np.clip(1.5 * np.abs(mean) / (spread + 0.01), 0.2, 1)
    known = np.clip(known / (_KNOWN * len(maps)), 0, 1)
    return _Lines(steady, known.astype(np.float32), places.inside, places.face)


def _rings(lines: _Lines) -> tuple[DoubleArray, DoubleArray]:
    """The closed paths around both eyes that lie best on lines.

    Several are tried: those that go for strong lines, or for lines all along, of any size or small.
    """
    # All of them at once: Python's own work is the same for one.
    right, left = np.reshape(_refined(lines, _first(lines)), (-1, 2, _ANGLES, 2)).swapaxes(0, 1)
    seen = [_seen(lines, a) + _seen(lines, b) for a, b in zip(right, left, strict=True)]
    best = int(np.argmax(seen))
    return right[best], left[best]


def _seen(lines: _Lines, ring: DoubleArray) -> float:
    """How strong a ring is where it is weak, and mostly, for its length.

    Of two that are as strong the shorter one is likely: a longer one has gone for something else.
    """
    strength = np.abs(_strength(lines, ring))
    at = ring.astype(np.float32)[None]
    known = cv2.remap(lines.known, at[..., 0], at[..., 1], cv2.INTER_LINEAR)[0] > 0.5
    # A ring must not gain by keeping where nothing can be told.
    strength[~known] = 0.5 * np.median(strength[known]) if known.any() else 0
    weak, usual = np.quantile(strength, (0.2, 0.5))
    length = np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1).sum()
    return float((weak + 0.5 * usual) / length**0.5)


def _strength(lines: _Lines, ring: DoubleArray) -> FloatArray:
    """(N,) how strong lines are along a ring; below 0 where they are bright."""
    there = sampled(lines.steady, ring[None], _normals(ring)[None], _KNOWN_SPREAD)[0]
    return np.asarray(there)


def _sign(strength: FloatArray) -> float:
    """1 for a ring that is dark nearly everywhere, -1 for a bright one, 0 for one of both kinds."""
    total, every = float(strength.sum()), float(np.abs(strength).sum())
    return float(np.sign(total)) if abs(total) > _ONE_SIGN * every else 0.0


def _first(lines: _Lines) -> list[DoubleArray]:
    """Rings for a start, for either eye, again and again: the best that cross every ray once."""
    rays, worths = [], []
    for full, lens, side in itertools.product(_FULLS, _LENSES, (-1, 1)):
        ray = _rays(side, *lens)
        rays.append(ray)
        worths.append(lines.worth(*ray, _SPREAD, full, _UNTOLD))
    chosen = _alike(worths, _BAND, _STEP, _BEND)
    every = np.arange(_ANGLES)
    return [_smoothed(ray[0][every, ring]) for ray, ring in zip(rays, chosen, strict=True)]


def _refined(lines: _Lines, rings: list[DoubleArray]) -> list[DoubleArray]:
    """Rings looked for again beside themselves, where corners are sharper than rays allow."""
    every = np.arange(_ANGLES)
    across = np.arange(-_ACROSS, _ACROSS + 0.25, 0.5)
    for _ in range(_REFINED):
        bundles, worths = [], []
        for ring in rings:
            seen = _strength(lines, ring)
            usual = np.median(np.abs(seen), keepdims=True)
            round_ = _evenly(_rounded(ring, np.abs(seen) / np.maximum(usual, 1e-6)))
            normals = _normals(round_)
            way = np.stack([np.cos(normals), np.sin(normals)], axis=1)
            places = round_[:, None] + across[:, None] * way[:, None]
            full = max(_WEAK_FULL, _OVER_USUAL * float(usual[0]))
            untold = _HIDDEN * float(_worth(usual, full)[0])
            bundles.append(places)
            worths.append(lines.worth(places, normals, _KNOWN_SPREAD, full, untold, _sign(seen)))
        chosen = _alike(worths, _ACROSS_BAND, _ACROSS_STEP, _ACROSS_BEND)
        rings = [_smoothed(b[every, c]) for b, c in zip(bundles, chosen, strict=True)]
    return rings


def _alike(worths: Sequence[FloatArray], band: int, step: int, bend: float) -> list[IndexArray]:
    """The best rings, for either eye, near the best for both: rims are alike, and creases seldom.

    Args:
        worths: (N, K) each; every two of them belong together.
        band: Columns that a ring may be off the one for both.
        step: As in `best_ring`.
        bend: Likewise.
    """
    near = [cv2.dilate(np.concatenate([w[-2:], w, w[:2]]), np.ones((3, 5)))[2:-2] for w in worths]
    both = [np.minimum(a, b) + 0.25 * (a + b) for a, b in zip(near[::2], near[1::2], strict=True)]
    shared = np.repeat(best_ring(np.stack(both), step, bend), 2, axis=0)
    far = np.abs(np.arange(worths[0].shape[1]) - shared[..., None]) > band
    return list(best_ring(np.where(far, -_IN_EYE - 2, np.stack(worths)), step, bend))


def _rounded(ring: DoubleArray, sure: FloatArray) -> DoubleArray:
    """A ring made of few waves (Fourier descriptors), which goes on round where it is not sure."""
    turn = 2 * np.pi * np.arange(len(ring)) / len(ring)
    orders = np.arange(-_WAVES, _WAVES + 1)
    waves = np.exp(1j * turn[:, None] * orders)
    weights = np.clip(sure, 0.03, 1)[:, None]
    stiff = np.diag(_ROUND * (orders.astype(np.float64) ** 2 - 1) ** 2 * (orders != 0))
    flat = ring[:, 0] + 1j * ring[:, 1]
    solved = np.linalg.solve(waves.conj().T @ (weights * waves) + stiff,
                             waves.conj().T @ (weights[:, 0] * flat))  # fmt: skip
    fitted = waves @ solved
    return np.stack([fitted.real, fitted.imag], axis=1)


def _evenly(ring: DoubleArray) -> DoubleArray:
    """A ring with its places at even distances."""
    closed = np.concatenate([ring, ring[:1]])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.linspace(0, along[-1], len(ring), endpoint=False)
    return np.stack([np.interp(at, along, closed[:, i]) for i in (0, 1)], axis=1)


def _bridge(mean: FloatArray) -> DoubleArray:
    """(N, 2) the best path over the nose."""
    aside, above, below = _BRIDGE
    columns = np.arange(
        round((WIDTH - 1) / 2 - aside / TEXEL), round((WIDTH - 1) / 2 + aside / TEXEL) + 1
    )
    top = round((HEIGHT - 1) / 2 - above / TEXEL)
    bottom = round((HEIGHT - 1) / 2 - below / TEXEL)
    half = DIRECTIONS // 2
    lines = np.abs(mean[half - 1 : half + 2, top:bottom, columns[0] : columns[-1] + 1]).max(axis=0)
    path = best_path(_worth(lines, max(_FULLS)).T, _BRIDGE_STEP, _BRIDGE_BEND)
    return np.asarray(np.stack([columns, path + top], axis=1), dtype=np.float64)


def _end_piece(mean: FloatArray, ring: DoubleArray, side: int) -> DoubleArray | None:
    """The line that goes on outwards from a rim, as far as it is seen; None where it is not."""
    start = int(np.ceil((side * ring[:, 0]).max())) + 3
    stop = int(side * (WIDTH - 1) / 2 + _ENDS / TEXEL)
    columns = side * np.arange(start, stop)
    if len(columns) < _LEAST_END:
        return None
    high = ring[:, 1].min()
    top, bottom = int(high), int(high + _UPPER * np.ptp(ring[:, 1]))
    half = DIRECTIONS // 2
    lines = mean[half - 1 : half + 2, top:bottom][:, :, columns].max(axis=0)
    path = best_path(_worth(lines, max(_FULLS)).T, _BRIDGE_STEP, _BRIDGE_BEND)
    strength = lines[path, np.arange(len(columns))]
    usual = float(np.quantile(strength[: 2 * _LEAST_END], 0.6))
    faint = np.flatnonzero(strength < max(0.4 * usual, 0.5 * _END_SEEN))
    length = int(faint[0]) if len(faint) else len(columns)
    if usual < _END_SEEN or length < _LEAST_END:
        return None
    return np.asarray(np.stack([columns[:length], path[:length] + top], axis=1), dtype=np.float64)


def _evidence(
    maps: FloatArray,
    counts: FloatArray,
    rings: tuple[DoubleArray, DoubleArray],
    bridge: DoubleArray,
) -> RimEvidence:
    """How strong lines are along the paths, in the mean of the frames and in most of them."""
    mean = maps.mean(axis=0)
    arcs = 0.0
    for ring in rings:
        lower = ring[:, 1] > ring[:, 1].mean()
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
    return RimEvidence(clear * arcs, clear * over)


def _weakest(strength: FloatArray) -> float:
    return float(np.quantile(strength, _WEAKEST))


def _worth(lines: FloatArray, full: float) -> FloatArray:
    """What lines are worth to a path: long weak ones are more than short strong ones."""
    return np.asarray(np.sqrt(np.minimum(np.abs(lines), full) / _UNIT), dtype=np.float32)


def _rays(
    side: int, aside: float, below: float, oblong: float, farthest: float
) -> tuple[DoubleArray, DoubleArray]:
    """(100, 56, 2) places around a lens, texels, and (100,) the directions of the rays."""
    turn = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    radius = np.linspace(_NEAREST, farthest, _RADII)
    x = side * (aside + np.cos(turn)[:, None] * radius * oblong)
    y = below + np.sin(turn)[:, None] * radius
    points = np.stack([x, y], axis=2) / TEXEL + [(WIDTH - 1) / 2, (HEIGHT - 1) / 2]
    normals = np.arctan2(np.sin(turn), side * np.cos(turn) / oblong)
    return points, normals


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
            cv2.fillPoly(mask, [np.round(rim + np.array([x, y])).astype(np.int32)], 1)
    return mask


def _face(landmarks: FloatArray) -> FloatArray:
    """(HEIGHT, WIDTH) 1 in the face, less outside of it."""
    mask = np.full((HEIGHT, WIDTH), _BESIDE, dtype=np.float32)
    cv2.fillPoly(mask, [np.round(landmarks[list(OVAL)]).astype(np.int32)], 1.0)
    return np.asarray(cv2.erode(mask, np.ones((1, 9), dtype=np.uint8)), dtype=np.float32)


def _where_rims_are(landmarks: FloatArray) -> FloatArray:
    """(HEIGHT, WIDTH) how far lines count when frames are brought onto each other.

    Eyes, brows, nostrils and what is beside the face move on their own.
    """
    moving = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    for outline, grow in [
        *((eye.rim, 11) for eye in EYES.values()),
        *((brow, 5) for brow in BROWS),
    ]:
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
