"""AAF (Avid, Premiere, Resolve), read through pyaaf2.

Every track of a composition becomes a track, every component an item. What cannot be followed
leaves a gap of its length and is named, so that it costs itself only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import aaf2
import opentimelineio as otio
from aaf2.cfb import CompoundFileBinary

from mien.editorial.aaf_media import AafSource, constant_range, source_of
from mien.editorial.aaf_speed import is_retime, speed_of
from mien.editorial.media_refs import resolve_media
from mien.editorial.notices import Notices, kind_of
from mien.editorial.times import time

__all__ = ["read_aaf"]

_KINDS: Final = {
    "picture": otio.schema.TrackKind.Video, "sound": otio.schema.TrackKind.Audio,
}  # fmt: skip
_DEEPEST: Final = 32
_ENTRY_BYTES: Final = 128
"""Bytes of an entry in the directory of a compound file."""
_TOP: Final = "Usage_TopLevel"


def read_aaf(path: Path) -> tuple[Any, tuple[str, ...]]:
    """Return the timelines of an AAF, and what of it is left out.

    Args:
        path: The file.
    """
    _check_claims(path)
    with aaf2.open(str(path), "r") as file:
        reader = _Reader(path.parent)
        compositions = list(file.content.compositionmobs())
        top = [mob for mob in compositions if mob.usage == _TOP]
        timelines = [reader.timeline(mob) for mob in top or _unused(compositions)]
    if len(timelines) == 1:
        return timelines[0], reader.notices.lines()
    collection = otio.schema.SerializableCollection(path.stem)
    collection.extend(timelines)
    return collection, reader.notices.lines()


def _check_claims(path: Path) -> None:
    """Make sure that no stream of the file says that it is larger than the file.

    pyaaf2 takes the memory for what a stream says before it looks for it.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        storage = CompoundFileBinary(file)
        entries = len(storage.dir_fat_chain) * storage.sector_size // _ENTRY_BYTES
        for number in range(1, entries):
            entry = storage.read_dir_entry(number)
            if entry.type == "stream" and entry.byte_size > size:
                raise ValueError(f"a stream of it would have {entry.byte_size} bytes")


def _unused(compositions: list[Any]) -> list[Any]:
    """The compositions that no other one shows; all of them where each is shown by another."""
    shown = {
        clip.mob_id
        for mob in compositions
        for slot in mob.slots
        for clip in slot.segment.walk() if hasattr(slot.segment, "walk")
    }  # fmt: skip
    return [mob for mob in compositions if mob.mob_id not in shown] or compositions


@dataclass(frozen=True, slots=True)
class _At:
    """Where a component is.

    Attributes:
        rate: Frames a second of its slot.
        track: Name of its track.
        kind: Kind of its track.
        depth: How many components hold it.
    """

    rate: Fraction
    track: str
    kind: str
    depth: int = 0

    def inside(self) -> _At:
        return _At(self.rate, self.track, self.kind, self.depth + 1)


