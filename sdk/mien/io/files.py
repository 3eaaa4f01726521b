"""Files that appear under their name whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mien.errors import MienError, OutputError
from mien.media.atomic_write import AtomicFile, check_writable, write_error

__all__ = ["check_file", "written_whole"]


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
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for writing that takes its name only when all of it is on the disk.

    On any error what was written is removed, and what stood under `path` stays.

    Raises:
        OutputError: When the folder is missing or not writable.
        WriteError: When writing fails half-way, as on a full disk.
    """
    check_file(path, overwrite=True)
    partial = AtomicFile(path)
    try:
        with partial.path.open("wb") as file:
            yield file
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
