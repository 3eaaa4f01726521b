"""Conform lists: where each render goes, for editors that read no OTIO.

One event a shot at its record time, with the render's path and a marker `mien:NAME`. The
lists carry no effects and no edits. Source times are those of the rendered files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence as Many
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.times import count_at, exact_rate
from mien.editorial.uses import ClipUse, Sequence, drops_frames, fields_of
from mien.jobs.job import ShotResult
from mien.jobs.names import safe_name
from mien.media.sequence import Pattern, first_file
from mien.timebase import Timecode

__all__ = ["Render", "conform_lists"]

_REEL: Final = 8
"""Letters of a reel's name in CMX 3600."""
_COUNTED: Final = tuple(
    Fraction(1000 * rate, below)
    for rate in (24, 25, 30, 48, 50, 60)
    for below in (1000, 1001)
    if below == 1000 or rate % 25
)
"""Rates of SMPTE timecode (ST 12-1 and 12-3)."""
_MARKER: Final = "mien:"


@dataclass(frozen=True, slots=True)
class Render:
    """A rendered shot where the cut shows it.

    Attributes:
        result: What became of the shot.
        use: Its clip.
        file_start: Number of the render's first frame by its own timecode.
        first: Number of the same frame in the clip's source time.
    """

    result: ShotResult
    use: ClipUse
    file_start: Fraction
    first: Fraction

    @property
    def name(self) -> str:
        """Name of the shot."""
        return self.result.job.name


@dataclass(frozen=True, slots=True)
class _Event:
    """A render on a list, in whole frames of the list's rate."""

    render: Render
    record: int
    length: int
    source: int
    used: int

    @property
    def stop(self) -> int:
        """Record time of the frame after the last."""
        return self.record + self.length


def conform_lists(sequence: Sequence, renders: Many[Render], title: str) -> dict[str, str]:
    """The lists of an edit: file names and what is in them.

    Shots that overlap in time go on further layers: an EDL each, a track each of the XML.

    Args:
        sequence: The edit.
        renders: Its rendered shots.
        title: Name of the lists.
    """
    if not renders:
        return {}
    rate = _rate(sequence)
    layers = _layers([_event(render, sequence, exact_rate(rate)) for render in renders])
    drop = drops_frames(sequence)
    stem = safe_name(title)
    lists = {}
    for number, layer in enumerate(layers, 1):
        name = f"{stem}.mien.edl" if number == 1 else f"{stem}.mien.{number}.edl"
        lists[name] = _edl(layer, title, exact_rate(rate), drop)
    lists[f"{stem}.mien.xml"] = _xml(layers, sequence, title, rate)
    return lists


def _event(render: Render, sequence: Sequence, rate: Fraction) -> _Event:
    use = render.use
    scale = rate / use.rate
    source = (render.file_start + use.shown_from - render.first) * scale
    length = max(1, round(use.record_length * rate))
    return _Event(
        render,
        _first(sequence, rate) + round(use.record * rate),
        length,
        max(0, round(source)),
        max(1, round(length * abs(use.speed))),
    )


def _rate(sequence: Sequence) -> float:
    """The rate of an edit's record; the nearest that timecode can count, where it is another."""
    said = exact_rate((sequence.start or sequence.root.duration()).rate)
    return float(min(_COUNTED, key=lambda rate: abs(rate - said)))


def _first(sequence: Sequence, rate: Fraction) -> int:
    """Number of an edit's first frame."""
    return 0 if sequence.start is None else max(0, round(count_at(sequence.start, rate)))


def _layers(events: list[_Event]) -> list[list[_Event]]:
    """Events in the order of the record, none over another of its layer."""
    layers: list[list[_Event]] = []
    for event in sorted(events, key=lambda one: (one.record, one.render.use.track_number)):
        for layer in layers:
            if layer[-1].stop <= event.record:
                layer.append(event)
                break
        else:
            layers.append([event])
    return layers


