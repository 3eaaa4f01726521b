"""Items of a track of Final Cut Pro 7 XML: clips, nests, multiclips, generators, transitions."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Protocol

import opentimelineio as otio

from mien.editorial.fcp7_files import (
    Definitions,
    Medium,
    is_true,
    medium_of,
    number_in,
    rate_in,
)
from mien.editorial.fcp7_retime import ItemSpan, Run, retime_filter, run_of
from mien.editorial.times import recount
from mien.editorial.track_layout import TrackLayout, time_warp, varying_retime
from mien.editorial.xml_tree import XmlElement, XmlError, as_fields

__all__ = ["TrackItem", "TrackItems"]

_TICKS: Final = 254_016_000_000
"""Premiere's ticks of a second."""
_TIMES: Final = frozenset((
    "name", "start", "end", "in", "out", "duration", "file", "marker", "filter", "effect",
    "sequence", "multiclip", "rate",
))  # fmt: skip
"""What of an item is not metadata."""
_ZERO: Final = Fraction(0)


class NestReader(Protocol):
    """Reads what items refer to."""

    definitions: Definitions

    def note(self, element: XmlElement, reason: str) -> None:
        """Note what is wrong with an element."""

    def stack(self, sequence: XmlElement, owner: XmlElement) -> tuple[Any, Fraction]:
        """Read a nested sequence, and frames a second of it."""


@dataclass(frozen=True, slots=True)
class TrackItem:
    """An item of a track, with what is beside it there.

    Attributes:
        element: The item.
        before: The one before it; None of the first.
        after: The one after it; None of the last.
    """

    element: XmlElement
    before: XmlElement | None
    after: XmlElement | None


@dataclass(frozen=True, slots=True)
class _Record:
    """When an item is shown, in frames of the edit; with its transitions from `head` to `tail`."""

    start: Fraction
    end: Fraction
    head: Fraction
    tail: Fraction


