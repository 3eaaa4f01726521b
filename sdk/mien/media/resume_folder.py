"""A folder beside an output for what is finished of it, so that a killed job can go on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mien.errors import MienError, OperationCancelledError, OutputError
from mien.media.atomic_write import hidden_name, resume_name
from mien.media.lock import Held, Lock
from mien.media.sequence import Pattern

__all__ = ["check_free", "is_kept", "resumable_folder", "annotate_errors"]

_LOCK = "lock"


def check_free(output: Path) -> None:
    """Refuse an output at which another process is working.

    Raises:
        OutputError: When one is; it names the process.
    """
    folder = _folder(output)
    if folder.is_dir():
        _held(folder, output).release()


def is_kept(output: Path) -> bool:
    """Whether something of an output is kept, from a job that was stopped or killed."""
    return _used(_folder(output))


@contextmanager
def resumable_folder(output: Path) -> Iterator[Path]:
    """A folder of this process's own, found again by the next that makes the same output.

    It is removed when the work in it ends well, that is, when the output is whole. Ended by
    an error, or by a kill, it stays with what is in it.

    Args:
        output: The file, or the pattern of an image sequence.

    Raises:
        OutputError: When another process works at the same output, or no folder can be made.
    """
    folder = _folder(output)
    lock = _held(folder, output)
    try:
        yield folder
        # In one step, so that a kill leaves all of it, or a folder that the next job at this
        # output clears away.
        done = folder.with_name(hidden_name(_name(output)))
        with suppress(OSError):
            os.replace(folder, done)
        shutil.rmtree(done, ignore_errors=True)
    finally:
        if not _used(folder):
            shutil.rmtree(folder, ignore_errors=True)
        lock.release()


@contextmanager
def annotate_errors(note: Callable[[BaseException], str]) -> Iterator[None]:
    """Let errors that end the work say what is kept of it.

    Args:
        note: Is given the error, and says it in a sentence; empty when nothing is kept.

    Raises:
        OperationCancelledError: In place of KeyboardInterrupt, when something is kept.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        said = note(stop)
        if not said:
            raise
        raise OperationCancelledError("Stopped.", said) from stop
    except MienError as error:
        error.remedy = f"{error.remedy} {note(error)}".strip()
        raise


def _used(folder: Path) -> bool:
    return any(path.is_file() and path.name != _LOCK for path in folder.rglob("*"))


def _name(output: Path) -> str:
    pattern = Pattern.parse(output)
    return output.name if pattern is None else f"{pattern.prefix}{pattern.suffix}"


def _folder(output: Path) -> Path:
    # As the output itself: a link is followed.
    output = output.resolve() if output.is_symlink() else output
    return output.with_name(resume_name(_name(output)))


def _held(folder: Path, output: Path) -> Lock:
    while True:
        try:
            if folder.is_symlink():
                raise NotADirectoryError(0, "it is a link")
            folder.mkdir(exist_ok=True)
            return Lock(folder / _LOCK)
        except FileNotFoundError:
            continue  # another process has just removed its own
        except Held as held:
            raise OutputError(
                f"{output} is being made by {held.holder or 'another process'}.",
                "Wait for it or stop it, or choose another name.",
                path=output,
            ) from held
        except OSError as error:
            raise OutputError(
                f"What is finished of {output} cannot be kept in {folder}: {error.strerror}.",
                "Remove that, or choose another output.",
                path=output,
            ) from error
