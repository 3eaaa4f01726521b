"""Ticks and labels of a ruler over a time axis."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, takewhile

from mien.timebase import Clock, Timecode
from mien_desktop.geometry.axis import Axis
from mien_desktop.view_state import Units

__all__ = ["Tick", "label", "ticks"]

_FRAME_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
_SECOND_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400)
_TENTHS = (0.1, 0.2, 0.5)
_LABEL_PIXELS: dict[Units, float] = {"frames": 56.0, "seconds": 64.0, "timecode": 92.0}
"""Least distance of two labels; a timecode has eleven digits."""
_TICK_PIXELS = 7.0
"""Least distance of two ticks."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A line on the ruler.

    Attributes:
        x: Where it is, in pixels from the left: the edge at which its frame begins.
        frame: The frame.
        text: What is written at it; empty for ticks between labels.
    """

    x: float
    frame: int
    text: str = ""


def label(clock: Clock, frame: int, units: Units) -> str:
    """Return the label of a frame in a unit: `36`, `1.50s` or `01:00:01;12`."""
    if units == "frames":
        return str(frame)
    if units == "seconds":
        return f"{float(clock.seconds(frame)):.2f}s"
    return str(clock.timecode(frame))


def ticks(axis: Axis, clock: Clock, units: Units) -> tuple[Tick, ...]:
    """Return the ticks in view, those with a label among them, from left to right.

    In drop-frame timecode a minute that has no `;00` begins at its `;02`; ticks lie on the
    numbers that are counted, so their distances vary by the two frames that are left out.
    """
    span = axis.visible(clock.frame_count)
    if not len(span):
        return ()
    rate = 1.0 if units == "frames" else float(clock.rate)
    big = _step(units, clock, _LABEL_PIXELS[units] / axis.scale / rate)
    small = _below(units, clock, big, _TICK_PIXELS / axis.scale / rate)
    labelled = set(_frames(clock, units, big, span.start, span.stop))
    every = sorted(labelled | set(_frames(clock, units, small, span.start, span.stop)))
    return tuple(
        Tick(axis.edge(f), f, _text(clock, f, units, big) if f in labelled else "") for f in every
    )


def _text(clock: Clock, frame: int, units: Units, step: float) -> str:
    if units == "seconds":
        seconds = float(clock.seconds(frame))
        return f"{seconds:.0f}s" if step >= 1 else f"{seconds:.1f}s"
    return label(clock, frame, units)


def _steps(units: Units, clock: Clock) -> tuple[float, ...]:
    """Return the distances that ticks may have, ascending: in frames, or in seconds."""
    if units == "frames":
        return _FRAME_STEPS
    if units == "seconds":
        return (*_TENTHS, *_SECOND_STEPS)
    nominal = -(-clock.rate.numerator // clock.rate.denominator)
    parts = [n for n in (1, 2, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 50, 60) if n < nominal]
    return (*(n / nominal for n in parts if nominal % n == 0), *_SECOND_STEPS)


def _step(units: Units, clock: Clock, least: float) -> float:
    steps = _steps(units, clock)
    return next((step for step in steps if step >= least), steps[-1])


def _below(units: Units, clock: Clock, big: float, least: float) -> float:
    """Return the finest step, of those that divide the labels' distance, that is not too fine."""
    for step in _steps(units, clock):
        if step >= least and math.isclose(big / step, round(big / step)):
            return step
    return big


def _frames(clock: Clock, units: Units, step: float, start: int, stop: int) -> Iterator[int]:
    """Yield the frames of the ticks of one step in `start` to `stop`, ascending."""
    if units == "frames":
        size = int(step)
        yield from range(-(-start // size) * size, stop, size)
    elif units == "seconds":
        first = math.ceil(float(clock.seconds(start)) / step - 1e-9)
        starts = (_begins(clock, n * step) for n in count(first))
        yield from (f for f in takewhile(lambda f: f < stop, starts) if f >= start)
    else:
        yield from _numbered(clock, step, start, stop)


def _begins(clock: Clock, seconds: float) -> int:
    """Return the frame that begins nearest to a time."""
    return clock.parse(f"{max(seconds, 0):.6f}s")


def _numbered(clock: Clock, step: float, start: int, stop: int) -> Iterator[int]:
    """Yield the frames whose timecode is a multiple of a step of seconds, as it is counted."""
    zero = clock.timecode(0)
    per_second = max(1, round(1 / step)) if step < 1 else 1
    size = zero.nominal // per_second if step < 1 else 0
    whole = max(1, int(step))
    first = _second(clock.timecode(start)) // whole * whole
    for second in count(first, whole):
        base = _counted(zero, second) - zero.frames
        if base >= stop:
            return
        starts = (base + i * size for i in range(per_second)) if size else (base,)
        yield from (f for f in starts if start <= f < stop)


def _second(timecode: Timecode) -> int:
    """Return the second that a timecode shows, counted from 00:00:00."""
    hours, minutes, seconds = (int(part) for part in str(timecode).replace(";", ":").split(":")[:3])
    return (hours * 60 + minutes) * 60 + seconds


def _counted(zero: Timecode, second: int) -> int:
    """Return frames since 00:00:00:00 of the first number of a second (SMPTE ST 12-1)."""
    if not zero.drop:
        return second * zero.nominal
    per_minute = zero.nominal // 15
    minutes, rest = divmod(second, 60)
    frames = second * zero.nominal - per_minute * (minutes - minutes // 10)
    # The first numbers of most minutes do not exist.
    return frames + per_minute if rest == 0 and minutes % 10 else frames
