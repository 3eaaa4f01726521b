"""Finished frames of a render, kept until its output is whole.

A render that dies, however it dies, goes on where it was when the same command is given
again. Its frames wait beside the output (frame_files.py):

    .out.mp4.resume/lock                      held by the process at work
    .out.mp4.resume/KEY/00000012-TAG.frame    one finished frame

KEY names what all frames depend on (media, faces, the user's matte, the renderer and the version
of its pixels), TAG what one frame depends on beyond that (its edit, strokes on its matte,
settings, weights), so that frames of other media, another edit or other weights are never taken
for these; they are removed. After a change of the edit, only what it changes is rendered again.
Files are not synced one by one: a power cut costs the last half minute, and as a damaged file is
rendered again, nothing is wrong after it.

A batch keeps the frames of a shot in the same way, in a folder that several processes fill.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien.errors import DamagedMediaError, MediaError, MienError
from mien.face import SOLVER
from mien.media.fingerprint import fingerprint
from mien.media.planes import Plate
from mien.media.probe import probe
from mien.media.resume_folder import annotate_errors, resumable_folder
from mien.media.sequence import Pattern, find_sequence
from mien.model.media import MediaInfo
from mien.model.shot import Shot
from mien.rendering.base import CacheKey, FacePlan, Renderer
from mien.rendering.frame_files import FrameFolder, pack
from mien.rendering.matte_shape import matte_reading

__all__ = ["FinishedFrames", "FrameKeys", "finished_frames", "matte_stamp", "media_stamp",
           "remove_other_keys", "shot_key"]  # fmt: skip

_FORMAT: Final = 2
_SHARE: Final = 0.5
"""Of the disk's free space, what finished frames may take; the output needs its own."""
_KEY = re.compile(r"[0-9a-f]{32}")


class FrameKeys:
    """Names for what each frame of a render depends on.

    Args:
        shot: The shot.
        plans: The faces with edits.
        renderer: Makes the pixels.

    Attributes:
        shared: 32 hexadecimal digits: what all frames depend on.
    """

    def __init__(self, shot: Shot, plans: Sequence[FacePlan], renderer: Renderer) -> None:
        self.shared = shot_key(shot, renderer.name, str(renderer.pixels))
        self._strokes = shot.occlusion.strokes
        self._plans = [(plan, renderer.cache_key(shot, plan)) for plan in plans]
        self._whole = {
            plan.face.number: _edit_digest(plan, key, slice(None))
            for plan, key in self._plans
            if key.temporal_radius is None
        }
        self._tags: dict[int, str] = {}

    def tag(self, frame: int) -> str:
        """Return 16 hexadecimal digits that name what a frame depends on beyond that."""
        if frame not in self._tags:
            digest = hashlib.blake2b(digest_size=8)
            for plan, key in self._plans:
                delta = plan.evaluated.delta
                # A face of which nothing is asked here changes nothing here.
                if 0 <= frame < len(delta) and delta[frame].any():
                    radius = key.temporal_radius
                    if radius is None:
                        near = slice(0, len(delta))
                        digest.update(self._whole[plan.face.number])
                    else:
                        near = slice(max(0, frame - radius), frame + radius + 1)
                        digest.update(_edit_digest(plan, key, near))
                    self._add_strokes(digest, plan.face.number, near)
            self._tags[frame] = digest.hexdigest()
        return self._tags[frame]

    def _add_strokes(self, digest: hashlib.blake2b, face: int, frames: slice) -> None:
        """Add the strokes on a face's matte that are for any of some frames."""
        for stroke in self._strokes:
            span = stroke.span
            if stroke.face == face and span.start < frames.stop and frames.start < span.stop:
                digest.update(repr(dataclasses.astuple(stroke)).encode())


def shot_key(shot: Shot, *names: str) -> str:
    """Return a name for everything that all frames of a shot depend on.

    Args:
        shot: The shot.
        names: What else they depend on: the renderer, the version of its pixels.

    Returns:
        32 hexadecimal digits.
    """
    return _shot_digest(shot, names).hexdigest()


