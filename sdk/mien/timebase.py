"""Time in integers and fractions: frames, rates, ranges, timecode.

A frame is an integer index into the shot, counted from 0. A range is half-open. Seconds
are exact `Fraction`s and exist only where people type them or files store them.
"""

from __future__ import annotations

import operator
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import SupportsIndex

from mien.errors import TimeError

__all__ = ["Clock", "FrameRange", "Timecode", "same_count"]

_SECONDS = re.compile(r"^(\d+(?:\.\d*)?|\.\d+)s$")
_FRAME = re.compile(r"^\d+$")
_TIME_REMEDY = "Write a frame (36), seconds (1.5s) or a timecode (01:00:01:12)."
_TIMECODE = re.compile(r"^(\d{1,2}):(\d{2}):(\d{2})([:;.])(\d{2,3})$")
_SAME_COUNT = Fraction(3, 2000)
"""Rates that differ by less count the same frames."""


@dataclass(frozen=True, slots=True)
class FrameRange:
    """Frames `start` to `stop`, `stop` excluded; empty when they are equal.

    Raises:
        TimeError: When `stop` lies before `start`, or `start` is negative.
    """

    start: int
    stop: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.stop < self.start:
            raise TimeError(
                f"The span {self.start}:{self.stop} runs backwards or starts before frame 0.",
                "Write START:END with START before END.",
            )

    def __len__(self) -> int:
        return self.stop - self.start

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.stop))

    def __contains__(self, frame: int) -> bool:
        return self.start <= frame < self.stop

    def __str__(self) -> str:
        return f"{self.start}:{self.stop}"

    def intersection(self, other: FrameRange) -> FrameRange:
        """Return the frames in both ranges; empty, and inside this range, when there are none."""
        start = min(max(self.start, other.start), self.stop)
        return FrameRange(start, max(start, min(self.stop, other.stop)))


