"""Finished frames in files: what differs from the plate, whole or not there.

What is kept of a frame is what differs from its plate, in code values of the plate's own
format: exactly what the encoder is given, whatever codec it is, and about a byte a pixel of the
face. A file is 16 bytes of digest, 4 bytes with the header's length, the header (JSON) and the
packed differences. The digest is over key, header and the finished samples: a file that is torn
or damaged, or belongs to another plate, does not match it, and the frame is rendered again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np
import numpy.typing as npt

from mien.media.atomic_write import sync, write_error
from mien.media.planes import Plate

__all__ = ["FrameFolder", "pack", "unpack"]

_DIGEST: Final = 16
_LENGTH: Final = 4
_FAST: Final = 1
"""zlib's level: differences are small numbers, which pack well at once."""
_NAME = re.compile(r"(\d{8,})-[0-9a-f]{16}\.frame")
_UNFINISHED = ".new"

_Span = tuple[int, int, int, int]
"""First and last (excluded) row and sample of the part of a plane that differs."""


class FrameFolder:
    """Finished frames in a folder, which any number of processes and machines may fill.

    A frame gets its name when it is whole and on the disk; processes that make the same frame
    make the same bytes.

    Args:
        folder: The folder; made when the first frame is kept.
        key: What all its frames depend on.
        tag: What a frame depends on beyond that, as 16 hexadecimal digits.
    """

    def __init__(self, folder: Path, key: str, tag: Callable[[int], str]) -> None:
        self._folder = folder
        self.key = key
        self._tag = tag
        self._sizes: dict[int, int] = {}
        self.refresh()

    @property
    def kept(self) -> frozenset[int]:
        """The frames that are there, whole or not."""
        return frozenset(self._sizes)

    @property
    def size(self) -> int:
        """Bytes that they take."""
        return sum(self._sizes.values())

    def refresh(self) -> None:
        """See afresh which frames are there: others may have made some."""
        self._sizes.clear()
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name)
                if match and entry.is_file(follow_symlinks=False):
                    frame = int(match[1])
                    if entry.name == self._path(frame).name:
                        self._sizes[frame] = entry.stat().st_size

    def find(self, frame: int, plate: Plate) -> Plate | None:
        """A frame that is finished.

        Args:
            frame: Its index.
            plate: Its plate; not changed.

        Returns:
            The finished plate, or the given one itself when nothing changes in this frame;
            None when the frame is not there or damaged.
        """
        if frame not in self._sizes:
            return None
        path = self._path(frame)
        try:
            # A frame that differs everywhere may be packed into a little more than it was.
            if path.stat().st_size > 2 * sum(plane.nbytes for plane in plate.planes) + 4096:
                return None
            return unpack(path.read_bytes(), self._whole_key(frame), frame, plate)
        except (OSError, ValueError, TypeError, KeyError, RecursionError, zlib.error):
            return None

    def keep(self, frame: int, plate: Plate, finished: Plate) -> None:
        """Keep a finished frame: on the disk before it has its name.

        Args:
            frame: Its index.
            plate: Its plate.
            finished: The plate with the faces changed; the same when nothing changes.

        Raises:
            WriteError: When the disk is full, or the folder cannot be written to.
        """
        content = pack(self._whole_key(frame), frame, plate, finished)
        try:
            self._write(frame, content, synced=True)
        except OSError as error:
            raise write_error(self._path(frame), error) from error

    def remove_others(self) -> None:
        """Remove frames of other tags, and what processes that were killed left unfinished."""
        with suppress(FileNotFoundError), os.scandir(self._folder) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name)
                stale = match and entry.name != self._path(int(match[1])).name
                if stale or entry.name.endswith(_UNFINISHED):
                    Path(entry.path).unlink(missing_ok=True)

    def _write(self, frame: int, content: bytes, *, synced: bool) -> None:
        path = self._path(frame)
        # Another process, maybe on another machine, may be making the same frame.
        unfinished = path.with_name(f"{path.stem}.{uuid4().hex}{_UNFINISHED}")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(content)
            if synced:
                sync(unfinished)
            os.replace(unfinished, path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        self._sizes[frame] = len(content)

    def _path(self, frame: int) -> Path:
        return self._folder / f"{frame:08d}-{self._tag(frame)}.frame"

    def _whole_key(self, frame: int) -> str:
        return self.key + self._tag(frame)


def _bits(plane: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A plane's samples as unsigned numbers, whose differences wrap and lose nothing."""
    return plane.view(f"u{plane.dtype.itemsize}")


def _span(before: npt.NDArray[Any], after: npt.NDArray[Any]) -> _Span:
    differs = _bits(before) != _bits(after)
    rows, samples = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    if not len(rows):
        return (0, 0, 0, 0)
    return (int(rows[0]), int(rows[-1]) + 1, int(samples[0]), int(samples[-1]) + 1)


def _digest(key: str, header: bytes, parts: Sequence[npt.NDArray[Any]]) -> bytes:
    digest = hashlib.blake2b(key.encode() + header, digest_size=_DIGEST)
    for part in parts:
        digest.update(np.ascontiguousarray(part).data)
    return digest.digest()


def pack(key: str, frame: int, plate: Plate, finished: Plate) -> bytes:
    """A finished frame as the content of a file; see `FrameFolder.keep`."""
    spans, differences, parts = [], [], []
    for before, after in zip(plate.planes, finished.planes, strict=True):
        span = _span(before, after)
        y0, y1, x0, x1 = span
        part = _bits(after)[y0:y1, x0:x1]
        spans.append(span)
        parts.append(part)
        differences.append((part - _bits(before)[y0:y1, x0:x1]).tobytes())
    changed = finished is not plate
    header = json.dumps({"frame": frame, "changed": changed, "spans": spans}).encode()
    length = len(header).to_bytes(_LENGTH, "little")
    packed = zlib.compress(b"".join(differences), _FAST)
    return _digest(key, header, parts) + length + header + packed


def unpack(content: bytes, key: str, frame: int, plate: Plate) -> Plate | None:
    """The finished plate; None when the content is of another frame or damaged.

    Args:
        content: Of a file.
        key: What the frame depends on.
        frame: Its index.
        plate: Its plate; not changed.

    Raises:
        ValueError, TypeError, KeyError, zlib.error: When the content is no frame at all.
    """
    start = _DIGEST + _LENGTH
    length = int.from_bytes(content[_DIGEST:start], "little")
    header = content[start : start + length]
    said = json.loads(header)
    planes = [_bits(plane) for plane in plate.planes]
    views = [
        plane[y0:y1, x0:x1] for plane, (y0, y1, x0, x1) in zip(planes, said["spans"], strict=True)
    ]
    # Never more than the plate holds, whatever the file unpacks to.
    expected = sum(view.nbytes for view in views)
    unpacker = zlib.decompressobj()
    differences = unpacker.decompress(content[start + length :], expected + 1)
    if len(differences) != expected or said["frame"] != frame:
        return None
    result = [plane.copy() for plane in planes]
    parts, at = [], 0
    for target, view, (y0, y1, x0, x1) in zip(result, views, said["spans"], strict=True):
        difference = np.frombuffer(differences, view.dtype, view.size, at).reshape(view.shape)
        at += view.nbytes
        part = view + difference
        target[y0:y1, x0:x1] = part
        parts.append(part)
    if _digest(key, header, parts) != content[:_DIGEST]:
        return None
    if not said["changed"]:
        return plate
    typed = [new.view(old.dtype) for new, old in zip(result, plate.planes, strict=True)]
    return plate.with_planes(typed)
