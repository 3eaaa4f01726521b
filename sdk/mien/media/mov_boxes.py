"""Boxes in the header of a MOV or MP4 file that FFmpeg has finished; more is put in."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

__all__ = ["boxes", "ending_header", "enlarge", "write_kinds", "write_late_starts"]


def ending_header(file: BinaryIO) -> int | None:
    """Where the box `moov` begins that ends a file; None where it does not end it."""
    end = file.seek(0, 2)
    start = 0
    while start + 16 <= end:
        file.seek(start)
        size, name, long = struct.unpack(">I4sQ", file.read(16))
        size = long if size == 1 else size or end - start
        if name == b"moov":
            return start if start + size == end and size < 1 << 32 else None
        if size < 8:
            return None
        start += size
    return None


def boxes(data: bytearray, start: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each box in a part of a header."""
    while start + 8 <= stop:
        size, name = struct.unpack_from(">I4s", data, start)
        if size < 8:
            return
        yield name, start, start + size
        start += size


def enlarge(data: bytearray, parents: Sequence[int], at: int, more: bytes) -> None:
    """Put bytes into a header, and make the boxes around them so much larger.

    Args:
        data: The header.
        parents: Where each of those boxes begins.
        at: Where the bytes go.
        more: The bytes.
    """
    for parent in parents:
        size = struct.unpack_from(">I", data, parent)[0]
        struct.pack_into(">I", data, parent, size + len(more))
    data[at:at] = more


def write_kinds(path: Path, kinds: Sequence[Sequence[str]]) -> bool:
    """Say what the tracks of a finished MOV file are for; FFmpeg says it in MP4 alone.

    Args:
        path: The movie.
        kinds: Roles of each of its first tracks (`commentary`), in MPEG-DASH's words.

    Returns:
        Whether that was written; the file is as it was where not.
    """
    with path.open("r+b") as file:
        header = ending_header(file)
        if header is None:
            return False
        file.seek(header)
        data = bytearray(file.read())
        tracks = [box for box in boxes(data, 8, len(data)) if box[0] == b"trak"]
        if len(tracks) < len(kinds):
            return False
        # From the last on, so that those before it stay where they are.
        for (_, start, stop), roles in reversed(list(zip(tracks, kinds, strict=False))):
            made = b"".join(_kind(role) for role in roles)
            user = next((b for b in boxes(data, start + 8, stop) if b[0] == b"udta"), None)
            if made and user is not None:
                enlarge(data, (0, start, user[1]), user[1] + 8, made)
            elif made:
                enlarge(data, (0, start), stop, struct.pack(">I4s", 8 + len(made), b"udta") + made)
        file.seek(header)
        file.write(data)
    return True


def write_late_starts(path: Path, hidden: Mapping[int, Fraction]) -> bool:
    """Hide the first packets of sounds that begin after 0, as a decoder needs them.

    FFmpeg leaves room before such a sound (an empty edit) and hides nothing of it.

    Args:
        path: A MOV or MP4 file that FFmpeg has just finished.
        hidden: Seconds to be hidden at the beginning of tracks, by their numbers.

    Returns:
        Whether that was written; the file is as it was where not.
    """
    with path.open("r+b") as file:
        header = ending_header(file)
        if header is None:
            return False
        file.seek(header)
        data = bytearray(file.read())
        clock = _timescale(data, _inner(data, 0, b"mvhd"))
        tracks = [start for name, start, _ in boxes(data, 8, len(data)) if name == b"trak"]
        for number, seconds in hidden.items():
            media = _timescale(data, _inner(data, tracks[number], b"mdia", b"mdhd"))
            edits = _inner(data, tracks[number], b"edts", b"elst")
            if (
                not clock
                or not media
                or edits is None
                or not _hide(data, edits, round(seconds * clock), round(seconds * media))
            ):
                return False
        file.seek(header)
        file.write(data)
    return True


def _hide(data: bytearray, edits: int, moved: int, start: int) -> bool:
    """Let an empty edit last longer, and the one behind it begin later; False without these."""
    entry = ">QqI" if data[edits + 8] == 1 else ">IiI"
    size = struct.calcsize(entry)
    if struct.unpack_from(">I", data, edits + 12)[0] != 2:
        return False
    empty, shown = (struct.unpack_from(entry, data, edits + 16 + k * size) for k in (0, 1))
    if empty[1] != -1 or shown[1] != 0:
        return False
    struct.pack_into(entry, data, edits + 16, empty[0] + moved, *empty[1:])
    rest = max(0, shown[0] - moved)
    struct.pack_into(entry, data, edits + 16 + size, rest, start, shown[2])
    return True


def _inner(data: bytearray, start: int, *names: bytes) -> int | None:
    """Where a box in a box begins, some levels down; None without it."""
    for name in names:
        stop = start + struct.unpack_from(">I", data, start)[0]
        inside = next((b for b in boxes(data, start + 8, stop) if b[0] == name), None)
        if inside is None:
            return None
        start = inside[1]
    return start


def _timescale(data: bytearray, box: int | None) -> int:
    """Ticks a second, as a header of a movie or of media says; 0 without it."""
    if box is None:
        return 0
    at = box + (28 if data[box + 8] == 1 else 20)
    return int(struct.unpack_from(">I", data, at)[0])


def _kind(role: str) -> bytes:
    body = b"\0\0\0\0urn:mpeg:dash:role:2011\0" + role.encode() + b"\0"
    return struct.pack(">I4s", 8 + len(body), b"kind") + body
