"""When a shot shows what of another performance: spans, speed, offsets and curves of times."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from mien._types import DoubleArray
from mien.errors import TimeError, UsageError
from mien.model.curve_layer import same_timing
from mien.timebase import Clock, FrameRange

__all__ = ["TransferTiming", "parse_warp", "source_positions", "timing_span"]

_ROUNDED: Final = 6
"""Digits of positions: a frame's very start is not missed by the last bit."""
_OFFSET = re.compile(r"\s*([+-]?)\s*(?:(\d{1,9})|(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})\s*s)\s*")


@dataclass(frozen=True, slots=True)
class TransferTiming:
    """Times at which a shot shows what of a performance; they are as people type them.

    Of `fit`, `warp`, `align_sound`, and the two of `offset` and `rate`, one is given at most.

    Attributes:
        span: Frames of the shot that are driven (`2s:4s`); None for all that the source reaches.
        source_span: Frames of the source that drive them; None for all.
        offset: How much later than the span the source's span begins: frames (12, "-12") or
            seconds ("-0.5s").
        rate: Speed of the source: 2 is twice as fast.
        fit: Whether the source's span is stretched to just fill the span.
        warp: Times of the shot, each with the time of the source that is seen then, both
            ascending: (("0", "0"), ("2s", "3s")). Between them time runs evenly, beyond them at
            the source's own speed.
        align_sound: Whether the source lies where its sound goes best with the shot's.
    """

    span: FrameRange | str | None = None
    source_span: FrameRange | str | None = None
    offset: int | str = 0
    rate: float = 1.0
    fit: bool = False
    warp: Sequence[tuple[int | str, int | str]] = ()
    align_sound: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and 0.01 <= self.rate <= 100):
            raise UsageError(
                f"A source cannot run at {self.rate:g} times its speed.",
                "Give a rate from 0.01 to 100.",
            )
        given = {
            "an offset": self.offset not in (0, "0"),
            "a rate": self.rate != 1,
            "fit": self.fit,
            "a curve of times": bool(self.warp),
            "an alignment to sound": self.align_sound,
        }
        chosen = [name for name, there in given.items() if there]
        if len(chosen) > 1 and chosen != ["an offset", "a rate"]:
            raise UsageError(
                f"{' and '.join(chosen)} say different things of when the source is seen.",
                "Give one of them; an offset and a rate go together.",
            )


