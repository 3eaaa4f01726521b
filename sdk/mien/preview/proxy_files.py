"""Proxy files: every frame of a shot as a small picture that can be had by itself.

A shot's proxy is a folder of segments, each of which appears whole and is of use at once, so
that making one can be stopped anywhere and goes on from there. A segment holds

    8 bytes    MIENPRX1
    8 bytes    number of frames N
    8 (N + 1)  where each frame starts in the file, and where the last one ends
    ...        JPEG pictures, upright, as a display shows them

with numbers in little-endian order. The folder's name tells the media's content, so that a
file that was moved or renamed keeps its proxy, and its time tells when it was last used.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import platformdirs

from mien._types import BoolArray
from mien.errors import UsageError
from mien.io.files import written_whole
from mien.model.media import MediaInfo
from mien.preview.picture import SMALL_LINES, Rgb8
from mien.preview.playback_cache import unpack
from mien.rendering.resume import media_stamp

__all__ = ["SEGMENT", "ProxyFolder", "cache_limit", "make_room", "proxies_folder"]

SEGMENT: Final = 120
"""Frames of a segment: a few seconds, some 10 MB."""
_MAGIC: Final = b"MIENPRX1"
_LIMIT: Final = 20 << 30
_CLOCKS_DIFFER: Final = 3600.0
"""Seconds by which the clock of a disk on a network may be ahead."""
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?) ?([KMGT]?)(?:I?B)?")
_UNITS: Final = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class ProxyFolder:
    """The proxy of one shot on disk.

    Args:
        root: The folder in which proxies are kept.
        media: Facts of the media.

    Raises:
        MediaError: When the images of a sequence cannot be looked at.
    """

    def __init__(self, root: Path, media: MediaInfo) -> None:
        # The fingerprint of a movie looks at its ends; images in between may have been rendered
        # anew, which only their times tell.
        name = media_stamp(media) if media.kind == "sequence" else media.fingerprint
        self.path = root / f"{name}-{SMALL_LINES}"
        self.frames = media.clock.frame_count
        self.segments = -(-self.frames // SEGMENT)
        self._starts: dict[int, npt.NDArray[np.int64]] = {}

    def file(self, segment: int) -> Path:
        """Where a segment is kept."""
        return self.path / f"{segment:06}.frames"

    def made(self) -> BoolArray:
        """(segments,) those that are made."""
        made = np.zeros(self.segments, dtype=bool)
        with suppress(OSError):
            for name in os.listdir(self.path):
                number, _, kind = name.partition(".")
                if kind == "frames" and number.isdigit() and int(number) < self.segments:
                    made[int(number)] = True
        return made

    def span(self, segment: int) -> range:
        """The frames of a segment."""
        return range(segment * SEGMENT, min((segment + 1) * SEGMENT, self.frames))

    def picture(self, frame: int) -> Rgb8 | None:
        """The small picture of a frame; None where it is not made, or is damaged."""
        segment, index = divmod(frame, SEGMENT)
        try:
            with self.file(segment).open("rb") as file:
                starts = self._starts.get(segment)
                if starts is None:
                    starts = self._starts[segment] = _read_starts(file.read(16 + 8 * SEGMENT + 8))
                start, stop = int(starts[index]), int(starts[index + 1])
                if not 0 <= start <= stop <= os.fstat(file.fileno()).st_size:
                    raise ValueError("a picture that is not in the file")
                file.seek(start)
                return unpack(file.read(stop - start))
        except (OSError, ValueError, IndexError):
            self._starts.pop(segment, None)
            return None

    def write(self, segment: int, pictures: Sequence[bytes]) -> None:
        """Keep the packed pictures of a segment.

        Raises:
            OutputError: When the folder cannot be written to.
            WriteError: When the disk is full.
        """
        header = 16 + 8 * (len(pictures) + 1)
        starts = header + np.cumsum([0, *(len(picture) for picture in pictures)])
        with written_whole(self.file(segment)) as file:
            file.write(_MAGIC + np.array(len(pictures), dtype="<i8").tobytes())
            file.write(starts.astype("<i8").tobytes())
            for picture in pictures:
                file.write(picture)

    def drop(self, segment: int) -> None:
        """Remove a segment that is damaged."""
        with suppress(OSError):
            self.file(segment).unlink()

    def used(self) -> None:
        """Note that the proxy is in use; made when it is missing.

        Raises:
            OSError: When it cannot be made.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        os.utime(self.path)


def proxies_folder() -> Path:
    """Where proxies are kept."""
    return platformdirs.user_cache_path("mien") / "proxies"


def cache_limit() -> int:
    """Bytes that proxies may take, by MIEN_CACHE_LIMIT (as `500M`, `20G`) or 20 GiB.

    Raises:
        UsageError: When the variable is no size.
    """
    size = os.environ.get("MIEN_CACHE_LIMIT", "").strip().upper()
    if not size:
        return _LIMIT
    match = _SIZE.fullmatch(size)
    if match is None:
        raise UsageError(
            f"MIEN_CACHE_LIMIT is '{size}', which is no size.", "Write it as 500M or 20G."
        )
    return int(float(match[1]) * _UNITS[match[2]])


def make_room(root: Path, own: Path, wanted: int, limit: int) -> bool:
    """Remove the proxies that were used longest ago until there is room.

    Args:
        root: The folder in which proxies are kept.
        own: A proxy that stays.
        wanted: Bytes that are to be added.
        limit: Bytes that all may take.

    Returns:
        False when there is no room even so.
    """
    folders, now = [], time.time() + _CLOCKS_DIFFER
    with suppress(OSError):
        for folder in root.iterdir():
            with suppress(OSError):
                used = folder.stat().st_mtime
                # What is said to be used later than now tells nothing: a clock was set back.
                folders.append((used if used <= now else 0.0, _size(folder), folder))
    held = sum(size for _, size, _ in folders)
    for _, size, folder in sorted(folders):
        if held + wanted <= limit:
            break
        if folder != own:
            shutil.rmtree(folder, ignore_errors=True)
            held -= size
    return held + wanted <= limit


def _size(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(folder) if entry.is_file())


def _read_starts(head: bytes) -> npt.NDArray[np.int64]:
    """Where the frames of a segment start, from the beginning of its file."""
    if head[:8] != _MAGIC or len(head) < 16:
        raise ValueError("no segment of a proxy")
    count = int.from_bytes(head[8:16], "little")
    if not 0 < count <= SEGMENT:
        raise ValueError("no segment of a proxy")
    starts = np.frombuffer(head, dtype="<i8", count=count + 1, offset=16)
    if (np.diff(starts) < 0).any():
        raise ValueError("no segment of a proxy")
    return starts.astype(np.int64)
