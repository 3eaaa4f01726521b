"""Looking for lost media in a folder that the user names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from mien.errors import MediaError, MienError, ProjectError
from mien.io.relink import content_of, take_media
from mien.media.fingerprint import content_of_fingerprint
from mien.media.sequence import EXTENSIONS, find_sequence
from mien.model.document import Project, media_title

__all__ = ["find_in_folder", "search_folder"]

_ENDINGS = (
    ".mov", ".mp4", ".m4v", ".mxf", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mpg", *EXTENSIONS,
)  # fmt: skip
"""Endings of what may be the same pictures in another size."""
_NAMED = 4
"""Files that an error names."""

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


def find_in_folder(folder: Path, project: Project) -> Path:
    """Find the media of a shot in a folder that the user names, and in the folders inside.

    What holds what was tracked is taken; else what has its name and fits it, as the full media of
    a proxy.

    Args:
        folder: Where to look; links to folders are not followed.
        project: The shot.

    Raises:
        ProjectError: When there is none, or several that may be meant.
    """
    media = project.shot.media
    wanted, title = content_of_fingerprint(media.fingerprint), media_title(media.path.name)
    same: dict[Path, None] = {}
    named: dict[Path, None] = {}
    for path in islice(_files(folder, {media.path.suffix.lower(), *_ENDINGS}), _MOST_FILES):
        alike = media_title(path.name) == title
        if path.suffix.lower() != media.path.suffix.lower() and not alike:
            pattern = _pattern(path)
            alike = media_title(pattern.name) == title
            if not alike:
                continue
        content = content_of(path)
        if content is not None and content == wanted:
            same[_pattern(path)] = None
        elif alike or media_title(_pattern(path).name) == title:
            named[_pattern(path)] = None
    if len(same) > 1:
        # Copies: the one that is called as it was.
        called = [path for path in same if path.name == media.path.name]
        same = dict.fromkeys(called) if len(called) == 1 else same
    candidates = list(same) or [path for path in named if _fits(path, project)]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise ProjectError(
            f"There are no media of {project.title} in {folder}: neither what was tracked nor"
            f" anything called {title} that fits it.",
            "Give another folder, or the file itself.",
            path=folder,
        )
    some = ", ".join(str(path.relative_to(folder)) for path in candidates[:_NAMED])
    raise ProjectError(
        f"{len(candidates)} files in {folder} may be the media of {project.title}: {some}.",
        "Give the file that is meant.",
        path=folder,
    )


def _fits(path: Path, project: Project) -> bool:
    try:
        take_media(project.shot.media, path, project.title)
    except (MienError, OSError):
        return False
    return True


def _pattern(path: Path) -> Path:
    """The pattern of the sequence that an image is of; other files as they are."""
    if path.suffix.lower() not in EXTENSIONS:
        return path
    try:
        sequence = find_sequence(path)
    except MediaError:
        return path
    return path if sequence is None else sequence.path


def _files(folder: Path, suffixes: set[str]) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if Path(name).suffix.lower() in suffixes:
                yield Path(place, name)
