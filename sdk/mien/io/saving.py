"""A document that is saved to its own file, unless somebody else changed that meanwhile."""

from __future__ import annotations

from pathlib import Path

from mien.errors import ChangedFileError, MienError, OutputError
from mien.io.changing import hold_project
from mien.io.files import FileVersion
from mien.io.project import describe, load_document, save_document
from mien.model.document import Document, Project

__all__ = ["save_shot_unchanged", "save_unchanged"]


def save_unchanged(document: Document, path: Path, version: FileVersion | None) -> FileVersion:
    """Write a project file in place of the version that was read or written last.

    Nobody else that holds it (`mien.io.changing`) can change it meanwhile. A file that was
    deleted is written anew: nothing of anybody's is lost by that.

    Args:
        document: The document.
        path: Its file.
        version: What is to be replaced; None replaces whatever is there.

    Returns:
        The version that is there now.

    Raises:
        ChangedFileError: When something else than `version` is there.
        OutputError: When it cannot be put there, or another process holds it for long.
        WriteError: When the disk is full; what was there before stays.
    """
    with hold_project(path):
        return _save(document, path, version)


def save_shot_unchanged(project: Project, path: Path, version: FileVersion | None) -> FileVersion:
    """Write one shot to a project file as `save_unchanged` does; other shots of the file stay.

    Args:
        project: The shot with its edits.
        path: Its file.
        version: What is to be replaced; None replaces whatever is there.

    Raises:
        OutputError: As `save_unchanged`; and when the file holds several shots, and this is none
            of them.
    """
    with hold_project(path):
        return _save(_document_with(project, path), path, version)


def _save(document: Document, path: Path, version: FileVersion | None) -> FileVersion:
    there = FileVersion.of(path)
    if version is not None and path.is_file() and there != version:
        raise ChangedFileError(
            f"{path.name} was changed by another program or window (which, cannot be told)"
            " since it was opened or saved here; nothing was written.",
            "Save under another name, or over what is there with `overwrite`.",
            path=path,
        )
    save_document(document, path, there)
    return FileVersion.of(path)


def _document_with(project: Project, path: Path) -> Document:
    """The document that saves one shot to a file without losing the file's other shots.

    Raises:
        OutputError: When the file holds several shots, and this is none of them.
    """
    if not path.is_file():
        return Document((project,))
    try:
        several = len(describe(path).shots) > 1
    except MienError:
        several = False  # what cannot be read holds nothing that could be kept
    if not several:
        return Document((project,))
    there = load_document(path, find_media=False)
    if project.id not in (one.id for one in there.shots):
        raise OutputError(
            f"{path.name} holds {len(there.shots)} other shots, which would be lost.",
            "Save under another name.",
            path=path,
        )
    return there.with_shot(project)
