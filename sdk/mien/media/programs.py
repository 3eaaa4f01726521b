"""The programs of a transport stream: which elementary streams belong to the first one.

FFmpeg numbers streams as it meets them, whatever program they are of. Both tables that say it
(ISO/IEC 13818-1: program association, program map) come at least every half second.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from pathlib import Path
from typing import Final

__all__ = ["first_program"]

_SYNC: Final = 0x47
_SEARCHED: Final = 16 << 20
"""Bytes from the beginning in which the tables are looked for."""
_SIZES: Final = (188, 192, 204)
"""Bytes of a packet: plain, with a time in front (M2TS), with error correction behind."""
_PAT: Final = 0


def first_program(path: Path, pictures: Set[int]) -> frozenset[int] | None:
    """Identifiers (PID) of the streams of the first program that has pictures.

    Args:
        path: The transport stream.
        pictures: Identifiers of its video streams.

    Returns:
        None where there is one program only, or the tables were not met.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_SEARCHED)
    except OSError:
        return None
    programs: dict[int, int] = {}
    maps: dict[int, frozenset[int]] = {}
    sections: dict[int, bytearray] = {}
    for identifier, begins, payload in _packets(data):
        if identifier != _PAT and identifier not in programs.values():
            continue
        for section in _sections(sections, identifier, begins, payload):
            if identifier == _PAT and section[0] == 0 and not programs:
                programs = _association(section)
            elif identifier != _PAT and section[0] == 2:
                number = int.from_bytes(section[3:5], "big")
                maps.setdefault(number, _map(section))
        if programs and set(programs) <= set(maps):
            break
    if len(programs) < 2:
        return None
    for number in programs:
        streams = maps.get(number, frozenset())
        if streams & pictures:
            return streams
    return None


def _packets(data: bytes) -> Iterator[tuple[int, bool, bytes]]:
    """Identifier of every packet, whether a section begins in it, and what it carries."""
    size, start = _framing(data)
    for at in range(start, len(data) - 187, size) if size else ():
        if data[at] != _SYNC:
            continue
        flags, control = int.from_bytes(data[at + 1 : at + 3], "big"), data[at + 3]
        if flags & 0x8000 or not control & 0x10:
            continue  # damaged, or without payload
        skip = 4 + (1 + data[at + 4] if control & 0x20 else 0)
        if skip < 188:
            yield flags & 0x1FFF, bool(flags & 0x4000), data[at + skip : at + 188]


def _framing(data: bytes) -> tuple[int, int]:
    """Size of a packet, and where the first one is; 0 where there is none."""
    for start in range(min(len(data), 1024)):
        for size in _SIZES:
            marks = data[start : start + 8 * size : size]
            if len(marks) > 2 and all(mark == _SYNC for mark in marks):
                return size, start
    return 0, 0


def _sections(
    waiting: dict[int, bytearray], identifier: int, begins: bool, payload: bytes
) -> Iterator[bytes]:
    """The sections that are whole with this packet."""
    if begins:
        if not payload:
            return
        pointer = payload[0]
        waiting[identifier] = bytearray(payload[1 + pointer :])
    elif identifier in waiting:
        waiting[identifier] += payload
    held = waiting.get(identifier, bytearray())
    while len(held) >= 3 and held[0] != 0xFF:
        length = 3 + (int.from_bytes(held[1:3], "big") & 0xFFF)
        if len(held) < length:
            return
        if length >= 12:
            yield bytes(held[:length])
        del held[:length]


def _association(section: bytes) -> dict[int, int]:
    """Where the map of every program is, the first program first."""
    pairs = section[8:-4]
    entries = (pairs[i : i + 4] for i in range(0, len(pairs) - 3, 4))
    numbers = {
        int.from_bytes(entry[:2], "big"): int.from_bytes(entry[2:], "big") & 0x1FFF
        for entry in entries
    }
    numbers.pop(0, None)  # the network's own table
    return numbers


def _map(section: bytes) -> frozenset[int]:
    """Identifiers of a program's streams."""
    at = 12 + (int.from_bytes(section[10:12], "big") & 0xFFF)
    found = set()
    while at + 5 <= len(section) - 4:
        found.add(int.from_bytes(section[at + 1 : at + 3], "big") & 0x1FFF)
        at += 5 + (int.from_bytes(section[at + 3 : at + 5], "big") & 0xFFF)
    return frozenset(found)
