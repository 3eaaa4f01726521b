"""Files that are written aside and put in place when they are whole."""

from __future__ import annotations

import errno
import os
import re
import shutil
from pathlib import Path

from mien.errors import WriteError

__all__ = ["PartialFile", "remove_stale", "sync", "write_error"]


def write_error(path: Path, error: BaseException) -> WriteError:
    """The error for an output that failed half-way."""
    code = getattr(error, "errno", None)
    text = str(error)
    if code == errno.ENOSPC or "No space left" in text:
        return WriteError(
            f"The disk is full: {path} could not be finished, and nothing was left of it.",
            "Free some space or choose another folder.",
        )
    reason = (getattr(error, "strerror", None) or text or type(error).__name__).lower()
    return WriteError(
        f"{path} could not be written: {reason}.",
        "Nothing was left of it; check the folder, or choose another codec.",
    )


class PartialFile:
    """A hidden file beside the output that takes its place when it is whole.

    Args:
        final: The output.
    """

    def __init__(self, final: Path) -> None:
        # A link is followed: its target is replaced, on its own file system.
        self.final = final.resolve() if final.is_symlink() else final
        self.path = self.final.with_name(f".{self.final.name}.{os.getpid()}.partial")
        remove_stale(self.final)

    def commit(self) -> None:
        """Put the file in place, all of it on disk, in one step."""
        sync(self.path)
        os.replace(self.path, self.final)
        sync(self.final.parent)

    def discard(self) -> None:
        """Leave nothing behind."""
        self.path.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """See that a file, or a folder's names, are on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot sync folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_stale(final: Path) -> None:
    """Remove what processes that were killed left of an output."""
    name = re.compile(re.escape(f".{final.name}.") + r"(\d+)\.partial")
    for entry in final.parent.iterdir():
        match = name.fullmatch(entry.name)
        if match and not _alive(int(match[1])):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    if process == os.getpid():
        return False  # of an earlier attempt of our own
    if os.name == "nt":
        return True  # there, signal 0 is Ctrl-C
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
