"""Every error that mien raises on purpose.

    MienError                          exit code 1
    ├── UsageError (ValueError)        2   a request that cannot be meant
    │   ├── UnknownControlError (KeyError) no control, expression or viseme of that name
    │   ├── TimeError                      a time or span that is unreadable or outside the shot
    │   ├── OutputError                    an output refused before any work
    │   │   ├── ChangedFileError               a file that somebody else changed since it was read
    │   │   └── ConsentError                   an edit of a face that nothing permits here
    │   └── ProtocolError                  a message to `mien serve` that cannot be meant
    │       └── HandleError                    no shot or job of that name, for this client
    ├── InputError                     3   a given file that cannot be used
    │   ├── MediaError (OSError)           missing, unreadable, truncated or without pictures
    │   │   └── DamagedMediaError              a frame of it that cannot be decoded, or is not there
    │   ├── ProjectError                   a .mien file: corrupt, too new or without its media
    │   ├── OutsideError                   a path outside the folders that a server works in
    │   └── PolicyError                    the policy of this installation: it cannot be read
    ├── NothingToDoError               4   an input that holds nothing to work on
    │   └── NoFaceError                    no face in the shot, or not the one asked for
    ├── MissingDependencyError         5   an extra or a model that is not installed
    │   └── WeightsError                   a model's file that is another model's, or not whole
    ├── FetchError                     1   a failed download; what was received is kept
    ├── RenderError (RuntimeError)     1   a renderer that failed at a frame
    ├── WriteError (OSError)           1   a full disk, or an output that failed half-way
    ├── WorkerError (RuntimeError)     1   a worker process that died
    ├── DeviceMemoryError (MemoryError) 1  a GPU whose memory does not hold the frames
    └── OperationCancelledError        1   a stop by the user: Ctrl-C, or a progress callback

Each error is one line that names the cause, and a remedy. Errors of other libraries are
turned into these at the seam where they arise; nothing else crosses the public API on
bad input. Where Python has an error of that kind, ours is one too (in brackets above), so
that code which knows nothing of mien can catch it. Hence inside mien: a `try` whose body may
raise one of ours catches `MienError` before `OSError`, `ValueError`, `KeyError` or
`RuntimeError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = [
    "ChangedFileError",
    "ConsentError",
    "DamagedMediaError",
    "DeviceMemoryError",
    "FetchError",
    "HandleError",
    "InputError",
    "MediaError",
    "MienError",
    "MissingDependencyError",
    "NoFaceError",
    "NothingToDoError",
    "OperationCancelledError",
    "OutputError",
    "OutsideError",
    "PolicyError",
    "ProjectError",
    "ProtocolError",
    "RenderError",
    "TimeError",
    "UnknownControlError",
    "UsageError",
    "WeightsError",
    "WorkerError",
    "WriteError",
    "as_mien_error",
]


class MienError(Exception):
    """Base of all errors: a cause, and what to do about it.

    Args:
        cause: One sentence that names what is wrong and the file or name concerned.
        remedy: One sentence that says what to do; may be empty.
        path: The file or folder concerned, where there is one.
        frame: Index of the frame concerned, where there is one.
        choices: What could have been given instead, where that is a short list.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "error"
    """A stable machine-readable word for `--json` and other protocols."""
    retryable: ClassVar[bool] = True
    """Whether the same request may succeed when it is made again."""

    def __init__(
        self,
        cause: str,
        remedy: str = "",
        *,
        path: Path | None = None,
        frame: int | None = None,
        choices: Iterable[str] = (),
    ) -> None:
        super().__init__(f"{cause} {remedy}".strip())
        self.cause = cause
        self.remedy = remedy
        self.path = path
        self.frame = frame
        self.choices = tuple(choices)
        as_os_error = _as_os_error(self)
        if as_os_error is not None and path is not None:
            as_os_error.filename = str(path)

    def __str__(self) -> str:
        return f"{self.cause} {self.remedy}".strip()

    def __reduce__(self) -> tuple[type[MienError], tuple[str, str], dict[str, object]]:
        # The fields are attributes: bases of Python's own would lose or rearrange them.
        as_os_error = _as_os_error(self)
        state = {} if as_os_error is None else {"filename": as_os_error.filename}
        return type(self), (self.cause, self.remedy), self.__dict__ | state


def _as_os_error(error: BaseException) -> OSError | None:
    return error if isinstance(error, OSError) else None


