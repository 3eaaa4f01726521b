"""Frames of rows that come at any time: the rate, gaps, and rows that repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray
from mien.timebase import Clock, Timecode

__all__ = ["MAX_FRAMES", "FrameGrid", "frame_grid", "numbered_clock", "started"]

MAX_FRAMES: Final = 1_000_000
"""Frames and rows of a file that is read, at most: more than four hours at 60 a second."""
_RATES: Final = tuple(
    Fraction(*rate)
    for rate in (
        (10, 1), (12, 1), (12500, 1000), (15, 1), (24000, 1001), (24, 1), (25, 1), (30000, 1001),
        (30, 1), (48, 1), (50, 1), (60000, 1001), (60, 1), (72, 1), (90, 1), (100, 1),
        (120000, 1001), (120, 1), (240, 1),
    )
)  # fmt: skip
_NEAR: Final = 4e-4
"""Part by which rows are off a usual rate, at most: 29.97 and 30 differ by a thousandth."""
_FAR: Final = 0.018
"""The same where times are rounded to frames of another clock; 24 and 25 stay apart."""
_TINY: Final = 1e-6
"""Seconds between times that are the same."""
_MOMENT: Final = 1e-3
"""Seconds within which rows repeat, whatever the rate."""
_SAME: Final = 0.25
"""Part of a frame within which two rows are one."""
_OFF: Final = 0.35
"""Part of a frame by which rows of a steady rate come early or late, at most."""


_ROUNDED: Final = 2e-5
"""Seconds by which times of a steady rate are rounded, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class FrameGrid:
    """Which frame each row of a file is.

    Attributes:
        rows: (N,) the rows that count; of rows that repeat, the last.
        frames: (N,) the frame of each of them.
        count: Frames, gaps among them.
        clock: When they are shown; None where a file of one row does not tell.
    """

    rows: npt.NDArray[np.int64]
    frames: npt.NDArray[np.int64]
    count: int
    clock: Clock | None


def frame_grid(
    seconds: DoubleArray, lines: Sequence[int], *, precision: float, from_zero: bool
) -> FrameGrid:
    """Place rows on frames; the rate is that of the rows, whatever clock their times count by.

    Args:
        seconds: (T,) seconds of the rows.
        lines: The line of each row, for messages.
        precision: Seconds to which the times are rounded.
        from_zero: Whether the time before the first row is a gap, and the first row else frame 0.

    Raises:
        ValueError: When times run backwards, or reach over too many frames.
    """
    steps = np.diff(seconds)
    early = np.flatnonzero(steps < -_TINY)
    if len(early):
        raise ValueError(f"line {lines[early[0] + 1]}: its time is before that of the line above")
    if not len(steps) or steps.max() <= _TINY:
        return FrameGrid(np.array([len(seconds) - 1]), np.array([0]), 1, None)
    usual = _usual_step(steps)
    # Rows that repeat: the last of them counts.
    rows = np.flatnonzero(np.append(steps > _SAME * usual, True))
    times = seconds[rows]
    step = _exact_step(np.diff(times), usual)
    rate = _usual_rate(1 / step, precision / max(float(times[-1] - times[0]), usual))
    origin = 0.0 if from_zero else float(times[0])
    exact = (times - origin) * float(rate)
    if exact[-1] >= MAX_FRAMES:
        raise ValueError(
            f"its times reach over {exact[-1]:,.0f} frames, and {MAX_FRAMES:,} are read at most"
        )
    frames = np.round(exact).astype(np.int64)
    off = np.abs(exact - frames)
    if (np.diff(frames) > 0).all() and float(np.quantile(off, 0.95)) <= _OFF:
        count = int(frames[-1]) + 1
        return FrameGrid(rows, frames, count, Clock(rate, count))
    clock = Clock(rate, len(rows), _moments(times - times[0]))
    return FrameGrid(rows, np.arange(len(rows)), len(rows), clock)


def numbered_clock(
    frames: npt.NDArray[np.int64], seconds: DoubleArray, lines: Sequence[int]
) -> Clock | None:
    """Return the clock of rows that say their frame, counted from 0, and their time.

    Args:
        frames: (N,) frames, ascending.
        seconds: (N,) their seconds, from any beginning.
        lines: The line of each row, for messages.

    Raises:
        ValueError: When times run backwards.
    """
    if len(frames) < 2:
        return None
    steps = np.diff(seconds)
    if steps.min() <= 0:
        row = int(np.argmax(steps <= 0)) + 1
        raise ValueError(f"line {lines[row]}: its time is not after that of the line above")
    count = int(frames[-1]) + 1
    reach = float(seconds[-1] - seconds[0])
    rate = _usual_rate(float(frames[-1] - frames[0]) / reach, 2e-6 / reach)
    even = seconds[0] + (frames - frames[0]) / float(rate)
    if np.abs(seconds - even).max() <= _ROUNDED:
        return Clock(rate, count)
    usual = _usual_rate(1 / float(np.median(steps / np.diff(frames))), 2e-6 / reach)
    every = np.interp(np.arange(count), frames, seconds)
    before = np.arange(frames[0])
    every[before] = seconds[0] - (frames[0] - before) / float(usual)
    every -= every[0]
    return Clock(usual, count, _moments(every))


def started(clock: Clock | None, seconds: float, drop: bool) -> Clock | None:
    """Return a clock whose first frame is at a time of the day; as it was where that is none."""
    if clock is None or round(seconds * float(clock.rate)) == 0:
        return clock
    nominal = -(-clock.rate.numerator // clock.rate.denominator)
    drop = drop and nominal % 30 == 0 and clock.rate.denominator == 1001
    count = round(seconds * float(clock.rate)) if drop else round(seconds * nominal)
    return Clock(clock.rate, clock.frame_count, clock.times, Timecode(count, nominal, drop))


def _moments(seconds: DoubleArray) -> tuple[Fraction, ...]:
    return tuple(Fraction(time).limit_denominator(1_000_000) for time in seconds.tolist())


def _usual_step(steps: DoubleArray) -> float:
    """Return the median step, or where most are gaps, the shortest ones."""
    apart = steps[steps > _MOMENT] if (steps > _MOMENT).any() else steps[steps > _TINY]
    short, middle = (float(np.quantile(apart, part, method="lower")) for part in (0.1, 0.5))
    return middle if short > 0.6 * middle else short


def _exact_step(steps: DoubleArray, usual: float) -> float:
    """Return seconds a frame: the mean of all steps that are no gaps.

    Rows at 24 whose clock counts whole frames at 60 come after two and three in turn.
    """
    return float(steps[steps < 1.75 * usual].mean())


def _usual_rate(rate: float, precision: float) -> Fraction:
    """Return the usual rate that one means, a whole one where rounding leaves two open.

    Args:
        rate: Frames a second.
        precision: Part by which it may be off, as times are rounded.
    """
    reach = max(_NEAR, min(2 * precision, _FAR))
    near = [one for one in _RATES if abs(float(one) / rate - 1) <= reach]
    if near:
        return min(near, key=lambda one: (one.denominator > 2, abs(float(one) / rate - 1)))
    if rate < 1e-3:
        raise ValueError(f"its rows are {1 / rate:,.0f} seconds apart")
    return Fraction(rate).limit_denominator(1001)
