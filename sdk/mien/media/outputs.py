"""Where output goes: refused early, written aside, put in place when it is whole."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from pathlib import Path

from mien.errors import OutputError, WriteError
from mien.media.codecs import choose_encoding
from mien.media.sequence import Pattern
from mien.model.shot import MediaFacts

__all__ = ["PartialFile", "PartialFolder", "check_output", "write_error"]


def check_output(
    path: str | Path,
    source: MediaFacts,
    *,
    overwrite: bool = False,
    codec: str | None = None,
    lossless: bool = False,
) -> None:
    """Refuse an output that cannot be written, before any work is done.

    Args:
        path: A movie, or a pattern of images as `out.%04d.exr`.
        source: The source, which is never written over.
        overwrite: Whether an output that is there already may be replaced.
        codec: Name of the codec asked for.
        lossless: Whether every code value must be kept.

    Raises:
        OutputError: When the output cannot be put there, or cannot hold what is asked.
    """
    path = Path(path)
    folder = path.parent
    if not folder.is_dir():
        raise OutputError(f"The folder {folder} does not exist.", "Create it first.")
    if path.is_dir():
        raise OutputError(f"{path} is a folder.", "Give the name of a file in it.")
    if path.is_symlink() and not path.exists():
        raise OutputError(f"{path} is a link to nothing.", "Remove it or choose another name.")
    choose_encoding(path, source, codec=codec, lossless=lossless)
    _refuse_source(path, source)
    pattern = Pattern.parse(path)
    there = path.exists() if pattern is None else bool(pattern.numbers())
    if there and not overwrite:
        raise OutputError(
            f"{path} exists already.", "Choose another name, or allow it with --overwrite."
        )
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be written to: {(error.strerror or 'denied').lower()}.",
            "Choose another folder, or check its permissions.",
        ) from error


def _refuse_source(path: Path, source: MediaFacts) -> None:
    if source.kind == "sequence":
        pattern, mine = Pattern.parse(path), Pattern.parse(source.path)
        same = pattern is not None and mine is not None and _clash(pattern, mine)
    else:
        same = path.exists() and source.path.exists() and path.samefile(source.path)
    if same:
        raise OutputError(
            f"The output {path} is the source itself.",
            "Choose another name: the source is never written over.",
        )


def _clash(a: Pattern, b: Pattern) -> bool:
    return a.file(0).name == b.file(0).name and a.folder.resolve() == b.folder.resolve()


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
        _remove_stale(self.final)

    def commit(self) -> None:
        """Put the file in place, all of it on disk, in one step."""
        _sync(self.path)
        os.replace(self.path, self.final)
        _sync(self.final.parent)

    def discard(self) -> None:
        """Leave nothing behind."""
        self.path.unlink(missing_ok=True)


class PartialFolder:
    """A hidden folder in which images wait until all are whole.

    Args:
        pattern: Pattern of the output.
    """

    def __init__(self, pattern: Pattern) -> None:
        self.pattern = pattern
        name = f".{pattern.prefix}{pattern.suffix}.{os.getpid()}.partial"
        self.path = pattern.folder / name
        _remove_stale(pattern.folder / f"{pattern.prefix}{pattern.suffix}")
        self.path.mkdir()

    def commit(self) -> None:
        """Move the images in place; images of an earlier, longer sequence go."""
        for number in self.pattern.numbers():
            self.pattern.file(number).unlink()
        for image in sorted(self.path.iterdir()):
            _sync(image)
            os.replace(image, self.pattern.folder / image.name)
        self.path.rmdir()
        _sync(self.pattern.folder)

    def discard(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.path, ignore_errors=True)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return  # Windows cannot sync folders
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_stale(final: Path) -> None:
    """Remove what processes that were killed left of the same output."""
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
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
