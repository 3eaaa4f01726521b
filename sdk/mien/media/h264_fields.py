"""Pictures that H.264 codes as two fields in two packets (PAFF), as AVCHD cameras do.

A transport stream gives each field a packet, a decoder gives both as one frame. Which packet
is a second field is said by the first slice's header; of that, and of the parameter sets that
it goes by, only as much is read as is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["FieldPairs"]

_HIGH_PROFILES: Final = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
"""Profiles whose parameter sets say how chroma is sampled."""
_HEADER_BYTES: Final = 64
"""Bytes of a slice that are looked at; far more than is read of its header."""
_SLICE, _IDR_SLICE, _SPS, _PPS = 1, 5, 7, 8


@dataclass(frozen=True, slots=True)
class _Sequence:
    """What a sequence parameter set says that slice headers depend on."""

    frame_num_bits: int
    planes_apart: bool
    fields_allowed: bool


class FieldPairs:
    """Tells the second fields of frames, from packets in the order of decoding."""

    def __init__(self) -> None:
        self.allowed = False
        """Whether there may be fields, by the parameter sets met so far."""
        self.alone = False
        """Whether the packet before the last one held a field whose second one did not come."""
        self._sequences: dict[int, _Sequence] = {}
        self._pictures: dict[int, int] = {}
        self._open: tuple[int, bool] | None = None
        """Number and parity of a first field whose second one may follow."""

    def is_second(self, data: bytes) -> bool:
        """Whether a packet (Annex B) holds the second field of the frame before it."""
        field = self._field(data)
        second = field is not None and self._open == (field[0], not field[1])
        self.alone = self._open is not None and not second
        self._open = None if second else field
        return second

    def _field(self, data: bytes) -> tuple[int, bool] | None:
        """Number and parity of a field; None for a frame."""
        for kind, start in _units(data):
            try:
                if kind == _SPS:
                    self._read_sequence(_Bits(data, start, 1024))
                elif kind == _PPS:
                    bits = _Bits(data, start, _HEADER_BYTES)
                    self._pictures[bits.exp_golomb()] = bits.exp_golomb()
                elif kind in (_SLICE, _IDR_SLICE):
                    return self._read_slice(_Bits(data, start, _HEADER_BYTES))
            except IndexError:
                return None
        return None

    def _read_sequence(self, bits: _Bits) -> None:
        profile = bits.take(8)
        bits.take(16)
        name = bits.exp_golomb()
        planes_apart = False
        if profile in _HIGH_PROFILES:
            chroma = bits.exp_golomb()
            if chroma == 3:
                planes_apart = bool(bits.take(1))
            bits.exp_golomb()
            bits.exp_golomb()
            bits.take(1)
            if bits.take(1):
                for i in range(8 if chroma != 3 else 12):
                    if bits.take(1):
                        _skip_scaling_list(bits, 16 if i < 6 else 64)
        frame_num_bits = bits.exp_golomb() + 4
        order = bits.exp_golomb()
        if order == 0:
            bits.exp_golomb()
        elif order == 1:
            bits.take(1)
            bits.exp_golomb()
            bits.exp_golomb()
            for _ in range(bits.exp_golomb()):
                bits.exp_golomb()
        bits.exp_golomb()
        bits.take(1)
        bits.exp_golomb()
        bits.exp_golomb()
        fields_allowed = not bits.take(1)
        self.allowed |= fields_allowed
        self._sequences[name] = _Sequence(frame_num_bits, planes_apart, fields_allowed)

    def _read_slice(self, bits: _Bits) -> tuple[int, bool] | None:
        bits.exp_golomb()
        bits.exp_golomb()
        sequence = self._sequences.get(self._pictures.get(bits.exp_golomb(), -1))
        if sequence is None or not sequence.fields_allowed:
            return None
        if sequence.planes_apart:
            bits.take(2)
        number = bits.take(sequence.frame_num_bits)
        if not bits.take(1):
            return None
        return number, bool(bits.take(1))


class _Bits:
    """Bits of a NAL unit's payload, without the bytes that were put in against start codes.

    Raises:
        IndexError: When it ends early.
    """

    def __init__(self, data: bytes, start: int, size: int) -> None:
        payload = data[start : start + size].replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(payload, "big")
        self._left = 8 * len(payload)

    def take(self, count: int) -> int:
        """The next bits as a number."""
        self._left -= count
        if self._left < 0:
            raise IndexError
        return self._value >> self._left & (1 << count) - 1

    def exp_golomb(self) -> int:
        """The next unsigned Exp-Golomb code; of a signed one, how it is coded."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = step = 8
    for _ in range(size):
        if step:
            code = bits.exp_golomb()
            delta = (code + 1) // 2 if code % 2 else -(code // 2)
            step = (last + delta) % 256
        last = step or last


def _units(data: bytes) -> Iterator[tuple[int, int]]:
    """Kind of each NAL unit, and where its payload starts."""
    at = data.find(b"\0\0\1")
    while 0 <= at < len(data) - 4:
        yield data[at + 3] & 31, at + 4
        at = data.find(b"\0\0\1", at + 4)
