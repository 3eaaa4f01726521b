"""Files that appear under their name whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mien.errors import MienError, OutputError
from mien.media.atomic_write import AtomicFile, check_writable, write_error

__all__ = ["FileVersion", "check_file", "written_whole"]


@dataclass(frozen=True, slots=True)
class FileVersion:
    """The version of a file: whether it is still the one that was read.

    Attributes:
        inode: Device and number of the file; None when there was none.
        written: Size and time of the last change, in nanoseconds.
    """

    inode: tuple[int, int] | None
    written: tuple[int, int]

    @classmethod
    def of(cls, path: Path) -> FileVersion:
        """Return the version of a file as it is now."""
        try:
            facts = path.stat()
        except OSError:
            return cls(None, (0, 0))
        return cls((facts.st_dev, facts.st_ino), (facts.st_size, facts.st_mtime_ns))


def check_file(path: Path, *, overwrite: bool) -> None:
    """Refuse a file that cannot be written, before any work is done for it.

    Raises:
        OutputError: When the folder is missing or not writable, the path is a folder, or
            the file exists and may not be replaced.
    """
    check_writable(path)
    folder = path.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(
            f"The folder {folder} cannot be written to.",
            "Choose another folder, or check its permissions.",
            path=folder,
        )
    if path.exists() and not overwrite:
        raise OutputError(
            f"{path} exists already.",
            "Choose another name, or allow it with --overwrite.",
            path=path,
        )


@contextmanager
def written_whole(path: Path, version: FileVersion | None = None) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes its name only when all of it is on the disk.

    On any error what was written is removed, and what stood under `path` stays.

    Args:
        path: The file.
        version: What is to be replaced; None replaces whatever is there.

    Raises:
        OutputError: When the folder is missing or not writable, or something else than `version`
            is there by the time that all is written.
        WriteError: When writing fails half-way, as on a full disk.
    """
    check_file(path, overwrite=True)
    partial = AtomicFile(path)
    try:
        with partial.path.open("wb") as file:
            yield file
        if version is not None and FileVersion.of(path) != version:
            raise OutputError(
                f"{path.name} was changed meanwhile by another program; nothing was written.",
                "Do it again, on what is there now.",
                path=path,
            )
        partial.commit()
    except MienError:
        partial.discard()
        raise
    except OSError as error:
        partial.discard()
        raise write_error(path, error) from error
    except BaseException:
        partial.discard()
        raise
