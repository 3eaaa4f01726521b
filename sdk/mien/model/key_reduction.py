"""Curves as few keys: smooth Bezier curves that stay within a tolerance of a value every frame.

First come as few keys as can be: from each on, the longest segment that some cubic follows well
enough (as Schneider, "An Algorithm for Automatically Fitting Digitized Curves", Graphics Gems 1990,
with handles at a third of the way). Then values and slopes of all keys are fitted together by least
squares, the slopes before and after a key held to one line (a penalized spline: Eilers and Marx
1996). Where a value is missed so, its keys are held less, until the curve is as smooth as the
tolerance allows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.errors import UsageError
from mien.model.interpolate import Interpolation, Key

__all__ = ["reduce_keys"]

_LONGEST: Final = 240
"""Frames of a segment at most: the work that a frame takes stays bounded."""
_ROUNDING: Final = 1e-9
_LEAN: Final = 1e-9
"""How much slopes lean towards those of the values, where nothing else says what they are."""
_TIED: Final = np.array([1e4, 30.0, 1.0, 0.03, 0.0, 0.0])
"""How much the slopes before and after a key are held to one line, from the first try on."""
_CLOSER: Final = 0.5
"""Part of the tolerance by which keys are chosen: the rest is room to make the curve smooth."""
_PINNED: Final = 1e6
"""How much the value of a key is held to that of its frame, in the last try."""
_Array = npt.NDArray[np.float64]
_Indices = npt.NDArray[np.intp]


def reduce_keys(values: npt.ArrayLike, start: int, tolerance: float) -> tuple[Key, ...]:
    """Return few keys whose curve stays within a tolerance of a value for every frame.

    Args:
        values: (N,) values of frames that follow each other, N at least 1.
        start: Frame of the first value.
        tolerance: How far the curve may be from a value at its frame; 0 keeps every change.

    Returns:
        Keys at some of the frames, the first and the last among them; a single key where one
        value is close enough to all.

    Raises:
        UsageError: When there are no values, one is not finite, or the tolerance is negative.
    """
    curve: _Array = np.asarray(values, dtype=np.float64)
    if curve.ndim != 1 or not len(curve) or not np.isfinite(curve).all():
        raise UsageError("Keys are made of one finite value a frame, and of one at least.")
    if not (tolerance >= 0 and math.isfinite(tolerance)):
        raise UsageError(f"The tolerance {tolerance} cannot be meant.", "Give 0.01 or the like.")
    low, high = float(curve.min()), float(curve.max())
    if high - low <= 2 * tolerance:
        return (Key(start, (low + high) / 2, "hold"),)
    allowed = tolerance + _ROUNDING * (1 + max(-low, high))
    knots = _few_knots(curve, _CLOSER * allowed)
    tries = np.zeros(len(knots), dtype=np.intp)
    while True:
        levels, slopes = _smooth_fit(curve, knots, tries)
        missed = np.flatnonzero(np.abs(_sampled(knots, levels, slopes) - curve) > allowed)
        ends = _ends_of(knots, missed)
        ends = ends[tries[ends] < len(_TIED) - 1]
        if not len(ends):
            break
        tries[ends] += 1
    if len(missed):
        # Held as it was found to fit, and yet the last bit: every value itself.
        knots = np.arange(len(curve))
        levels, slopes = curve, np.zeros((len(curve), 2))
    return _keys(start, knots, levels, slopes)


def _few_knots(curve: _Array, allowed: float) -> _Indices:
    """Frames between any two of which some cubic through both values fits."""
    knots = [0]
    while knots[-1] < len(curve) - 1:
        first = knots[-1]
        most = min(len(curve) - 1 - first, _LONGEST)
        fits = partial(_fits_from, curve, first, allowed)
        knots.append(first + _longest(fits, most))
    return np.array(knots, dtype=np.intp)


def _longest(fits: Callable[[int], bool], most: int) -> int:
    """The longest segment that fits: doubled until one does not, then searched between."""
    length, beyond = 1, 2
    while beyond <= most and fits(beyond):
        length, beyond = beyond, most + 1 if beyond == most else min(2 * beyond, most)
    beyond = min(beyond, most + 1)
    while beyond - length > 1:
        middle = (length + beyond) // 2
        if fits(middle):
            length = middle
        else:
            beyond = middle
    return length


@lru_cache(maxsize=512)
def _bases(length: int) -> tuple[_Array, _Array, _Array]:
    """(n,) how far along inner frames are, (n, 2) weights of both bends, (2, n) their solution."""
    along = np.arange(1, length) / length
    back = 1 - along
    weights = np.stack([3 * back * back * along, 3 * back * along * along], axis=1)
    return along, weights, np.linalg.pinv(weights)


def _fits_from(curve: _Array, first: int, allowed: float, length: int) -> bool:
    """Whether some cubic through both ends of a segment is near all values between."""
    part = curve[first : first + length + 1]
    along, weights, solve = _bases(length)
    off = part[1:-1] - (part[0] + (part[-1] - part[0]) * along)
    return bool(np.abs(weights @ (solve @ off) - off).max() <= allowed)


def _hermite(knots: _Indices) -> tuple[_Indices, _Array]:
    """(N,) the segment of every frame, and (N, 4) weights of value and slope at both its ends."""
    frames = np.arange(knots[-1] + 1)
    segment = np.minimum(np.searchsorted(knots, frames, side="right") - 1, len(knots) - 2)
    length = (knots[segment + 1] - knots[segment]).astype(np.float64)
    u = (frames - knots[segment]) / length
    v = 1 - u
    weights = [v * v * (1 + 2 * u), u * v * v * length, u * u * (1 + 2 * v), -u * u * v * length]
    return np.asarray(segment), np.stack(weights, axis=1)


def _smooth_fit(curve: _Array, knots: _Indices, tries: _Indices) -> tuple[_Array, _Array]:
    """(K,) values and (K, 2) slopes before and after of keys whose curve is near all values."""
    from scipy.linalg import solveh_banded

    segment, weights = _hermite(knots)
    count = 3 * len(knots)
    banded, right = np.zeros((6, count)), np.zeros(count)
    # Unknowns in turn: the value of a key, its slope before, its slope after, then the next key's.
    places = (0, 2, 3, 4)
    for i, place in enumerate(places):
        np.add.at(right, 3 * segment + place, weights[:, i] * curve)
        for j, other in enumerate(places[: i + 1]):
            np.add.at(banded[place - other], 3 * segment + other, weights[:, i] * weights[:, j])
    lean, tied = np.gradient(curve)[knots], _TIED[tries]
    for place in (1, 2):
        banded[0, place::3] += _LEAN + tied
        right[place::3] += _LEAN * lean
    banded[1, 1::3] -= tied
    pinned = np.where(tries == len(_TIED) - 1, _PINNED, 0)
    banded[0, 0::3] += pinned
    right[0::3] += pinned * curve[knots]
    solved = solveh_banded(banded, right, lower=True, check_finite=False)
    return np.asarray(solved[0::3]), np.stack([solved[1::3], solved[2::3]], axis=1)


def _sampled(knots: _Indices, levels: _Array, slopes: _Array) -> _Array:
    """(N,) the curve at every frame."""
    segment, weights = _hermite(knots)
    after, before = slopes[segment, 1], slopes[segment + 1, 0]
    ends = np.stack([levels[segment], after, levels[segment + 1], before], axis=1)
    return np.asarray((weights * ends).sum(axis=1))


def _ends_of(knots: _Indices, frames: _Indices) -> _Indices:
    """Indices of the keys at the ends of the segments that hold frames."""
    # A value that is missed at a key belongs to both its segments.
    after = np.minimum(np.searchsorted(knots, frames, side="right") - 1, len(knots) - 2)
    before = np.maximum(np.searchsorted(knots, frames, side="left") - 1, 0)
    segments = np.union1d(after, before)
    return np.asarray(np.union1d(segments, segments + 1))


def _keys(start: int, knots: _Indices, levels: _Array, slopes: _Array) -> tuple[Key, ...]:
    keys = []
    for at, (knot, level, (before, after)) in enumerate(
        zip(knots.tolist(), levels.tolist(), slopes.tolist(), strict=True)
    ):
        handle_in = handle_out = None
        if at > 0:
            third = (knot - int(knots[at - 1])) / 3
            handle_in = (-third, -before * third)
        if at < len(knots) - 1:
            third = (int(knots[at + 1]) - knot) / 3
            handle_out = (third, after * third)
        kind: Interpolation = "bezier" if handle_out else "hold"
        keys.append(Key(start + knot, level, kind, handle_in, handle_out))
    return tuple(keys)
