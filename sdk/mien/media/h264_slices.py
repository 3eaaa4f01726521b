"""Headers of H.264's slices: of them, and of the parameter sets that they go by, what is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mien.media.nal_units import NalBits, annex_b_units, skip_scaling_list

__all__ = ["SliceHeader", "SliceReader"]

_HIGH_PROFILES: Final = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
"""Profiles whose parameter sets say how chroma is sampled."""
_SLICE, _IDR_SLICE, _SPS, _PPS = 1, 5, 7, 8
_P_SLICES, _B_SLICE = (0, 3), 1
_HEADER_BYTES: Final = 512
"""Bytes of a slice that are looked at: with weights for every reference its header is long."""
_SET_BYTES: Final = 1024
_FORGET_ALL: Final = 5
"""The operation by which a picture ends what was before it, as an entry does."""


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What a sequence parameter set says that slice headers depend on."""

    chroma: bool
    planes_apart: bool
    number_bits: int
    count_kind: int
    count_bits: int
    deltas_zero: bool
    gaps_allowed: bool
    fields_allowed: bool


@dataclass(frozen=True, slots=True)
class _Picture:
    """What a picture parameter set says that slice headers depend on."""

    sequence: int
    says_bottom: bool
    references: tuple[int, int]
    weighted: bool
    weighted_b: bool
    says_redundant: bool


@dataclass(frozen=True, slots=True)
class SliceHeader:
    """What the header of a picture's first slice says.

    Attributes:
        number: Its `frame_num`.
        numbers: How many numbers there are before they start again at 0.
        gaps_allowed: Whether numbers may be left out although nothing is missing.
        entry: Whether decoding starts anew with it (IDR).
        bottom: Whether a field is the bottom one; None for a frame.
        referred_to: Whether others are predicted from it.
        count_kind: How its place is coded: 0 by `lowest`, 2 as it is decoded.
        lowest: The lowest bits of its place.
        count_bits: How many these are.
        forgets: Whether it ends what was before it, as an entry does.
    """

    number: int
    numbers: int
    gaps_allowed: bool
    entry: bool
    bottom: bool | None
    referred_to: bool
    count_kind: int
    lowest: int
    count_bits: int
    forgets: bool


