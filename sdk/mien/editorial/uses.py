"""Which frames of which clips a cut shows: one walk down its tracks, linear in their number.

Times are exact seconds. A clip inside a nested stack is shown as far as the stack is; a clip
beside a transition is shown as long as the transition lasts; a retimed item runs through its
own time faster, slower, backwards or not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.notices import Notices
from mien.editorial.times import count_at, exact
from mien.editorial.track_layout import LOWEST, REACH, RETIME
from mien.model.rates import exact_rate
from mien.timebase import same_count

__all__ = [
    "ClipUse", "Sequence", "UNREADABLE", "drop_mode", "drops_frames", "fields_of", "has_length",
    "sequences", "uses",
]  # fmt: skip

_FCP7_RETIME: Final = "timeremap"
_DEEPEST: Final = 64
"""Stacks in stacks; editors stop at a few."""
_MEASURED: Final = 200
"""Stacks in stacks down to which it is known how long something is; Python itself stops later."""
_NONE: Final = (Fraction(0), Fraction(0))
_SLOWEST: Final = 5
"""Frames a second below which a start time's rate is one that nobody set."""
UNREADABLE: Final = (
    otio.exceptions.OTIOError, NotImplementedError, ValueError, ArithmeticError,
)  # fmt: skip
"""What is raised of ranges that are not there, rates of 0, times that are no numbers."""


@dataclass(frozen=True, slots=True)
class ClipUse:
    """A clip as a cut shows it.

    Attributes:
        clip: The clip.
        start: Number of the first frame used, in the clip's own time.
        length: How many frames are used, those under transitions too.
        shown_from: Number of the frame with which it appears, its transition left out.
        rate: Frames a second by which these are counted.
        record: When it appears in the cut, in seconds from the cut's start.
        record_length: How long it is shown, in seconds, without its transitions.
        speed: Its frames a second of the cut, in its own rate; 0 for a still.
        frames_known: Whether the frames are known; not of a retime that no one can follow.
        varies: Whether its speed does; `speed` is its mean then, and of its frames all are
            between the first and the last that are shown.
        track: Name of the outermost track.
        track_number: Number of that track among those with pictures, from 1.
    """

    clip: Any
    start: Fraction
    length: Fraction
    shown_from: Fraction
    rate: Fraction
    record: Fraction
    record_length: Fraction
    speed: Fraction
    frames_known: bool
    track: str
    track_number: int
    varies: bool = False


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of an item that its parents show: its own seconds, and how they got there."""

    low: Fraction
    high: Fraction
    record: Fraction
    """Record time of the item's second 0."""
    speed: Fraction
    """Own seconds per second of the cut; negative where it runs backwards, never 0."""
    frames_known: bool
    track: str
    track_number: int
    rate: Fraction
    """The cut's own, by which times at a rate that counts the same frames are taken."""
    problems: Notices
    """What could not be read, a line each."""
    varies: bool = False
    """Whether the speed does; then it is the mean."""

    def seconds(self, when: Any) -> Fraction:
        """A time in seconds; at 24 in a cut at 23.976 it means frames, not seconds."""
        return exact(when.value) / self.own_rate(when.rate)

    def own_rate(self, rate: float) -> Fraction:
        """The rate that a rounded one means, which is the cut's where they count alike."""
        return _own_rate(rate, self.rate)

    def length(self, item: Any) -> Fraction:
        """How long an item is, in seconds; 0 where it does not say."""
        return _length(item, self)

    def cropped(self, low: Fraction, high: Fraction) -> _Window:
        """The window, no wider than from `low` to `high`."""
        low = max(low, self.low)
        return replace(self, low=low, high=max(low, min(high, self.high)))

    def inside(self, at: Fraction, start: Fraction, speed: Fraction, frames_known: bool) -> _Window:
        """The window in the time of a child that begins at `at` with its own second `start`."""
        return replace(
            self,
            low=start + (self.low - at) * speed,
            high=start + (self.high - at) * speed,
            record=self.at(at) - start / (self.speed * speed),
            speed=self.speed * speed,
            frames_known=self.frames_known and frames_known,
        )

    def reversed(self, at: Fraction, top: Fraction, speed: Fraction) -> _Window:
        """The window in the time of a child that runs backwards from its second `top`."""
        turned = replace(
            self,
            low=top - (self.high - at) * speed,
            high=top - (self.low - at) * speed,
            record=self.at(at + top / speed),
        )
        return replace(turned, speed=-self.speed * speed)

    def at(self, when: Fraction) -> Fraction:
        """Record time of one of the item's own seconds."""
        return self.record + when / self.speed


