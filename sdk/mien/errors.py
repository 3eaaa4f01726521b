"""Every error that mien raises on purpose.

    MienError                        exit code 1
    ├── UsageError                   2   what was asked for cannot be meant
    │   ├── UnknownControlError          no control, expression or viseme of that name
    │   ├── TimeError                    a time or span that is unreadable or outside the shot
    │   ├── OutputError                  the output cannot be put there (refused before any work)
    │   └── ProtocolError                a message to `mien serve` that cannot be meant
    │       └── HandleError                  no shot or job of that name, for this client
    ├── InputError                   3   a file that was given cannot be used
    │   ├── MediaError                   missing, unreadable, truncated or without pictures
    │   └── ProjectError                 a .mien file that is corrupt, too new or without its media
    ├── NothingToDoError             4
    │   └── NoFaceError                  no face in the shot, or not the one asked for
    ├── MissingDependencyError             5   an extra or a model that is needed is not installed
    │   └── WeightsError                 its file is there, but is another model's, or not whole
    ├── FetchError                   1   a download failed; what was received is kept
    ├── RenderError                  1   a renderer failed at a frame; the frame is named
    ├── WriteError                   1   the disk is full, or the output failed half-way
    ├── WorkerError                  1   the process that did the work died
    ├── DeviceMemoryError            1   the GPU's memory does not hold what was asked of it
    └── CancelledError               1   stopped by the user (Ctrl-C)

Each error is one line that names the cause, and a remedy. Errors of other libraries are
turned into these at the seam where they arise; nothing else crosses the public API on
bad input.
"""

from __future__ import annotations

from typing import ClassVar


class MienError(Exception):
    """Base of all errors: a cause, and what to do about it.

    Args:
        cause: One sentence that names what is wrong and the file or name concerned.
        remedy: One sentence that says what to do; may be empty.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"
    """A stable machine-readable word for `--json` and other protocols."""

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__(cause, remedy)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.cause} {self.remedy}".strip()


class UsageError(MienError):
    """What was asked for cannot be meant."""

    exit_code = 2
    code = "usage"


class UnknownControlError(UsageError):
    """No control, expression or viseme has that name."""

    code = "unknown-control"


class TimeError(UsageError):
    """A time or span that cannot be read, or lies outside the shot."""

    code = "time"


class OutputError(UsageError):
    """The output cannot be written where it was asked for; nothing was done."""

    code = "output"


class ProtocolError(UsageError):
    """A message to `mien serve` that cannot be read, or asks for what it does not have."""

    code = "protocol"


class HandleError(ProtocolError):
    """The client has no shot or job of that name."""

    code = "handle"


class InputError(MienError):
    """A file that was given cannot be used."""

    exit_code = 3
    code = "input"


class MediaError(InputError):
    """A media file that is missing, unreadable, truncated or has no pictures."""

    code = "media"


class ProjectError(InputError):
    """A project file that is corrupt, too new, or has lost its media."""

    code = "project"


class NothingToDoError(MienError):
    """The input is fine, but holds nothing to work on."""

    exit_code = 4
    code = "nothing-to-do"


class NoFaceError(NothingToDoError):
    """No face in the shot, or not the one that was asked for."""

    code = "no-face"


class MissingDependencyError(MienError):
    """An extra or a model that is needed is not installed."""

    exit_code = 5
    code = "missing-part"


class WeightsError(MissingDependencyError):
    """A model's file is there, but cannot be used: cut short, of another model, or no weights."""

    code = "weights"


class FetchError(MienError):
    """A download failed; asked for again, it goes on where it stopped."""

    code = "fetch"


class RenderError(MienError):
    """A renderer could not make a frame; it was not written."""

    code = "render"


class WriteError(MienError):
    """Writing failed half-way; no file was left under the final name."""

    code = "write"


class WorkerError(MienError):
    """The process that did the work died: killed, out of memory, or crashed."""

    code = "worker"


class DeviceMemoryError(MienError):
    """The device's memory does not hold so many frames at once; fewer may fit.

    Args:
        cause: As of every error.
        remedy: As of every error.
        frames: How many were asked for at once.
    """

    code = "device-memory"

    def __init__(self, cause: str, remedy: str = "", *, frames: int = 0) -> None:
        super().__init__(cause, remedy)
        self.frames = frames


class CancelledError(MienError):
    """Stopped by the user; no file was left under the final name."""

    code = "cancelled"


_RENAMED = {"MissingPartError": "MissingDependencyError"}
"""Names of an earlier release, which warn for one release."""


def __getattr__(name: str) -> object:
    if name not in _RENAMED:
        raise AttributeError(f"module 'mien.errors' has no attribute '{name}'")
    import warnings

    warnings.warn(
        f"mien.errors.{name} is called {_RENAMED[name]} now.", DeprecationWarning, stacklevel=2
    )
    return globals()[_RENAMED[name]]


def as_mien_error(error: BaseException, remedy: str = "Please report it.") -> MienError:
    """An error as people are told of it, be it one of these or a bug.

    Args:
        error: The error.
        remedy: What to do about a bug.
    """
    if isinstance(error, MienError):
        return error
    if isinstance(error, MemoryError):
        return MienError("There is not enough memory for this.", "Close other programs.")
    made = MienError(f"Something unexpected went wrong ({type(error).__name__}: {error}).", remedy)
    made.__cause__ = error
    return made
