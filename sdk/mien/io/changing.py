"""A file that is read, changed and written back: by one process at a time, and nothing is lost."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Final

from mien.errors import OutputError
from mien.io.files import FileVersion, check_file
from mien.media.atomic_write import lock_name, write_error
from mien.media.lock import Held, Lock

__all__ = ["changing", "hold_project", "is_same_file"]

_PATIENCE: Final = 10.0
"""Seconds that are waited for another process, which is done in one."""
_PAUSE: Final = 0.05


@contextmanager
def changing(path: Path) -> Iterator[FileVersion]:
    """Hold a file while it is read, changed and written back.

    Others that hold it so wait for each other; for those that do not, as editors that save, the
    version says whether the file is still what was read (`mien.io.files.written_whole`).

    Args:
        path: The file, as it is.

    Raises:
        OutputError: When its folder cannot be written to, or another process holds it for long.
        WriteError: When its disk is full, or failed.
    """
    check_file(path, overwrite=True)
    path = path.resolve()
    hidden = path.with_name(lock_name(path.name))
    lock = _locked(hidden, path)
    try:
        yield FileVersion.of(path)
    finally:
        # Removed while it is held: whoever opened it meanwhile sees that it is gone. Windows
        # removes no file that is open; what stays then holds nobody up.
        with suppress(OSError):
            hidden.unlink(missing_ok=True)
        lock.release()
        if sys.platform == "win32":
            with suppress(OSError):
                hidden.unlink(missing_ok=True)


def hold_project(
    path: Path, output: Path | None = None
) -> AbstractContextManager[FileVersion | None]:
    """Hold a file while it is changed; one that is only read, for another output, is not held.

    Args:
        path: The file; where there is none, whoever reads it says so.
        output: What is written in its place; None for the file itself.

    Raises:
        OutputError: When its folder cannot be written to, or another process holds it for long.
    """
    held = path.is_file() and (output is None or is_same_file(path, output))
    return changing(path) if held else nullcontext()


def is_same_file(one: Path, other: Path | None) -> bool:
    """Tell whether two paths lead to one file that exists."""
    with suppress(OSError):
        return other is not None and one.samefile(other)
    return False


def _locked(hidden: Path, path: Path) -> Lock:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return Lock(hidden)
        except FileNotFoundError:
            continue  # it was just let go
        except Held as held:
            if time.monotonic() > until:
                raise OutputError(
                    f"{path.name} is being changed by {held.holder or 'another process'}.",
                    "Try again when it is done.",
                    path=path,
                ) from held
        except OSError as error:
            raise write_error(path, error) from error
        time.sleep(_PAUSE)