@dataclass
class _Reader:
    """Makes items of components.

    Attributes:
        folder: The file's folder, in which its media may be.
        notices: What was left out.
    """

    folder: Path
    notices: Notices = field(default_factory=lambda: Notices("{} more left out: {}."))

    def timeline(self, mob: Any) -> Any:
        """Return the timeline of a composition."""
        timeline = otio.schema.Timeline(mob.name or "")
        numbers = dict.fromkeys(_KINDS.values(), 0)
        for slot in mob.slots:
            if isinstance(slot, aaf2.mobslots.EventMobSlot):
                self._add_markers(timeline, slot)
                continue
            if not isinstance(slot, aaf2.mobslots.TimelineMobSlot):
                continue
            timecode = _timecode(slot)
            if timecode is not None:
                if timeline.global_start_time is None:
                    rate = float(slot.edit_rate)
                    timeline.global_start_time = time(Fraction(timecode.start or 0), rate)
                    timeline.metadata["AAF"] = {"drop_frame": bool(timecode.drop)}
                continue
            kind = _KINDS.get(str(slot.media_kind).lower())
            if kind is not None:
                numbers[kind] += 1
                name = slot.name or f"{kind[0]}{numbers[kind]}"
                timeline.tracks.append(self._track(slot.segment, _rate(slot), name, kind))
        return timeline

    def _track(self, segment: Any, rate: Fraction, name: str, kind: str, depth: int = 0) -> Any:
        track = otio.schema.Track(name, kind=kind)
        track.extend(self._items(segment, _At(rate, name, kind, depth)))
        return track

    def _items(self, segment: Any, at: _At) -> list[Any]:
        """What a segment shows, one after the other."""
        try:
            if at.depth > _DEEPEST:
                raise ValueError("too deep in others")
            return self._followed(segment, at)
        except Exception as error:  # noqa: BLE001 - pyaaf2 raises whatever a file leads to
            reason = " ".join(str(error).split()).rstrip(".") or type(error).__name__
            self._leave_out(segment, at, reason)
            return [_gap(segment, at)]

    def _followed(self, segment: Any, at: _At) -> list[Any]:
        components = aaf2.components
        if isinstance(segment, components.Sequence):
            return self._sequence(segment, at)
        if isinstance(segment, (components.Filler, components.ScopeReference)):
            return [_gap(segment, at)]
        if isinstance(segment, components.SourceClip):
            return [self._source(segment, at)]
        if isinstance(segment, components.OperationGroup):
            return self._operation(segment, at)
        if isinstance(segment, components.NestedScope):
            return [self._stack(segment, list(segment.slots), at)]
        if isinstance(segment, components.Selector):
            return self._selected(segment, at)
        if isinstance(segment, components.EssenceGroup):
            return self._items(next(iter(segment.getvalue("Choices", []))), at.inside())
        if isinstance(segment, components.Pulldown):
            items = self._items(segment.getvalue("InputSegment"), at.inside())
            return [self._retimed(segment, items, at, otio.schema.TimeEffect("pulldown"))]
        raise ValueError(f"nothing known shows a {type(segment).__name__}")

    def _sequence(self, sequence: Any, at: _At) -> list[Any]:
        items: list[Any] = []
        late = 0
        """Frames of the next item that lie before a transition's cut."""
        for part in sequence.components:
            if isinstance(part, aaf2.components.Transition):
                cut = int(part.getvalue("CutPoint", 0) or 0)
                length = int(part.length or 0)
                cut = min(max(cut, 0), length)
                if items and not isinstance(items[-1], otio.schema.Transition):
                    _shorten(items[-1], length - cut, at)
                items.append(_transition(part, cut, length - cut, at))
                late = cut
                continue
            made = self._items(part, at.inside())
            if late and made:
                _begin_later(made[0], late, at)
            late = 0
            items += made
        return items

    def _source(self, clip: Any, at: _At) -> Any:
        mob = clip.mob
        length = Fraction(clip.length or 0)
        if mob is None:
            if clip.mob_id is not None and clip.mob_id.int:
                self._leave_out(clip, at, "what it shows is not in the file")
            return _gap(clip, at)
        if isinstance(mob, aaf2.mobs.CompositionMob):
            slot = clip.slot
            rate = _rate(slot)
            inner = self._track(slot.segment, rate, mob.name or "", at.kind, at.depth + 1)
            start = Fraction(clip.start or 0)
            stack = otio.schema.Stack(
                mob.name or "", source_range=constant_range(start, length, at.rate)
            )
            stack.append(inner)
            return stack
        source = source_of(clip, at.rate)
        return _clip(source, constant_range(source.start, length, at.rate), self.folder)

    def _operation(self, group: Any, at: _At) -> list[Any]:
        inputs = list(group.getvalue("InputSegments", []) or [])
        name = str(getattr(group.operation, "name", "") or "an effect")
        if not inputs:
            made = otio.schema.GeneratorReference(name, name)
            whole = constant_range(Fraction(0), Fraction(group.length or 0), at.rate)
            return [otio.schema.Clip(name, made, whole)]
        if not is_retime(group):
            if len(inputs) > 1:
                return [self._stack(group, inputs, at)]
            items = self._items(inputs[0], at.inside())
            for item in items:
                if not isinstance(item, otio.schema.Transition):
                    item.effects.append(_effect(name))
            return items
        items = self._items(inputs[0], at.inside())
        speed = speed_of(group)
        if speed is None:
            return [self._retimed(group, items, at, otio.schema.TimeEffect(effect_name=name))]
        if not speed.speed:
            effect: Any = otio.schema.FreezeFrame()
        else:
            effect = otio.schema.LinearTimeWarp(name, float(speed.speed))
        first = speed.first if 0 <= speed.first < _frames(inputs[0]) else Fraction(0)
        return [self._retimed(group, items, at, effect, first)]

    def _retimed(
        self, group: Any, items: list[Any], at: _At, effect: Any, first: Fraction = Fraction(0)
    ) -> Any:
        """What goes into a retime, for as long as it comes out."""
        length = Fraction(group.length or 0)
        if len(items) == 1 and isinstance(items[0], otio.schema.Clip):
            item = items[0]
            start = Fraction(item.source_range.start_time.value).limit_denominator(10**6)
            item.source_range = constant_range(start + first, length, at.rate)
        else:
            item = otio.schema.Stack("retime", source_range=constant_range(first, length, at.rate))
            inner = otio.schema.Track(at.track, kind=at.kind)
            inner.extend(items)
            item.append(inner)
        item.effects.append(effect)
        return item

    def _stack(self, segment: Any, parts: list[Any], at: _At) -> Any:
        whole = constant_range(Fraction(0), Fraction(segment.length or 0), at.rate)
        stack = otio.schema.Stack(at.track, source_range=whole)
        for part in parts:
            inner = otio.schema.Track(at.track, kind=at.kind)
            inner.extend(self._items(part, at.inside()))
            stack.append(inner)
        return stack

    def _selected(self, selector: Any, at: _At) -> list[Any]:
        selected = selector.getvalue("Selected")
        alternates = list(selector.getvalue("Alternates", None) or [])
        nothing = (aaf2.components.Filler, aaf2.components.ScopeReference)
        if not isinstance(selected, nothing) or not alternates:
            return self._items(selected, at.inside())
        # Nothing is selected of what is there: it is switched off.
        items = self._items(alternates[0], at.inside())
        for item in items:
            if not isinstance(item, otio.schema.Transition):
                item.enabled = False
        return items

    def _add_markers(self, timeline: Any, slot: Any) -> None:
        for part in getattr(slot.segment, "components", None) or []:
            if not isinstance(part, aaf2.components.Event):
                continue
            rate = _rate(slot)
            at = Fraction(part.getvalue("Position", 0) or 0)
            span = constant_range(at, Fraction(1), rate)
            timeline.tracks.markers.append(
                otio.schema.Marker(str(part.getvalue("Comment", "") or ""), span)
            )

    def _leave_out(self, segment: Any, at: _At, reason: str) -> None:
        name = next(_names(segment), "") or type(segment).__name__
        text = f"{name} ({at.track}) is left out: {reason}."
        self.notices.add(kind_of(reason), text, counted=True)


