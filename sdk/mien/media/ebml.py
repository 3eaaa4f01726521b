"""Elements of Matroska headers (EBML, RFC 8794): found, read, written."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["IDS", "Element", "child", "children", "element", "float_element", "read_uint",
           "uint_element", "with_checksum"]  # fmt: skip

IDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "Segment": 0x18538067, "Tracks": 0x1654AE6B, "TrackEntry": 0xAE, "Name": 0x536E,
        "Video": 0xE0, "Void": 0xEC, "CRC-32": 0xBF,
        "DisplayWidth": 0x54B0, "DisplayHeight": 0x54BA, "DisplayUnit": 0x54B2,
        "Colour": 0x55B0, "ChromaSitingHorz": 0x55B7, "ChromaSitingVert": 0x55B8,
        "MaxCLL": 0x55BC, "MaxFALL": 0x55BD, "MasteringMetadata": 0x55D0,
        "PrimaryRChromaticityX": 0x55D1, "PrimaryRChromaticityY": 0x55D2,
        "PrimaryGChromaticityX": 0x55D3, "PrimaryGChromaticityY": 0x55D4,
        "PrimaryBChromaticityX": 0x55D5, "PrimaryBChromaticityY": 0x55D6,
        "WhitePointChromaticityX": 0x55D7, "WhitePointChromaticityY": 0x55D8,
        "LuminanceMax": 0x55D9, "LuminanceMin": 0x55DA,
    }
)  # fmt: skip
"""Identifiers of elements (RFC 9559)."""


@dataclass(frozen=True, slots=True)
class Element:
    """An element in some bytes.

    Attributes:
        identifier: Its identifier.
        start: Where its identifier begins.
        body: Where its content begins.
        stop: Where its content ends; the end of the bytes for one of unknown size.
    """

    identifier: int
    start: int
    body: int
    stop: int


def children(data: bytes, start: int = 0, stop: int | None = None) -> Iterator[Element]:
    """Yield the elements between two places, as far as they are whole.

    Args:
        data: The bytes.
        start: Where the first begins.
        stop: Where the last ends; None for the end of the bytes.
    """
    stop = len(data) if stop is None else stop
    while start < stop:
        identifier, after = _number(data, start, marked=True)
        size, body = _number(data, after)
        if identifier is None or size is None:
            return
        unknown = size == (1 << 7 * (body - after)) - 1
        end = len(data) if unknown else body + size
        yield Element(identifier, start, body, end)
        start = end


def child(data: bytes, *names: str) -> bytes:
    """Return the content of the first element on a path of names; b"" without one."""
    start, stop = 0, len(data)
    for name in names:
        match = next((e for e in children(data, start, stop) if e.identifier == IDS[name]), None)
        if match is None:
            return b""
        start, stop = match.body, min(match.stop, len(data))
    return data[start:stop]


def read_uint(data: bytes, name: str) -> int | None:
    """Return the number that an element among some bytes holds; None without one."""
    for each in children(data):
        if each.identifier == IDS[name]:
            return int.from_bytes(data[each.body : each.stop], "big")
    return None


def element(name: str, content: bytes, width: int = 0) -> bytes:
    """Write an element.

    Args:
        name: Its name.
        content: Its content.
        width: Bytes of its size; 0 for as few as do.
    """
    identifier = IDS[name]
    size = len(content)
    least = next(n for n in range(1, 9) if size < (1 << 7 * n) - 1)
    width = max(width, least)
    length = (size | 1 << 7 * width).to_bytes(width, "big")
    return identifier.to_bytes((identifier.bit_length() + 7) // 8, "big") + length + content


def uint_element(name: str, value: int) -> bytes:
    """Write a whole number in as few bytes as hold it."""
    return element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def float_element(name: str, value: float) -> bytes:
    """Write a number in single precision."""
    return element(name, struct.pack(">f", value))


def with_checksum(content: bytes) -> bytes:
    """Return content of an element with its checksum in front of it, in place of an old one."""
    first = next(children(content), None)
    if first is None or first.identifier != IDS["CRC-32"]:
        return content
    rest = content[first.stop :]
    return element("CRC-32", struct.pack("<I", zlib.crc32(rest))) + rest


def _number(data: bytes, start: int, *, marked: bool = False) -> tuple[int | None, int]:
    """A number of variable size, and where it ends; None where it is cut off."""
    if start >= len(data) or not data[start]:
        return None, start
    width = 9 - data[start].bit_length()
    if start + width > len(data):
        return None, start
    value = int.from_bytes(data[start : start + width], "big")
    return value if marked else value & ((1 << 7 * width) - 1), start + width