def parse_warp(text: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of a curve of times as it is typed: `0=0, 2s=3s`.

    Raises:
        UsageError: When it cannot be read.
    """
    pairs = [part.split("=") for part in text.split(",")]
    if any(len(pair) != 2 or not all(one.strip() for one in pair) for pair in pairs):
        raise UsageError(
            f"The curve of times '{text}' cannot be read.", "Write TIME=TIME pairs, as 0=0,2s=3s."
        )
    return tuple((here.strip(), there.strip()) for here, there in pairs)


def timing_span(span: FrameRange | str | None, clock: Clock, name: str) -> FrameRange:
    """Return a span of a shot or source as typed; all of it when None.

    Args:
        span: The span.
        clock: The clock of what it is a span of.
        name: What that is called, for errors.

    Raises:
        TimeError: When it cannot be read, is empty or lies outside.
    """
    if span is None:
        return clock.all
    try:
        return clock.parse_range(str(span))
    except TimeError as error:
        raise TimeError(f"{name}: {error.cause}", error.remedy) from error


def source_positions(
    timing: TransferTiming, clock: Clock, source: Clock, lag: Fraction | None = None
) -> DoubleArray:
    """Return where in the source each frame of the span lies.

    Args:
        timing: When what is seen.
        clock: The shot's clock.
        source: The source's.
        lag: Seconds by which what is heard in the shot comes later in the source; needed by
            `align_sound`.

    Returns:
        (N,) frames of the source, fractions between two, for the N frames of the span; outside
        the source's span where the span reaches farther than it.

    Raises:
        TimeError: When a span or a time cannot be read, or lies outside.
        UsageError: When the curve of times runs backwards, or the sounds were not aligned.
    """
    span = timing_span(timing.span, clock, "The span")
    part = timing_span(timing.source_span, source, "The source's span")
    frames = np.arange(span.start, span.stop)
    offset = _offset(timing.offset, clock)
    shifted = not (timing.fit or timing.warp or timing.align_sound or timing.rate != 1)
    if shifted and isinstance(offset, int) and same_timing(clock, source):
        # Frame for frame, and exactly so: what is applied to itself changes nothing.
        return np.asarray(frames - (span.start + offset) + part.start, dtype=np.float64)
    times = np.array([float(clock.seconds(frame)) for frame in frames.tolist()])
    begins, start = float(clock.seconds(span.start)), float(source.seconds(part.start))
    if timing.warp:
        seconds = _warped(timing.warp, times, clock, source)
    elif timing.align_sound:
        if lag is None:
            raise UsageError("The sounds of shot and source were not compared.")
        seconds = times + float(lag)
    elif timing.fit:
        speed = (source.seconds(part.stop) - source.seconds(part.start)) / (
            clock.seconds(span.stop) - clock.seconds(span.start)
        )
        seconds = start + (times - begins) * float(speed)
    else:
        later = float(offset / clock.rate) if isinstance(offset, int) else float(offset)
        seconds = start + (times - begins - later) * timing.rate
    return _in_frames(seconds, source)


def _in_frames(seconds: DoubleArray, clock: Clock) -> DoubleArray:
    """(N,) seconds as frames of a clock; outside it at its rate."""
    count = clock.frame_count
    starts = np.array([float(clock.seconds(i)) for i in range(count + 1)])
    frames = np.interp(seconds, starts, np.arange(count + 1))
    rate = float(clock.rate)
    frames = np.where(seconds < starts[0], (seconds - starts[0]) * rate, frames)
    frames = np.where(seconds > starts[-1], count + (seconds - starts[-1]) * rate, frames)
    return np.round(frames, _ROUNDED)


def _offset(typed: int | str, clock: Clock) -> int | Fraction:
    """Frames, or seconds as a fraction."""
    if not isinstance(typed, str):
        return int(typed)
    match = _OFFSET.fullmatch(typed)
    if match is None:
        raise TimeError(
            f"'{typed}' is no offset.", "Write frames (12, -12) or seconds (0.5s, -0.5s)."
        )
    sign = -1 if match[1] == "-" else 1
    return sign * int(match[2]) if match[2] else sign * Fraction(match[3])


def _warped(
    pairs: Sequence[tuple[int | str, int | str]], times: DoubleArray, clock: Clock, source: Clock
) -> DoubleArray:
    """(N,) seconds of the source at (N,) seconds of the shot."""
    here = [_inside(one, clock, "The shot") for one, _ in pairs]
    there = [_inside(other, source, "The source") for _, other in pairs]
    if any(b <= a for a, b in itertools.pairwise(here)) or any(
        b < a for a, b in itertools.pairwise(there)
    ):
        raise UsageError(
            "The curve of times runs backwards.",
            "Give times of the shot in ascending order, and those of the source so, too.",
        )
    x, y = np.array(here, dtype=np.float64), np.array(there, dtype=np.float64)
    seconds = np.interp(times, x, y)
    seconds = np.where(times < x[0], y[0] - (x[0] - times), seconds)
    return np.where(times > x[-1], y[-1] + (times - x[-1]), seconds)


def _inside(time: int | str, clock: Clock, name: str) -> Fraction:
    frame = clock.parse(time)
    if not 0 <= frame <= clock.frame_count:
        raise TimeError(
            f"{time} in the curve of times lies outside: {name.lower()} has"
            f" {clock.frame_count} frames.",
            f"Give a time up to frame {clock.frame_count}.",
        )
    return clock.seconds(frame)
