"""Final Cut Pro 7 XML (xmeml, versions 1 to 5), as Final Cut, Premiere and Resolve write it.

A sequence is placed in frames of its rate, an item's source in frames of the item's. Elements
with an id are written once and referred to by it, before or after. An item that cannot be read
is left out alone, with a notice, and its place stays.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.fcp7_files import Definitions, is_true, number_in, rate_in, timecode_in
from mien.editorial.fcp7_items import TrackItem, TrackItems
from mien.editorial.notices import Notices, kind_of
from mien.editorial.times import recount
from mien.editorial.track_layout import TrackLayout
from mien.editorial.xml_tree import XmlElement, XmlError, as_fields
from mien.errors import InputError

__all__ = ["read_fcp7"]

_HOLDERS: Final = ("project", "children", "bin", "xmeml")
_ITEMS: Final = ("clipitem", "generatoritem", "multiclip")
_ZERO: Final = Fraction(0)
_DEEPEST: Final = 24
_MOST: Final = 50_000
"""Items of nests, counted wherever these are used: they multiply."""


def read_fcp7(root: XmlElement) -> tuple[Any, tuple[str, ...]]:
    """Read the sequences of a document; where it has none, the clips of its bins.

    Returns:
        A timeline, or a collection where there are several; and what was left out.

    Raises:
        XmlError: When it holds neither a sequence nor a clip that can be read.
    """
    reader = _Reader(root)
    timelines: list[Any] = []
    problems: list[XmlError] = []
    listed = _listed(root)
    for sequence in (element for element in listed if element.tag == "sequence"):
        try:
            timelines.append(reader.timeline(reader.definitions.resolve(sequence)))
        except XmlError as problem:
            problems.append(problem)
            reader.note(sequence, f"{problem.reason}; it was left out")
    if not timelines and not problems:
        timelines = reader.clips([element for element in listed if element.tag == "clip"], root)
    if not timelines:
        raise problems[0] if problems else XmlError("it holds no sequence and no clip", root.line)
    if len(timelines) == 1:
        return timelines[0], reader.notices.lines()
    return otio.schema.SerializableCollection(children=timelines), reader.notices.lines()


def _listed(root: XmlElement) -> list[XmlElement]:
    """The sequences and clips of the document's bins, not those inside of others."""
    waiting, listed = [root], []
    while waiting:
        element = waiting.pop(0)
        if element.tag in _HOLDERS:
            waiting = element.children + waiting
        elif element.tag in ("sequence", "clip"):
            listed.append(element)
    return listed


