"""What was tracked of clips that drive others, kept for the next time in the user's cache.

A file each, an ordinary project without edits, named by what the media hold and by the versions of
what tracked and solved it; the files used longest ago go when all of them take too much.
"""

from __future__ import annotations

import dataclasses
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import platformdirs

from mien.errors import MienError
from mien.io import project as project_file
from mien.io.project import SUFFIX
from mien.media.cache_folder import CacheFolder
from mien.model.document import Project
from mien.model.media import MediaInfo
from mien.model.shot import Shot
from mien.timebase import FrameRange

__all__ = ["TrackedCache"]

_LIMIT: Final = 1 << 30
"""Bytes that all files may take."""


class TrackedCache(CacheFolder):
    """The folder in which tracked clips are kept.

    Args:
        version: What tells apart what different trackers and solvers made; it may be empty for
            looking at what is kept.
        folder: The folder; in the user's cache by default.

    Attributes:
        folder: The folder.
    """

    def __init__(self, version: str = "", folder: Path | None = None) -> None:
        self._version = version
        super().__init__(folder or platformdirs.user_cache_path("mien") / "tracked", SUFFIX)

    def load(self, media: MediaInfo, frames: FrameRange | None) -> Shot | None:
        """Return what was tracked of media: all of it, or some frames; None when nothing was.

        Args:
            media: Facts of the media, as they are now.
            frames: The frames that are needed at least; None for all.
        """
        for span in dict.fromkeys((None, frames)):
            path = self._path(media, span)
            if not path.is_file():
                continue
            try:
                shot = project_file.load_document(path, find_media=False).shots[0].shot
            except (MienError, IndexError):
                continue
            if shot.clock.frame_count != media.clock.frame_count:
                continue
            with suppress(OSError):
                os.utime(path)
            return dataclasses.replace(shot, media=media)
        return None

    def store(self, shot: Shot, frames: FrameRange | None) -> None:
        """Keep a tracked shot; that it cannot be kept stops no work.

        Args:
            shot: The shot.
            frames: The frames that were tracked; None for all.
        """
        # Nothing solves it again.
        project = Project(shot).without_raw_landmarks()
        with suppress(OSError, MienError):
            self.folder.mkdir(parents=True, exist_ok=True)
            project_file.save(project, self._path(shot.media, frames))
            self.prune(_LIMIT)

    def _path(self, media: MediaInfo, frames: FrameRange | None) -> Path:
        span = "all" if frames is None else f"{frames.start}-{frames.stop}"
        return self.folder / f"{media.fingerprint}-{media.stream}-{self._version}-{span}{SUFFIX}"