def _edl(events: list[_Event], title: str, rate: Fraction, drop: bool) -> str:
    nominal = -(-rate.numerator // rate.denominator)

    def code(frame: int) -> str:
        return str(Timecode(frame, nominal, drop and nominal % 30 == 0))

    lines = [f"TITLE: {title} mien", f"FCM: {'' if drop else 'NON-'}DROP FRAME", ""]
    for number, event in enumerate(events, 1):
        speed = event.render.use.speed
        reel = _reel(event.render)
        used = event.used if speed else 1
        lines.append(
            f"{number:03}  {reel:<8} V     C        "
            f"{code(event.source)} {code(event.source + used)} "
            f"{code(event.record)} {code(event.stop)}"
        )
        if speed != 1:
            lines.append(
                f"M2   {reel:<8} {_speed(speed * rate)}                {code(event.source)}"
            )
        if not speed:
            lines.append("* FREEZE FRAME")
        lines += [
            f"* FROM CLIP NAME: {event.render.name}",
            f"* FROM CLIP: {_listed(event.render)}",
            f"* LOC: {code(event.record)} RED     {_MARKER}{event.render.name}",
        ]
    return "\n".join([*lines, ""])


def _listed(render: Render) -> str:
    """A render's path as EDLs write it: images as `sh010.[1001-1010].exr`."""
    output = render.result.output
    pattern = None if output is None else Pattern.parse(output)
    numbers = [] if pattern is None else pattern.numbers()
    if pattern is None or not numbers:
        return str(output)
    first, last = (f"{number:0{pattern.digits}d}" for number in (numbers[0], numbers[-1]))
    return str(pattern.folder / f"{pattern.prefix}[{first}-{last}]{pattern.suffix}")


def _speed(frames: Fraction) -> str:
    return f"{'-' if frames < 0 else ''}{abs(float(frames)):05.1f}"


def _reel(render: Render) -> str:
    """The source's reel, by which conforming finds material; the shot's name without one."""
    known = fields_of(render.use.clip.metadata, "cmx_3600")
    name = str(known.get("reel", "")) or render.name
    return re.sub(r"[^A-Za-z0-9_]", "", name)[:_REEL].upper() or "MIEN"


def _xml(layers: list[list[_Event]], sequence: Sequence, title: str, rate: float) -> str:
    first = _first(sequence, exact_rate(rate))
    timeline = otio.schema.Timeline(f"{title} mien", global_start_time=_time(first, rate))
    for number, layer in enumerate(layers, 1):
        track = otio.schema.Track(name=f"V{number}", kind=otio.schema.TrackKind.Video)
        at = first
        for event in layer:
            if event.record > at:
                track.append(otio.schema.Gap(duration=_time(event.record - at, rate)))
            track.append(_clip(event, rate))
            at = event.stop
        timeline.tracks.append(track)
    return str(otio.adapters.write_to_string(timeline, "fcp_xml"))


def _clip(event: _Event, rate: float) -> Any:
    result, use = event.render.result, event.render.use
    assert result.output is not None
    assert result.frames is not None
    scale = exact_rate(rate) / use.rate
    start = _time(round(event.render.file_start * scale), rate)
    assert result.clock is not None
    length = round(len(result.frames) * exact_rate(rate) / result.clock.rate)
    reference = otio.schema.ExternalReference(
        target_url=first_file(result.output.absolute()).as_uri(),
        available_range=otio.opentime.TimeRange(start, _time(length, rate)),
    )
    reference.name = result.output.name
    shown = otio.opentime.TimeRange(_time(event.source, rate), _time(event.length, rate))
    clip = otio.schema.Clip(event.render.name, reference, shown)
    speed = "" if use.speed == 1 else f" ({float(100 * use.speed):g} %)"
    name = f"{_MARKER}{event.render.name}{speed}"
    clip.markers.append(
        otio.schema.Marker(name, otio.opentime.TimeRange(_time(event.source, rate), _time(1, rate)))
    )
    return clip


def _time(frames: int, rate: float) -> Any:
    return otio.opentime.RationalTime(frames, rate)
