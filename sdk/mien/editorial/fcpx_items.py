"""The elements of FCPXML that lie in time: clips of every kind, storylines, what is connected."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.fcpx_resources import Resources
from mien.editorial.fcpx_times import ClipTiming, seconds_in, timing_of
from mien.editorial.notices import Notices, kind_of
from mien.editorial.times import seconds
from mien.editorial.track_layout import TrackLayout, span_of, time_warp
from mien.editorial.xml_tree import XmlElement, XmlError
from mien.errors import InputError
from mien.model.rates import exact_rate

__all__ = ["ITEMS", "ItemReader"]

_LEAVES: Final = ("asset-clip", "video", "audio", "title", "live-drawing")
_CONTAINERS: Final = ("clip", "sync-clip")
ITEMS: Final = frozenset((*_LEAVES, *_CONTAINERS, "ref-clip", "mc-clip", "gap", "audition"))
"""Elements that lie in time."""
_STORYLINES: Final = ("spine", "storyline")
_IGNORED: Final = frozenset(("caption", "transition", "marker", "chapter-marker", "rating",
    "keyword", "analysis-marker", "note", "metadata", "audio-channel-source"))  # fmt: skip
"""Elements in a storyline that show nothing of their own."""
_ZERO: Final = Fraction(0)
_DEEPEST: Final = 24
_MOST: Final = 50_000
"""Items of compound clips, counted wherever these are used: they multiply."""

Lane = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What an element shows: an item of OTIO's for some seconds of the edit."""

    item: Any
    start: Fraction
    length: Fraction
    conform: Fraction = Fraction(1)
    sound: bool = False


