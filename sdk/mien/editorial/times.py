"""OTIO's times, which are floating-point numbers, as exact fractions."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Final

import opentimelineio as otio

from mien.errors import UsageError
from mien.timebase import Timecode, same_count

__all__ = [
    "count_at",
    "exact",
    "exact_rate",
    "recount",
    "record_timecode",
    "seconds",
    "time",
    "typed_rate",
]

_ROUNDED: Final = 0.006
"""How far 23.98 and 29.97 are written from the rates they mean, at most."""
_FINEST: Final = 1_000_000
"""Denominator of what is not a whole number of frames; a retime's, or a subframe's."""
_MOST: Final = 1e15
_FASTEST: Final = 1e6


def exact(value: float) -> Fraction:
    """A number of frames: whole where it is as good as whole.

    Raises:
        ValueError: When it is none, or beyond all film.
    """
    if not abs(value) < _MOST:
        raise ValueError(f"{value} is no number of frames")
    whole = int(value)
    return Fraction(whole) if value == whole else Fraction(value).limit_denominator(_FINEST)


@lru_cache(maxsize=256)
def exact_rate(rate: float) -> Fraction:
    """The rate that a rounded one means: 24000/1001 for 23.976, and for 23.98.

    Raises:
        ValueError: When it is none.
    """
    if not 0 < rate < _FASTEST:
        raise ValueError(f"{rate} is no frame rate")
    whole = round(rate)
    if abs(rate - whole) < 1e-6 and whole:
        return Fraction(whole)
    ntsc = Fraction(1000 * whole, 1001)
    if abs(rate - ntsc) < _ROUNDED and whole:
        return ntsc
    return Fraction(rate).limit_denominator(_FINEST)


def typed_rate(text: Fraction | str) -> Fraction:
    """A rate as people type it: `24`, `23.976`, `30000/1001`.

    Raises:
        UsageError: When it is none.
    """
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 1000:
        raise UsageError(f"'{text}' is no frame rate.", "Write 24, 23.976 or 30000/1001.")
    return exact_rate(float(rate))


def seconds(when: otio.opentime.RationalTime) -> Fraction:
    """A time in seconds."""
    return exact(when.value) / exact_rate(when.rate)


def count_at(when: otio.opentime.RationalTime, rate: Fraction) -> Fraction:
    """The number of a frame, as it is counted at a rate."""
    return recount(exact(when.value), exact_rate(when.rate), rate)


def recount(count: Fraction, own: Fraction, rate: Fraction) -> Fraction:
    """A number of frames at one rate, counted at another; the same where they count alike."""
    return count if same_count(own, rate) else count * rate / own


def time(count: Fraction, rate: float) -> otio.opentime.RationalTime:
    """A number of frames as OTIO holds it."""
    return otio.opentime.RationalTime(float(count), rate)


def record_timecode(when: Fraction, rate: Fraction, *, drop: bool = False) -> str:
    """The timecode of a time in seconds.

    Args:
        when: The time.
        rate: Frames a second.
        drop: Whether numbers are dropped; only where the rate is one of those that are.
    """
    nominal = -(-rate.numerator // rate.denominator)
    drop = drop and nominal % 30 == 0 and rate.denominator != 1
    return str(Timecode(max(0, round(when * rate)), nominal, drop))