@dataclass(frozen=True)
class Sequence:
    """One edit among those that a file may hold.

    Attributes:
        name: Its name; may be empty.
        start: Its first record time.
        root: The stack of its tracks, or a track.
        metadata: Its metadata.
    """

    name: str
    start: Any
    root: Any
    metadata: Any

    @cached_property
    def rate(self) -> Fraction:
        """Frames a second of its record."""
        return _record_rate(self)

    @cached_property
    def first(self) -> Fraction:
        """Number of its first frame, by its start timecode; 0 without one."""
        return Fraction(0) if self.start is None else count_at(self.start, self.rate)


def sequences(content: Any) -> list[Sequence]:
    """The edits in what an adapter read, which may be a collection of several."""
    waiting, edits = [content], []
    while waiting:
        item = waiting.pop()
        if isinstance(item, otio.schema.Timeline):
            start = item.global_start_time
            edits.append(Sequence(item.name, start, item.tracks, item.metadata))
        elif isinstance(item, otio.schema.SerializableCollection):
            waiting += reversed(list(item))
        elif isinstance(item, otio.core.Composition):
            edits.append(Sequence(item.name, None, item, item.metadata))
    return edits


def uses(sequence: Sequence, problems: Notices | None = None) -> Iterator[ClipUse]:
    """Every clip of an edit with pictures that is shown, in the order of the file.

    Args:
        sequence: The edit.
        problems: Takes what is said of items that cannot be read, and so are not shown.
    """
    for track, window in _windows(sequence, Notices() if problems is None else problems):
        yield from _shown(track, window, Fraction(0), 0)


def has_length(sequence: Sequence) -> bool:
    """Whether an edit lasts, be it with nothing but gaps."""
    return any(window.high > 0 for _, window in _windows(sequence, Notices()))


def _windows(sequence: Sequence, problems: Notices) -> Iterator[tuple[Any, _Window]]:
    """The tracks with pictures, each with a window on all of it."""
    root = sequence.root
    number = 0
    for track in [root] if isinstance(root, otio.schema.Track) else root or ():
        if _heard_only(track):
            continue
        number += 1
        name = track.name or f"V{number}"
        window = _Window(
            Fraction(0), Fraction(0), Fraction(0), Fraction(1), True, name, number, sequence.rate,
            problems,
        )  # fmt: skip
        yield track, replace(window, high=window.length(track))


def fields_of(metadata: Any, name: str) -> Mapping[str, Any]:
    """The fields that someone keeps in metadata under a name; none where it is something else."""
    fields = metadata.get(name)
    return fields if isinstance(fields, Mapping) else {}


def drop_mode(sequence: Sequence) -> bool | None:
    """Whether an edit's record timecode drops numbers; None where its format does not say."""
    for name in ("cmx_3600", "AAF"):
        drop = fields_of(sequence.metadata, name).get("drop_frame")
        if drop is not None:
            return bool(drop)
    xml = fields_of(fields_of(sequence.metadata, "fcp_xml"), "timecode").get("displayformat")
    said = xml or fields_of(sequence.metadata, "fcpx").get("tcFormat")
    return {"DF": True, "NDF": False}.get(str(said).upper())


def drops_frames(sequence: Sequence) -> bool:
    """Whether an edit's record timecode drops numbers, as far as its format says."""
    return bool(drop_mode(sequence))


def _record_rate(sequence: Sequence) -> Fraction:
    """The rate of the start timecode; without one that of most items, or 24."""
    rates = [] if sequence.start is None else [sequence.start.rate]
    rates = [rate for rate in rates if rate >= _SLOWEST]
    tracks = sequence.root if isinstance(sequence.root, otio.schema.Stack) else [sequence.root]
    if not rates:
        for track in tracks:
            if not _heard_only(track) and isinstance(track, otio.core.Composition):
                rates += [rate for item in track if (rate := _rate_of(item)) is not None]
    counted = Counter(exact_rate(rate) for rate in rates)
    return counted.most_common(1)[0][0] if counted else Fraction(24)


def _rate_of(item: Any) -> float | None:
    """The rate by which an item says its length; None where it does not."""
    try:
        rate = item.in_offset.rate if isinstance(item, otio.schema.Transition) else None
        rate = item.duration().rate if rate is None else rate
        exact_rate(rate)
    except UNREADABLE:
        return None
    return float(rate)


