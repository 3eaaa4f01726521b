"""Timecodes of an EDL as numbers of frames."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

__all__ = ["TIMECODE", "Counter", "frame_field", "likely_rate", "marks_drop"]

TIMECODE: Final = r"\d{1,3}[:;.,]\d{1,2}[:;.,]\d{1,2}[:;.,]\d{1,3}"
"""A timecode. Drop frame is marked by `;`, on old machines by `.` or `,`."""
_FIELDS: Final = re.compile(r"(\d{1,3})[:;.,](\d{1,2})[:;.,](\d{1,2})[:;.,](\d{1,3})")
_SURE: Final = re.compile("[;,]")
_COUNTED: Final = (24, 25, 30, 48, 50, 60, 100, 120)
_DAY: Final = 24 * 60
_LONGEST: Final = 2
"""Days that a plain number of frames may count; a record goes on over one midnight."""


@dataclass(frozen=True, slots=True)
class Counter:
    """Counts the frames of timecodes at a rate.

    Attributes:
        rate: Frames a second.
    """

    rate: Fraction

    @property
    def nominal(self) -> int:
        """Whole frames a second by which timecodes count."""
        return -(-self.rate.numerator // self.rate.denominator)

    @property
    def can_drop(self) -> bool:
        """Whether there is drop frame timecode at this rate."""
        return self.rate.denominator == 1001 and self.nominal % 30 == 0

    def day(self, drop: bool) -> int:
        """Frames from midnight to midnight."""
        return _DAY * 60 * self.nominal - (self._dropped(_DAY) if drop else 0)

    def frames(self, text: str, drop: bool) -> int:
        """Number of the frame with a timecode; a plain number is one already.

        A number that drop frame leaves out counts as the first that it has.

        Raises:
            ValueError: When it is no timecode at this rate; the message says why.
        """
        match = _FIELDS.fullmatch(text)
        if match is None:
            return self._plain(text)
        hours, minutes, seconds, frame = (int(field) for field in match.groups())
        if minutes > 59 or seconds > 59:
            raise ValueError(f"{text} is no time of day")
        if frame >= self.nominal:
            raise ValueError(f"{text} is no timecode at {float(self.rate):.6g} frames a second")
        total = 60 * hours + minutes
        if not drop:
            return (60 * total + seconds) * self.nominal + frame
        if self.leaves_out(text):
            frame = self.nominal // 15
        return (60 * total + seconds) * self.nominal + frame - self._dropped(total)

    def _plain(self, text: str) -> int:
        # The length first: of thousands of digits even Python makes no number.
        digits = text.lstrip("0") or "0"
        if len(digits) > 12 or int(digits) > _LONGEST * self.day(drop=False):
            shown = text if len(text) <= 20 else f"{text[:20]}..."
            raise ValueError(f"{shown} is more frames than {_LONGEST} days have")
        return int(digits)

    def leaves_out(self, text: str) -> bool:
        """Whether drop frame has no such number."""
        match = _FIELDS.fullmatch(text)
        if match is None:
            return False
        _, minutes, seconds, frame = (int(field) for field in match.groups())
        return minutes % 10 > 0 and seconds == 0 and frame < self.nominal // 15

    def _dropped(self, minutes: int) -> int:
        return self.nominal // 15 * (minutes - minutes // 10)


def marks_drop(texts: Iterable[str], mode: bool | None) -> bool:
    """Whether timecodes drop numbers.

    Args:
        texts: The timecodes.
        mode: What the list's FCM says of them; None when it says nothing.
    """
    joined = " ".join(texts)
    if mode is None:
        return bool(_SURE.search(joined)) or "." in joined
    # A point is a full stop to many writers, a semicolon is nothing but drop frame.
    return mode or bool(_SURE.search(joined))


def frame_field(text: str) -> int | None:
    """The frames of a timecode, without its seconds; None of a plain number."""
    match = _FIELDS.fullmatch(text)
    return None if match is None else int(match[4])


def likely_rate(texts: Iterable[str], drop: bool) -> str | None:
    """The lowest usual rate that has all these timecodes, as typed; None when none has."""
    fields = [field for text in texts if (field := frame_field(text)) is not None]
    if not fields:
        return None
    rate = next((rate for rate in _COUNTED if rate > max(fields)), None)
    if rate is None or not drop:
        return None if rate is None else str(rate)
    return "29.97" if rate <= 30 else "59.94"