class _Reader:
    """Reads sequences, those in others too, and notes what it leaves out."""

    def __init__(self, root: XmlElement) -> None:
        self.definitions = Definitions(root)
        self.notices = Notices("{} more elements: {}.")
        self._open: list[int] = []
        self._count = 0

    def note(self, element: XmlElement, reason: str) -> None:
        """Note what is wrong with an element, once."""
        name = element.value("name")
        label = f"{element.tag} {name}" if name else element.tag
        self.notices.add(kind_of(reason), f"{label} (line {element.line}): {reason}.")

    def timeline(self, sequence: XmlElement) -> Any:
        """A sequence as a timeline."""
        rate = self._rate(sequence)
        timeline = otio.schema.Timeline(
            name=sequence.value("name"),
            metadata={"fcp_xml": as_fields(sequence, frozenset(("name", "media", "marker")))},
        )
        timecode = sequence.child("timecode")
        if timecode is not None:
            frame, own = timecode_in(timecode, rate)
            timeline.global_start_time = otio.opentime.RationalTime(
                float(recount(frame, own, rate)), float(rate)
            )
        self._open.append(id(sequence))
        try:
            timeline.tracks.extend(self._tracks(sequence, rate))
        finally:
            self._open.pop()
        return timeline

    def stack(self, sequence: XmlElement, owner: XmlElement) -> tuple[Any, Fraction]:
        """A sequence inside another, and frames a second of it.

        Raises:
            XmlError: When it has none of its own, or is in itself.
        """
        if id(sequence) in self._open:
            raise XmlError("it is inside itself", owner.line)
        if len(self._open) > _DEEPEST:
            raise XmlError(f"sequences are nested more than {_DEEPEST} deep", owner.line)
        if sequence.child("media") is None:
            raise XmlError("its sequence is not in the file", owner.line)
        self._open.append(id(sequence))
        try:
            rate = self._rate(sequence)
            stack = otio.schema.Stack(name=sequence.value("name"))
            stack.extend(self._tracks(sequence, rate))
        finally:
            self._open.pop()
        return stack, rate

    def clips(self, clips: list[XmlElement], root: XmlElement) -> list[Any]:
        """The clips of the bins, one after another."""
        clips = [clip for clip in map(self.definitions.resolve, clips) if clip.child("file")
                 or clip.child("media")]  # fmt: skip
        rates = [rate for clip in clips if (rate := rate_in(clip)) is not None]
        if not rates:
            return []
        layout, at = TrackLayout(rates[0]), _ZERO
        for clip in clips:
            reader = TrackItems(self, layout, sound=False)
            at += reader.master(clip, at)
        timeline = otio.schema.Timeline(name="clips")
        timeline.tracks.extend(layout.tracks())
        self.note(root, "it holds clips and no sequence; they are read one after another")
        return [timeline] if len(timeline.tracks) else []

    def _rate(self, sequence: XmlElement) -> Fraction:
        holders = [sequence, sequence.child("timecode")]
        holders.append(sequence.child("media", "video", "format", "samplecharacteristics"))
        items = (item for tag in _ITEMS for item in sequence.all("media", "video", "track", tag))
        for holder in (*holders, *items):
            rate = None if holder is None else rate_in(holder)
            if rate is not None:
                return rate
        raise XmlError("it does not say its frame rate", sequence.line)

    def _tracks(self, sequence: XmlElement, rate: Fraction) -> list[Any]:
        tracks = []
        for kind in ("video", "audio"):
            for element in sequence.all("media", kind, "track"):
                if not _is_first_channel(element):
                    continue
                tracks += self._track(element, kind == "audio", rate)
        return tracks

    def _track(self, element: XmlElement, sound: bool, rate: Fraction) -> list[Any]:
        """A track; more than one where its items lie over each other."""
        layout = TrackLayout(rate)
        items = TrackItems(self, layout, sound=sound)
        for spot in _spots(element):
            self._count += len(self._open) > 1
            if self._count > _MOST:
                raise InputError(
                    f"The cut's nests show more than {_MOST} clips when they are opened.",
                    "Export the part of it that is to be rendered.",
                )
            items.read(spot)
        kind = otio.schema.TrackKind.Audio if sound else otio.schema.TrackKind.Video
        tracks = layout.tracks() or [otio.schema.Track(kind=kind)]
        for track in tracks:
            track.name = element.get("MZ.TrackName") or element.value("name")
            track.enabled = is_true(element.value("enabled"), True)
            fields = as_fields(element, frozenset((*_ITEMS, "transitionitem", "name")))
            track.metadata["fcp_xml"] = fields
        return tracks


def _spots(track: XmlElement) -> list[TrackItem]:
    """The items of a track, with the transitions beside them."""
    children = [child for child in track.children if child.tag in (*_ITEMS, "transitionitem")]
    return [
        TrackItem(
            element,
            children[index - 1] if index else None,
            children[index + 1] if index + 1 < len(children) else None,
        )
        for index, element in enumerate(children)
    ]


def _is_first_channel(track: XmlElement) -> bool:
    """Whether a track is the first of those into which Premiere divides a sound."""
    index, count = (
        number_in(track.get(name))
        for name in ("currentExplodedTrackIndex", "totalExplodedTrackCount")
    )
    return not index or (count or 1) == 1
