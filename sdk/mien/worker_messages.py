"""What worker processes tell whoever gave them work: of a batch (jobs/) as of a server (serve/)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from mien.errors import as_mien_error

__all__ = [
    "ProgressSender",
    "WorkerCancelled",
    "WorkerDone",
    "WorkerFailed",
    "WorkerMessage",
    "WorkerProgress",
]

_BETWEEN: Final = 0.2
"""Seconds between two messages about one stage."""


@dataclass(frozen=True, slots=True)
class WorkerProgress:
    """The progress of work.

    Attributes:
        stage: Name of the stage.
        done: Steps done.
        total: Steps in all.
    """

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class WorkerDone:
    """The result of work that is done.

    Attributes:
        result: Whatever the work gives; it can be pickled.
    """

    result: Any


@dataclass(frozen=True, slots=True)
class WorkerFailed:
    """The error that ended work, or took its worker with it.

    It holds what is known of the error, not the error: that may be of a class which only the
    worker can import.

    Attributes:
        code: The error's stable word (`MienError.code`).
        cause: Its cause.
        remedy: Its remedy; may be empty.
        exit_code: Its exit code.
        retryable: Whether it may help to do the work anew.
        worker_lost: Whether the worker was lost, and the work itself is not to blame.
    """

    code: str
    cause: str
    remedy: str = ""
    exit_code: int = 1
    retryable: bool = True
    worker_lost: bool = False

    @classmethod
    def of(cls, error: BaseException) -> WorkerFailed:
        """Describe an error, be it one of mien's or a bug."""
        reported = as_mien_error(error)
        return cls(
            reported.code,
            reported.cause,
            reported.remedy,
            reported.exit_code,
            reported.retryable,
        )


@dataclass(frozen=True, slots=True)
class WorkerCancelled:
    """The end of work that was stopped and has cleaned up."""


WorkerMessage = WorkerProgress | WorkerDone | WorkerFailed | WorkerCancelled
"""Any but `WorkerProgress` is the last message about a piece of work."""


class ProgressSender:
    """A progress callback that sends messages, though not too many.

    A new stage and the end of one are sent at once, steps between them now and then.

    Args:
        send: Takes the messages.
    """

    def __init__(self, send: Callable[[WorkerProgress], None]) -> None:
        self._send = send
        self._stage = ""
        self._last = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Send a message about a step, if it is time for one."""
        now = time.monotonic()
        if stage == self._stage and done < total and now - self._last < _BETWEEN:
            return
        self._stage, self._last = stage, now
        self._send(WorkerProgress(stage, done, total))
