"""Times of FCPXML: rational seconds, frame rates of formats, retimes by a map.

A clip has a time of its own. Its `start` is the second of it that is shown first, whatever is in
it is placed by it, and a retime (`timeMap`) leads from it to the time of the media.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Final

from mien.editorial.xml_tree import XmlElement, XmlError
from mien.model.rates import exact_rate
from mien.timebase import same_count

__all__ = ["ClipTiming", "format_rate", "marked_rate", "seconds_in", "timing_of"]

_TIME: Final = re.compile(r"(-?\d{1,24})(\.\d{1,18})?(?:/(\d{1,24}))?s?")
_NAMED: Final = re.compile(r"FFVideoFormat\w*?(p|i)(\d{2,5})(?:_\w+)?$")
"""Formats are named by their height and rate, as FFVideoFormat1080p2398 and 1080i5994."""
_FASTEST: Final = 1000
_LONGEST: Final = 10**9
"""Seconds; thirty years."""


def seconds_in(element: XmlElement, name: str, default: Fraction | None = None) -> Fraction:
    """A time (`1001/24000s`, `5s`) of an element.

    Raises:
        XmlError: When it is none, or missing without a default.
    """
    text = element.get(name)
    if not text:
        if default is not None:
            return default
        raise XmlError(f"it does not say its {name}", element.line)
    when = _parsed(text)
    if when is None:
        raise XmlError(f"its {name} '{text[:40]}' is no time", element.line)
    return when


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Fraction | None:
    match = _TIME.fullmatch(text)
    below = int(match[3] or 1) if match is not None else 0
    if match is None or not below:
        return None
    when = Fraction(match[1] + (match[2] or "")) / below
    return when if abs(when) <= _LONGEST else None


def marked_rate(text: str) -> Fraction | None:
    """The rate that a rounded one means, as `23.98`; None where it is none."""
    try:
        return exact_rate(float(text))
    except ValueError:
        return None


def format_rate(element: XmlElement) -> Fraction | None:
    """Frames a second of a format, by its frame duration or its name; None where undefined."""
    if element.get("frameDuration"):
        duration = seconds_in(element, "frameDuration")
        if duration <= 0 or not Fraction(1, 4) <= 1 / duration <= _FASTEST:
            raise XmlError("its frameDuration is none", element.line)
        return 1 / duration
    named = _NAMED.match(element.get("name"))
    if named is None:
        return None
    digits = named[2]
    # 2398, 2997 and 5994 are rounded; 24 to 120 are whole.
    rate = marked_rate(f"{digits[:-2]}.{digits[-2:]}" if len(digits) >= 4 else digits)
    if rate is not None and named[1] == "i" and rate > 30:
        return rate / 2
    return rate


@dataclass(frozen=True, slots=True)
class ClipTiming:
    """Which part of its own content a clip shows.

    Attributes:
        first: The first second of the content that is used, the lowest where it runs backwards.
        speed: Seconds of the content for one of the edit; None where they cannot be followed.
        conform: Seconds of the clip's own time for one of the edit, by which its connected
            clips are placed.
    """

    first: Fraction
    speed: Fraction | None
    conform: Fraction


@dataclass(frozen=True, slots=True)
class _Point:
    time: Fraction
    value: Fraction
    before: Fraction
    after: Fraction
    """How far the curve around the point reaches to either side; 0 where it is a corner."""


def timing_of(
    element: XmlElement,
    start: Fraction,
    length: Fraction,
    rate: Fraction,
    source_rate: Fraction | None,
    media: tuple[Fraction, Fraction] | None,
) -> ClipTiming:
    """How a clip runs through its content.

    Args:
        element: The clip.
        start: Its start, in its own time.
        length: How long it is shown, in seconds of the edit.
        rate: Frames a second of the edit.
        source_rate: Frames a second of its media, where known.
        media: First second of its media, and how many there are, where known.
    """
    conform = _conform(element, rate, source_rate)
    mapped = element.child("timeMap")
    if mapped is None:
        return ClipTiming(start, conform, conform)
    points = _points(mapped)
    frame = 1 / rate
    own = length * conform
    for offset in _origins(start, media):
        segment = _segment(points, start - offset, start - offset + own, frame)
        if segment is None:
            continue
        low, slope = segment
        first = low.value + (start - offset - low.time) * slope + offset
        last = first + own * slope
        lowest = min(first, last)
        if media is not None and not _inside(lowest, max(first, last), media, frame):
            continue
        return ClipTiming(lowest, slope * conform, conform)
    return ClipTiming(start, None, conform)


def _conform(element: XmlElement, rate: Fraction, source_rate: Fraction | None) -> Fraction:
    """Seconds of a clip's own time for one of the edit: not 1 where each frame is shown once."""
    conform = element.child("conform-rate")
    if conform is None or conform.get("scaleEnabled", "1") == "0":
        return Fraction(1)
    said = marked_rate(conform.get("srcFrameRate")) or source_rate
    # Rates that count the same frames are taken for one, here as everywhere in a cut.
    return Fraction(1) if said is None or same_count(said, rate) else rate / said


def _points(mapped: XmlElement) -> list[_Point]:
    points = []
    for element in mapped.all("timept"):
        curved = element.get("interp", "smooth2") != "linear"
        zero = Fraction(0)
        before, after = (
            seconds_in(element, name, zero) if curved else zero for name in ("inTime", "outTime")
        )
        points.append(
            _Point(seconds_in(element, "time"), seconds_in(element, "value"), before, after)
        )
    return sorted(points, key=lambda point: point.time)


def _origins(start: Fraction, media: tuple[Fraction, Fraction] | None) -> list[Fraction]:
    """From where a map may count: the clip's time, or the media's first frame."""
    return [Fraction(0)] if media is None or not media[0] else [Fraction(0), media[0]]


def _segment(
    points: list[_Point], start: Fraction, stop: Fraction, frame: Fraction
) -> tuple[_Point, Fraction] | None:
    """The straight part of a map that covers a span: a point on it, and its slope."""
    points = _straightened(points)
    for index, (low, high) in enumerate(pairwise(points)):
        # A single straight line has nothing to be curved into.
        only = len(points) == 2
        first = low.time + (0 if only or index == 0 else low.after)
        last = high.time - (0 if only or index == len(points) - 2 else high.before)
        if first - frame <= start and stop <= last + frame:
            return low, (high.value - low.value) / (high.time - low.time)
    return None


def _straightened(points: list[_Point]) -> list[_Point]:
    """The points without those at one time, and those on the line between their neighbours."""
    kept: list[_Point] = []
    for point in points:
        if kept and kept[-1].time == point.time:
            continue
        if len(kept) > 1:
            low, middle = kept[-2:]
            run, whole = middle.time - low.time, point.time - low.time
            if (middle.value - low.value) * whole == (point.value - low.value) * run:
                kept.pop()
        kept.append(point)
    return kept


def _inside(
    low: Fraction, high: Fraction, media: tuple[Fraction, Fraction], frame: Fraction
) -> bool:
    start, length = media
    return start - frame <= low and (not length or high <= start + length + frame)
