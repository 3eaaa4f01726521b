"""Items laid on tracks at their record times, as OpenTimelineIO has them: one after another.

Readers of formats that say when things are shown collect them here in exact seconds; gaps,
whole frames and the order of the tracks are settled once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.times import exact
from mien.model.rates import exact_rate

__all__ = ["LOWEST", "REACH", "RETIME", "TrackLayout", "span_of", "time_warp", "varying_retime"]

RETIME: Final = "mien.retime"
"""Key of an effect's metadata that says what its item's source range means."""
REACH: Final = "mien.reach"
"""Of a retime at a speed that varies: how many frames it runs through, from the range's start."""
LOWEST: Final = "lowest"
"""Of an item played backwards: its range starts with the lowest frame, which is shown last."""
_ROUNDED: Final = Fraction(1, 50)
"""Frames by which times are off that are written to the millisecond."""
_SMPTE: Final = otio.schema.TransitionTypes.SMPTE_Dissolve


@dataclass(frozen=True, slots=True)
class _Laid:
    """An item, and the seconds of the edit at which it is shown."""

    item: Any
    start: Fraction
    length: Fraction


@dataclass(frozen=True, slots=True)
class _LaidTransition:
    """A transition: its seconds, and of the cut within them where that is said."""

    name: str
    start: Fraction
    length: Fraction
    cut: Fraction | None


@dataclass(slots=True)
class _Lane:
    items: list[_Laid] = field(default_factory=list)
    transitions: list[_LaidTransition] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class TrackLayout:
    """What an edit shows, before it is on tracks.

    Attributes:
        rate: Frames a second of the edit.
    """

    rate: Fraction
    _lanes: dict[tuple[bool, tuple[int, ...]], _Lane] = field(default_factory=dict)

    def add(
        self,
        item: Any,
        start: Fraction,
        length: Fraction,
        lane: tuple[int, ...] = (),
        *,
        sound: bool = False,
    ) -> None:
        """Lay an item.

        Args:
            item: A clip, stack or gap.
            start: When it is shown, in seconds of the edit.
            length: For how many seconds.
            lane: The lanes that lead to it, each relative to the last; none for the main one.
            sound: Whether it has no pictures.
        """
        self._lane(lane, sound).items.append(_Laid(item, start, length))

    def add_transition(
        self,
        name: str,
        start: Fraction,
        length: Fraction,
        lane: tuple[int, ...] = (),
        *,
        cut: Fraction | None = None,
        sound: bool = False,
    ) -> None:
        """Lay a transition over a cut; without `cut` over the nearest within its time."""
        self._lane(lane, sound).transitions.append(_LaidTransition(name, start, length, cut))

    def _lane(self, lane: tuple[int, ...], sound: bool) -> _Lane:
        return self._lanes.setdefault((sound, lane), _Lane())

    @property
    def length(self) -> Fraction:
        """Seconds to the end of the last item."""
        laid = [one for lane in self._lanes.values() for one in lane.items]
        return max((one.start + one.length for one in laid), default=Fraction(0))

    @property
    def has_pictures(self) -> bool:
        """Whether anything on it is seen."""
        return any(
            not isinstance(laid.item, otio.schema.Gap)
            for (sound, _), lane in self._lanes.items()
            if not sound
            for laid in lane.items
        )

    def tracks(self) -> list[Any]:
        """The tracks, the lowest first and those with sound alone last."""
        deepest = max((len(lane) for _, lane in self._lanes), default=0)

        def order(key: tuple[bool, tuple[int, ...]]) -> tuple[bool, tuple[int, ...]]:
            sound, lane = key
            return sound, lane + (0,) * (deepest - len(lane))

        made = []
        for sound, lane in sorted(self._lanes, key=order):
            kind = otio.schema.TrackKind.Audio if sound else otio.schema.TrackKind.Video
            name = ".".join(str(number) for number in lane) or "0"
            for layer in _layers(self._lanes[sound, lane], self.rate):
                made.append(self._track(layer, name, kind))
        return made

    def _track(self, lane: _Lane, name: str, kind: str) -> Any:
        track = otio.schema.Track(name=name, kind=kind)
        rate, at = self.rate, 0
        cuts: dict[int, int] = {}
        children: list[Any] = []
        for laid in lane.items:
            first, last = _frames(laid, rate)
            if first > at:
                cuts[at] = len(children)
                children.append(_gap(first - at, rate))
            cuts[first] = len(children)
            _lasting(laid.item, last - first, rate, max(Fraction(0), -laid.start))
            children.append(laid.item)
            at = last
        cuts[at] = len(children)
        over: dict[int, Any] = {}
        for transition in lane.transitions:
            _place_transition(transition, cuts, over, rate)
        for index in range(len(children) + 1):
            if index in over:
                track.append(over[index])
            if index < len(children):
                track.append(children[index])
        return track