class ItemReader:
    """Reads elements that lie in time into layouts, and notes those that cannot be."""

    def __init__(self, resources: Resources, notices: Notices) -> None:
        self._resources = resources
        self._notices = notices
        self._open: list[int] = []
        self._count = 0

    def rate_of(self, sequence: XmlElement) -> Fraction:
        """Frames a second of a sequence or multicam clip.

        Raises:
            XmlError: When neither it nor the document says.
        """
        rate = self._resources.rate(sequence) or self._resources.only_rate()
        if rate is None:
            raise XmlError("its format does not say a frame rate", sequence.line)
        return rate

    def clip_rate(self, clip: XmlElement) -> Fraction | None:
        """Frames a second of a clip outside any sequence; None where it does not say."""
        for element in clip.walk():
            resource = self._resources.get(element.get("ref"))
            media = None if resource is None else (resource.child("sequence") or resource)
            for holder in (element, media, resource and resource.child("multicam")):
                rate = None if holder is None else self._resources.rate(holder)
                if rate is not None:
                    return rate
        return None

    def sequence(self, sequence: XmlElement, rate: Fraction) -> TrackLayout:
        """What a sequence shows, counted from its first frame."""
        layout = TrackLayout(rate)
        start = seconds_in(sequence, "tcStart", _ZERO)
        for spine in sequence.all("spine"):
            self._storyline(spine.children, _base(spine.children, start), (), layout)
        return layout

    def _storyline(
        self, children: list[XmlElement], base: Fraction, lane: Lane, layout: TrackLayout
    ) -> None:
        """Lay the elements of a storyline whose second `base` is the layout's first."""
        at = _ZERO
        for element in children:
            if element.tag == "transition":
                self._transition(element, base, lane, layout)
            elif element.tag in ITEMS:
                at = self._begin(element, at + base) - base
                at += self.lay(element, at, lane, layout)
            elif element.tag in _STORYLINES:
                self._storyline(element.children, base, lane, layout)
            elif element.tag not in _IGNORED:
                self._leave_out(element, XmlError("mien does not know this element"))
                at += _said_length(element)

    def _begin(self, element: XmlElement, following: Fraction) -> Fraction:
        """When an element of a storyline begins; after the one before it, where it does not say."""
        try:
            return _offset(element, following)
        except XmlError as problem:
            self._note(element, f"{problem.reason}; it follows the one before it")
            return following

    def _transition(
        self, element: XmlElement, base: Fraction, lane: Lane, layout: TrackLayout
    ) -> None:
        try:
            start = seconds_in(element, "offset") - base
            length = seconds_in(element, "duration")
        except XmlError as problem:
            self._leave_out(element, problem)
            return
        layout.add_transition(element.get("name"), start, length, lane)

    def lay(self, element: XmlElement, at: Fraction, lane: Lane, layout: TrackLayout) -> Fraction:
        """Lay an element and what is connected to it.

        Args:
            element: The element.
            at: When it is shown, in seconds of the layout.
            lane: The lanes that lead to it.
            layout: Where to lay it.

        Returns:
            How long it is shown, in seconds.
        """
        picked = _picked(element)
        try:
            shown = self._shown(picked, layout.rate)
        except XmlError as problem:
            self._leave_out(picked, problem)
            shown = _Shown(None, _start_said(picked), _said_length(picked))
        item = otio.schema.Gap() if shown.item is None else shown.item
        layout.add(item, at, shown.length, lane, sound=shown.sound)
        for child in picked.children:
            if _is_connected(child, picked):
                self._connect(child, shown, at, lane, layout)
        return shown.length

    def _connect(
        self, child: XmlElement, shown: _Shown, at: Fraction, lane: Lane, layout: TrackLayout
    ) -> None:
        """Lay what is connected to a clip, which is shown from `at`."""
        try:
            offset = _offset(child, shown.start)
            base = _first_offset(child) if child.tag in _STORYLINES else _ZERO
        except XmlError as problem:
            self._leave_out(child, problem)
            return
        lane = (*lane, _lane(child) or 1)
        at += (offset - shown.start) / shown.conform
        if child.tag not in _STORYLINES:
            self.lay(child, at, lane, layout)
            return
        self._storyline(child.children, base - at, lane, layout)

    def _shown(self, element: XmlElement, rate: Fraction) -> _Shown:
        """What an element shows in an edit of a rate.

        Raises:
            XmlError: When it cannot be read.
        """
        self._count += bool(self._open)
        if self._count > _MOST:
            raise InputError(
                f"The cut's compound clips show more than {_MOST} clips when they are opened.",
                "Export the part of it that is to be rendered.",
            )
        if len(self._open) > _DEEPEST:
            raise XmlError(f"compound clips are nested more than {_DEEPEST} deep", element.line)
        readers: dict[str, Callable[[XmlElement, Fraction], _Shown]] = {
            "gap": self._gap, "ref-clip": self._ref_clip, "mc-clip": self._mc_clip,
            "clip": self._container, "sync-clip": self._container,
        }  # fmt: skip
        read = readers.get(element.tag, self._leaf)
        shown = read(element, rate)
        if shown.length <= 0:
            raise XmlError("it lasts no time", element.line)
        return shown

    def _gap(self, element: XmlElement, _: Fraction) -> _Shown:
        return _Shown(None, seconds_in(element, "start", _ZERO), seconds_in(element, "duration"))

    def _leaf(self, element: XmlElement, rate: Fraction) -> _Shown:
        """An element that shows one medium: asset-clip, video, audio, title."""
        key = element.get("ref")
        resource = self._resources.get(key)
        own = (None if resource is None else self._resources.rate(resource)) or rate
        reference = self._resources.reference(key, rate)
        media = _range_of(resource)
        start = seconds_in(element, "start", media[0])
        length = seconds_in(element, "duration", media[0] + media[1] - start)
        if resource is None and element.tag not in ("title", "live-drawing"):
            self._note(element, f"its medium '{key[:40]}' is not in the file")
        sound = element.tag == "audio" or _heard_only(element) or (
            self._resources.is_heard_only(key)
        )  # fmt: skip
        clip = otio.schema.Clip(name=_name(element, resource), media_reference=reference)
        if self._resources.is_still(key):
            clip.source_range = span_of(media[0], length, rate)
            clip.effects.append(time_warp(_ZERO, "still"))
            timing = ClipTiming(media[0], _ZERO, Fraction(1))
        else:
            known = media if resource is not None and resource.tag == "asset" else None
            timing = timing_of(element, start, length, rate, own, known)
            _retime(clip, timing, own, length)
        self._dress(clip, element, own)
        return _Shown(clip, start, length, timing.conform, sound)

    def _container(self, element: XmlElement, rate: Fraction) -> _Shown:
        """A clip or synchronized clip: what is in it is placed in its own time."""
        own = self._resources.rate(element) or rate
        contents = [
            child
            for child in element.children
            if (child.tag in ITEMS or child.tag in _STORYLINES) and not _lane(child)
        ]
        if not contents:
            raise XmlError("nothing is in it", element.line)
        base = min(_offset(child, _ZERO) for child in contents)
        layout = TrackLayout(own)
        sounds = 0
        for child in contents:
            at = _offset(child, _ZERO) - base
            if child.tag in _STORYLINES:
                begins = base if not child.get("offset") else _first_offset(child) - at
                self._storyline(child.children, begins, (), layout)
            else:
                # Sounds beside the picture lie over each other, each on a track of its own.
                sounds += child.tag == "audio"
                lane = (-sounds,) if child.tag == "audio" else ()
                self.lay(child, at, lane, layout)
        length = seconds_in(element, "duration", layout.length)
        start = seconds_in(element, "start", base if base >= length else _ZERO)
        timing = timing_of(element, start, length, rate, own, None)
        return self._stack(element, layout, timing, start, base, length)

    def _ref_clip(self, element: XmlElement, rate: Fraction) -> _Shown:
        """A compound clip: a sequence of its own."""
        sequence = self._resources.media(element, "sequence")
        first = seconds_in(sequence, "tcStart", _ZERO)
        own = self.rate_of(sequence)
        layout = self._opened(sequence, element, lambda: self.sequence(sequence, own))
        return self._compound(element, layout, first, rate)

    def _mc_clip(self, element: XmlElement, rate: Fraction) -> _Shown:
        """A multicam clip: of its angles the one whose pictures are on."""
        multicam = self._resources.media(element, "multicam")
        first = seconds_in(multicam, "tcStart", _ZERO)
        own = self.rate_of(multicam)
        angle, sound = _angle(element, multicam)
        layout = TrackLayout(own)

        def read() -> TrackLayout:
            self._storyline(angle.children, _base(angle.children, first), (), layout)
            return layout

        shown = self._compound(element, self._opened(multicam, element, read), first, rate)
        return _Shown(shown.item, shown.start, shown.length, shown.conform, shown.sound or sound)

    def _opened(
        self, content: XmlElement, element: XmlElement, read: Callable[[], TrackLayout]
    ) -> TrackLayout:
        """Read a compound's content, which may not be in itself."""
        if id(content) in self._open:
            raise XmlError("it is inside itself", element.line)
        self._open.append(id(content))
        try:
            return read()
        finally:
            self._open.pop()

    def _compound(
        self, element: XmlElement, layout: TrackLayout, first: Fraction, rate: Fraction
    ) -> _Shown:
        start = seconds_in(element, "start", first)
        length = seconds_in(element, "duration", first + layout.length - start)
        timing = timing_of(element, start, length, rate, layout.rate, (first, layout.length))
        return self._stack(element, layout, timing, start, first, length)

    def _stack(
        self, element: XmlElement, layout: TrackLayout, timing: ClipTiming,
        start: Fraction, base: Fraction, length: Fraction,
    ) -> _Shown:  # fmt: skip
        """The item of a clip with content: the only picture in it, or a stack."""
        sound = _heard_only(element) or not layout.has_pictures
        tracks = layout.tracks()
        moved = ClipTiming(timing.first - base, timing.speed, timing.conform)
        item = _only_clip(tracks, moved, length) if element.tag == "clip" else None
        name = element.get("name") or _named(self._resources.get(element.get("ref")))
        if item is None:
            item = otio.schema.Stack(name=name)
            item.extend(tracks)
            _retime(item, moved, layout.rate, length)
        elif name:
            item.name = name
        self._dress(item, element, layout.rate)
        return _Shown(item, start, length, timing.conform, sound)

    def _dress(self, item: Any, element: XmlElement, rate: Fraction) -> None:
        """Give an item its markers, its metadata, and whether it is on."""
        item.enabled = item.enabled and element.get("enabled", "1") != "0"
        item.metadata["fcpx"] = {"element": element.tag, **element.attributes}
        for marker in (*element.all("marker"), *element.all("chapter-marker")):
            try:
                start = seconds_in(marker, "start")
                length = seconds_in(marker, "duration", 1 / rate)
            except XmlError as problem:
                self._note(marker, problem.reason)
                continue
            made = otio.schema.Marker(marker.get("value"), span_of(start, length, rate))
            item.markers.append(made)

    def _leave_out(self, element: XmlElement, problem: XmlError) -> None:
        self._note(element, f"{problem.reason}; it was left out")

    def _note(self, element: XmlElement, reason: str) -> None:
        name = element.get("name")
        label = f"{element.tag} {name}" if name else element.tag
        self._notices.add(kind_of(reason), f"{label} (line {element.line}): {reason}.")