class TrackItems:
    """Reads the items of one track into a layout."""

    def __init__(self, reader: NestReader, layout: TrackLayout, *, sound: bool) -> None:
        self._reader = reader
        self._layout = layout
        self._sound = sound

    def read(self, spot: TrackItem) -> None:
        """Lay an item; one that cannot be read is left out, and its place stays."""
        element = spot.element
        if element.tag == "transitionitem":
            self._transition(spot)
            return
        try:
            record = self._record(spot)
        except XmlError as problem:
            self._leave_out(element, problem)
            return
        try:
            item = self._item(element, record)
        except XmlError as problem:
            self._leave_out(element, problem)
            item = otio.schema.Gap()
        self._lay(item, record)

    def master(self, clip: XmlElement, at: Fraction) -> Fraction:
        """Lay a clip of a bin, whole or from its `in` to its `out`; returns its seconds."""
        rate = rate_in(clip) or self._layout.rate
        frames = _number(clip, "duration") or _ZERO
        first, last = _number(clip, "in"), _number(clip, "out")
        first = first if first is not None and first >= 0 else _ZERO
        last = last if last is not None and last > first else frames
        length = recount(last - first, rate, self._layout.rate)
        start = at * self._layout.rate
        try:
            item = self._item(clip, _Record(start, start + length, start, start + length))
        except XmlError as problem:
            self._leave_out(clip, problem)
            return _ZERO
        self._lay(item, _Record(start, start + length, start, start + length))
        return length / self._layout.rate

    def _lay(self, item: Any, record: _Record) -> None:
        rate = self._layout.rate
        self._layout.add(
            item, record.start / rate, (record.end - record.start) / rate, sound=self._sound
        )

    def _leave_out(self, element: XmlElement, problem: XmlError) -> None:
        self._reader.note(element, f"{problem.reason}; it was left out")

    # -- when it is shown --

    def _record(self, spot: TrackItem) -> _Record:
        start, end = (_number(spot.element, name) for name in ("start", "end"))
        before, after = _transition_of(spot.before), _transition_of(spot.after)
        head, tail = start, end
        if start is None or start < 0:
            start = head = None
            if before is not None:
                start, head = _cut(before, None, spot.element), _number(before, "start")
        if end is None or end < 0:
            end = tail = None
            if after is not None:
                end, tail = _cut(after, spot.element, None), _number(after, "end")
        first, last = (_number(spot.element, name) for name in ("in", "out"))
        used = None if first is None or last is None or last <= first else last - first
        if used is not None:
            used = recount(used, self._own_rate(spot.element), self._layout.rate)
        if start is None and end is not None and used is not None:
            start = head = end - used
        elif end is None and start is not None and used is not None:
            end = tail = start + used
        if start is None or end is None or head is None or tail is None:
            raise XmlError("it does not say when it is shown", spot.element.line)
        if end <= start:
            raise XmlError(f"it is shown from frame {start} to {end}", spot.element.line)
        return _Record(start, end, min(head, start), max(tail, end))

    def _own_rate(self, element: XmlElement) -> Fraction:
        return rate_in(element) or self._layout.rate

    def _transition(self, spot: TrackItem) -> None:
        element = spot.element
        start, end = (_number(element, name) for name in ("start", "end"))
        if start is None or end is None or start < 0 or end <= start:
            self._leave_out(element, XmlError("it does not say when it is shown"))
            return
        rate = self._layout.rate
        cut = _cut(element, _item_of(spot.before), _item_of(spot.after))
        assert cut is not None
        self._layout.add_transition(
            element.value("effect", "name"), start / rate, (end - start) / rate,
            cut=cut / rate, sound=self._sound,
        )  # fmt: skip

    # -- what it shows --

    def _item(self, element: XmlElement, record: _Record) -> Any:
        own = self._own_rate(element)
        sequence = element.child("sequence")
        if element.tag == "generatoritem":
            item = self._generator(element, record, own)
        elif sequence is not None:
            nest = self._reader.definitions.resolve(sequence)
            item, rate = self._reader.stack(nest, element)
            frames = _number(nest, "duration") or _ZERO
            medium = Medium(None, rate, _ZERO, frames, still=False)
            self._range(item, element, record, own, medium, _ZERO)
        else:
            item = self._clip(element, record, own)
        item.name = element.value("name") or item.name
        item.enabled = is_true(element.value("enabled"), True)
        fields = as_fields(element, _TIMES)
        if fields:
            item.metadata["fcp_xml"] = fields
        for effect in element.all("filter", "effect"):
            if effect not in retime_filter(element) and effect.value("effectid") != "timeremap":
                fields = as_fields(effect, frozenset(("name",)))
                item.effects.append(
                    otio.schema.Effect(effect.value("name"), metadata={"fcp_xml": fields})
                )
        return item

    def _generator(self, element: XmlElement, record: _Record, own: Fraction) -> Any:
        effect = element.child("effect")
        kind = "" if effect is None else effect.value("effectid")
        fields = {} if effect is None else as_fields(effect, frozenset(("name", "effectid")))
        reference = otio.schema.GeneratorReference(
            name="" if effect is None else effect.value("name"),
            generator_kind=kind,
            metadata={"fcp_xml": fields},
        )
        first = max(_ZERO, _number(element, "in") or _ZERO)
        clip = otio.schema.Clip(media_reference=reference)
        clip.source_range = _range(recount(first, own, self._layout.rate), self._layout.rate)
        return clip

    def _clip(self, element: XmlElement, record: _Record, own: Fraction) -> Any:
        multiclip = element if element.tag == "multiclip" else element.child("multiclip")
        angle = None if multiclip is None else _angle(self._reader.definitions.resolve(multiclip))
        definitions = self._reader.definitions
        file = (
            definitions.file_of(element) or definitions.first_file(element)
            if angle is None else definitions.first_file(angle)
        )  # fmt: skip
        if file is None:
            raise XmlError("it names no file", element.line)
        if not file.children:
            raise XmlError(f"its file '{file.get('id')[:40]}' is not in the list", element.line)
        still = is_true(element.value("stillframe"), False)
        medium = medium_of(file, own, still=still)
        clip = otio.schema.Clip(name=file.value("name"), media_reference=medium.reference)
        if medium.still:
            offset = _number(element, "stillframeoffset") or _ZERO
            frame = medium.start + recount(offset, own, medium.rate)
            clip.source_range = _range(frame, medium.rate)
            clip.effects.append(time_warp(_ZERO, "still"))
            return clip
        self._range(clip, element, record, own, medium, self._offset(element, own, medium))
        if angle is not None and _number(angle, "duration") != _number(element, "duration"):
            self._reader.note(
                element, "the file does not say when the active angle of its multiclip begins"
            )
            clip.effects.append(otio.schema.TimeEffect(effect_name="multiclip"))
        self._markers(clip, element, own, medium)
        return clip

    def _offset(self, element: XmlElement, own: Fraction, medium: Medium) -> Fraction:
        """From which frame of its media a subclip counts, in frames of the item."""
        offset = number_in(element.value("subclipinfo", "startoffset")) or _ZERO
        frames = _number(element, "duration")
        whole = recount(medium.frames, medium.rate, own)
        if frames is not None and whole and abs(frames - whole) <= 1:
            # As long as the whole file, it counts from the file's first frame.
            return _ZERO
        return offset

    def _range(
        self, item: Any, element: XmlElement, record: _Record, own: Fraction, medium: Medium,
        offset: Fraction,
    ) -> None:  # fmt: skip
        """Let an item show its part of what it is made from.

        Args:
            item: The item of OTIO's.
            element: The item in the document.
            record: When it is shown.
            own: Frames a second by which the item counts.
            medium: What it is made from.
            offset: What its counts leave out at the head of the media, in its own frames.
        """
        rate = self._layout.rate
        first = max(_ZERO, _number(element, "in") or _ZERO)
        shown = recount(record.tail - record.head, rate, own)
        last = _number(element, "out")
        span = ItemSpan(
            first,
            first + shown if last is None or last <= first else last,
            shown,
            _number(element, "duration") or _ZERO,
            recount(medium.frames, medium.rate, own),
        )
        run = run_of(element, span)
        if run.speed == 1 and not run.fields:
            run = Run(_by_ticks(element, first, own), run.speed, {})
        if offset and run.speed != 1:
            run = Run(run.first, None, run.fields)
        speed = Fraction(1) if run.speed is None else run.speed
        # Shown from the cut in the transition on, not from the transition's own start.
        hidden = record.start - record.head if speed >= 0 else record.tail - record.end
        hidden = _ZERO if run.reach is not None else hidden
        start = run.first + offset + recount(hidden, rate, own) * abs(speed)
        item.source_range = _range(medium.start + recount(start, own, medium.rate), medium.rate)
        if run.reach is not None:
            frames = recount(run.reach, own, medium.rate)
            item.effects.append(varying_retime(frames, "timeremap", run.fields))
        elif run.speed is None:
            item.effects.append(
                otio.schema.TimeEffect(effect_name="timeremap", metadata=run.fields)
            )
        elif run.speed != 1:
            item.effects.append(time_warp(run.speed, "timeremap", run.fields))

    def _markers(self, clip: Any, element: XmlElement, own: Fraction, medium: Medium) -> None:
        for marker in element.all("marker"):
            first, last = _number(marker, "in"), _number(marker, "out")
            if first is None or first < 0:
                continue
            start = medium.start + recount(first, own, medium.rate)
            length = max(Fraction(1), (last or _ZERO) - first)
            marked = otio.opentime.TimeRange(
                otio.opentime.RationalTime(float(start), float(medium.rate)),
                otio.opentime.RationalTime(float(length), float(medium.rate)),
            )
            made = otio.schema.Marker(marker.value("name"), marked)
            made.metadata["fcp_xml"] = as_fields(marker, frozenset(("name", "in", "out")))
            clip.markers.append(made)


