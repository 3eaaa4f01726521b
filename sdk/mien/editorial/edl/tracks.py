"""Events as OpenTimelineIO holds them: tracks of clips, gaps and transitions.

A tape has one track of pictures. What a list lays over something else, a key's foreground or an
event that overlaps an earlier one, goes onto a track above.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.edl.counting import TIMECODE, Counter, marks_drop
from mien.editorial.edl.events import Event
from mien.editorial.edl.groups import Side
from mien.editorial.notices import Notices
from mien.media.codecs import CONTAINERS
from mien.media.sequence import EXTENSIONS

__all__ = ["DROP", "METADATA", "tracks_of"]

METADATA: Final = "cmx_3600"
"""Where clips and timelines keep what only an EDL says."""
DROP: Final = "drop_frame"
"""Says there whether timecodes drop numbers: a clip's of its source, a timeline's of its record.

Left out where the list does not say.
"""
_IMAGES: Final = re.compile(r"(.*?)\[(\d+)-(\d+)\](\.\w+)")
_LOCATOR: Final = re.compile(rf"({TIMECODE})\s+(\w*)\s*(.*)")
_TRIPLE: Final = r"\(\s*([-+\d.eE]+)[\s,]+([-+\d.eE]+)[\s,]+([-+\d.eE]+)[\s,]*\)"
_SLOPES: Final = re.compile(rf"{_TRIPLE}\s*{_TRIPLE}\s*{_TRIPLE}")
_LONGEST_GRADE: Final = 1000
_HERE: Final = "./"
"""The folder of images that are named without one: the cut's own."""
_FROZEN: Final = " FF"
"""What Avid puts behind the name of a frozen clip."""


def tracks_of(
    events: Sequence[Event], first: int, counter: Counter, drop: bool, notices: Notices
) -> list[Any]:
    """The tracks of an edit, those of pictures first.

    Args:
        events: The events, in the order of the list.
        first: Number of the record's first frame.
        counter: Counts the list's timecodes.
        drop: Whether record timecodes drop numbers.
        notices: Gets what overlaps.
    """
    tracks = []
    builder = _Builder(first, counter, drop)
    for number in _numbers(event.side.line.pictures for event in events):
        own = [event for event in events if number in event.side.line.pictures]
        for height, layer in enumerate(_layers(own, notices)):
            name = "V" if number == 1 else f"V{number}"
            name = f"{name} over {height}" if height else name
            tracks.append(builder.track(layer, name, otio.schema.TrackKind.Video))
    for number in _numbers(event.side.sounds for event in events):
        own = [event for event in events if number in event.side.sounds]
        layers = _layers(own, Notices())
        name = "A" if number == 1 else f"A{number}"
        tracks += [builder.track(layer, name, otio.schema.TrackKind.Audio) for layer in layers]
    return tracks


def _numbers(channels: Iterable[Sequence[int]]) -> list[int]:
    return sorted({number for numbers in channels for number in numbers})


def _layers(events: Sequence[Event], notices: Notices) -> list[list[Event]]:
    """Events of a track, none over another: what comes later in the list lies over the earlier.

    Sorted by time. An event that another mixes into ends where the mix begins.
    """
    ends = _ends(events)
    layers: list[list[tuple[int, int, int]]] = []
    for number, event in enumerate(events):
        stop = ends[event.order]
        # From the top: lists of thousands that all overlap are looked at once an event.
        heights = range(len(layers), 0, -1)
        height = next((n for n in heights if _taken(layers[n - 1], event.start, stop)), 0)
        if height == len(layers):
            layers.append([])
        insort(layers[height], (event.start, stop, number))
        if height and event.side.line.transition not in ("K", "KO"):
            notices.add(
                "overlap others, over which they lie",
                f"{event.side.line.title} overlaps an earlier event: it lies over it.",
            )
    for layer in layers:
        for start, stop, number in layer:
            events[number].length = stop - start
    return [[events[number] for _, _, number in layer] for layer in layers]


def _ends(events: Sequence[Event]) -> dict[int, int]:
    """Where every event ends, by its order: some are listed up to the end of the mix after it."""
    ends = {event.order: event.stop for event in events}
    ordered = sorted(events, key=lambda event: (event.start, event.order))
    for before, event in pairwise(ordered):
        if event.mix and before.start < event.start < before.stop <= event.start + event.mix:
            ends[before.order] = event.start
    return ends


def _taken(layer: list[tuple[int, int, int]], start: int, stop: int) -> bool:
    """Whether a layer shows something between two frames."""
    at = bisect_left(layer, (stop, 0, 0))
    return at > 0 and layer[at - 1][1] > start


