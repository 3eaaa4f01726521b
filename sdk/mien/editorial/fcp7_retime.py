"""Retimes of Final Cut Pro 7 XML (`timeremap`), where what the item's times count is certain.

The item's `in` and `out` count its own frames: those of the retimed clip as Final Cut, Premiere
and Resolve write it, those of the media as many other programs do. Which it is shows in how many
there are. A graph of clip frames to media frames says it best; Premiere's virtual keys inside of
it hold anything at all.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from mien.editorial.fcp7_files import is_true, number_in
from mien.editorial.xml_tree import XmlElement, as_fields

__all__ = ["ItemSpan", "Run", "retime_filter", "run_of"]

_EFFECT: Final = "timeremap"
_INNER: Final = ("speedkfin", "speedkfout")
_TOLERANCE: Final = Fraction(1)
"""Frames by which editors round."""
_SLOPE: Final = Fraction(1, 100)
"""How far a graph may be from the speed that is said beside it."""


@dataclass(frozen=True, slots=True)
class ItemSpan:
    """The times of an item, all in frames of its own rate.

    Attributes:
        first: Its `in`.
        last: Its `out`.
        shown: How many frames of the edit it lasts, transitions included.
        frames: Its `duration`: how many it could show; 0 where it does not say.
        media: How many frames its media have; 0 where they do not say.
    """

    first: Fraction
    last: Fraction
    shown: Fraction
    frames: Fraction
    media: Fraction


@dataclass(frozen=True, slots=True)
class Run:
    """How an item runs through its media.

    Attributes:
        first: The frame with which it begins, the lowest where it runs backwards.
        speed: Frames of the media for one of the edit; None where it varies, or they cannot be
            followed.
        fields: The effect's metadata.
        reach: How many frames from the lowest on it runs through at a speed that varies; None
            where they cannot be followed, and of a constant speed.
    """

    first: Fraction
    speed: Fraction | None
    fields: dict[str, Any]
    reach: Fraction | None = None


@dataclass(frozen=True, slots=True)
class _Remap:
    speed: Fraction
    reverse: bool
    variable: bool
    points: list[tuple[Fraction, Fraction]]
    curved: bool = False


def retime_filter(item: XmlElement) -> list[XmlElement]:
    """The retimes of an item that are on."""
    return [
        effect
        for holder in item.all("filter")
        if is_true(holder.value("enabled"), True)
        for effect in holder.all("effect")
        if effect.value("effectid").lower() == _EFFECT
    ]


def run_of(item: XmlElement, span: ItemSpan) -> Run:
    """How an item runs through its media."""
    effects = retime_filter(item)
    remaps = [(effect, remap) for effect in effects if not _is_plain(remap := _remap(effect))]
    if not remaps:
        return Run(span.first, Fraction(1), {})
    effect, remap = remaps[0]
    fields = {"fcp_xml": as_fields(effect, frozenset(("name",)))}
    if len(remaps) == 1:
        run = _followed(remap, span)
        if run is not None:
            return Run(*run, fields)
        curve = _by_curve(remap, span)
        if curve is not None:
            return Run(curve[0], None, fields, curve[1])
    return Run(span.first, None, fields)


def _remap(effect: XmlElement) -> _Remap:
    parameters = {
        parameter.value("parameterid") or parameter.value("name"): parameter
        for parameter in effect.all("parameter")
    }

    def value(name: str) -> str:
        return parameters[name].value("value") if name in parameters else ""

    speed = number_in(value("speed"))
    points, curved = [], False
    graph = parameters.get("graphdict")
    for key in graph.all("keyframe") if graph is not None else ():
        when, at = number_in(key.value("when")), number_in(key.value("value"))
        if when is not None and at is not None and not any(key.child(tag) for tag in _INNER):
            points.append((when, at))
            curved = curved or any("bez" in child.tag.lower() for child in key.children)
    return _Remap(
        Fraction(100) if speed is None else speed,
        is_true(value("reverse"), False),
        (number_in(value("variablespeed")) or 0) != 0 or value("variablespeed").lower() == "true",
        sorted(set(points)),
        curved,
    )


def _is_plain(remap: _Remap) -> bool:
    return remap.speed == 100 and not remap.reverse and not remap.variable


def _followed(remap: _Remap, span: ItemSpan) -> tuple[Fraction, Fraction] | None:
    """First frame and speed of a constant retime; None where they are not certain."""
    speed = abs(remap.speed) / 100
    backwards = remap.reverse != (remap.speed < 0)
    used = span.last - span.first
    counts_clip = abs(used - span.shown) <= _TOLERANCE
    counts_media = abs(used - span.shown * speed) <= max(_TOLERANCE, speed)
    if counts_clip and len(remap.points) > 1:
        run = _by_graph(remap, span, -speed if backwards else speed)
        return run if run is not None or not remap.variable else _by_piece(remap, span)
    if remap.variable:
        return None
    if counts_media and not counts_clip:
        return span.first, -speed if backwards else speed
    if not counts_clip or not speed:
        return None
    if backwards:
        return _backwards(span, speed)
    # Counted in either way, the first frame is the first; else the clip's length must say it.
    if not span.first or (
        span.media and abs(span.frames * speed - span.media) <= max(_TOLERANCE, speed)
    ):
        return span.first * speed, speed
    return None


def _by_graph(remap: _Remap, span: ItemSpan, speed: Fraction) -> tuple[Fraction, Fraction] | None:
    """The part of a straight graph that an item shows."""
    (when, at), (until, stop) = remap.points[0], remap.points[-1]
    if until <= when:
        return None
    slope = (stop - at) / (until - when)
    for one, value in remap.points:
        if abs(at + (one - when) * slope - value) > _TOLERANCE:
            return None
    if not remap.variable and abs(slope - speed) > max(_SLOPE, abs(speed) * _SLOPE):
        return None
    # What is said beside the graph is not rounded to frames of the media as its ends are.
    exact = slope if remap.variable else speed
    if span.first < when - _TOLERANCE or span.last > until + _TOLERANCE:
        return None
    first = at + (span.first - when) * exact
    return (first if exact >= 0 else first + exact * span.shown), exact


def _by_curve(remap: _Remap, span: ItemSpan) -> tuple[Fraction, Fraction] | None:
    """The lowest frame that the shown part of a bent graph runs through, and how many."""
    points = remap.points
    counts_clip = abs(span.last - span.first - span.shown) <= _TOLERANCE
    if not remap.variable or not counts_clip or len({when for when, _ in points}) < 2:
        return None
    if len({when for when, _ in points}) != len(points):
        return None
    if span.first < points[0][0] - _TOLERANCE or span.last > points[-1][0] + _TOLERANCE:
        return None
    inside = [at for when, at in points if span.first < when < span.last]
    if remap.curved:
        # Between two keys it may be anywhere between their frames.
        before = max((key for key in points if key[0] <= span.first), default=points[0])
        after = min((key for key in points if key[0] >= span.last), default=points[-1])
        reached = [*inside, before[1], after[1]]
    else:
        reached = [*inside, _at(points, span.first), _at(points, span.last)]
    low, high = min(reached), max(reached)
    if low < -_TOLERANCE or (span.media and high > span.media + _TOLERANCE):
        return None
    low = max(Fraction(0), low)
    # The frame at the end of a part that runs backwards, or stands still, is shown too.
    high = min(high + 1, span.media) if span.media else high + 1
    return low, max(Fraction(1), high - low)


def _at(points: list[tuple[Fraction, Fraction]], when: Fraction) -> Fraction:
    """The frame of the media at a frame of the clip, on straight lines between the keys."""
    when = max(points[0][0], min(when, points[-1][0]))
    for (left, at), (right, stop) in itertools.pairwise(points):
        if left <= when <= right:
            return at + (when - left) * (stop - at) / (right - left)
    return points[-1][1]


def _by_piece(remap: _Remap, span: ItemSpan) -> tuple[Fraction, Fraction] | None:
    """The one straight piece of a bent graph that an item shows; None where it shows several."""
    if remap.curved:
        return None
    for (when, at), (until, stop) in itertools.pairwise(remap.points):
        if when < until and when <= span.first and span.last <= until:
            speed = (stop - at) / (until - when)
            first = at + (span.first - when) * speed
            return (first if speed >= 0 else first + speed * span.shown), speed
    return None


def _backwards(span: ItemSpan, speed: Fraction) -> tuple[Fraction, Fraction] | None:
    """All of the media backwards; of a part no program says from which end it counts."""
    whole = span.media and abs(span.shown * speed - span.media) <= max(_TOLERANCE, speed)
    return (Fraction(0), -speed) if whole and not span.first else None
