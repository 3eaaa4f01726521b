"""H.264 whose frames are two fields in two packets (PAFF), by hand: no encoder here writes it.

All macroblocks are raw samples (I_PCM), so that little more than headers is needed.
"""

from __future__ import annotations

from typing import Final

WIDE, HIGH = 3, 2
"""Macroblocks of a field; frames are 48 x 64."""
_NUMBER_BITS: Final = 4


class _Bits:
    def __init__(self) -> None:
        self.text = ""

    def put(self, value: int, count: int) -> _Bits:
        self.text += f"{value:0{count}b}" if count else ""
        return self

    def ue(self, value: int) -> _Bits:
        code = f"{value + 1:b}"
        self.text += "0" * (len(code) - 1) + code
        return self

    def se(self, value: int) -> _Bits:
        return self.ue(2 * value - 1 if value > 0 else -2 * value)

    def align(self) -> _Bits:
        self.text += "0" * (-len(self.text) % 8)
        return self

    def done(self) -> bytes:
        text = self.text + "1"
        text += "0" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


def _unit(kind: int, importance: int, payload: bytes) -> bytes:
    safe = bytearray()
    zeros = 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            safe.append(3)
            zeros = 0
        safe.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return b"\0\0\0\1" + bytes([importance << 5 | kind]) + bytes(safe)


def parameter_sets() -> bytes:
    """Sequence and picture parameter sets: Main profile, fields allowed."""
    sequence = _Bits().put(77, 8).put(0, 8).put(30, 8).ue(0).ue(_NUMBER_BITS - 4)
    # Order of display by number: counts of type 2 are that of decoding.
    sequence.ue(2).ue(1).put(0, 1).ue(WIDE - 1).ue(HIGH - 1)
    sequence.put(0, 1).put(0, 1).put(1, 1).put(0, 1).put(0, 1)
    picture = _Bits().ue(0).ue(0).put(0, 1).put(0, 1).ue(0).ue(0).ue(0).put(0, 1).put(0, 2)
    picture.se(0).se(0).se(0).put(0, 1).put(0, 1).put(0, 1)
    return _unit(7, 3, sequence.done()) + _unit(8, 3, picture.done())


def field(number: int, luma: int, *, bottom: bool, first_of_all: bool) -> bytes:
    """A field of one grey, with its access unit delimiter."""
    bits = _Bits().ue(0).ue(7).ue(0).put(number % (1 << _NUMBER_BITS), _NUMBER_BITS)
    bits.put(1, 1).put(bottom, 1)
    if first_of_all:
        bits.ue(0).put(0, 1).put(0, 1)
    else:
        bits.put(0, 1)
    bits.se(0)
    samples = f"{luma:08b}" * 256 + f"{128:08b}" * 128
    for _ in range(WIDE * HIGH):
        bits.ue(25).align()
        bits.text += samples
    delimiter = _unit(9, 0, b"\xf0")
    return delimiter + _unit(5 if first_of_all else 1, 2, bits.done())


def fields(frames: int, gop: int = 8) -> list[bytes]:
    """Two packets a frame; frame i is grey 40 + 3 i above 41 + 3 i, line by line."""
    packets = []
    for i in range(frames):
        number = i % gop
        for bottom in (False, True):
            starts = number == 0 and not bottom
            data = field(number, 40 + 3 * i + bottom, bottom=bottom, first_of_all=starts)
            packets.append(parameter_sets() + data if starts else data)
    return packets