@lru_cache(maxsize=256)
def _own_rate(rate: float, cut: Fraction) -> Fraction:
    """`_Window.own_rate`, which is asked for every time of a cut again."""
    own = exact_rate(rate)
    return cut if same_count(own, cut) else own


def _length(item: Any, window: _Window, depth: int = 0) -> Fraction:
    try:
        if item.source_range is not None or not isinstance(item, otio.core.Composition):
            return window.seconds(item.duration())
    except UNREADABLE:
        return Fraction(0)
    if depth > _MEASURED:
        return Fraction(0)
    # Not what OTIO says of the whole: it adds up times of different rates rounded.
    parts = [_length(part, window, depth + 1) for part in item if not _is_transition(part)]
    if isinstance(item, otio.schema.Stack):
        return max(parts, default=Fraction(0))
    ends = _lasting(list(item), 0, "in_offset", window)
    ends += _lasting(list(item), len(item) - 1, "out_offset", window)
    return sum(parts, ends)


def _is_transition(item: Any) -> bool:
    return isinstance(item, otio.schema.Transition)


def _heard_only(item: Any) -> bool:
    return isinstance(item, otio.schema.Track) and item.kind == otio.schema.TrackKind.Audio


def _shown(
    item: Any, window: _Window, at: Fraction, depth: int, around: tuple[Fraction, Fraction] = _NONE
) -> Iterator[ClipUse]:
    """What is shown of an item through a window.

    Args:
        item: A clip, a track or a stack.
        window: On the time of its parent.
        at: When it begins there.
        depth: How many stacks and tracks hold it.
        around: How long it is shown before and after, under transitions.
    """
    if not item.enabled or _heard_only(item):
        return
    if depth > _DEEPEST:
        _note_depth(window, _DEEPEST, "are left out")
        return
    length = window.length(item)
    core = window.cropped(at, at + length)
    # What a transition comes from may be shown under it alone.
    only_mixed = not length and sum(around) > 0 and window.low <= at < window.high
    if core.high <= core.low and not only_mixed:
        _note_unreadable(item, window)
        return
    whole = window.cropped(at - around[0], core.high + around[1])
    if isinstance(item, otio.schema.Clip):
        try:
            use = _use(item, at, core, whole)
        except UNREADABLE:
            window.problems.add(_NO_LENGTH, _UNTIMED.format(item.name or "A clip", window.track))
            return
        yield use
        return
    inner = _inside(item, at, core, whole)
    if isinstance(item, otio.schema.Track):
        yield from _of_track(item, inner, depth)
    elif isinstance(item, otio.schema.Stack):
        for child in item:
            yield from _shown(child, inner, Fraction(0), depth + 1)


def _inside(item: Any, at: Fraction, core: _Window, whole: _Window) -> _Window:
    """The window in the time of a track or stack."""
    speed, frames_known = _retime(item)
    start = Fraction(0) if item.source_range is None else _start(item, core)
    reach, length = _reach(item), core.length(item)
    if reach is not None and length:
        mean = reach / core.own_rate(item.source_range.duration.rate) / length
        return replace(whole.inside(at, start, mean, frames_known=True), varies=True)
    if speed < 0 and frames_known and _begins_lowest(item):
        return whole.reversed(at, start - speed * length, -speed)
    return whole.inside(at, start, speed if speed > 0 else Fraction(1), frames_known and speed > 0)


_NO_LENGTH: Final = "do not say how long they are, and are left out"
_UNTIMED: Final = (
    "{} ({}) does not say how long it is: it is left out, and what follows it on its track may be"
    " shown too early."
)


def _note_depth(window: _Window, deepest: int, fate: str) -> None:
    """Note, once a track, that items lie in too many others."""
    problem = f"Items in more than {deepest} stacks and tracks ({window.track}) {fate}."
    window.problems.add("tracks hold such items", problem)


def _note_unreadable(item: Any, window: _Window, depth: int = 0) -> None:
    """Note an item that has no length because it says none."""
    if isinstance(item, otio.core.Composition) and item.source_range is None:
        if depth > _MEASURED:
            fate = "are left out, and what follows them on their track may be shown too early"
            _note_depth(window, _MEASURED, fate)
            return
        for part in item:
            if not _is_transition(part):
                _note_unreadable(part, window, depth + 1)
    if isinstance(item, otio.schema.Clip):
        try:
            window.seconds(item.duration())
        except UNREADABLE:
            window.problems.add(_NO_LENGTH, _UNTIMED.format(item.name or "A clip", window.track))


