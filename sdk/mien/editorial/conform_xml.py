"""Conform lists as Final Cut Pro 7 XML, which Premiere and Resolve read too.

OpenTimelineIO writes it, but knows no drop frame timecode and no retime: both are added. A retimed
item counts its own frames, those of the retimed clip; a graph says which frames of the media
they are, which frames of the item alone could not say to the frame.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final
from xml.etree import ElementTree

import opentimelineio as otio

from mien.editorial.conform_events import MARKER, ConformEvent, ConformList
from mien.media.sequence import first_file
from mien.timebase import Timecode

__all__ = ["write_xml"]

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'
_SLOWEST: Final = Fraction(1, 100)
_EFFECT: Final = {
    "name": "Time Remap", "effectid": "timeremap", "effectcategory": "motion",
    "effecttype": "motion", "mediatype": "video",
}  # fmt: skip


def write_xml(contents: ConformList) -> str:
    """The XML of a conform list."""
    rate = float(contents.rate)
    timeline = otio.schema.Timeline(
        f"{contents.title} mien", global_start_time=_time(contents.first, rate)
    )
    for number, layer in enumerate(contents.layers, 1):
        track = otio.schema.Track(name=f"V{number}", kind=otio.schema.TrackKind.Video)
        at = contents.first
        for event in layer:
            if event.record > at:
                track.append(otio.schema.Gap(duration=_time(event.record - at, rate)))
            track.append(_clip(event, contents.rate))
            at = event.stop
        timeline.tracks.append(track)
    root = ElementTree.fromstring(otio.adapters.write_to_string(timeline, "fcp_xml"))
    _count(root, contents)
    events = [event for layer in contents.layers for event in layer]
    for item, event in zip(root.iter("clipitem"), events, strict=True):
        if event.render.use.speed != 1:
            _retime(item, event, contents.rate)
    ElementTree.indent(root, " ")
    return f"{_HEAD}{ElementTree.tostring(root, 'unicode')}\n"


def _clip(event: ConformEvent, exact: Fraction) -> Any:
    result, use = event.render.result, event.render.use
    rate = float(exact)
    assert result.output is not None
    start, length = _available(event, exact)
    reference = otio.schema.ExternalReference(
        target_url=first_file(result.output.absolute()).as_uri(),
        available_range=otio.opentime.TimeRange(_time(start, rate), _time(length, rate)),
    )
    reference.name = result.output.name
    shown = otio.opentime.TimeRange(_time(event.source, rate), _time(event.length, rate))
    clip = otio.schema.Clip(event.render.name, reference, shown)
    speed = "" if use.speed == 1 else f" ({float(100 * use.speed):g} %)"
    name = f"{MARKER}{event.render.name}{speed}"
    clip.markers.append(
        otio.schema.Marker(name, otio.opentime.TimeRange(_time(event.source, rate), _time(1, rate)))
    )
    return clip


def _available(event: ConformEvent, rate: Fraction) -> tuple[int, int]:
    """Number of a render's first frame and how many it has, at a rate."""
    result = event.render.result
    assert result.frames is not None
    assert result.clock is not None
    start = round(event.render.file_start * rate / event.render.use.rate)
    return start, round(len(result.frames) * rate / result.clock.rate)


def _count(root: ElementTree.Element, contents: ConformList) -> None:
    """Let timecodes drop numbers where the record does, and where each file does."""
    drops = {
        first_file(event.render.result.output.absolute()).as_uri(): event.drop
        for layer in contents.layers
        for event in layer
        if event.render.result.output is not None
    }
    for sequence in root.iter("sequence"):
        _write_code(sequence.find("timecode"), contents.nominal, contents.drop)
    for file in root.iter("file"):
        drop = drops.get(file.findtext("pathurl", ""), False)
        _write_code(file.find("timecode"), contents.nominal, drop)


def _write_code(code: ElementTree.Element | None, nominal: int, drop: bool) -> None:
    if code is None:
        return
    frame = int(code.findtext("frame", "0"))
    for tag, text in (
        ("string", str(Timecode(frame, nominal, drop))), ("displayformat", "DF" if drop else "NDF")
    ):  # fmt: skip
        child = code.find(tag)
        if child is not None:
            child.text = text


def _retime(item: ElementTree.Element, event: ConformEvent, rate: Fraction) -> None:
    """Say an item's speed: in and out count the retimed clip, a graph its media."""
    start, frames = _available(event, rate)
    speed = event.render.use.speed
    at = event.source - start
    if not speed:
        _freeze(item, at, event.length)
        return
    run = abs(speed)
    # Frames of the retimed clip; backwards they count from where the item begins.
    first = int(at / run) if speed > 0 else 0
    length = max(round(frames / run), first + event.length)
    low = at - first * run if speed > 0 else Fraction(at + 1)
    _set(item, {"duration": length, "in": first, "out": first + event.length})
    graph = [(0, low), (length, low + length * speed)]
    effect = ElementTree.SubElement(ElementTree.SubElement(item, "filter"), "effect")
    for tag, text in _EFFECT.items():
        ElementTree.SubElement(effect, tag).text = text
    _parameter(effect, "variablespeed", "0")
    _parameter(effect, "speed", _number(100 * run))
    _parameter(effect, "reverse", "TRUE" if speed < 0 else "FALSE")
    _parameter(effect, "frameblending", "FALSE")
    parameter = _parameter(effect, "graphdict", "0")
    for when, value in graph:
        key = ElementTree.SubElement(parameter, "keyframe")
        ElementTree.SubElement(key, "when").text = str(when)
        ElementTree.SubElement(key, "value").text = _number(value)


def _freeze(item: ElementTree.Element, at: int, length: int) -> None:
    """Let an item show one frame."""
    _set(item, {"in": at, "out": at + length})
    ElementTree.SubElement(item, "stillframe").text = "TRUE"
    ElementTree.SubElement(item, "stillframeoffset").text = str(at)


def _set(item: ElementTree.Element, values: dict[str, int]) -> None:
    for tag, value in values.items():
        child = item.find(tag)
        if child is not None:
            child.text = str(value)


def _parameter(effect: ElementTree.Element, name: str, value: str) -> ElementTree.Element:
    parameter = ElementTree.SubElement(effect, "parameter")
    for tag, text in (("parameterid", name), ("name", name), ("value", value)):
        ElementTree.SubElement(parameter, tag).text = text
    return parameter


def _number(value: Fraction) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


def _time(frames: int, rate: float) -> Any:
    return otio.opentime.RationalTime(frames, rate)
