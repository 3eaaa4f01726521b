"""Frame rates as people type them and files round them, as exact fractions."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Final

from mien.errors import UsageError

__all__ = ["exact_rate", "typed_rate"]

_ROUNDED: Final = 0.006
"""How far 23.98 and 29.97 are written from the rates they mean, at most."""
_FINEST: Final = 1_000_000
"""Denominator of a rate that is no usual one."""
_FASTEST: Final = 1e6


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


def typed_rate(text: Fraction | float | str) -> Fraction:
    """A rate as people type it: `24`, `23.976`, `30000/1001`.

    Raises:
        UsageError: When it is none.
    """
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError, OverflowError):
        rate = Fraction(0)
    if not 1 <= rate <= 1000:
        raise UsageError(f"'{text}' is no frame rate.", "Write 24, 23.976 or 30000/1001.")
    return exact_rate(float(rate))
