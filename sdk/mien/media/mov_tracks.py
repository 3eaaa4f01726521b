"""What MOV and MP4 call the tracks that FFmpeg has no name for.

A track's sample description begins with four letters (ISO/IEC 14496-12, `stsd`); of codecs that
FFmpeg does not know they are all that can be said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["TrackCodec", "TrackEdit", "track_codecs"]

_LARGEST: Final = 256 << 20
"""Bytes of an index that is read; hours of footage need some 30 MB."""
_NORMAL_RATE: Final = 1 << 16
_LARGE_SIZE: Final = 1
_TO_THE_END: Final = 0


@dataclass(frozen=True, slots=True)
class TrackEdit:
    """An entry of a track's edit list.

    Attributes:
        seconds: How long it is shown or heard; 0 for all that is left.
        start: Second of the track's media at which it begins; None for nothing.
        speed: At what speed it is played.
    """

    seconds: Fraction
    start: Fraction | None
    speed: Fraction


@dataclass(frozen=True, slots=True)
class TrackCodec:
    """What a track's sample description says.

    Attributes:
        letters: The four letters of its codec.
        layered: Whether HEVC has layers beside the picture: a second view, or alpha.
        edits: The track's edit list.
        tick: Seconds of the ticks in which the movie counts how long an edit lasts.
    """

    letters: str
    layered: bool
    edits: tuple[TrackEdit, ...] = ()
    tick: Fraction = Fraction(0)

    @property
    def retimed(self) -> bool:
        """Whether the track's edit list plays a part at another speed, or holds a frame."""
        return any(edit.start is not None and edit.speed != 1 for edit in self.edits)


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
    ticks = _ticks(_child(index, b"mvhd"))
    for kind, track in _boxes(index):
        if kind != b"trak":
            continue
        header, codec = _child(track, b"tkhd"), _codec(track, ticks)
        at = 20 if header[:1] == b"\x01" else 12
        if len(header) >= at + 4 and codec.letters:
            found[int.from_bytes(header[at : at + 4], "big")] = codec
    return found


def _codec(track: bytes, ticks: int) -> TrackCodec:
    description = track
    for name in (b"mdia", b"minf", b"stbl", b"stsd"):
        description = _child(description, name)
    letters = description[12:16].decode("latin-1").strip() if len(description) >= 16 else ""
    return TrackCodec(letters, b"lhvC" in description, _edits(track, ticks), Fraction(1, ticks))


def _edits(track: bytes, ticks: int) -> tuple[TrackEdit, ...]:
    """A track's edit list, of a movie with so many ticks in a second."""
    edits = _child(_child(track, b"edts"), b"elst")
    own_ticks = _ticks(_child(_child(track, b"mdia"), b"mdhd"))
    # How long, where it begins, -1 for nothing, and the rate as 16.16 make an entry.
    size = 8 if edits[:1] == b"\x01" else 4
    length = 2 * size + 4
    result = []
    for at in range(8, len(edits) - length + 1, length):
        entry = edits[at : at + length]
        start = int.from_bytes(entry[size : 2 * size], "big", signed=True)
        speed = Fraction(int.from_bytes(entry[2 * size :], "big", signed=True), _NORMAL_RATE)
        seconds = Fraction(int.from_bytes(entry[:size], "big"), ticks)
        result.append(TrackEdit(seconds, None if start < 0 else Fraction(start, own_ticks), speed))
    return tuple(result)


def _ticks(header: bytes) -> int:
    """Ticks in a second, of a movie's header or a track's; 1 where it says none."""
    at = 20 if header[:1] == b"\x01" else 12
    return int.from_bytes(header[at : at + 4], "big") or 1


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