def media_stamp(media: MediaInfo) -> str:
    """Names the files of a source as they are now: content at their ends, sizes and times.

    Raises:
        MediaError: When one cannot be looked at.
    """
    return hashlib.blake2b(
        repr((media.fingerprint, _files(media), *_held(media))).encode(), digest_size=16
    ).hexdigest()


def _held(media: MediaInfo) -> tuple[object, ...]:
    """What stands for which missing images; nothing where none is missing."""
    return (media.missing_frames, media.missing) if media.missing else ()


def matte_stamp(matte: Path) -> str:
    """Names the files of a user's matte as they are now: content at their ends, sizes and times.

    Raises:
        MediaError: When one cannot be looked at.
    """
    pattern = find_sequence(matte)
    paths = [matte] if pattern is None else list(map(pattern.file, pattern.numbers()))
    if not paths:
        raise MediaError(f"There are no images {matte}.", "Check the pattern.", path=matte)
    try:
        content = fingerprint([matte] if pattern is None else [paths[0], paths[-1]])
    except OSError as error:
        raise _unseen(error) from error
    return hashlib.blake2b(repr((content, _stats(paths))).encode(), digest_size=16).hexdigest()


def _edit_digest(plan: FacePlan, key: CacheKey, frames: slice) -> bytes:
    """Digest of a face's edit over some frames."""
    digest = hashlib.blake2b(f"plan {plan.face.number} {key.digest}".encode(), digest_size=16)
    _add(digest, plan.evaluated.source[frames])
    _add(digest, plan.evaluated.delta[frames])
    if plan.evaluated.departed is not None:
        _add(digest, plan.evaluated.departed[frames])
    gained = plan.evaluated.gained
    if gained is not None and gained[frames].any():
        digest.update(b"gained")
        _add(digest, gained[frames])
    if plan.flame is not None:
        _add(digest, plan.flame[frames])
    return digest.digest()


def _shot_digest(shot: Shot, names: Sequence[str]) -> hashlib.blake2b:
    digest = hashlib.blake2b(digest_size=16)
    for value in (_FORMAT, tuple(names)):
        digest.update(repr(value).encode() + b"\0")
    _add_shot(digest, shot)
    digest.update(f"occlusion {_occlusion_facts(shot)!r}".encode())
    for example in shot.examples:
        if example.used is not None and example.used.faces:
            # Its faces are solved again, with what the shot knows of them.
            digest.update(f"example {SOLVER}".encode())
            try:
                _add_shot(digest, example.used)
            except MediaError:
                # Nothing is learned from it then, and no render fails for it.
                digest.update(b"lost")
    return digest


def _occlusion_facts(shot: Shot) -> tuple[Any, ...]:
    """What all frames depend on of what is in front of faces."""
    occlusion = shot.occlusion
    if occlusion.matte is None:
        # Hands are found where their models are installed.
        models = occlusion.detect and find_spec("mediapipe") is not None
        return (*occlusion.facts(), models)
    # Of a face that a matte covers nothing is rendered, unless an eraser bares it somewhere.
    erased = sorted({stroke.face for stroke in occlusion.strokes if stroke.erase})
    stamp = matte_stamp(occlusion.matte) if occlusion.matte_online else "lost"
    reading = _matte_reading(occlusion.matte, shot.media) if occlusion.matte_online else ""
    return (*occlusion.facts(), stamp, erased, *((reading,) if reading else ()))


def _matte_reading(matte: Path, media: MediaInfo) -> str:
    """How a user's matte is laid on a shot, where that is to be named."""
    try:
        return matte_reading(probe(matte), media)
    except MienError:
        # It is refused when it is opened for rendering.
        return "unread"


def _add_shot(digest: hashlib.blake2b, shot: Shot) -> None:
    media = shot.media
    facts = (media.fingerprint, media.pixel_format, media.orientation, media.color, shot.breaks)
    for value in ((*facts, *_held(media)), _files(media)):
        digest.update(repr(value).encode() + b"\0")
    for face in shot.faces:
        curves = face.curves
        digest.update(f"face {face.number} {curves.basis}".encode())
        arrays = (face.landmarks, face.confidence, face.identity, curves.controls.array)
        pose = (curves.pose.scale, curves.pose.rotation, curves.pose.translation)
        for array in (*arrays, curves.flame, *pose, curves.valid):
            _add(digest, array)
        if face.region_confidence is not None:
            _add(digest, face.region_confidence)


