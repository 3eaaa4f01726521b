"""Tags written into the header of a finished movie, where FFmpeg's writers are not told of them.

PyAV hands the pixel aspect and the HDR metadata to encoders, and to no container. Codecs that say
neither by themselves (FFV1, ProRes, VP9) would lose both.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from mien.media.ebml import (
    IDS,
    children,
    element,
    float_element,
    uint_element,
    with_checksum,
)
from mien.media.mov_boxes import boxes, ending_header, enlarge
from mien.media.tags import MasteringDisplay

__all__ = ["HeaderTags", "room_for_tags", "write_header_tags"]

_MATROSKA: Final = ("matroska", "webm")
_ROOM: Final = " " * 192
_HEADER: Final = 1 << 20
"""Bytes of a Matroska file in which its tracks are: what is large comes after them."""
_MXF_HEADER: Final = 1 << 16
_ASPECT_TAG: Final = b"\x32\x0e\x00\x08"
"""Local tag and length of the aspect ratio in MXF (SMPTE ST 377-1, F.4.1)."""
_FIELDS: Final = {1: 0x0100, 2: 0x0201, 3: 0x0206, 4: 0x0209, 5: 0x020E}
"""FFmpeg's numbers of field orders, and what the box `fiel` says (QuickTime File Format)."""
_ASPECT_TERMS: Final = 1 << 16
_CHROMATICITY, _LUMINANCE = 50000, 10000
"""Units of the box `mdcv`: 0.00002, and 0.0001 cd/m2 (ISO/IEC 23001-8)."""
_SAMPLE_ENTRY: Final = 86
"""Bytes of a visual sample entry before the boxes in it (ISO/IEC 14496-12, 12.1.3)."""


@dataclass(frozen=True, slots=True)
class HeaderTags:
    """What is to be written.

    Attributes:
        aspect: Width of a pixel over its height; None to leave it.
        size: Width and height of the coded picture.
        mastering: The mastering display; None to leave it.
        light: The brightest pixel and the brightest mean of a frame; None to leave them.
        field_order: FFmpeg's number of the field order; 0 to leave it.
    """

    size: tuple[int, int]
    aspect: Fraction | None = None
    mastering: MasteringDisplay | None = None
    light: tuple[int, int] | None = None
    field_order: int = 0


def room_for_tags(container: str, title: str | None) -> str | None:
    """Return the title that a picture's stream is to have while its movie is written.

    In Matroska it takes up the room in which tags are written later, and then is what it was.

    Args:
        container: FFmpeg's name of the container.
        title: The title that it has; None without one.
    """
    return (title or "") + _ROOM if container in _MATROSKA else title


def write_header_tags(path: Path, container: str, tags: HeaderTags) -> bool:
    """Write tags of the picture into the header of a movie that FFmpeg has just finished.

    Nothing else in the file moves: in Matroska they take the room that `room_for_tags` made, and
    in MP4 and MOV the header is at the end.

    Args:
        path: The movie, whose first stream is the picture.
        container: FFmpeg's name of the container.
        tags: The tags.

    Returns:
        Whether they were written; the file is as it was where not.
    """
    if container in _MATROSKA:
        return _write_matroska(path, tags)
    if container == "mxf":
        return _write_mxf(path, tags)
    return container in ("mp4", "mov") and _write_mov(path, tags)


def _write_matroska(path: Path, tags: HeaderTags) -> bool:
    with path.open("r+b") as file:
        data = file.read(_HEADER)
        start, stop = 0, len(data)
        for name in ("Segment", "Tracks"):
            part = next((e for e in children(data, start, stop) if e.identifier == IDS[name]), None)
            if part is None or (name == "Tracks" and part.stop > len(data)):
                return False
            start, stop = part.body, min(part.stop, len(data))
        content = data[start:stop]
        first = next((e for e in children(content) if e.identifier == IDS["TrackEntry"]), None)
        entry = b"" if first is None else _entry(content[first.body : first.stop], tags)
        if first is None or not entry:
            return False
        content = content[: first.body] + entry + content[first.stop :]
        file.seek(start)
        file.write(with_checksum(content))
    return True


def _entry(content: bytes, tags: HeaderTags) -> bytes:
    """The content of a track with the tags, of the same length; b"" where they have no room."""
    made = b""
    for part in children(content):
        inside, whole = content[part.body : part.stop], content[part.start : part.stop]
        if part.identifier == IDS["Video"]:
            whole = element("Video", _video(inside, tags))
        elif part.identifier == IDS["Name"]:
            title = inside.removesuffix(_ROOM.encode())
            whole = element("Name", title) if title else b""
        made += whole
    room = len(content) - len(made)
    if room < 2:
        return b""
    width = 1 if room < 100 else 2
    return made + element("Void", bytes(room - 1 - width), width)


