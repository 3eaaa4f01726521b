"""Curves that rims lie on, in canonical space, and where a picture shows them.

A curve that goes with the head is a little beside the rim in any one frame: the pose is never
exact, and glasses slide. `snap` lays curves onto the lines of the picture itself: first all of them
together, shifted, then as far as an affine motion goes, at last each place by very little.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from mien._types import AnyArray, DoubleArray, FloatArray
from mien.rendering.occlusion.glasses.ridges import REACHES, along

__all__ = ["RimCurve", "Snapped", "normals_of", "profiles_of", "snap", "spread_along"]

_SHIFT: Final = 0.45
"""How far curves are looked for from where the pose puts them, cm."""
_LIKELY: Final = 0.6
"""Part of that which is still likely (sigma)."""
_FINEST: Final = 0.03, 0.5
"""Distance of places along a profile: cm, but never less than so many pixels."""
_SHIFTS: Final = 12
"""Shifts to either side that are tried, in each direction."""
_BANDS: Final = (0.16, 0.12, 0.1, 0.08)
"""How far from where they are expected lines are looked for, cm (sigma), for all places together,
one after the other..."""
_NEAR: Final = 0.05, 0.8
"""...then for each place: cm, but never less than so many pixels."""
_STIFF: Final = 4.0
"""How much speaks against turning, stretching and shearing, in well seen places a cm away."""
_FAINT: Final = 0.012
"""Strength of a line that is not relied upon."""
_FULL: Final = 0.3
"""Strength from which a line does not count more."""
_OVER: Final = 2.0
"""Places along a curve over which what is seen is averaged (sigma)."""


@dataclass(frozen=True, slots=True, eq=False)
class RimCurve:
    """A curve along the middle of a part of glasses' rims.

    Attributes:
        points: (N, 3) float32 in canonical space.
        closed: Whether the last place is next to the first.
        reach: (N, 2) float32 cm that the rim reaches from there, against the normal and along it.
        strength: (N,) float32 how strong a line it mostly is.
    """

    points: FloatArray
    closed: bool
    reach: FloatArray
    strength: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Snapped:
    """Curves where one picture shows them.

    Attributes:
        curves: For each curve, (N, 2) float64 pixels.
        strength: For each curve, (N,) float64 how strong a line is there.
    """

    curves: tuple[DoubleArray, ...]
    strength: tuple[DoubleArray, ...]


def normals_of(points: DoubleArray, closed: bool) -> DoubleArray:
    """Return the unit normals (N, 2) of a curve of (N, 2) points, a quarter turn from its run."""
    # By hand: NumPy's own functions take longer to read what they are asked than to do it.
    run = np.empty_like(points)
    np.subtract(points[2:], points[:-2], out=run[1:-1])
    if closed:
        np.subtract(points[1], points[-1], out=run[0])
        np.subtract(points[0], points[-2], out=run[-1])
    else:
        run[1:-1] /= 2
        np.subtract(points[1], points[0], out=run[0])
        np.subtract(points[-1], points[-2], out=run[-1])
    across, down = run.T
    length = np.maximum(np.sqrt(across * across + down * down), 1e-9)
    normals = np.empty_like(run)
    np.divide(down, length, out=normals[:, 0])
    np.divide(-across, length, out=normals[:, 1])
    return normals


def profiles_of(
    pictures: Sequence[FloatArray],
    points: DoubleArray,
    normals: DoubleArray,
    reach: float,
    step: float,
) -> list[FloatArray]:
    """Return pictures along normals (N, K): the place in the middle lies on the curve.

    Args:
        pictures: (H, W) any pictures.
        points: (N, 2) places on the curve, pixels.
        normals: (N, 2) its unit normals.
        reach: How far to either side, pixels.
        step: Distance of places, pixels.
    """
    count = int(np.ceil(reach / step))
    offsets = step * np.arange(-count, count + 1)
    x, y = ((points[:, i, None] + offsets * normals[:, i, None]).astype(np.float32) for i in (0, 1))
    return [
        np.asarray(cv2.remap(one, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
        for one in pictures
    ]


def spread_along(values: AnyArray, closed: bool, sigma: float = _OVER) -> AnyArray:
    """Return values (N, ...) averaged along a curve."""
    flat = values.reshape(len(values), -1)
    reach = min(int(np.ceil(2.5 * sigma)), len(values))
    kernel = cv2.getGaussianKernel(2 * reach + 1, sigma).astype(flat.dtype)
    border = cv2.BORDER_WRAP if closed else cv2.BORDER_REPLICATE
    padded = cv2.copyMakeBorder(flat, reach, reach, 0, 0, border)
    blurred = cv2.sepFilter2D(padded, -1, np.ones(1, dtype=flat.dtype), kernel)
    return np.asarray(blurred[reach:-reach].reshape(values.shape))


def snap(
    picture: FloatArray,
    curves: Sequence[DoubleArray],
    closed: Sequence[bool],
    strength: Sequence[FloatArray],
    unit: float,
    *,
    shift: float = _SHIFT,
    ignored: FloatArray | None = None,
) -> Snapped:
    """Lay curves onto the thin lines of a picture.

    Args:
        picture: (H, W) contrast.
        curves: (N, 2) pixels, where the head's pose puts each curve.
        closed: Whether each is closed.
        strength: (N,) how strong a line each mostly is: stronger places count more.
        unit: Pixels in a cm.
        shift: How far curves are looked for from where the pose puts them, cm.
        ignored: (H, W) not 0 where lines are none of glasses.
    """
    step = max(_FINEST[0] * unit, _FINEST[1])
    points = np.concatenate(curves)
    normals = np.concatenate([normals_of(*pair) for pair in zip(curves, closed, strict=True)])
    far = (shift + 3 * _BANDS[0] + REACHES[-1]) * unit
    pictures = [picture] if ignored is None else [picture, ignored]
    seen, *beside = profiles_of(pictures, points, normals, far, step)
    parts = np.cumsum([0, *map(len, curves)])
    pieces = [slice(a, b) for a, b in itertools.pairwise(parts.tolist())]
    lines = along(seen, step / unit)
    for one in beside:
        lines *= 1 - one
    lines = np.concatenate(
        [spread_along(lines[piece], ring) for piece, ring in zip(pieces, closed, strict=True)]
    )
    counts = np.sqrt(np.minimum(np.concatenate(strength), _FULL)).astype(np.float64)
    field = np.tile(_shift(lines, normals, counts, step, shift * unit), (len(points), 1))
    offsets = step * (np.arange(seen.shape[1]) - seen.shape[1] // 2)
    strong = np.minimum(lines, _FULL).astype(np.float64) ** 2
    for band in _BANDS:
        beyond, sure = _beyond(strong, offsets, (normals * field).sum(axis=1), band * unit)
        field += _affine(points, normals, beyond, sure * counts, unit)
    moved = (normals * field).sum(axis=1)
    beyond, sure = _beyond(strong, offsets, moved, max(_NEAR[0] * unit, _NEAR[1]))
    weighed = np.stack([sure * beyond, sure], axis=1)
    spread = [
        spread_along(weighed[piece], ring) for piece, ring in zip(pieces, closed, strict=True)
    ]
    told, surely = np.concatenate(spread).T
    rest = told / np.maximum(surely, 1e-9)
    column = np.clip(np.round((moved + rest) / step) + seen.shape[1] // 2, 0, seen.shape[1] - 1)
    there = lines[np.arange(len(lines)), column.astype(int)].astype(np.float64)
    placed = points + field + rest[:, None] * normals
    return Snapped(
        tuple(placed[piece] for piece in pieces), tuple(there[piece] for piece in pieces)
    )


def _shift(
    lines: FloatArray, normals: DoubleArray, counts: DoubleArray, step: float, reach: float
) -> DoubleArray:
    """(2,) the shift at which all places together lie on the strongest lines."""
    offsets = np.linspace(-reach, reach, 2 * _SHIFTS + 1)
    x, y = np.meshgrid(offsets, offsets)
    shifts = np.stack([x.ravel(), y.ravel()])
    middle = lines.shape[1] // 2
    column = np.round(normals @ shifts / step).astype(np.intp) + middle
    strong = np.sqrt(np.minimum(lines, _FULL))
    count = lines.shape[1]
    np.clip(column, 0, count - 1, out=column)
    column += count * np.arange(len(lines))[:, None]
    there = strong.take(column)
    likely = np.exp(-0.5 * (shifts**2).sum(axis=0) / (_LIKELY * reach) ** 2)
    return np.asarray(shifts[:, int(((counts @ there) * likely).argmax())])


def _beyond(
    strong: DoubleArray, offsets: DoubleArray, moved: DoubleArray, band: float
) -> tuple[DoubleArray, DoubleArray]:
    """(N,) how much farther along the normals lines lie, on average, and how sure that is.

    A mean, not the strongest place, goes smoothly from frame to frame.

    Args:
        strong: (N, K) the square of how strong lines are, as far as it counts.
        offsets: (K,) where that is along the normals.
        moved: (N,) where lines are expected there.
        band: How far from there they are looked for (sigma).
    """
    off = offsets - moved[:, None]
    near = np.exp(-0.5 * (off / band) ** 2)
    here = strong * near
    every = here.sum(axis=1)
    total = np.maximum(every + _FAINT**2 * near.sum(axis=1), 1e-12)
    return (here * off).sum(axis=1) / total, every / total


def _affine(
    points: DoubleArray, normals: DoubleArray, beyond: DoubleArray, sure: DoubleArray, unit: float
) -> DoubleArray:
    """(N, 2) the affine motion that brings places `beyond` along their normals, or nearly so."""
    centred = (points - points.mean(axis=0)) / unit
    rows = np.concatenate([normals[:, :1] * centred, normals[:, 1:] * centred, normals], axis=1)
    stiff = np.diag([_STIFF] * 4 + [1e-3] * 2)
    square = rows.T @ (sure[:, None] * rows) + stiff
    solved = np.linalg.solve(square, rows.T @ (sure * beyond))
    turned = centred @ solved[:4].reshape(2, 2).T
    return np.asarray(turned + solved[4:])