def _base(children: list[XmlElement], start: Fraction) -> Fraction:
    """The second of a storyline's time that is the edit's first.

    It is the start timecode; where all is placed before that, offsets were counted from 0.
    """
    offsets = []
    for child in children:
        if child.tag in ITEMS and child.get("offset"):
            with suppress(XmlError):
                offsets.append(seconds_in(child, "offset"))
    return start if not offsets or max(offsets) >= start else _ZERO


def _offset(element: XmlElement, default: Fraction) -> Fraction:
    """When an element begins in its parent's time; an audition may leave that to its picks."""
    if element.get("offset") or element.tag != "audition":
        return seconds_in(element, "offset", default)
    return seconds_in(_picked(element), "offset", default)


def _first_offset(storyline: XmlElement) -> Fraction:
    """The time of a storyline's own with which it begins: it has no hole at its head."""
    first = next((child for child in storyline.children if child.tag in ITEMS), None)
    return _ZERO if first is None else _offset(first, _ZERO)


def _picked(element: XmlElement) -> XmlElement:
    """The element itself; of an audition the first pick, which is the one that is shown."""
    for _ in range(_DEEPEST):
        picks = [child for child in element.children if child.tag in ITEMS]
        if element.tag != "audition" or not picks:
            break
        element = picks[0]
    return element