class UsageError(MienError, ValueError):
    """A request that cannot be meant."""

    exit_code = 2
    code = "usage"
    retryable = False


class UnknownControlError(UsageError, KeyError):
    """A name that no control, expression or viseme has."""

    code = "unknown-control"


class TimeError(UsageError):
    """A time or span that cannot be read, or lies outside the shot."""

    code = "time"


class OutputError(UsageError):
    """An output that cannot be written where it was asked for; nothing was done."""

    code = "output"


class ChangedFileError(OutputError):
    """A file that somebody else changed since it was opened or saved; nothing was written."""

    code = "changed"


class ConsentError(OutputError):
    """An edit of a face for which the policy of this installation wants a consent that it lacks."""

    code = "consent"


class ProtocolError(UsageError):
    """A message to `mien serve` that cannot be read, or asks for what it does not have."""

    code = "protocol"


class HandleError(ProtocolError):
    """A handle that names no shot or job of this client."""

    code = "handle"


class InputError(MienError):
    """A given file that cannot be used."""

    exit_code = 3
    code = "input"


class MediaError(InputError, OSError):
    """A media file that is missing, unreadable, truncated or has no pictures."""

    code = "media"


class DamagedMediaError(MediaError):
    """A frame of a source that cannot be decoded, or is cut off; `frame` is the first of them.

    What comes before it can be had: `render(..., until_damage=True)`.
    """

    code = "damaged"
    retryable = False


class ProjectError(InputError):
    """A project file that is corrupt, too new, or has lost its media."""

    code = "project"
    retryable = False


class OutsideError(InputError):
    """A path outside the folders that a server works in; nothing was opened."""

    code = "outside"
    retryable = False


class PolicyError(InputError):
    """A policy of this installation that cannot be read: what it may forbid is not done."""

    code = "policy"
    retryable = False


class NothingToDoError(MienError):
    """An input that is fine, but holds nothing to work on."""

    exit_code = 4
    code = "nothing-to-do"
    retryable = False


class NoFaceError(NothingToDoError):
    """A shot without faces, or without the face that was asked for."""

    code = "no-face"


class MissingDependencyError(MienError):
    """An extra or a model that is needed and not installed."""

    exit_code = 5
    code = "missing-part"
    retryable = False


class WeightsError(MissingDependencyError):
    """A model's file that cannot be used: cut short, of another model, or no weights."""

    code = "weights"


class FetchError(MienError):
    """A failed download; asked for again, it goes on where it stopped."""

    code = "fetch"


class RenderError(MienError, RuntimeError):
    """A frame that a renderer could not make; it was not written."""

    code = "render"


class WriteError(MienError, OSError):
    """An output that failed half-way; no file was left under the final name."""

    code = "write"


class WorkerError(MienError, RuntimeError):
    """The death of the process that did the work: killed, out of memory, or crashed."""

    code = "worker"


class DeviceMemoryError(MienError, MemoryError):
    """A device whose memory does not hold so many frames at once; fewer may fit.

    Args:
        cause: As of every error.
        remedy: As of every error.
        frames: How many were asked for at once.
    """

    code = "device-memory"

    def __init__(self, cause: str, remedy: str = "", *, frames: int = 0) -> None:
        super().__init__(cause, remedy)
        self.frames = frames


class OperationCancelledError(MienError):
    """A stop by the user; no file was left under the final name.

    A progress callback raises it to stop the work that it is told of:

        def report(stage, done, total):
            if window.closed:
                raise mien.OperationCancelledError()

    Args:
        cause: As of every error.
        remedy: As of every error.
    """

    code = "cancelled"

    def __init__(self, cause: str = "Stopped.", remedy: str = "") -> None:
        super().__init__(cause, remedy)


_RENAMED = {
    "CancelledError": "OperationCancelledError",
    "MissingPartError": "MissingDependencyError",
}
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
    """Return an error as people are told of it, be it one of these or a bug.

    Args:
        error: The error.
        remedy: What to do about a bug.
    """
    if isinstance(error, MienError):
        return error
    if isinstance(error, MemoryError):
        return MienError("There is not enough memory for this.", "Close other programs.")
    wrapped = MienError(
        f"Something unexpected went wrong ({type(error).__name__}: {error}).", remedy
    )
    wrapped.__cause__ = error
    return wrapped
