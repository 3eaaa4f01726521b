"""MP4 and MOV files as boxes: found, patched, and given more boxes inside."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta", b"dinf"}
_STSD = 16
"""Bytes of `stsd` before its entries: size, name, version and flags, their number."""


@dataclass(frozen=True)
class Found:
    """A box: its names from the outermost on, and where it is."""

    path: tuple[bytes, ...]
    start: int
    size: int


def boxes(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[Found]:
    """All boxes of a file, outer ones before those in them."""
    yield from _boxes(data, start, len(data) if stop is None else stop, ())


def _boxes(data: bytes, at: int, stop: int, path: tuple[bytes, ...]) -> Iterator[Found]:
    while at + 8 <= stop:
        size, name = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > stop:
            return
        yield Found((*path, name), at, size)
        if name in PARENTS:
            yield from _boxes(data, at + 8, at + size, (*path, name))
        elif name == b"stsd":
            yield from _boxes(data, at + _STSD, at + size, (*path, name))
        at += size


def find(data: bytes, name: bytes, number: int = 0) -> Found:
    """The box of a name, the first unless told otherwise."""
    return [box for box in boxes(data) if box.path[-1] == name][number]


def patched(data: bytes, name: bytes, offset: int, content: bytes, number: int = 0) -> bytes:
    """The file with bytes of a box replaced, from an offset on that counts its header."""
    at = find(data, name, number).start + offset
    return data[:at] + content + data[at + len(content) :]


def replaced(data: bytes, name: bytes, change: Callable[[bytes], bytes], number: int = 0) -> bytes:
    """The file with a box replaced by another, whatever its size; its index comes last."""
    box = find(data, name, number)
    new = change(data[box.start : box.start + box.size])
    grown = len(new) - box.size
    result = bytearray(data[: box.start] + new + data[box.start + box.size :])
    for outer in boxes(data):
        inside = outer.start < box.start and outer.start + outer.size >= box.start + box.size
        if inside and outer.path == box.path[: len(outer.path)]:
            result[outer.start : outer.start + 4] = struct.pack(">I", outer.size + grown)
    return bytes(result)


def box(name: bytes, *content: bytes) -> bytes:
    """A box."""
    inside = b"".join(content)
    return struct.pack(">I4s", 8 + len(inside), name) + inside
