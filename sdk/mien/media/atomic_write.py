"""Files that are written aside and put in place when they are whole."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from mien.errors import OutputError, WriteError

__all__ = [
    "AtomicFile",
    "check_writable",
    "hidden_name",
    "folder_error",
    "lock_name",
    "reason",
    "remove_all_stale",
    "remove_stale",
    "resume_name",
    "sync",
    "write_error",
]

_LONGEST_NAME = 200
"""Bytes of a name to which a hidden name can still add; file systems take 255."""
_FULL = "the disk is full"
_QUOTA = getattr(errno, "EDQUOT", None)
_BROKEN = {
    getattr(errno, name, None) for name in ("EIO", "ESTALE", "ENODEV", "ENXIO", "ENOTCONN")
} - {None}
"""What disks answer that are broken, or not there any more."""
_RUN = secrets.token_hex(4)
"""Tells what this process writes from what an earlier one of its number left."""
_numbers = itertools.count(1)


def check_writable(path: Path) -> None:
    """Refuse a path at which no file can be put.

    Raises:
        OutputError: When the folder is missing or closed, the path is a folder or a link to
            nothing, or its name is too long.
    """
    folder = path.parent
    try:
        if not folder.is_dir():
            raise OutputError(
                f"The folder {folder} does not exist.", "Create it first.", path=folder
            )
        if path.is_dir():
            raise OutputError(f"{path} is a folder.", "Give the name of a file in it.", path=path)
        if path.is_symlink() and not path.exists():
            raise OutputError(
                f"{path} is a link to nothing.", "Remove it or choose another name.", path=path
            )
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise OutputError(
                f"The name {path.name} is too long.", "Choose a shorter.", path=path
            ) from error
        raise folder_error(folder, error) from error


def folder_error(folder: Path, error: OSError) -> OutputError:
    """The error for a folder in which nothing can be written."""
    return OutputError(
        f"The folder {folder} cannot be written to: {(error.strerror or 'denied').lower()}.",
        "Choose another folder, or check its permissions.",
        path=folder,
    )


def hidden_name(name: str) -> str:
    """A name under which this process writes an output aside; another with each call."""
    return f".{_stem(name)}.{os.getpid()}-{_RUN}-{next(_numbers)}.partial"


def resume_name(name: str) -> str:
    """Name under which the finished frames of an output wait until it is whole."""
    return f".{_stem(name)}.resume"


def lock_name(name: str) -> str:
    """Name of the file that is held while a file is changed."""
    return f".{_stem(name)}.lock"


def _stem(name: str) -> str:
    encoded = os.fsencode(name)
    return name if len(encoded) <= _LONGEST_NAME else hashlib.sha256(encoded).hexdigest()


def write_error(path: Path, error: BaseException) -> WriteError:
    """The error for an output that failed half-way."""
    code, said = getattr(error, "errno", None), reason(error)
    left = _left_of(path)
    if said == _FULL:
        return WriteError(
            f"The disk is full: {path} could not be finished, and {left}.",
            "Free some space or choose another folder.",
            path=path,
        )
    if code == _QUOTA:
        return WriteError(
            f"Your quota on the disk is used up: {path} could not be finished, and {left}.",
            "Remove files of yours there, ask for more, or choose a folder on another disk.",
            path=path,
        )
    read = _other_file(error, path)
    if read is not None:
        return WriteError(
            f"{path} could not be made: {read}, which it is made from, cannot be read any more:"
            f" {said}.",
            f"{left[0].upper()}{left[1:]}; see that the file is there, and do it again.",
            path=read,
        )
    if code in _BROKEN:
        return WriteError(
            f"The disk failed: {path} could not be written: {said}.",
            "Check the disk, or the network that it is on, or choose a folder on another.",
            path=path,
        )
    if code == errno.EFBIG:
        return WriteError(
            f"{path} could not be written: it became larger than its disk, or a limit of this"
            f" process, lets a file be; {left}.",
            "Choose a folder on another disk, or fewer frames.",
            path=path,
        )
    return WriteError(
        f"{path} could not be written: {said}.",
        f"{left[0].upper()}{left[1:]}; check the folder, or choose another codec.",
        path=path,
    )


def reason(error: BaseException) -> str:
    """Why something could not be written, in a few words."""
    text = str(error)
    if getattr(error, "errno", None) == errno.ENOSPC or "No space left" in text:
        return _FULL
    return (getattr(error, "strerror", None) or text or type(error).__name__).lower()


def _other_file(error: BaseException, path: Path) -> Path | None:
    """The file that an error is about, where that is neither the output nor beside it."""
    name = getattr(error, "filename", None)
    if not isinstance(name, (str, bytes)) or not name:
        return None
    file = Path(os.fsdecode(name).removeprefix("file:"))
    hidden = any(part.startswith(".") for part in (file.name, file.parent.name))
    return None if hidden or file in (path, path.parent, path.resolve()) else file


def _left_of(path: Path) -> str:
    with suppress(OSError):
        if path.is_file():
            return "what was there before is as it was"
    return "nothing was left of it"


class AtomicFile:
    """A hidden file beside the output that takes its place when it is whole.

    Args:
        final: The output.
    """

    def __init__(self, final: Path) -> None:
        # A link is followed: its target is replaced, on its own file system.
        self.final = final.resolve() if final.is_symlink() else final
        self.path = self.final.with_name(hidden_name(self.final.name))
        remove_stale(self.final)

    def commit(self) -> None:
        """Put the file in place, all of it on disk, in one step.

        What is replaced stays as open or closed to others as it was.
        """
        sync(self.path)
        with suppress(OSError):
            shutil.copymode(self.final, self.path)
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
    _remove_stale(final.parent, re.escape(f".{_stem(final.name)}"))


def remove_all_stale(folder: Path) -> None:
    """Remove what processes that were killed left in a folder of files that are all mien's."""
    _remove_stale(folder, r"\..+?")


def _remove_stale(folder: Path, stem: str) -> None:
    name = re.compile(stem + r"\.(\d+)(?:-(\w+)-\d+)?\.partial")
    for entry in folder.iterdir():
        match = name.fullmatch(entry.name)
        if match and not _is_ours(int(match[1]), match[2]) and not _alive(int(match[1])):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)


def _is_ours(process: int, run: str | None) -> bool:
    """Whether this process writes it; one that was forked from the same has another number."""
    return run == _RUN and process == os.getpid()


def _alive(process: int) -> bool:
    if process == os.getpid():
        return False  # of an earlier process of our number
    if os.name == "nt":
        return True  # there, signal 0 is Ctrl-C
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