@dataclass(frozen=True, slots=True)
class Timecode:
    """SMPTE timecode: a frame count at a nominal rate, with or without dropped numbers.

    Attributes:
        frames: Frames since 00:00:00:00, as counted by the clock of real frames.
        nominal: Whole frames per second of the counter (24, 25, 30, 50, 60, ...).
        drop: Whether numbers are dropped (29.97 and 59.94 only).
    """

    frames: int
    nominal: int
    drop: bool = False

    @classmethod
    def parse(cls, text: str, rate: Fraction) -> Timecode:
        """Read `HH:MM:SS:FF` (or `;FF` for drop-frame) at a frame rate.

        Args:
            text: The timecode.
            rate: Frames per second of the material.

        Raises:
            TimeError: When the text is not a timecode, or a number in it is out of range.
        """
        match = _TIMECODE.match(text.strip())
        nominal = -(-rate.numerator // rate.denominator)
        if match is None:
            raise TimeError(f"'{text}' is not a timecode.", "Write it as 01:00:01:12.")
        hours, minutes, seconds, frame = (int(match[i]) for i in (1, 2, 3, 5))
        drop = match[4] == ";" and rate.denominator == 1001 and nominal % 30 == 0
        if minutes > 59 or seconds > 59 or frame >= nominal:
            raise TimeError(
                f"'{text}' is not a timecode at {nominal} frames a second.",
                f"Minutes and seconds run to 59, frames to {nominal - 1}.",
            )
        per_minute = nominal // 15 if drop else 0
        if drop and seconds == 0 and frame < per_minute and minutes % 10:
            raise TimeError(
                f"'{text}' does not exist in drop-frame timecode.",
                f"The first frame of that minute is {hours:02}:{minutes:02}:00;{per_minute:02}.",
            )
        total_minutes = 60 * hours + minutes
        dropped = per_minute * (total_minutes - total_minutes // 10)
        return cls((total_minutes * 60 + seconds) * nominal + frame - dropped, nominal, drop)

    def recounted(self, drop: bool) -> Timecode:
        """Return the timecode that is written alike and counts with or without dropped numbers.

        A number that dropping leaves out is taken for the first that it has.

        Args:
            drop: Whether the other count drops numbers.
        """
        if drop == self.drop:
            return self
        hours, minutes, seconds, frame = (int(part) for part in re.split("[:;]", str(self)))
        per_minute = self.nominal // 15
        day = 86400 * self.nominal - (per_minute * (1440 - 144) if self.drop else 0)
        minutes += 60 * (hours + 24 * (self.frames // day))
        per_minute = per_minute if drop else 0
        if seconds == 0 and minutes % 10:
            frame = max(frame, per_minute)
        dropped = per_minute * (minutes - minutes // 10)
        return Timecode(
            (minutes * 60 + seconds) * self.nominal + frame - dropped, self.nominal, drop
        )

    @property
    def day_seconds(self) -> Fraction:
        """Seconds of the day that it is written as: 01:00:00:12 at 24 is 3600.5."""
        hours, minutes, seconds, frame = (int(part) for part in re.split("[:;]", str(self)))
        return (hours * 60 + minutes) * 60 + seconds + Fraction(frame, self.nominal)

    def __add__(self, frames: int) -> Timecode:
        return Timecode(self.frames + frames, self.nominal, self.drop)

    def __str__(self) -> str:
        count = self.frames
        if self.drop:
            # Put the dropped numbers back (SMPTE ST 12-1): 18 per ten minutes at 29.97.
            per_minute = self.nominal // 15
            minute = self.nominal * 60 - per_minute
            tens, rest = divmod(count, minute * 10 + per_minute)
            extra = max(0, (rest - per_minute) // minute)
            count += per_minute * (9 * tens + extra)
        seconds, frame = divmod(count, self.nominal)
        minutes, second = divmod(seconds, 60)
        mark = ";" if self.drop else ":"
        return f"{minutes // 60 % 24:02}:{minutes % 60:02}:{second:02}{mark}{frame:02}"


@dataclass(frozen=True, slots=True)
class Clock:
    """The times of a shot's frames.

    Attributes:
        rate: Nominal frames per second.
        frame_count: Number of frames.
        times: Start of every frame in seconds from the first, when the frame rate varies;
            None when frame `i` starts at `i / rate`.
        start: Timecode of frame 0, when the material carries one.
    """

    rate: Fraction
    frame_count: int
    times: tuple[Fraction, ...] | None = None
    start: Timecode | None = None

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise TimeError(f"A frame rate of {self.rate} is impossible.")
        if self.times is not None and len(self.times) != self.frame_count:
            raise TimeError(f"{len(self.times)} times were given for {self.frame_count} frames.")

    def __repr__(self) -> str:
        start = "" if self.start is None else f", from {self.start}"
        return f"Clock({self}{start})"

    def __str__(self) -> str:
        varying = "" if self.times is None else ", varying"
        return f"{self.frame_count} frames at {float(self.rate):.6g} fps{varying}"

    @property
    def all(self) -> FrameRange:
        """Every frame of the shot."""
        return FrameRange(0, self.frame_count)

    @property
    def duration(self) -> Fraction:
        """Seconds from the start of the first frame to the end of the last."""
        return self.seconds(self.frame_count)

    def seconds(self, frame: int) -> Fraction:
        """Return the start of a frame in seconds from the first; extrapolated at the rate."""
        if self.times is None or not self.times:
            return frame / self.rate
        if frame < len(self.times):
            return self.times[max(frame, 0)]
        return self.times[-1] + (frame - len(self.times) + 1) / self.rate

    def frame_at(self, seconds: Fraction) -> int:
        """Return the frame on screen at a time in seconds: the last that started by then."""
        if self.times is None:
            return int(seconds * self.rate // 1)
        frame = bisect_right(self.times, seconds) - 1
        if frame == len(self.times) - 1:
            frame += int((seconds - self.times[-1]) * self.rate // 1)
        return max(frame, 0)

    def timecode(self, frame: int) -> Timecode:
        """Return the timecode of a frame; counted from 00:00:00:00 without a start timecode."""
        nominal = -(-self.rate.numerator // self.rate.denominator)
        return (self.start or Timecode(0, nominal)) + frame

    def parse(self, text: str | SupportsIndex) -> int:
        """Read a time as people type it: `36`, `1.5s` or `01:00:01:12`.

        A bare integer is a frame. A timecode counts from the shot's start timecode.

        Raises:
            TimeError: When the text is none of these, or a timecode before the start.
        """
        if not isinstance(text, str):
            try:
                return operator.index(text)
            except TypeError:
                # 1.5 could be meant as seconds or as a frame.
                raise TimeError(f"{text!r} is not a time.", _TIME_REMEDY) from None
        text = text.strip()
        if _FRAME.match(text):
            return int(text)
        if match := _SECONDS.match(text):
            # A typed decimal is rarely a frame's exact start: take the nearest frame.
            seconds = Fraction(match[1])
            frame = self.frame_at(seconds)
            after = self.seconds(frame + 1) - seconds
            return frame + 1 if after < seconds - self.seconds(frame) else frame
        if _TIMECODE.match(text):
            frame = Timecode.parse(text, self.rate).frames - self.timecode(0).frames
            if frame < 0:
                raise TimeError(
                    f"{text} lies before the shot, which starts at {self.timecode(0)}.",
                    "Give a time inside the shot.",
                )
            return frame
        raise TimeError(f"'{text}' is not a time.", _TIME_REMEDY)

    def parse_range(self, text: str) -> FrameRange:
        """Read `START:END`; either side may be left out; timecodes are told apart.

        Raises:
            TimeError: When the text is not a span, or it is empty or outside the shot.
        """
        start, stop = _split_range(text)
        span = FrameRange(
            self.parse(start) if start else 0, self.parse(stop) if stop else self.frame_count
        )
        if span.stop <= span.start:
            raise TimeError(f"The span {text} is empty.", "Write START:END with START before END.")
        if span.stop > self.frame_count:
            raise TimeError(
                f"The span {text} lies outside the shot, which has {self.frame_count} frames"
                f" ({float(self.seconds(self.frame_count)):.2f}s).",
                f"Give a span inside 0:{self.frame_count}.",
            )
        return span


def _split_range(text: str) -> tuple[str, str]:
    parts = text.strip().split(":")
    if len(parts) == 2:
        return parts[0].strip(), parts[1].strip()
    # Timecodes hold colons themselves. Beside one, a bare number is no frame: `25:01:00:02:00`
    # could be cut in two places.
    for cut in range(1, len(parts)):
        start, stop = ":".join(parts[:cut]).strip(), ":".join(parts[cut:]).strip()
        if all(not t or _TIMECODE.match(t) or _SECONDS.match(t) for t in (start, stop)):
            return start, stop
    raise TimeError(f"'{text}' is not a span.", "Write START:END, as in 1.0s:2.0s or 30:60.")


def same_count(a: Fraction, b: Fraction) -> bool:
    """Return whether two rates count the same frames: NTSC's are 1/1001 below their names."""
    return abs(a / b - 1) < _SAME_COUNT
