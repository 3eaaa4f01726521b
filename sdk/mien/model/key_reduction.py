"""Curves as few keys: Bezier segments that stay within a tolerance of a value for every frame.

From each key on, the longest segment is taken that some cubic follows closely enough (the sizes
of both handles by least squares, at a third of the way each, after Schneider, "An Algorithm for
Automatically Fitting Digitized Curves", Graphics Gems 1990). Then the handles of a key are turned
into one line wherever the curve stays within the tolerance so, as a person would draw it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.errors import UsageError
from mien.model.interpolate import Key

__all__ = ["reduce_keys"]

_LONGEST: Final = 240
"""Frames of a segment at most: the work that a frame takes stays bounded."""
_ROUNDING: Final = 1e-9
_Array = npt.NDArray[np.float64]
_Ends = tuple[float, float]
"""How far the two inner control points of a cubic lie from the straight line between its ends."""


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
    allowed = tolerance + _ROUNDING
    knots, ends = _segments(curve, allowed)
    _join_handles(curve, knots, ends, allowed)
    return _keys(curve, start, knots, ends)


def _segments(curve: _Array, allowed: float) -> tuple[list[int], list[_Ends]]:
    """Frames of the keys, and of each segment between two how its cubic bends."""
    knots, ends = [0], []
    while knots[-1] < len(curve) - 1:
        first = knots[-1]
        most = min(len(curve) - 1 - first, _LONGEST)
        length, bent = _longest(lambda n, a=first: _fitted(curve[a : a + n + 1], allowed), most)
        knots.append(first + length)
        ends.append(bent)
    return knots, ends


def _longest(fitted: Callable[[int], _Ends | None], most: int) -> tuple[int, _Ends]:
    """The longest segment that fits: doubled until one does not, then searched between."""
    length, bent = 1, (0.0, 0.0)
    beyond = 2
    while beyond <= most:
        found = fitted(beyond)
        if found is None:
            break
        length, bent = beyond, found
        beyond = min(2 * beyond, most) if beyond < most else most + 1
    beyond = min(beyond, most + 1)
    while beyond - length > 1:
        middle = (length + beyond) // 2
        found = fitted(middle)
        if found is None:
            beyond = middle
        else:
            length, bent = middle, found
    return length, bent


@lru_cache(maxsize=512)
def _bases(length: int) -> tuple[_Array, _Array, _Array]:
    """Of a segment's inner frames: (n,) how far along, (n, 2) weights of both bends, and (2, n)
    what solves for these."""
    along = np.arange(1, length) / length
    back = 1 - along
    weights = np.stack([3 * back * back * along, 3 * back * along * along], axis=1)
    return along, weights, np.linalg.pinv(weights)


def _off_line(part: _Array) -> _Array:
    """(n,) how far the inner values of a segment lie from the straight line between its ends."""
    along, _, _ = _bases(len(part) - 1)
    return np.asarray(part[1:-1] - (part[0] + (part[-1] - part[0]) * along))


def _fitted(part: _Array, allowed: float) -> _Ends | None:
    """How the cubic between the first and the last value bends; None when it misses some."""
    _, weights, solve = _bases(len(part) - 1)
    off = _off_line(part)
    bent = solve @ off
    if np.abs(weights @ bent - off).max() > allowed:
        return None
    return float(bent[0]), float(bent[1])


def _join_handles(curve: _Array, knots: list[int], ends: list[_Ends], allowed: float) -> None:
    """Turn both handles of a key into one line where both segments still fit; changes `ends`."""
    for at in range(1, len(knots) - 1):
        before, here, after = knots[at - 1 : at + 2]
        left, right = curve[before : here + 1], curve[here : after + 1]
        into = _slope(left) - 3 * ends[at - 1][1] / (here - before)
        out = _slope(right) + 3 * ends[at][0] / (after - here)
        # The longer segment has more to lose.
        slope = (into * (here - before) + out * (after - here)) / (after - before)
        bent_in = (_slope(left) - slope) * (here - before) / 3
        bent_out = (slope - _slope(right)) * (after - here) / 3
        one = (ends[at - 1][0], bent_in)
        other = (bent_out, _second_bend(right, bent_out))
        if _misses(left, one) <= allowed and _misses(right, other) <= allowed:
            ends[at - 1], ends[at] = one, other


def _slope(part: _Array) -> float:
    return float(part[-1] - part[0]) / (len(part) - 1)


def _second_bend(part: _Array, first: float) -> float:
    """The second bend of a segment whose first is given, by least squares."""
    if len(part) < 3:
        return 0.0
    _, weights, _ = _bases(len(part) - 1)
    rest = _off_line(part) - weights[:, 0] * first
    return float(weights[:, 1] @ rest / (weights[:, 1] @ weights[:, 1]))


def _misses(part: _Array, bent: _Ends) -> float:
    if len(part) < 3:
        return 0.0
    _, weights, _ = _bases(len(part) - 1)
    return float(np.abs(weights @ np.array(bent) - _off_line(part)).max())


def _keys(curve: _Array, start: int, knots: list[int], ends: list[_Ends]) -> tuple[Key, ...]:
    keys = []
    for at, knot in enumerate(knots):
        handle_in = handle_out = None
        if at > 0:
            length = knot - knots[at - 1]
            rise = float(curve[knot] - curve[knots[at - 1]])
            handle_in = (-length / 3, ends[at - 1][1] - rise / 3)
        if at < len(knots) - 1:
            length = knots[at + 1] - knot
            rise = float(curve[knots[at + 1]] - curve[knot])
            handle_out = (length / 3, ends[at][0] + rise / 3)
        last = at == len(knots) - 1
        kind = "hold" if last else "bezier"
        keys.append(Key(start + knot, float(curve[knot]), kind, handle_in, handle_out))
    return tuple(keys)