def _start(item: Any, window: _Window) -> Fraction:
    try:
        return window.seconds(item.source_range.start_time)
    except UNREADABLE:
        return Fraction(0)


def _of_track(track: Any, window: _Window, depth: int) -> Iterator[ClipUse]:
    at = Fraction(0)
    children = list(track)
    for index, item in enumerate(children):
        if _is_transition(item):
            continue
        if not isinstance(item, otio.schema.Gap):
            # A dissolve shows frames before the clip's own, and after.
            around = (
                _lasting(children, index - 1, "in_offset", window),
                _lasting(children, index + 1, "out_offset", window),
            )
            yield from _shown(item, window, at, depth + 1, around)
        at += window.length(item)


def _lasting(children: list[Any], index: int, side: str, window: _Window) -> Fraction:
    """How long the transition at an index shows one of its neighbours more; 0 without one."""
    item = children[index] if 0 <= index < len(children) else None
    if not _is_transition(item):
        return Fraction(0)
    try:
        return max(Fraction(0), window.seconds(getattr(item, side)))
    except UNREADABLE:
        return Fraction(0)


def _retime(item: Any) -> tuple[Fraction, bool]:
    """How fast an item runs through its own time, and whether that is all there is to it."""
    speed, frames_known = Fraction(1), True
    for effect in item.effects:
        if isinstance(effect, otio.schema.FreezeFrame):
            speed = Fraction(0)
        elif isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= exact(effect.time_scalar)
        elif effect.metadata.get(REACH) is None and (
            isinstance(effect, otio.schema.TimeEffect) or _is_fcp7_retime(effect)
        ):
            frames_known = False
    return speed, frames_known


def _reach(item: Any) -> Fraction | None:
    """How many frames an item runs through at a speed that varies; None of other items."""
    for effect in item.effects:
        reach = effect.metadata.get(REACH)
        if reach is not None:
            return Fraction(str(reach))
    return None


def _begins_lowest(item: Any) -> bool:
    """Whether the range of an item that runs backwards is said to start with the lowest frame."""
    return any(effect.metadata.get(RETIME) == LOWEST for effect in item.effects)


def _is_fcp7_retime(effect: Any) -> bool:
    """Whether an effect is a retime as Final Cut Pro 7 writes it, other than to 100 %.

    Editors differ on what its source times then count.
    """
    known = fields_of(effect.metadata, "fcp_xml")
    if known.get("effectid") != _FCP7_RETIME:
        return False
    given = known.get("parameter", [])
    parts = [given] if isinstance(given, Mapping) or not isinstance(given, Iterable) else given
    values = {
        str(part.get("parameterid")): str(part.get("value"))
        for part in parts
        if isinstance(part, Mapping)
    }
    plain = {"speed": "100", "reverse": "FALSE", "variablespeed": "0"}
    return any(values.get(name, usual) != usual for name, usual in plain.items())


def _use(clip: Any, at: Fraction, core: _Window, whole: _Window) -> ClipUse:
    own = clip.trimmed_range().start_time
    rate = core.own_rate(own.rate)
    speed, frames_known = _retime(clip)
    reach, length = _reach(clip), core.length(clip)
    lowest = speed < 0 and _begins_lowest(clip)
    top = -speed * rate * length if lowest else Fraction(0)
    # Of a nest that runs backwards the end is shown first.
    begin = core.high if core.speed < 0 else core.low
    first, last, appears = (
        top + (when - at) * speed * rate for when in (whole.low, whole.high, begin)
    )
    if speed and (lowest or speed > 0) and (speed < 0) != (core.speed < 0):
        appears -= 1
    if reach is not None:
        first, last, appears = Fraction(0), reach, Fraction(0)
        speed = reach / (length * rate) if length else speed
    elif lowest:
        first, last = last, first
    elif speed < 0:
        # Backwards, some write the first frame shown, others the lowest: both are taken.
        first, last = last, -last
    ends = sorted((core.at(core.low), core.at(core.high)))
    return ClipUse(
        clip=clip,
        start=count_at(own, rate) + first,
        length=last - first if speed else Fraction(1),
        shown_from=count_at(own, rate) + appears,
        rate=rate,
        record=ends[0],
        record_length=ends[1] - ends[0],
        speed=speed * core.speed,
        frames_known=core.frames_known and frames_known,
        track=core.track,
        track_number=core.track_number,
        varies=core.varies or reach is not None,
    )