def _files(media: MediaInfo) -> list[tuple[int, int]]:
    """Size and time of every file of the source: its fingerprint reads only the ends.

    Frames in memory have none, and a fingerprint of all their pixels.
    """
    if media.kind == "memory":
        return []
    paths = [media.path]
    pattern = Pattern.parse(media.path) if media.kind == "sequence" else None
    if pattern is not None:
        missing = frozenset(media.missing)
        last = media.first_number + media.clock.frame_count
        numbers = (one for one in range(media.first_number, last) if one not in missing)
        paths = [pattern.file(number) for number in numbers]
    return _stats(paths)


def _stats(paths: Sequence[Path]) -> list[tuple[int, int]]:
    try:
        return [(stat.st_size, stat.st_mtime_ns) for stat in (path.stat() for path in paths)]
    except OSError as error:
        raise _unseen(error) from error


def _unseen(error: OSError) -> MediaError:
    return MediaError(f"{error.filename} cannot be looked at: {error.strerror}.", "Put it back.")


def _add(digest: hashlib.blake2b, array: npt.NDArray[Any]) -> None:
    digest.update(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)


def remove_other_keys(folder: Path, key: str) -> None:
    """Remove the frames of other keys from the folder in which keys have theirs."""
    for entry in folder.iterdir():
        if entry.name != key and _KEY.fullmatch(entry.name) and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)


@contextmanager
def finished_frames(output: Path, key: str, tag: Callable[[int], str]) -> Iterator[FinishedFrames]:
    """The finished frames of an output, until it is whole; then they are removed.

    Ended by an error they stay, and the error says so.

    Args:
        output: The movie, or the pattern of images.
        key: What all its frames depend on (`FrameKeys.shared`).
        tag: What one depends on beyond that (`FrameKeys.tag`).

    Raises:
        OutputError: When another process renders the same output.
        OperationCancelledError: In place of KeyboardInterrupt, when frames are kept.
    """
    with resumable_folder(output) as folder:
        frames = FinishedFrames(folder, key, tag)
        with annotate_errors(frames.note):
            yield frames


class FinishedFrames(FrameFolder):
    """Finished frames of the one process that makes an output.

    Args:
        folder: The folder beside it; frames in it that depend on anything else are removed.
        key: What all its frames depend on.
        tag: What one depends on beyond that.
    """

    def __init__(self, folder: Path, key: str, tag: Callable[[int], str]) -> None:
        remove_other_keys(folder, key)
        super().__init__(folder / key, key, tag)
        self.remove_others()
        self._beside = folder
        self._taken = self.size
        self._room = int(_SHARE * (shutil.disk_usage(folder).free + self._taken))
        self._counting = threading.Lock()

    def note(self, error: BaseException) -> str:
        """What to tell the user whose render did not end; empty when nothing is kept.

        Args:
            error: What ended it.
        """
        if not self.kept:
            return ""
        # Unchanged it would only come to the same damage.
        how = " with --until-damage" if isinstance(error, DamagedMediaError) else ""
        return (
            f"Finished frames ({len(self.kept)}) are kept in {self._beside}:"
            f" the same command{how} goes on from there."
        )

    def keep(self, frame: int, plate: Plate, finished: Plate) -> None:
        """Keep a finished frame, unless there is no room; see `FrameFolder.keep`."""
        content = pack(self._whole_key(frame), frame, plate, finished)
        with self._counting:
            taken = self._taken + len(content) - self._sizes.get(frame, 0)
            if taken > self._room:
                return
            self._taken = taken
        try:
            self._write(frame, content, synced=False)
        except OSError:
            # A full disk ends the keeping, not the render: the output may still fit.
            with self._counting:
                self._room = 0
