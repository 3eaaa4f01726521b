"""Read and write projects: shots with their edits."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from mien._types import PathLike
from mien.io import project as project_file
from mien.io.project import Document, Project
from mien.model.document import project_of
from mien.model.edits import Edit, stacked_edits
from mien.model.shot import Shot
from mien.progress import Progress, progress_reporter

__all__ = ["load_document", "load_project", "save_document", "save_project"]


def save_project(shot: Shot | Project, path: PathLike, edits: Sequence[Edit] = ()) -> None:
    """Keep a shot and its edits as a `.mien` file, whole or not at all.

    Args:
        shot: The shot, or a project whose edits are kept too.
        path: The file; one of that name is replaced.
        edits: Edits of the shot's faces; several of one face become one.

    Raises:
        OutputError: When it cannot be put there.
        WriteError: When the disk is full; what was there before stays.
    """
    project = project_of(shot)
    stacked = stacked_edits(project.shot, (*project.edits, *edits))
    project_file.save(dataclasses.replace(project, edits=stacked), Path(path))


def load_project(
    path: PathLike,
    shot: str | int | None = None,
    *,
    media: PathLike | None = None,
    find_media: bool = True,
    progress: bool | Progress = True,
) -> Project:
    """Open a shot of a `.mien` file.

    Args:
        path: The file.
        shot: Name or number (from 1) of the shot, for a file that holds several.
        media: Where its media are, when they are neither in or beside the project's folder
            nor where this user had them when they tracked them.
        find_media: Whether the media are looked for; curves can be used without.
        progress: As of `open_shot`: a large movie may have to be indexed.

    Raises:
        UsageError: When it has no such shot, or several and none is named.
        ProjectError: When it is missing, corrupt or too new, or its media are not found.
        MediaError: When `media` cannot be read.
    """
    path_of_media = None if media is None else Path(media)
    with progress_reporter(progress) as report:
        return project_file.load(
            Path(path), shot=shot, media=path_of_media, find=find_media, progress=report
        )


def load_document(
    path: PathLike,
    *,
    media: Mapping[str, PathLike] | None = None,
    find_media: bool = True,
) -> Document:
    """Open a `.mien` file with all its shots.

    Args:
        path: The file.
        media: By a shot's id, where its media are, when they are neither in or beside the
            file's folder nor where this user had them when they tracked them.
        find_media: Whether the media of the others are looked for; without, these shots are
            offline: their curves can be used, their pictures not.

    Raises:
        ProjectError: When it is missing, corrupt or too new, or media are not found.
        MediaError: When one of `media` cannot be read.
    """
    paths = {shot: Path(path) for shot, path in (media or {}).items()}
    return project_file.load_document(Path(path), media=paths, find_media=find_media)


def save_document(document: Document, path: PathLike) -> None:
    """Keep several shots and their edits as one `.mien` file, whole or not at all.

    Raises:
        OutputError: When it cannot be put there.
        WriteError: When the disk is full; what was there before stays.
    """
    project_file.save_document(document, Path(path))