def _layers(lane: _Lane, rate: Fraction) -> Iterable[_Lane]:
    """The items of a lane on as many layers as they need, none over another of its own."""
    layers: list[_Lane] = []
    ends: list[int] = []
    for laid in sorted(lane.items, key=lambda one: one.start):
        first, last = _frames(laid, rate)
        if last <= first:
            continue
        number = next((n for n, end in enumerate(ends) if end <= first), len(layers))
        if number == len(layers):
            layers.append(_Lane())
            ends.append(0)
        layers[number].items.append(laid)
        ends[number] = last
    if layers:
        layers[0].transitions = lane.transitions
    return layers


def _frames(laid: _Laid, rate: Fraction) -> tuple[int, int]:
    """First frame of an item, and the one after its last; none is before the edit's first."""
    first = round(laid.start * rate)
    return max(0, first), max(0, round((laid.start + laid.length) * rate))


def _place_transition(
    transition: _LaidTransition, cuts: dict[int, int], over: dict[int, Any], rate: Fraction
) -> None:
    """Note a transition before the item that begins at its cut; dropped where there is none."""
    first = round(transition.start * rate)
    last = round((transition.start + transition.length) * rate)
    aim = (transition.start + transition.length / 2) if transition.cut is None else transition.cut
    near = [at for at, index in cuts.items() if first <= at <= last and index not in over]
    if not near:
        return
    cut = min(near, key=lambda at: abs(at - aim * rate))
    offsets = (
        otio.opentime.RationalTime(frames, float(rate)) for frames in (cut - first, last - cut)
    )
    over[cuts[cut]] = otio.schema.Transition(transition.name, _SMPTE, *offsets)


def _gap(frames: int, rate: Fraction) -> Any:
    return otio.schema.Gap(duration=otio.opentime.RationalTime(frames, float(rate)))


def _lasting(item: Any, frames: int, rate: Fraction, cut_off: Fraction) -> None:
    """Let an item last some frames, and begin some seconds later where its head is cut off."""
    duration = otio.opentime.RationalTime(frames, float(rate))
    own = item.source_range
    if own is None:
        item.source_range = otio.opentime.TimeRange(duration=duration)
        return
    start = own.start_time
    if cut_off:
        speed, lowest = Fraction(1), False
        for effect in item.effects:
            if isinstance(effect, otio.schema.LinearTimeWarp):
                speed *= exact(effect.time_scalar)
                lowest = lowest or effect.metadata.get(RETIME) == LOWEST
        if not lowest:
            later = cut_off * speed * exact_rate(start.rate)
            start = otio.opentime.RationalTime(float(exact(start.value) + later), start.rate)
    item.source_range = otio.opentime.TimeRange(start, duration)


def span_of(start: Fraction, length: Fraction, rate: Fraction) -> Any:
    """A range of OTIO's from seconds, counted in frames of a rate.

    Frames that are as good as whole are: some write seconds rounded, and a hundredth of a frame
    is no edit, but would cost a frame more.
    """
    times = []
    for when in (start, length):
        frames = when * rate
        whole = round(frames)
        count = whole if abs(frames - whole) <= _ROUNDED else frames
        times.append(otio.opentime.RationalTime(float(count), float(rate)))
    return otio.opentime.TimeRange(*times)


def varying_retime(frames: Fraction, name: str, metadata: dict[str, Any]) -> Any:
    """A retime at a speed that varies, of an item whose range starts with the lowest frame.

    Args:
        frames: How many frames from there on it runs through.
        name: Its name.
        metadata: Its metadata.
    """
    fields = {**metadata, REACH: str(frames)}
    return otio.schema.TimeEffect(effect_name=name, metadata=fields)


def time_warp(speed: Fraction, name: str = "", metadata: dict[str, Any] | None = None) -> Any:
    """A constant retime; of one that runs backwards the range starts with the lowest frame."""
    fields = dict(metadata or {})
    if speed == 0:
        return otio.schema.FreezeFrame(name=name, metadata=fields)
    if speed < 0:
        fields[RETIME] = LOWEST
    return otio.schema.LinearTimeWarp(name=name, time_scalar=float(speed), metadata=fields)
