"""In which order the pictures of H.264 and HEVC are shown, by the headers of their slices.

Every picture says its place (picture order count) among those since the last one with which
decoding may start anew. So raw streams, which have no times, need no decoding to be put in order,
and their open groups of pictures can be entered like those of any other format.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from mien.media.h264_slices import SliceHeader, SliceReader
from mien.media.nal_units import NalBits, annex_b_units

__all__ = ["DisplayOrder", "OrderReader", "believable_orders", "missing_pictures", "order_reader"]

_HEADER_BYTES: Final = 64
"""Bytes of a slice that are looked at; far more than is read of its header."""
_SET_BYTES: Final = 1024
_EVEN: Final = 0.8
"""Share of steps between places that must be equal for a wider one to be a hole."""
"""The same of a parameter set."""


class DisplayOrder(NamedTuple):
    """Where a picture is shown.

    Attributes:
        run: How often decoding was started anew before it, or with it.
        number: Its picture order count among those of that run.
        shown: Whether it is shown at all.
        bereft: Whether a picture that others are predicted from is missing right before it.
    """

    run: int
    number: int
    shown: bool
    bereft: bool = False


class OrderReader(Protocol):
    """Reads the places of pictures, from packets in the order of decoding."""

    def read(self, data: bytes) -> DisplayOrder | None:
        """The place of a packet's (first) picture; None where it does not tell."""
        ...


def believable_orders(orders: Sequence[DisplayOrder | None]) -> list[DisplayOrder | None]:
    """The places of pictures, without those of a header that only looks like a new start.

    Args:
        orders: Those of pictures in the order of decoding.
    """
    runs = Counter(place.run for place in orders if place is not None)
    last = next((place for place in reversed(orders) if place is not None), None)
    return [
        None if place is not last and place is not None and place.bereft and runs[place.run] == 1
        else place
        for place in orders
    ]  # fmt: skip


