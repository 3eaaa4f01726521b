"""Times of frames as curve files hold them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction

from mien.timebase import Clock

__all__ = ["read_clock"]

_ROUNDED = 1e-5
"""Seconds by which files round the times of frames, at most."""
_FINEST = 1_000_000
"""Denominator of a time that is read, at most: files hold microseconds."""


def read_clock(rate: str, times: Sequence[float]) -> Clock:
    """Return the clock of a file that gives a rate, and a time in seconds for every frame.

    Args:
        rate: Frames a second: `25`, `24000/1001`.
        times: (T,) seconds of every frame from the first.

    Raises:
        ValueError: When they are no times in ascending order, or the rate is none.
    """
    try:
        exact = Fraction(rate)
    except (ValueError, ZeroDivisionError):
        exact = Fraction(0)
    if exact <= 0:
        raise ValueError(f"its rate is '{rate}', no frame rate")
    clock = Clock(exact, len(times))
    if all(abs(time - float(clock.seconds(i))) <= _ROUNDED for i, time in enumerate(times)):
        return clock
    seconds = tuple(Fraction(time).limit_denominator(_FINEST) for time in times)
    if any(b <= a for a, b in itertools.pairwise(seconds)):
        raise ValueError("its times are not in ascending order")
    return Clock(exact, len(times), seconds)
