"""Looking for lost media in a folder that the user names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from mien.io.relink import content_of
from mien.media.fingerprint import content_of_fingerprint
from mien.model.document import Project

__all__ = ["search_folder"]

_MOST_FILES = 20_000
"""Files that are looked at, so that a search of a whole disk ends."""


def search_folder(
    folder: Path,
    lost: Mapping[str, Project],
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, Path]:
    """Find media by what they hold, whatever they are called now.

    Args:
        folder: Where to look, with the folders inside; links to folders are not followed.
        lost: By any name, the shots whose media are wanted.
        stopped: Asked before every file whether to give up.

    Returns:
        By the same names, the media that were found.
    """
    found: dict[str, Path] = {}
    suffixes = {project.shot.media.path.suffix.lower() for project in lost.values()}
    for path in islice(_files(folder, suffixes), _MOST_FILES):
        if stopped() or len(found) == len(lost):
            break
        content = content_of(path)
        for name, project in lost.items():
            if content is not None and content == content_of_fingerprint(
                project.shot.media.fingerprint
            ):
                found.setdefault(name, path)
    return found


def _files(folder: Path, suffixes: set[str]) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in suffixes:
                yield Path(place, name)
