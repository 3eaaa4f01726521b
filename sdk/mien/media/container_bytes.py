"""Why a movie cannot be decoded, from its bytes: whether it is encrypted, or has no index."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import BinaryIO, Final

__all__ = ["has_index", "is_encrypted"]

_ENTRY = re.compile(rb"stsd.{12}enc[va]", re.DOTALL)
"""The first entry of a track's sample descriptions in MP4 (ISO/IEC 23001-7)."""
_MATROSKA: Final = b"\x1a\x45\xdf\xa3"
_ENCODING = b"\x50\x33\x81\x01"
"""Matroska's ContentEncodingType, 1: encryption."""
_CLUSTER = b"\x1f\x43\xb6\x75"
_HEADER: Final = 8
_LARGEST_INDEX: Final = 256 << 20
_HEAD: Final = 1 << 20
_SYNC: Final = 0x47
_STRIDES: Final = (188, 192, 204)
"""Bytes from one packet of a transport stream to the next."""
_FIRST_ELEMENTARY: Final = 0x20
_STUFFING: Final = 0x1FFF


def is_encrypted(path: Path) -> bool:
    """Tell whether a movie says that it is encrypted: MP4, Matroska, MPEG transport streams.

    Args:
        path: The movie.

    Raises:
        OSError: When it cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if head[4:8] in (b"ftyp", b"moov", b"styp", b"wide", b"free", b"mdat", b"skip"):
            return _ENTRY.search(_index(file)) is not None
    if head.startswith(_MATROSKA):
        return _ENCODING in head.partition(_CLUSTER)[0]
    return _is_scrambled(head)


def has_index(path: Path) -> bool:
    """Tell whether an MP4 or MOV file has an index (its box `moov`), be it damaged or whole.

    Args:
        path: The movie.

    Raises:
        OSError: When it cannot be read.
    """
    with path.open("rb") as file:
        return len(_index(file)) > _HEADER


def _index(file: BinaryIO) -> bytes:
    """The content of the box `moov` of an MP4 file; empty when there is none."""
    at, end = 0, file.seek(0, os.SEEK_END)
    while at + _HEADER <= end:
        file.seek(at)
        header = file.read(2 * _HEADER)
        size, name = struct.unpack_from(">I4s", header)
        if size == 1:
            size = int.from_bytes(header[_HEADER:], "big")
        if name == b"moov":
            file.seek(at)
            return file.read(min(size or _LARGEST_INDEX, _LARGEST_INDEX))
        if size < _HEADER:
            break
        at += size
    return b""


def _is_scrambled(head: bytes) -> bool:
    """Whether most packets of a transport stream are marked as scrambled."""
    for stride in _STRIDES:
        for first in range(min(stride, len(head))):
            places = range(first, len(head) - 4, stride)
            if len(places) < 8 or any(head[at] != _SYNC for at in places[:8]):
                continue
            marks = [
                head[at + 3] >> 6
                for at in places
                if head[at] == _SYNC
                and _FIRST_ELEMENTARY
                <= (int.from_bytes(head[at + 1 : at + 3], "big") & _STUFFING)
                < _STUFFING
            ]
            return sum(mark > 1 for mark in marks) > len(marks) / 2
    return False
