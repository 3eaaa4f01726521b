"""Timecodes of Live Link Face, `HH:MM:SS:FF.mmm`: frames of a clock, and thousandths of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mien._types import DoubleArray
from mien.timebase import Clock

__all__ = ["LIVE_LINK_BASE", "Timecodes", "live_link_timecode", "read_timecodes"]

LIVE_LINK_BASE: Final = 60
"""Frames a second by which Live Link Face counts, whatever the rate of its rows."""
_BASES: Final = (24, 25, 30, 48, 50, 60, 90, 100, 120, 240, 1000)
"""Frames a second by which others count; 1000 are milliseconds."""
_MILLISECOND: Final = 1e-3
_DAY: Final = 86400
_FRAMES: Final = re.compile(r"^(\d{1,2}):(\d{1,2}):(\d{1,2})([:;.])(\d{1,4})(\.\d+)?$")
_SECONDS: Final = re.compile(r"^(?:(?:(\d{1,2}):)?(\d{1,2}):)?(\d+(?:\.\d*)?)$")


@dataclass(frozen=True, slots=True, eq=False)
class Timecodes:
    """Times of the rows of a file.

    Attributes:
        seconds: (T,) float64 seconds, of the day or from a beginning; past midnight they go on.
        base: Frames a second that are counted; None where times are plain seconds.
        drop: Whether numbers are dropped.
        rounding: Seconds by which times may be off as they are written.
    """

    seconds: DoubleArray
    base: int | None
    drop: bool
    rounding: float


def read_timecodes(texts: Sequence[str], lines: Sequence[int]) -> Timecodes:
    """Read the times of rows; what their frames count is told from where seconds roll over.

    Args:
        texts: A timecode a row: `12:21:59:06.595`, with `;` where numbers are dropped; or seconds.
        lines: The line of each row, for messages.

    Raises:
        ValueError: When one is no timecode.
    """
    whole, parts, drop, counted = np.zeros(len(texts)), np.zeros(len(texts)), False, False
    for row, text in enumerate(texts):
        text = text.strip()
        if match := _FRAMES.match(text):
            counted = True
            drop = drop or match[4] == ";"
            whole[row] = (int(match[1]) * 60 + int(match[2])) * 60 + int(match[3])
            if match[4] == "." and match[6] is None and len(match[5]) >= 3:
                # HH:MM:SS.mmm is a time of day and counts no frames.
                whole[row] += int(match[5]) / 10 ** len(match[5])
            else:
                parts[row] = int(match[5]) + float(match[6] or 0)
        elif match := _SECONDS.match(text):
            whole[row] = (int(match[1] or 0) * 60 + int(match[2] or 0)) * 60 + float(match[3])
        else:
            raise ValueError(f"line {lines[row]}: '{text[:40]}' is no timecode")
    if not counted or not parts.any():
        return Timecodes(_past_midnight(whole), None, False, _MILLISECOND)
    base = _base(whole, parts)
    fine = bool((parts != np.round(parts)).any())
    rounding = (0.001 if fine else 0.5) / base
    if drop and not fine:
        # Such frames are the material's own.
        rounding = 1e-6
    if drop and base % 30 == 0:
        return Timecodes(_past_midnight(_dropped(whole, parts, base)), base, True, rounding)
    return Timecodes(_past_midnight(whole + parts / base), base, False, rounding)


def live_link_timecode(clock: Clock, frame: int) -> str:
    """Return the time of a frame as Live Link Face writes it.

    Args:
        clock: The shot's clock; where it has no start timecode, it starts at midnight.
        frame: The frame.
    """
    seconds = clock.timecode(0).day_seconds + clock.seconds(frame)
    thousandths = round(seconds * LIVE_LINK_BASE * 1000)
    count, rest = divmod(thousandths, 1000)
    second, part = divmod(count, LIVE_LINK_BASE)
    minute, hour = second // 60, second // 3600
    return f"{hour % 24:02}:{minute % 60:02}:{second % 60:02}:{part:02}.{rest:03}"


def _base(whole: DoubleArray, parts: DoubleArray) -> int:
    """Return how many frames make a second."""
    high = float(parts.max())
    usable = [base for base in _BASES if base > int(high)]
    if not usable:
        raise ValueError(f"its timecodes count {int(high)} frames in a second")
    step = np.diff(parts)
    rolls = np.flatnonzero((np.diff(whole) == 1) & (step < 0))
    inside = step[(np.diff(whole) == 0) & (step > 0)]
    if not len(rolls) or not len(inside):
        return LIVE_LINK_BASE if high < LIVE_LINK_BASE else usable[0]
    # A second is as long as the frames from its last row to the next second's first, and one step.
    found = float(np.median(np.median(inside) - step[rolls]))
    return min(usable, key=lambda base: abs(base - found))


def _dropped(whole: DoubleArray, parts: DoubleArray, base: int) -> DoubleArray:
    """Return seconds of drop-frame timecodes: SMPTE ST 12-1, two numbers a minute at 29.97."""
    minutes = whole // 60
    count = whole * base + parts - base // 15 * (minutes - minutes // 10)
    return count * 1001 / (base * 1000)


def _past_midnight(seconds: DoubleArray) -> DoubleArray:
    days = np.cumsum(np.diff(seconds, prepend=seconds[:1]) < -_DAY / 2)
    return seconds + _DAY * days