def missing_pictures(orders: Sequence[DisplayOrder | None]) -> dict[int, int]:
    """Count the frames that are missing before others, where places come in even steps.

    Args:
        orders: Those of the frames that are shown, in that order; None where it is damaged.

    Returns:
        How many are missing, by the number of the frame that comes after them.
    """
    steps = {
        i: b.number - a.number
        for i, (a, b) in enumerate(itertools.pairwise(orders), 1)
        if a is not None and b is not None and a.run == b.run
    }
    common = Counter(steps.values()).most_common(1)
    if not common or common[0][0] <= 0 or common[0][1] < _EVEN * len(steps):
        return {}
    step = common[0][0]
    return {i: wide // step - 1 for i, wide in steps.items() if wide >= 2 * step}


def order_reader(codec: str, setup: bytes | None) -> OrderReader | None:
    """A reader for a codec (FFmpeg's name), or None where it says no places.

    Args:
        codec: FFmpeg's name of the codec.
        setup: Parameter sets that came before the first packet.
    """
    kind = _READERS.get(codec)
    if kind is None:
        return None
    reader = kind()
    if setup:
        reader.read(setup)
    return reader


class _Counter:
    """Makes whole counts out of their lowest bits, by those of the picture referred to last."""

    def __init__(self) -> None:
        self._upper = self._lowest = 0

    def restart(self) -> None:
        self._upper = self._lowest = 0

    def count(self, lowest: int, bits: int, *, referred_to: bool) -> int:
        """The whole count of a picture; `referred_to` where others are counted from it."""
        half, upper = 1 << bits - 1, self._upper
        if lowest < self._lowest and self._lowest - lowest >= half:
            upper += 2 * half
        elif lowest > self._lowest and lowest - self._lowest > half:
            upper -= 2 * half
        if referred_to:
            self._upper, self._lowest = upper, lowest
        return upper + lowest


class _AvcPlaces:
    """Places of pictures of H.264 (ITU-T H.264, 8.2.1)."""

    def __init__(self) -> None:
        self._slices = SliceReader()
        self._state = _AvcState()
        self._before: _AvcState | None = None
        """How it stood before a picture from which numbers seem to start again."""
        self._runs = self._decoded = 0

    def read(self, data: bytes) -> DisplayOrder | None:
        """The place of a packet's first picture; see `OrderReader`."""
        header = self._slices.read(data)
        if header is None or header.count_kind == 1:
            return None
        self._decoded += 1
        before, self._before = self._before, None
        if header.entry:
            self._start_run(None)
        bereft = not header.entry and _follows_a_gap(header, self._state.number)
        if bereft and before is not None and _goes_on(header, before.number):
            # It was the header of that picture that was damaged: none is missing before it.
            self._state = before
        elif bereft and header.number < (self._state.number or 0):
            if not header.referred_to:
                return None  # more likely this header is damaged
            # The entry from which numbers start again is missing.
            self._before = self._state
            self._start_run(None)
        state = self._state
        if header.referred_to or state.number is None:
            state.number = header.number
        count = self._decoded
        if header.count_kind == 0:
            count = state.counter.count(
                header.lowest, header.count_bits, referred_to=header.referred_to
            )
        if header.forgets:
            # It is shown after all that was before, and what follows is counted from it.
            self._start_run(0)
            count = 0
        return DisplayOrder(self._state.run, count, shown=True, bereft=bereft)

    def _start_run(self, number: int | None) -> None:
        self._runs += 1
        self._state = _AvcState(self._runs, number)


@dataclass(slots=True)
class _AvcState:
    """What the places of pictures of H.264 depend on.

    Attributes:
        run: The run that they are of.
        number: Number of the last picture that others are predicted from; None before the first.
        counter: Makes whole counts.
    """

    run: int = 0
    number: int | None = None
    counter: _Counter = field(default_factory=_Counter)


def _goes_on(header: SliceHeader, number: int | None) -> bool:
    """Whether a picture may come one or two after that of a number."""
    return number is not None and (header.number - number) % header.numbers <= 2


def _follows_a_gap(header: SliceHeader, number: int | None) -> bool:
    """Whether numbers are left out between that of a picture and the last one before it."""
    if number is None or header.gaps_allowed:
        return False
    return (header.number - number) % header.numbers > 1


@dataclass(frozen=True, slots=True)
class _HevcSequence:
    """What a sequence parameter set of HEVC says that slice headers depend on."""

    count_bits: int
    planes_apart: bool


@dataclass(frozen=True, slots=True)
class _HevcPicture:
    """What a picture parameter set of HEVC says that slice headers depend on."""

    sequence: int
    says_shown: bool
    extra_bits: int


class _HevcPlaces:
    """Places of pictures of HEVC (ITU-T H.265, 8.3.1)."""

    _SPS, _PPS, _ENDS = 33, 34, (36, 37)
    _RADL, _RASL, _IDR, _CRA = (6, 7), (8, 9), (19, 20), 21
    _LAST_SLICE, _FIRST_ENTRY, _LAST_ENTRY = 21, 16, 23

    def __init__(self) -> None:
        self._sequences: dict[int, _HevcSequence] = {}
        self._pictures: dict[int, _HevcPicture] = {}
        self._counter = _Counter()
        self._run = 0
        self._anew = True
        """Whether the next entry has nothing before it: the first, and after an end of sequence."""
        self._broken = False
        """Whether pictures that lead the last entry lack what they are predicted from."""

    def read(self, data: bytes) -> DisplayOrder | None:
        """The place of a packet's picture; see `OrderReader`."""
        try:
            for at in annex_b_units(data):
                kind = data[at] >> 1 & 63
                if (data[at] & 1) << 5 | data[at + 1] >> 3:
                    continue  # another layer
                if kind == self._SPS:
                    self._read_sequence(NalBits(data, at + 2, _SET_BYTES))
                elif kind == self._PPS:
                    self._read_picture(NalBits(data, at + 2, _HEADER_BYTES))
                elif kind in self._ENDS:
                    self._anew = True
                elif kind <= self._LAST_SLICE:
                    bits = NalBits(data, at + 2, _HEADER_BYTES)
                    return self._with_end(data, at, self._read_slice(bits, kind, data[at + 1] & 7))
        except IndexError:
            return None
        return None

    def _with_end(self, data: bytes, at: int, order: DisplayOrder | None) -> DisplayOrder | None:
        """The place, with notice taken of an end of the sequence behind the picture."""
        end = data.rfind(b"\0\0\1", max(at, len(data) - 8))
        if end >= 0 and end + 3 < len(data) and data[end + 3] >> 1 & 63 in self._ENDS:
            self._anew = True
        return order

    def _read_sequence(self, bits: NalBits) -> None:
        bits.take(4)
        layers = bits.take(3)
        bits.take(1 + 96)
        present = [(bits.take(1), bits.take(1)) for _ in range(layers)]
        if layers:
            bits.take(2 * (8 - layers))
        for profile, level in present:
            bits.take(88 * profile + 8 * level)
        name = bits.exp_golomb()
        planes_apart = bits.exp_golomb() == 3 and bool(bits.take(1))
        bits.exp_golomb()
        bits.exp_golomb()
        if bits.take(1):
            for _ in range(4):
                bits.exp_golomb()
        bits.exp_golomb()
        bits.exp_golomb()
        self._sequences[name] = _HevcSequence(bits.exp_golomb() + 4, planes_apart)

    def _read_picture(self, bits: NalBits) -> None:
        name, sequence = bits.exp_golomb(), bits.exp_golomb()
        bits.take(1)
        says_shown = bool(bits.take(1))
        self._pictures[name] = _HevcPicture(sequence, says_shown, bits.take(3))

    def _read_slice(self, bits: NalBits, kind: int, layer: int) -> DisplayOrder | None:
        entry = self._FIRST_ENTRY <= kind <= self._LAST_ENTRY
        if not bits.take(1):
            return None  # the first slice is missing
        if entry:
            bits.take(1)
        picture = self._pictures.get(bits.exp_golomb())
        sequence = None if picture is None else self._sequences.get(picture.sequence)
        if picture is None or sequence is None:
            return None
        bits.take(picture.extra_bits)
        bits.exp_golomb()
        shown = not picture.says_shown or bool(bits.take(1))
        if sequence.planes_apart:
            bits.take(2)
        lowest = 0 if kind in self._IDR else bits.take(sequence.count_bits)
        if entry:
            self._broken = self._anew or kind != self._CRA
            self._anew = False
            if self._broken:
                self._run += 1
                self._counter.restart()
        # Leading pictures, and those that no other of the lowest layer needs, are not counted from.
        counted_from = layer == 1 and kind not in (*self._RADL, *self._RASL)
        counted_from &= kind > 14 or bool(kind % 2)
        count = self._counter.count(lowest, sequence.count_bits, referred_to=counted_from)
        return DisplayOrder(self._run, count, shown and not (kind in self._RASL and self._broken))


_READERS: Final[Mapping[str, type[_AvcPlaces] | type[_HevcPlaces]]] = MappingProxyType(
    {"h264": _AvcPlaces, "hevc": _HevcPlaces}
)