def _number(element: XmlElement, name: str) -> Fraction | None:
    return number_in(element.value(name))


def _range(start: Fraction, rate: Fraction) -> Any:
    """A range whose length the layout settles."""
    return otio.opentime.TimeRange(otio.opentime.RationalTime(float(start), float(rate)))


def _transition_of(element: XmlElement | None) -> XmlElement | None:
    return element if element is not None and element.tag == "transitionitem" else None


def _item_of(element: XmlElement | None) -> XmlElement | None:
    return None if element is None or element.tag == "transitionitem" else element


def _cut(
    transition: XmlElement, before: XmlElement | None, after: XmlElement | None
) -> Fraction | None:
    """The frame of the edit at which a transition's clips meet; None where it says no times.

    A clip beside it that says its own end or start knows best; else the alignment does.
    """
    start, end = _number(transition, "start"), _number(transition, "end")
    if start is None or end is None:
        return None
    for item, name in ((before, "end"), (after, "start")):
        said = None if item is None else _number(item, name)
        if said is not None and start <= said <= end:
            return said
    alignment = transition.value("alignment").lower()
    if alignment.startswith("end"):
        return end
    if alignment.startswith("start"):
        return start
    return Fraction((start + end) // 2)


def _angle(multiclip: XmlElement) -> XmlElement:
    """The clip of a multiclip's active angle; that of the first where none is said to be."""
    angles = multiclip.all("angle")
    active = [one for one in angles if is_true(one.value("activevideoangle"), False)]
    for angle in active or angles:
        clip = angle.child("clip")
        if clip is not None:
            return clip
    raise XmlError("its multiclip has no angle", multiclip.line)


def _by_ticks(element: XmlElement, first: Fraction, own: Fraction) -> Fraction:
    """The first frame by Premiere's ticks, where they disagree with frames of another rate."""
    ticks = _number(element, "pproTicksIn")
    if ticks is None or ticks < 0:
        return first
    said = ticks / _TICKS * own
    return first if abs(said - first) <= 1 else said
