"""A document that is saved to its own file, unless somebody else changed that meanwhile."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from mien.errors import ChangedFileError
from mien.io.changing import hold_project
from mien.io.files import FileVersion
from mien.io.project import save_document
from mien.model.document import Document

__all__ = ["is_same_file", "save_unchanged"]


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


def is_same_file(one: Path, other: Path | None) -> bool:
    """Whether two paths lead to one file that exists."""
    with suppress(OSError):
        return other is not None and one.samefile(other)
    return False
