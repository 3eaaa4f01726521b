"""Finished frames of a costly render, kept beside the output until that is whole.

A render that dies, however it dies, goes on where it was when the same command is given
again. What is kept of a frame is what differs from its plate, in code values of the plate's
own format: exactly what the encoder is given, whatever codec it is, and about a byte a pixel
of the face.

    .out.mp4.resume/lock                      held by the process at work
    .out.mp4.resume/KEY/00000012.frame        one finished frame

KEY names everything on which the pixels depend, so that frames of another edit, other media
or other weights are never taken for these; they are removed. A file is 16 bytes of digest, 4
bytes with the header's length, the header (JSON) and the packed differences. The digest is
over key, header and the finished samples: a file that is torn or damaged, or belongs to
another plate, does not match it and is rendered again. That is also why files are not synced
one by one: a power cut costs the last half minute, and nothing is wrong after it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien.errors import MediaError
from mien.media.aside import kept_aside, saying
from mien.media.planes import Plate
from mien.media.sequence import Pattern
from mien.model.shot import MediaFacts, Shot
from mien.rendering.base import FacePlan

__all__ = ["FinishedFrames", "finished_frames", "resume_key"]

_FORMAT: Final = 1
_DIGEST: Final = 16
_LENGTH: Final = 4
_SHARE: Final = 0.5
"""Of the disk's free space, what finished frames may take; the output needs its own."""
_FAST: Final = 1
"""zlib's level: differences are small numbers, which pack well at once."""
_KEY = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"(\d{8,})\.frame")

_Span = tuple[int, int, int, int]
"""First and last (excluded) row and sample of the part of a plane that differs."""


def resume_key(shot: Shot, plans: Sequence[FacePlan], *names: str) -> str:
    """Names everything on which the pixels of a render depend.

    Args:
        shot: The shot.
        plans: The faces with edits.
        names: What else they depend on: the program's version, the renderer, the key of its
            session.

    Returns:
        32 hexadecimal digits.
    """
    digest = hashlib.blake2b(digest_size=16)
    media = shot.media
    facts = (media.fingerprint, media.pixel_format, media.orientation, media.color, shot.cuts)
    for value in (_FORMAT, names, facts, _files(media)):
        digest.update(repr(value).encode() + b"\0")
    for face in shot.faces:
        curves = face.curves
        digest.update(f"face {face.number} {curves.basis}".encode())
        arrays = (face.landmarks, face.confidence, face.identity, curves.controls.array)
        pose = (curves.pose.scale, curves.pose.rotation, curves.pose.translation)
        for array in (*arrays, curves.flame, *pose, curves.valid):
            _add(digest, array)
    for plan in plans:
        digest.update(f"plan {plan.face.number}".encode())
        _add(digest, plan.evaluated.source)
        _add(digest, plan.evaluated.delta)
    return digest.hexdigest()


def _files(media: MediaFacts) -> list[tuple[int, int]]:
    """Size and time of every file of the source: its fingerprint reads only the ends."""
    paths = [media.path]
    pattern = Pattern.parse(media.path) if media.kind == "sequence" else None
    if pattern is not None:
        paths = [pattern.file(media.first_number + i) for i in range(media.clock.frame_count)]
    try:
        return [(stat.st_size, stat.st_mtime_ns) for stat in (path.stat() for path in paths)]
    except OSError as error:
        raise MediaError(
            f"{error.filename} cannot be looked at: {error.strerror}.", "Put it back."
        ) from error


def _add(digest: hashlib.blake2b, array: npt.NDArray[Any]) -> None:
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)


@contextmanager
def finished_frames(output: Path, key: str) -> Iterator[FinishedFrames]:
    """The finished frames of an output, until it is whole; then they are removed.

    Ended by an error they stay, and the error says so.

    Args:
        output: The movie, or the pattern of images.
        key: What `resume_key` says.

    Raises:
        OutputError: When another process renders the same output.
        CancelledError: In place of KeyboardInterrupt, when frames are kept.
    """
    with kept_aside(output) as folder:
        frames = FinishedFrames(folder, key)
        with saying(frames.note):
            yield frames


class FinishedFrames:
    """Finished frames in a folder.

    Args:
        folder: The folder; frames of other keys in it are removed.
        key: What its frames depend on.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._key = key
        self._folder = folder / key
        for entry in folder.iterdir():
            if entry.name != key and _KEY.fullmatch(entry.name) and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
        self._sizes: dict[int, int] = {}
        if self._folder.is_dir():
            for entry in self._folder.iterdir():
                match = _NAME.fullmatch(entry.name)
                if match and entry.is_file():
                    self._sizes[int(match[1])] = entry.stat().st_size
        self._taken = sum(self._sizes.values())
        self._room = int(_SHARE * (shutil.disk_usage(folder).free + self._taken))

    @property
    def kept(self) -> frozenset[int]:
        """The frames that are there, whole or not."""
        return frozenset(self._sizes)

    def note(self) -> str:
        """What to tell the user whose render did not end; empty when nothing is kept."""
        if not self._sizes:
            return ""
        return (
            f"Finished frames ({len(self._sizes)}) are kept in {self._folder.parent}:"
            " the same command goes on from there."
        )

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
            return _unpack(path.read_bytes(), self._key, frame, plate)
        except (OSError, ValueError, TypeError, KeyError, zlib.error):
            return None

    def keep(self, frame: int, plate: Plate, finished: Plate) -> None:
        """Keep a finished frame, unless there is no room.

        Args:
            frame: Its index.
            plate: Its plate.
            finished: The plate with the faces changed; the same when nothing changes.
        """
        content = _pack(self._key, frame, plate, finished)
        taken = self._taken + len(content) - self._sizes.get(frame, 0)
        if taken > self._room:
            return
        path = self._path(frame)
        unfinished = path.with_suffix(".new")
        try:
            self._folder.mkdir(exist_ok=True)
            unfinished.write_bytes(content)
            os.replace(unfinished, path)
        except OSError:
            # A full disk ends the keeping, not the render: the output may still fit.
            self._room = 0
            unfinished.unlink(missing_ok=True)
            return
        self._sizes[frame], self._taken = len(content), taken

    def _path(self, frame: int) -> Path:
        return self._folder / f"{frame:08d}.frame"


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


def _pack(key: str, frame: int, plate: Plate, finished: Plate) -> bytes:
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


def _unpack(content: bytes, key: str, frame: int, plate: Plate) -> Plate | None:
    """The finished plate; None when the content is of another frame or damaged.

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