def _clip(source: AafSource, shown: Any, folder: Path) -> Any:
    clip = otio.schema.Clip(source.name, source_range=shown)
    if source.references:
        # The same material under several names: that which is there counts.
        keys = list(source.references)
        there = (key for key in keys if _exists(source.references[key], folder))
        clip.set_media_references(source.references, next(there, keys[0]))
    if source.reel:
        clip.metadata["cmx_3600"] = {"reel": source.reel}
    if source.comments:
        clip.metadata["AAF"] = {"UserComments": source.comments}
    return clip


def _exists(reference: Any, folder: Path) -> bool:
    resolved = resolve_media(reference, folder)
    return resolved is not None and resolved.exists


def _effect(name: str) -> Any:
    return otio.schema.Effect(name, effect_name=name)


def _gap(segment: Any, at: _At) -> Any:
    return otio.schema.Gap(source_range=constant_range(Fraction(0), _frames(segment), at.rate))


def _frames(segment: Any) -> Fraction:
    return Fraction(max(0, int(getattr(segment, "length", 0) or 0)))


def _transition(part: Any, before: int, after: int, at: _At) -> Any:
    group = part.getvalue("OperationGroup", None)
    name = str(getattr(getattr(group, "operation", None), "name", "") or "")
    offsets = (time(Fraction(count), float(at.rate)) for count in (before, after))
    return otio.schema.Transition(name, otio.schema.TransitionTypes.SMPTE_Dissolve, *offsets)


def _shorten(item: Any, frames: int, at: _At) -> None:
    """Take frames off an item's end, which a transition shows."""
    own = item.source_range
    if own is None:
        return
    left = max(
        time(Fraction(0), float(at.rate)), own.duration - time(Fraction(frames), float(at.rate))
    )
    item.source_range = otio.opentime.TimeRange(own.start_time, left)


def _begin_later(item: Any, frames: int, at: _At) -> None:
    """Take frames off an item's beginning, which a transition shows."""
    own = item.source_range
    if own is None:
        return
    speed = 1.0
    for effect in item.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= effect.time_scalar
    later = otio.opentime.RationalTime(frames * speed, float(at.rate))
    shorter = own.duration - time(Fraction(frames), float(at.rate))
    zero = time(Fraction(0), float(at.rate))
    item.source_range = otio.opentime.TimeRange(own.start_time + later, max(zero, shorter))


def _rate(slot: Any) -> Fraction:
    rate = Fraction(slot.edit_rate)
    if rate <= 0:
        raise ValueError(f"{rate} is no frame rate")
    return rate


def _timecode(slot: Any) -> Any:
    segment = slot.segment
    parts = getattr(segment, "components", None)
    for part in [segment] if parts is None else list(parts):
        if isinstance(part, aaf2.components.Timecode):
            return part
    return None


def _names(segment: Any) -> Iterator[str]:
    """Names of what a segment shows, as far as they can be told."""
    mob = getattr(segment, "mob", None)
    if mob is not None and mob.name:
        yield str(mob.name)
    operation = getattr(segment, "operation", None)
    if operation is not None and getattr(operation, "name", None):
        yield str(operation.name)