class SliceReader:
    """Reads the first slice's header of packets (Annex B) in the order of decoding."""

    def __init__(self) -> None:
        self.fields_allowed = False
        """Whether there may be fields, by the parameter sets met so far."""
        self._sequences: dict[int, _Sequence] = {}
        self._pictures: dict[int, _Picture] = {}

    def read(self, data: bytes) -> SliceHeader | None:
        """The header of the first slice; None where there is none, or it is damaged."""
        try:
            for at in annex_b_units(data):
                kind = data[at] & 31
                if kind == _SPS:
                    self._read_sequence(NalBits(data, at + 1, _SET_BYTES))
                elif kind == _PPS:
                    self._read_picture(NalBits(data, at + 1, _SET_BYTES))
                elif kind in (_SLICE, _IDR_SLICE):
                    bits = NalBits(data, at + 1, _HEADER_BYTES)
                    return self._read_slice(bits, kind == _IDR_SLICE, bool(data[at] & 0x60))
        except IndexError:
            return None
        return None

    def _read_sequence(self, bits: NalBits) -> None:
        profile = bits.take(8)
        bits.take(16)
        name = bits.exp_golomb()
        chroma, planes_apart = 1, False
        if profile in _HIGH_PROFILES:
            chroma = bits.exp_golomb()
            planes_apart = chroma == 3 and bool(bits.take(1))
            bits.exp_golomb()
            bits.exp_golomb()
            bits.take(1)
            if bits.take(1):
                for i in range(8 if chroma != 3 else 12):
                    if bits.take(1):
                        skip_scaling_list(bits, 16 if i < 6 else 64)
        number_bits = bits.exp_golomb() + 4
        kind, count_bits, zero = bits.exp_golomb(), 0, False
        if kind == 0:
            count_bits = bits.exp_golomb() + 4
        elif kind == 1:
            zero = bool(bits.take(1))
            bits.exp_golomb()
            bits.exp_golomb()
            for _ in range(bits.exp_golomb()):
                bits.exp_golomb()
        bits.exp_golomb()
        gaps = bool(bits.take(1))
        bits.exp_golomb()
        bits.exp_golomb()
        fields = not bits.take(1)
        self.fields_allowed |= fields
        self._sequences[name] = _Sequence(
            bool(chroma) and not planes_apart, planes_apart, number_bits, kind, count_bits, zero,
            gaps, fields,
        )  # fmt: skip

    def _read_picture(self, bits: NalBits) -> None:
        name, sequence = bits.exp_golomb(), bits.exp_golomb()
        bits.take(1)
        says_bottom = bool(bits.take(1))
        if bits.exp_golomb():
            self._pictures.pop(name, None)
            return  # groups of slices, which no camera or encoder of today has
        references = bits.exp_golomb() + 1, bits.exp_golomb() + 1
        weighted, weighted_b = bool(bits.take(1)), bits.take(2) == 1
        for _ in range(3):
            bits.exp_golomb()
        bits.take(2)
        self._pictures[name] = _Picture(
            sequence, says_bottom, references, weighted, weighted_b, bool(bits.take(1))
        )

    def _read_slice(self, bits: NalBits, entry: bool, referred_to: bool) -> SliceHeader | None:
        bits.exp_golomb()
        kind = bits.exp_golomb() % 5
        picture = self._pictures.get(bits.exp_golomb())
        sequence = None if picture is None else self._sequences.get(picture.sequence)
        if picture is None or sequence is None:
            return None
        if sequence.planes_apart:
            bits.take(2)
        number = bits.take(sequence.number_bits)
        bottom = None
        if sequence.fields_allowed and bits.take(1):
            bottom = bool(bits.take(1))
        if entry:
            bits.exp_golomb()
        lowest = bits.take(sequence.count_bits)
        deltas = sequence.count_kind == 0 and picture.says_bottom and bottom is None
        if sequence.count_kind == 1 and not sequence.deltas_zero:
            bits.exp_golomb()
            deltas = picture.says_bottom and bottom is None
        if deltas:
            bits.exp_golomb()
        if picture.says_redundant:
            bits.exp_golomb()
        forgets = not entry and referred_to and _forgets(bits, kind, picture, sequence.chroma)
        return SliceHeader(
            number, 1 << sequence.number_bits, sequence.gaps_allowed, entry, bottom, referred_to,
            sequence.count_kind, lowest, sequence.count_bits, forgets,
        )  # fmt: skip


def _forgets(bits: NalBits, kind: int, picture: _Picture, chroma: bool) -> bool:
    """Whether a slice marks all that was before it as unused, read to the end of its header."""
    lists = 2 if kind == _B_SLICE else 1 if kind in _P_SLICES else 0
    if kind == _B_SLICE:
        bits.take(1)
    counts = list(picture.references)
    if lists and bits.take(1):
        for k in range(lists):
            counts[k] = bits.exp_golomb() + 1
    for _ in range(lists):
        if bits.take(1):
            while bits.exp_golomb() != 3:
                bits.exp_golomb()
    if lists and (picture.weighted_b if kind == _B_SLICE else picture.weighted):
        _skip_weights(bits, sum(counts[:lists]), chroma)
    if not bits.take(1):
        return False
    while operation := bits.exp_golomb():
        if operation == _FORGET_ALL:
            return True
        for _ in range(2 if operation == 3 else 1):
            bits.exp_golomb()
    return False


def _skip_weights(bits: NalBits, references: int, chroma: bool) -> None:
    bits.exp_golomb()
    if chroma:
        bits.exp_golomb()
    for _ in range(references):
        for pairs in (1, 2) if chroma else (1,):
            if bits.take(1):
                for _ in range(2 * pairs):
                    bits.exp_golomb()
