"""A file that is read, changed and written back: by one process at a time, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mien.errors import OutputError
from mien.io.files import FileVersion, check_file
from mien.media.lock import Held, Lock

__all__ = ["changing"]

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
    """
    check_file(path, overwrite=True)
    path = path.resolve()
    hidden = path.with_name(f".{path.name}.lock")
    lock = _locked(hidden, path)
    try:
        yield FileVersion.of(path)
    finally:
        # Removed while it is held: whoever opened it meanwhile sees that it is gone.
        hidden.unlink(missing_ok=True)
        lock.release()


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
        time.sleep(_PAUSE)
