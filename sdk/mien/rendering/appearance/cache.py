"""Libraries and what was learned from them, kept in the user's cache for the next render.

They depend on the shot, its tracked face and its examples alone, so that renders, batches, previews
and other processes share them. A cache can always be done without: what is damaged is made again,
and what cannot be written is not.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np
import numpy.typing as npt
import platformdirs

from mien.errors import MediaError
from mien.media.atomic_write import AtomicFile
from mien.media.cache_folder import CacheFolder
from mien.model.face import Face
from mien.model.shot import Shot
from mien.rendering.appearance.examples import ExampleFace
from mien.rendering.appearance.fingerprint import fingerprint_of
from mien.rendering.appearance.folds import FoldMaps
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.appearance.skin import SkinAppearance
from mien.rendering.geometry.features import open_frames
from mien.rendering.geometry.regression import SmoothFunction
from mien.rendering.resume import media_stamp

__all__ = ["AppearanceCache"]

_VERSION: Final = 3
"""Raised whenever a library, or what is learned from it, comes out differently."""
_MOST_BYTES: Final = 4 << 30
"""Bytes that the cache holds; what was not used for longest goes first."""
_DAMAGED: Final = (
    OSError, ValueError, TypeError, LookupError, EOFError, OverflowError, RuntimeError, SyntaxError,
    MemoryError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What reading a file that is cut off or overwritten raises, of zipfile and NumPy.

Memory ends where a header claims an array larger than there is memory.
"""
_FUNCTION: Final = ("middle", "points", "weights", "inverse")
"""Arrays of a `SmoothFunction`."""


_AT_HAND: Final[WeakValueDictionary[Path, FaceLibrary]] = WeakValueDictionary()
"""Libraries that somebody in this process uses: who asks next need not read them again."""
_SKINS: Final[WeakKeyDictionary[FaceLibrary, dict[Path, SkinAppearance | None]]] = (
    WeakKeyDictionary()
)
"""What was learned from them, by the file that it is kept in."""


def _keep_at_hand(path: Path, library: FaceLibrary, skin: SkinAppearance | None) -> None:
    _SKINS.setdefault(library, {})[path] = skin
    _AT_HAND[path] = library


class AppearanceCache(CacheFolder):
    """The folder in which appearances are kept.

    Args:
        folder: The folder; the user's cache by default.

    Attributes:
        folder: The folder.
        problem: Why something could not be kept; empty when all went well.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder or platformdirs.user_cache_path("mien") / "appearance", ".npz")
        self.problem = ""

    def key(self, shot: Shot, face: Face, examples: Sequence[ExampleFace] = ()) -> str | None:
        """Return the name of what a face's appearance depends on; None where that is not known.

        Frames in memory, and media that are gone, have no name.
        """
        parts = [_facts(shot, face), *(_facts(one.shot, one.face) for one in examples)]
        if any(part is None for part in parts):
            return None
        # Without examples the names are those that they had before there were any.
        return fingerprint_of(*parts[0] or (), *parts[1:])

    def load(self, key: str) -> tuple[FaceLibrary, SkinAppearance | None] | None:
        """Return what is kept under a name; None when there is nothing, or it is damaged."""
        path = self._path(key)
        at_hand = _AT_HAND.get(path)
        if at_hand is not None:
            return at_hand, _SKINS[at_hand][path]
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
            if str(arrays.pop("digest")) != _digest(arrays):
                return None
            found = _unpacked(arrays)
        except _DAMAGED:
            return None
        with suppress(OSError):
            os.utime(path)
        _keep_at_hand(path, *found)
        return found

    def store(self, key: str, library: FaceLibrary, skin: SkinAppearance | None) -> None:
        """Keep an appearance; when that fails, `problem` says why and nothing else happens."""
        _keep_at_hand(self._path(key), library, skin)
        arrays = _packed(library, skin)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file = AtomicFile(self._path(key))
            try:
                with file.path.open("wb") as stream:
                    _write(stream, {"digest": np.array(_digest(arrays)), **arrays})
                file.commit()
            except BaseException:
                file.discard()
                raise
            self.prune(_MOST_BYTES)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self.problem = f"nothing was kept in the cache {self.folder}: {reason}"

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npz"


def _write(stream: IO[bytes], arrays: dict[str, npt.NDArray[Any]]) -> None:
    """Write arrays as `numpy.savez` does, which leaves its archive open when the disk is full."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.save(member, array, allow_pickle=False)


def _facts(shot: Shot, face: Face) -> tuple[object, ...] | None:
    """What the frames of a face are chosen and cut out by; None where that is not known."""
    media, pose = shot.media, face.curves.pose
    if not media.fingerprint or not media.path.exists():
        return None
    try:
        stamp = media_stamp(media)
    except MediaError:
        return None
    orientation = media.orientation
    # Faces of which nothing is known to be in front have the names that they always had.
    covered = () if face.region_confidence is None else (open_frames(face),)
    return (
        _VERSION, stamp, media.pixel_format, repr(orientation), repr(media.color), shot.breaks,
        face.landmarks, face.confidence, face.identity, face.curves.controls.array,
        pose.rotation, pose.scale, pose.translation, *covered,
    )  # fmt: skip


def _packed(library: FaceLibrary, skin: SkinAppearance | None) -> dict[str, npt.NDArray[Any]]:
    frames = library.frames
    arrays: dict[str, npt.NDArray[Any]] = {
        "frame": np.array([frame.frame for frame in frames], dtype=np.int64),
        "scale": np.array([frame.scale for frame in frames], dtype=np.float64),
    }
    for number, frame in enumerate(frames):
        arrays[f"rgb{number}"] = frame.rgb
        arrays[f"points{number}"] = frame.points
        arrays[f"offset{number}"] = frame.offset
        arrays[f"controls{number}"] = frame.controls
        arrays[f"rotation{number}"] = frame.rotation
    if library.remarks:
        arrays["remarks"] = np.array(library.remarks)
    if library.of_examples:
        own = [-1 if frame.example is None else frame.example for frame in frames]
        arrays["example"] = np.array(own, dtype=np.int64)
    if skin is not None:
        arrays["layout"], arrays["components"] = skin.layout, skin.components
        arrays |= {name: getattr(skin.scores, name) for name in _FUNCTION}
    return arrays


def _unpacked(arrays: dict[str, npt.NDArray[Any]]) -> tuple[FaceLibrary, SkinAppearance | None]:
    own = arrays.get("example", np.full(len(arrays["frame"]), -1)).tolist()
    frames = tuple(
        LibraryFrame(
            int(frame),
            arrays[f"rgb{number}"],
            arrays[f"points{number}"],
            arrays[f"offset{number}"],
            float(scale),
            arrays[f"controls{number}"],
            arrays[f"rotation{number}"],
            None if example < 0 else example,
        )
        for number, (frame, scale, example) in enumerate(
            zip(arrays["frame"], arrays["scale"], own, strict=True)
        )
    )
    skin = None
    if "layout" in arrays:
        scores = SmoothFunction(*(arrays[name] for name in _FUNCTION))
        layout = arrays["layout"]
        skin = SkinAppearance(layout, FoldMaps.of(layout), scores, arrays["components"])
    return FaceLibrary(frames, tuple(arrays.get("remarks", np.array([], dtype=str)).tolist())), skin


def _digest(arrays: dict[str, npt.NDArray[Any]]) -> str:
    """A name for the content: zip archives find most damage, but not all."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(array.data)
    return digest.hexdigest()
