"""OTIO's times, which are floating-point numbers, as exact fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import opentimelineio as otio

from mien.model.rates import exact_rate
from mien.timebase import Timecode, same_count

__all__ = [
    "count_at",
    "exact",
    "recount",
    "record_timecode",
    "seconds",
    "time",
]

_FINEST: Final = 1_000_000
"""Denominator of what is not a whole number of frames; a retime's, or a subframe's."""
_MOST: Final = 1e15


def exact(value: float) -> Fraction:
    """A number of frames: whole where it is as good as whole.

    Raises:
        ValueError: When it is none, or beyond all film.
    """
    if not abs(value) < _MOST:
        raise ValueError(f"{value} is no number of frames")
    whole = int(value)
    return Fraction(whole) if value == whole else Fraction(value).limit_denominator(_FINEST)


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
