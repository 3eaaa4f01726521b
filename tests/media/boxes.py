"""Edit lists put into MP4 and MOV files by their bytes, as cameras and editors write them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

Edit = tuple[int, int, float]
"""Milliseconds shown; where in the media that begins, in its ticks, -1 for nothing; the rate."""
Edits = Mapping[bytes, Sequence[Edit] | None]
_PARENTS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts")


def children(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each box."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        size = size or len(data) - at
        yield kind, data[at + head : at + size]
        at += size


def box(kind: bytes, content: bytes) -> bytes:
    """A box."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def edit_list(edits: Sequence[Edit], timescale: int = 1000) -> bytes:
    """An `edts` box."""
    entries = b"".join(
        struct.pack(">Iii", round(ms * timescale / 1000), start, round(rate * 65536))
        for ms, start, rate in edits
    )
    return box(b"edts", box(b"elst", struct.pack(">II", 0, len(edits)) + entries))


def with_edits(source: Path, target: Path, edits: Edits) -> Path:
    """A movie with other edit lists, by the kind of track (`vide`, `soun`); None for no list.

    The movie's index must lie behind its pictures, as FFmpeg writes it: nothing else moves.
    """
    result = b""
    for kind, content in children(source.read_bytes()):
        if kind == b"moov":
            assert b"mdat" in result, "the index comes first"
            content = _moov(content, edits)
        result += box(kind, content)
    target.write_bytes(result)
    return target


def _moov(content: bytes, edits: Edits) -> bytes:
    header = next(c for kind, c in children(content) if kind == b"mvhd")
    (timescale,) = struct.unpack_from(">I", header, 12)
    result = b""
    for kind, inner in children(content):
        if kind == b"trak":
            inner = _trak(inner, edits, timescale)
        result += box(kind, inner)
    return result


def _trak(content: bytes, edits: Edits, timescale: int) -> bytes:
    media = next(c for kind, c in children(content) if kind == b"mdia")
    handler = next(c for kind, c in children(media) if kind == b"hdlr")[8:12]
    if handler not in edits:
        return content
    chosen = edits[handler]
    result = b""
    for kind, inner in children(content):
        if kind == b"mdia" and chosen is not None:
            result += edit_list(chosen, timescale)
        if kind != b"edts":
            result += box(kind, inner)
    return result


def index_first(source: Path, target: Path, *, lost: float = 0.0) -> Path:
    """The same movie with its index before its pictures, and a share of the pictures lost."""
    boxes = dict(children(source.read_bytes()))
    pictures = boxes[b"mdat"]
    before = source.read_bytes().index(pictures[:64])
    head = box(b"ftyp", boxes[b"ftyp"])
    after = len(head) + len(boxes[b"moov"]) + 8 + 8

    def moved(content: bytes) -> bytes:
        count = struct.unpack_from(">I", content, 4)[0]
        offsets = struct.unpack_from(f">{count}I", content, 8)
        return content[:8] + struct.pack(f">{count}I", *(o - before + after for o in offsets))

    index = changed(box(b"moov", boxes[b"moov"]), b"stco", moved)
    data = head + index + box(b"mdat", pictures)
    target.write_bytes(data[: len(data) - round(lost * len(pictures))])
    return target


def changed(data: bytes, kind: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The same file with the content of every box of a kind changed."""
    result = b""
    for name, content in children(data):
        if name == kind:
            content = change(content)
        elif name in _PARENTS:
            content = changed(content, kind, change)
        result += box(name, content)
    return result
