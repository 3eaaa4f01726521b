"""Keys of many lanes as one picture of palette indices, made by numpy; no Qt.

A painter's call for each of a hundred thousand keys would take a second. Here a row of keys is a
row of dots, and a key's shape is a small stamp: shifting the dots by each pixel of the stamp and
taking the greatest index paints all keys of all lanes at once. A greater index wins where keys
overlap, so a selected key is never hidden by its neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, ByteArray, DoubleArray
from mien.model.interpolate import INTERPOLATIONS

__all__ = ["CLASSES", "DENSE", "LEVELS", "OUTLINE", "SUM", "Dots", "paint", "radius"]

_Numbers = npt.NDArray[np.int64]

SUM: Final = len(INTERPOLATIONS)
"""The shape of keys of a group; the shapes before it are those of `INTERPOLATIONS`."""
_TICK: Final = SUM + 1
"""The shape of keys that lie too close to be told apart."""
CLASSES: Final = ("muted", "plain", "selected")
"""How keys are coloured, from the least to the most important."""
OUTLINE: Final = 6
"""Palette indices 1..6: an outline of growing opacity around the key; 0 is nothing."""
LEVELS: Final = 12
"""Palette indices of a class's colour, from the outline's colour to its own; the first of class
`c` is `OUTLINE + 1 + c * LEVELS`."""
DENSE: Final = 5.0
"""Distance of keys in logical pixels below which they are drawn as thin bars."""
_RADIUS: Final = 5.5
"""Half the height of the largest shape with its outline, in logical pixels."""
_FINE: Final = 8
"""Samples a pixel and axis for the edges of shapes."""


@dataclass(frozen=True, slots=True, eq=False)
class Dots:
    """Keys of some lanes, lane after lane, each lane's from left to right.

    Attributes:
        lane: (N,) int64 numbers of their lanes, from 0.
        x: (N,) int64 middles in device pixels.
        shape: (N,) uint8 shapes: indices of `INTERPOLATIONS`, or `SUM`.
        kind: (N,) uint8 indices of `CLASSES`.
    """

    lane: _Numbers
    x: _Numbers
    shape: ByteArray
    kind: ByteArray


def radius(ratio: float) -> int:
    """Return half the height of a painted row, without its middle, in device pixels."""
    return int(np.ceil(_RADIUS * ratio - 0.5))


def thinned(dots: Dots, lanes: int, ratio: float) -> Dots:
    """Return the dots with ticks for shapes in lanes where they lie too close for shapes."""
    if len(dots.x) < 2:
        return dots
    counts = np.bincount(dots.lane, minlength=lanes)
    begins = np.cumsum(counts) - counts
    near = np.zeros(len(dots.x) + 1, np.int64)
    np.cumsum(np.diff(dots.x) < DENSE * ratio, out=near[1:-1])
    # Neighbours in a lane: of its keys, all but the last are before another.
    last = np.maximum(begins + counts - 1, begins)
    crowded = near[last] - near[begins]
    # Half of the keys may be near each other (a fade's in and out) before shapes say nothing.
    shape = np.where(np.repeat(2 * crowded > counts, counts), np.uint8(_TICK), dots.shape)
    return Dots(dots.lane, dots.x, shape, dots.kind)


def paint(dots: Dots, lanes: int, width: int, ratio: float) -> ByteArray:
    """Paint all keys as palette indices.

    Args:
        dots: The keys; those far out of view should be left out.
        lanes: Number of lanes.
        width: Width of the lanes in device pixels.
        ratio: Device pixels a logical pixel.

    Returns:
        (lanes, 2 * radius + 1, width) uint8 indices; the keys' middle is the middle row.
    """
    r = radius(ratio)
    size = 2 * r + 1
    # A key whose middle is out of view may still be seen in part: dots lie in a margin too.
    room = width + 4 * r
    out = np.zeros((size, lanes, room), np.uint8)
    dots = thinned(dots, lanes, ratio)
    x = dots.x + 2 * r
    inside = (x >= r) & (x < room - r)
    index = (dots.lane * room + x)[inside]
    pair = (dots.shape * np.uint8(len(CLASSES)) + dots.kind)[inside]
    present = np.flatnonzero(np.bincount(pair)).tolist()
    for number in sorted(present, key=lambda n: n % len(CLASSES)):
        shape, kind = divmod(number, len(CLASSES))
        spots = np.zeros((lanes, room), np.uint8)
        spots.ravel()[index[pair == number]] = 1
        rows = np.flatnonzero(spots.any(axis=1))
        whole = 2 * len(rows) > lanes
        target = out if whole else np.ascontiguousarray(out[:, rows])
        _stamp(target, spots if whole else spots[rows], _stamps(ratio)[shape], kind)
        if not whole:
            out[:, rows] = target
    return np.ascontiguousarray(out[:, :, 2 * r : 2 * r + width].transpose(1, 0, 2))


def _stamp(out: ByteArray, dots: ByteArray, stamp: ByteArray, kind: int) -> None:
    """Put a stamp at every dot; `out` is (size, rows, room).

    Stamps are symmetric, and weaker from their middle outwards in every line. So a line is the
    maximum of what lies within `k` pixels of a dot, times the level there, over all `k`.
    """
    r = len(stamp) // 2
    room = dots.shape[1]
    within = [dots[:, r : room - r].copy()]
    for k in range(1, r + 1):
        wider = np.maximum(within[-1], dots[:, r - k : room - r - k])
        within.append(np.maximum(wider, dots[:, r + k : room - r + k], out=wider))
    spread = np.empty_like(within[0])
    for dy in range(r + 1):
        line = out[dy, :, r : room - r]
        levels = stamp[dy, r:].tolist()
        for k, level in enumerate(levels):
            if level and (k == r or levels[k + 1] != level):
                index = level if level <= OUTLINE else level + kind * LEVELS
                np.multiply(within[k], index, out=spread, casting="unsafe")
                np.maximum(line, spread, out=line)
        if dy < r:
            mirrored = out[2 * r - dy, :, r : room - r]
            np.maximum(mirrored, line, out=mirrored)


@lru_cache(maxsize=8)
def _stamps(ratio: float) -> ByteArray:
    """Return (shapes, size, size) levels: 1..OUTLINE the outline, then the first class's colour."""
    r = radius(ratio)
    steps = (np.arange((2 * r + 1) * _FINE) + 0.5) / _FINE - r - 0.5
    u, v = np.meshgrid(steps / ratio, steps / ratio)
    fill = np.stack([_coverage(inside) for inside in _shapes(np.abs(u), np.abs(v), 0.0)])
    rim = np.stack([_coverage(inside) for inside in _shapes(np.abs(u), np.abs(v), 1.0)])
    outline = np.ceil(rim * OUTLINE)
    colour = OUTLINE + np.ceil(fill * LEVELS)
    return np.where(fill > 0, colour, outline).astype(np.uint8)


def _shapes(u: DoubleArray, v: DoubleArray, more: float) -> tuple[BoolArray, ...]:
    """Return the inside of each shape, grown by `more` logical pixels.

    `u` and `v` are distances from the middle.
    """
    high = v <= 3.9 + more
    return (
        np.maximum(u, v) <= 3.2 + more,  # hold: a square, a step
        u + v <= 4.3 + 1.2 * more,  # linear: a diamond, straight lines
        np.hypot(u, v) <= 3.8 + more,  # ease: a circle
        (u <= 1.2 + 0.75 * v + more) & high,  # bezier: an hourglass, its handles
        u + v <= 3.6 + 1.4 * more,
        (u <= 0.6 + more / 2) & high,
    )


def _coverage(inside: BoolArray) -> DoubleArray:
    size = len(inside) // _FINE
    return np.asarray(inside.reshape(size, _FINE, size, _FINE).mean(axis=(1, 3)))