class _Builder:
    def __init__(self, first: int, counter: Counter, drop: bool) -> None:
        self._first = first
        self._counter = counter
        self._drop = drop
        self._rate = float(counter.rate)

    def track(self, events: Sequence[Event], name: str, kind: str) -> Any:
        """A track of events that are sorted and do not overlap."""
        track = otio.schema.Track(name, kind=kind)
        at, before = self._first, None
        for event in events:
            if event.start > at:
                track.append(self._gap(event.start - at))
                before = None
            if event.mix:
                if event.outgoing is not None and not _continues(before, event.outgoing):
                    black = event.outgoing.is_black
                    track.append(self._gap(0) if black else self._clip(event.outgoing))
                elif before is None and not len(track):
                    track.append(self._gap(0))
                track.append(self._transition(event))
            track.append(self._gap(event.length) if event.is_black else self._clip(event))
            at, before = event.stop, event
        return track

    def _gap(self, length: int) -> Any:
        return otio.schema.Gap(duration=self._time(length))

    def _transition(self, event: Event) -> Any:
        code = event.side.line.transition
        dissolve = otio.schema.TransitionTypes.SMPTE_Dissolve
        kind = dissolve if code.startswith("D") else "SMPTE_Wipe"
        fields = {"transition": code, "transition_duration": event.side.line.duration}
        return otio.schema.Transition(
            kind, kind, self._time(0), self._time(event.mix), metadata={METADATA: fields}
        )

    def _clip(self, event: Event) -> Any:
        side = event.side
        reference = self._reference(event)
        span = otio.opentime.TimeRange(self._time(event.source), self._time(event.length))
        clip = otio.schema.Clip(_name(event), reference, span)
        if not event.speed:
            clip.effects.append(otio.schema.FreezeFrame())
        elif event.speed != 1:
            clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(event.speed)))
        fields: dict[str, Any] = {
            "reel": side.reel, "event": side.line.number, "line": side.line.line,
            "comments": side.remarks,
        }  # fmt: skip
        if self._counter.can_drop:
            fields[DROP] = event.drop
        if side.line.transition != "C":
            fields["transition"] = side.line.transition
        if side.source_file:
            fields["source_file"] = side.source_file
        clip.metadata[METADATA] = fields
        if grade := _grade(side.grades):
            clip.metadata["cdl"] = grade
        clip.markers.extend(self._markers(event))
        return clip

    def _reference(self, event: Event) -> Any:
        if event.side.line.reel.upper() == "BARS" and not event.side.path:
            return otio.schema.GeneratorReference(generator_kind="SMPTEBars")
        path = _path(event.side)
        images = _IMAGES.fullmatch(path.replace("\\", "/"))
        if images is not None and images[4].lower() in EXTENSIONS:
            return self._images(images, event)
        return otio.schema.ExternalReference(path) if path else otio.schema.MissingReference()

    def _images(self, named: re.Match[str], event: Event) -> Any:
        """The images `shot.[1001-1020].exr`, of which source times may be the numbers."""
        folder, slash, prefix = named[1].rpartition("/")
        first, last = int(named[2]), int(named[3])
        length, start = last - first + 1, None
        if first <= event.source <= last:
            start = first
        elif 0 <= event.source < length:
            start = 0
        span = None
        if start is not None:
            span = otio.opentime.TimeRange(self._time(start), self._time(length))
        return otio.schema.ImageSequenceReference(
            target_url_base=folder + slash or _HERE, name_prefix=prefix, name_suffix=named[4],
            start_frame=first, rate=self._rate, frame_zero_padding=len(named[2]),
            available_range=span,
        )  # fmt: skip

    def _markers(self, event: Event) -> list[Any]:
        """Locators, which stand at record times, at those of their clip."""
        markers = []
        for text in event.side.locators:
            match = _LOCATOR.fullmatch(text)
            if match is None:
                continue
            drop = self._counter.can_drop and marks_drop([match[1]], self._drop)
            try:
                when = self._counter.frames(match[1], drop) - event.start
            except ValueError:
                continue
            day = self._counter.day(self._drop)
            when += day if when < -day // 2 else 0
            at = otio.opentime.TimeRange(self._time(event.source + when), self._time(0))
            color = match[2].upper()
            usual = color if hasattr(otio.schema.MarkerColor, color) else "RED"
            marker = otio.schema.Marker(match[3].strip(), at, usual)
            marker.metadata[METADATA] = {"color": match[2]}
            markers.append(marker)
        return markers

    def _time(self, frames: int) -> Any:
        return otio.opentime.RationalTime(frames, self._rate)


def _continues(before: Event | None, outgoing: Event) -> bool:
    """Whether the outgoing side of a transition is the event that ends there, going on."""
    if before is None or before.is_black or outgoing.is_black:
        return before is not None and before.is_black and outgoing.is_black
    one, other = before.side, outgoing.side
    if one.line.reel.casefold() != other.line.reel.casefold():
        return False
    if one.name and other.name and one.name != other.name:
        return False
    # Some write a retimed clip as if its speed were 1, some count a still on.
    ends = (before.source_stop, Fraction(before.source + before.length), Fraction(before.source))
    return any(abs(outgoing.source - end) <= 1 for end in ends)


def _name(event: Event) -> str:
    side = event.side
    path = _path(side).replace("\\", "/")
    images = _IMAGES.fullmatch(PurePosixPath(path).name)
    stem = images[1].rstrip("._-") if images is not None else PurePosixPath(path).stem
    name = side.name or stem or side.source_file or side.reel
    frozen = not event.speed and name.endswith(_FROZEN)
    return name.removesuffix(_FROZEN) if frozen else name


def _path(side: Side) -> str:
    """Path of an event's media, from whatever note names a file; "" without one."""
    if side.path:
        return side.path
    suffix = PureWindowsPath(side.source_file).suffix.lower()
    if suffix in CONTAINERS or suffix in EXTENSIONS:
        return side.source_file
    return side.name if _IMAGES.fullmatch(side.name) else ""


def _grade(grades: dict[str, str]) -> dict[str, Any] | None:
    """An ASC CDL as OpenTimelineIO's metadata hold it; None without one that can be read."""
    slopes = _SLOPES.search(grades.get("ASC_SOP", "")[:_LONGEST_GRADE])
    try:
        values = [1.0] * 3 + [0.0] * 3 + [1.0] * 3
        if slopes is not None:
            values = [float(value) for value in slopes.groups()]
        saturation = float(grades.get("ASC_SAT", "1"))
    except ValueError:
        return None
    if not grades:
        return None
    names = ("slope", "offset", "power")
    return {
        "asc_sat": saturation,
        "asc_sop": {name: values[3 * n : 3 * n + 3] for n, name in enumerate(names)},
    }
