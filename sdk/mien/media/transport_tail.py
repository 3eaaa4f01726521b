"""Whether a transport stream surely ends with a whole frame, by its bytes alone.

Recorders that are stopped write whole packets, but half a frame. The last packet of a frame is
filled up to its fixed length; one in the middle of a frame has nothing to be filled up with.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["ends_whole"]

_LENGTHS: Final = (188, 192, 204)
"""Bytes of a packet, without and with what cameras and links add."""
_SYNC: Final = 0x47
_TAIL: Final = 1 << 20
"""Bytes at the end that are looked through."""
_SURE: Final = 8
"""Packets that must follow each other to be taken for packets."""


def ends_whole(path: Path, stream: int) -> bool | None:
    """Whether the last frame is surely complete; None where the bytes do not tell.

    Of those that are, one in 184 has just the length that needs no filling up: of these, as of
    those that were cut off, only a decoder can tell more (`whole_tail`).

    Args:
        path: The file.
        stream: Identifier (PID) of the packets of the film.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        data = file.read()
    for length in _LENGTHS:
        for start in range(min(length, len(data))):
            if len(data) - start < _SURE * length:
                break
            if all(data[start + i * length] == _SYNC for i in range(_SURE)):
                return _is_filled_up(data, start, length, stream)
    return None


def _is_filled_up(data: bytes, start: int, length: int, stream: int) -> bool | None:
    last = start + (len(data) - start - 188) // length * length
    for at in range(last, -1, -length):
        if data[at] != _SYNC:
            return None
        if int.from_bytes(data[at + 1 : at + 3], "big") & 0x1FFF == stream and data[at + 3] & 0x10:
            return bool(data[at + 3] & 0x20) and _has_filling(data[at + 4 : at + 188])
    return None


def _has_filling(field: bytes) -> bool:
    """Whether an adaptation field is longer than what it says."""
    length = field[0]
    if length < 2:
        # One or two bytes are too few to say anything: they are there to fill.
        return True
    flags = field[1]
    used = 1 + 6 * bool(flags & 0x10) + 6 * bool(flags & 0x08) + bool(flags & 0x04)
    for flag in (0x02, 0x01):
        if flags & flag and used < length:
            used += 1 + field[1 + used]
    return used < length