def _video(content: bytes, tags: HeaderTags) -> bytes:
    display = tuple(IDS[name] for name in ("DisplayWidth", "DisplayHeight", "DisplayUnit"))
    kept, color = b"", b""
    for part in children(content):
        if part.identifier == IDS["Colour"]:
            color = content[part.body : part.stop]
        elif tags.aspect is None or part.identifier not in display:
            kept += content[part.start : part.stop]
    if tags.aspect is not None:
        width, height = _display_size(tags.size, tags.aspect)
        kept += uint_element("DisplayWidth", width) + uint_element("DisplayHeight", height)
    color = _color(color, tags)
    return kept + (element("Colour", color) if color else b"")


def _display_size(size: tuple[int, int], aspect: Fraction) -> tuple[int, int]:
    """Whole pixels in which a picture is shown, exactly of its aspect."""
    width, height = size
    exact = Fraction(width) * aspect
    if exact.denominator == 1:
        return int(exact), height
    # Rows are multiplied, so that no rounding changes the aspect.
    if exact.denominator * height < _ASPECT_TERMS:
        return int(exact * exact.denominator), height * exact.denominator
    return round(exact), height


def _color(content: bytes, tags: HeaderTags) -> bytes:
    replaced = {
        IDS[name]
        for name, value in (
            ("MasteringMetadata", tags.mastering), ("MaxCLL", tags.light), ("MaxFALL", tags.light),
        )
        if value is not None
    }  # fmt: skip
    kept = b"".join(
        content[e.start : e.stop] for e in children(content) if e.identifier not in replaced
    )
    if tags.light is not None:
        kept += uint_element("MaxCLL", tags.light[0]) + uint_element("MaxFALL", tags.light[1])
    if tags.mastering is not None:
        kept += element("MasteringMetadata", _mastering_elements(tags.mastering))
    return kept


def _mastering_elements(mastering: MasteringDisplay) -> bytes:
    points = (("PrimaryR", mastering.red), ("PrimaryG", mastering.green),
              ("PrimaryB", mastering.blue), ("WhitePoint", mastering.white))  # fmt: skip
    numbers = b"".join(
        float_element(f"{name}Chromaticity{axis}", float(value))
        for name, point in points
        for axis, value in zip("XY", point, strict=True)
    )
    low, high = mastering.luminance
    return (
        numbers
        + float_element("LuminanceMax", float(high))
        + float_element("LuminanceMin", float(low))
    )


def _write_mxf(path: Path, tags: HeaderTags) -> bool:
    """Say the aspect in MXF, where it is that of the picture and has its place already."""
    if tags.aspect is None:
        return True
    width, height = tags.size
    shown = Fraction(width, height) * tags.aspect
    old, new = (_ASPECT_TAG + struct.pack(">2I", a.numerator, a.denominator)
                for a in (Fraction(width, height), shown))  # fmt: skip
    with path.open("r+b") as file:
        data = file.read(_MXF_HEADER)
        start = data.find(old)
        if start < 0:
            return False
        file.seek(start)
        file.write(new)
    return True


def _write_mov(path: Path, tags: HeaderTags) -> bool:
    made = _mov_boxes(tags)
    if not made:
        return True
    with path.open("r+b") as file:
        header = ending_header(file)
        if header is None:
            return False
        file.seek(header)
        data = bytearray(file.read())
        parents, start, stop = [0], 8, len(data)
        for name in (b"trak", b"mdia", b"minf", b"stbl", b"stsd"):
            box = next((b for b in boxes(data, start, stop) if b[0] == name), None)
            if box is None:
                return False
            parents.append(box[1])
            start, stop = box[1] + 8, box[2]
        entry = start + 8  # after the version and the number of entries
        parents.append(entry)
        if entry + _SAMPLE_ENTRY > stop:
            return False
        enlarge(data, parents, entry + _SAMPLE_ENTRY, made)
        file.seek(header)
        file.write(data)
    return True


def _mov_boxes(tags: HeaderTags) -> bytes:
    made = b""
    if tags.mastering is not None:
        m = tags.mastering
        points = (*m.green, *m.blue, *m.red, *m.white)
        numbers = [min(round(value * _CHROMATICITY), 0xFFFF) for value in points]
        low, high = (min(round(value * _LUMINANCE), 0xFFFFFFFF) for value in m.luminance)
        made += struct.pack(">I4s8H2I", 32, b"mdcv", *numbers, high, low)
    if tags.light is not None:
        made += struct.pack(">I4s2H", 12, b"clli", *(min(n, 0xFFFF) for n in tags.light))
    if tags.field_order:
        made += struct.pack(">I4sH", 10, b"fiel", _FIELDS[tags.field_order])
    return made
