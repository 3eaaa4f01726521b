"""What MOV and MP4 call the tracks that FFmpeg has no name for.

A track's sample description begins with four letters (ISO/IEC 14496-12, `stsd`); of codecs that
FFmpeg does not know they are all that can be said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["TrackCodec", "track_codecs"]

_LARGEST: Final = 256 << 20
"""Bytes of an index that is read; hours of footage need some 30 MB."""
_NORMAL_RATE: Final = 1 << 16
_LARGE_SIZE: Final = 1
_TO_THE_END: Final = 0


@dataclass(frozen=True, slots=True)
class TrackCodec:
    """What a track's sample description says.

    Attributes:
        letters: The four letters of its codec.
        layered: Whether HEVC has layers beside the picture: a second view, or alpha.
        retimed: Whether the track's edit list plays a part at another speed, or holds a frame.
    """

    letters: str
    layered: bool
    retimed: bool = False


def track_codecs(path: Path) -> dict[int, TrackCodec]:
    """What every track's sample description says, by the track's identifier.

    Args:
        path: A MOV or MP4 file.

    Returns:
        Nothing where the file has no index, or one that cannot be read.
    """
    try:
        with path.open("rb") as file:
            index = _index(file)
    except OSError:
        return {}
    found = {}
    for kind, track in _boxes(index):
        if kind != b"trak":
            continue
        header, codec = _child(track, b"tkhd"), _codec(track)
        at = 20 if header[:1] == b"\x01" else 12
        if len(header) >= at + 4 and codec.letters:
            found[int.from_bytes(header[at : at + 4], "big")] = codec
    return found


def _codec(track: bytes) -> TrackCodec:
    description = track
    for name in (b"mdia", b"minf", b"stbl", b"stsd"):
        description = _child(description, name)
    letters = description[12:16].decode("latin-1").strip() if len(description) >= 16 else ""
    return TrackCodec(letters, b"lhvC" in description, _retimed(track))


def _retimed(track: bytes) -> bool:
    """Whether an edit shows its part of the track at another rate than 1."""
    edits = _child(_child(track, b"edts"), b"elst")
    # Where it begins, -1 for nothing, and the rate as 16.16 end every entry.
    start_bytes = 8 if edits[:1] == b"\x01" else 4
    length = 2 * start_bytes + 4
    for at in range(8, len(edits) - length + 1, length):
        start = int.from_bytes(edits[at + start_bytes : at + 2 * start_bytes], "big", signed=True)
        rate = int.from_bytes(edits[at + 2 * start_bytes : at + length], "big", signed=True)
        if start >= 0 and rate != _NORMAL_RATE:
            return True
    return False


def _child(data: bytes, name: bytes) -> bytes:
    return next((content for kind, content in _boxes(data) if kind == name), b"")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes in a box: their name and what they hold."""
    at = 0
    while at + 8 <= len(data):
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == _LARGE_SIZE:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        if size == _TO_THE_END:
            size = len(data) - at
        if size < head:
            return
        yield data[at + 4 : at + 8], data[at + head : at + size]
        at += size


def _index(file: BinaryIO) -> bytes:
    """What is in the box `moov`, wherever in the file that is."""
    at = 0
    while True:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return b""
        size, begins = int.from_bytes(head[:4], "big"), 8
        if size == _LARGE_SIZE:
            size, begins = int.from_bytes(head[8:16], "big"), 16
        if head[4:8] == b"moov":
            file.seek(at + begins)
            length = _LARGEST if size == _TO_THE_END else size - begins
            return file.read(max(0, min(length, _LARGEST)))
        if size < begins:
            return b""
        at += size