def _lane(element: XmlElement) -> int:
    text = element.get("lane") or (
        _picked(element).get("lane") if element.tag == "audition" else ""
    )
    try:
        return int(text or 0)
    except ValueError:
        return 1


def _is_connected(child: XmlElement, parent: XmlElement) -> bool:
    """Whether an element in a clip is connected to it, and not what the clip shows."""
    if child.tag not in ITEMS and child.tag not in _STORYLINES:
        return False
    return parent.tag != "audition" and (
        parent.tag not in _CONTAINERS or child.get("lane") not in ("", "0")
        or (child.tag == "audition" and bool(_lane(child)))
    )  # fmt: skip


def _start_said(element: XmlElement) -> Fraction:
    try:
        return seconds_in(element, "start", _ZERO)
    except XmlError:
        return _ZERO


def _said_length(element: XmlElement) -> Fraction:
    """How long an element that cannot be read keeps its place."""
    try:
        return max(_ZERO, seconds_in(element, "duration", _ZERO))
    except XmlError:
        return _ZERO


def _range_of(resource: XmlElement | None) -> tuple[Fraction, Fraction]:
    """First second of an asset, and how many it has; 0 where it does not say."""
    if resource is None or resource.tag != "asset":
        return _ZERO, _ZERO
    return seconds_in(resource, "start", _ZERO), seconds_in(resource, "duration", _ZERO)


def _heard_only(element: XmlElement) -> bool:
    return element.get("srcEnable") == "audio"


def _named(resource: XmlElement | None) -> str:
    return "" if resource is None else resource.get("name")


def _name(element: XmlElement, resource: XmlElement | None) -> str:
    return element.get("name") or _named(resource)


def _angle(element: XmlElement, multicam: XmlElement) -> tuple[XmlElement, bool]:
    """The angle of a multicam clip that is shown, and whether only its sound is used."""
    angles = multicam.all("mc-angle")
    if not angles:
        raise XmlError("its multicam clip has no angles", element.line)
    sources = element.all("mc-source")
    seen = [one for one in sources if one.get("srcEnable", "all") in ("all", "video")]
    heard = [one for one in sources if one.get("srcEnable") == "audio"]
    if not sources:
        return angles[0], False
    chosen = (seen or heard or sources)[0]
    for angle in angles:
        if angle.get("angleID") == chosen.get("angleID"):
            return angle, not seen
    raise XmlError(f"its angle '{chosen.get('angleID')[:40]}' is not in the file", element.line)


def _retime(item: Any, timing: ClipTiming, rate: Fraction, length: Fraction) -> None:
    """Let an item show its content as its timing says."""
    item.source_range = span_of(timing.first, length, rate)
    if timing.speed is None:
        item.effects.append(otio.schema.TimeEffect(effect_name="timeMap"))
    elif timing.speed != 1:
        item.effects.append(time_warp(timing.speed, "timeMap"))


def _only_clip(tracks: list[Any], timing: ClipTiming, length: Fraction) -> Any:
    """The clip that is all that a container shows, in the container's place; None of others."""
    pictures = [track for track in tracks if track.kind == otio.schema.TrackKind.Video]
    if len(pictures) != 1 or len(pictures[0]) != 1 or timing.speed is None:
        return None
    clip = pictures[0][0]
    if not isinstance(clip, otio.schema.Clip) or clip.effects:
        return None
    own = clip.source_range
    used = length * abs(timing.speed)
    if timing.first < 0 or timing.first + used > seconds(own.duration):
        return None
    only = clip.deepcopy()
    start = ClipTiming(seconds(own.start_time) + timing.first, timing.speed, timing.conform)
    _retime(only, start, exact_rate(own.start_time.rate), length)
    return only
