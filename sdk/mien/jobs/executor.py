"""What carries tasks to workers, whatever it is; and what it tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mien.errors import MienError, as_mien_error
from mien.jobs.job import Problem
from mien.jobs.shot_task import Task

__all__ = ["Done", "Executor", "Failed", "TaskProgress", "WorkerMessage", "failed"]


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """A worker tells how far it is.

    Attributes:
        slot: The worker.
        stage: What it does.
        done: Steps done.
        total: Steps in all.
    """

    slot: int
    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Done:
    """A task is done.

    Attributes:
        slot: The worker.
        result: What came of it, in JSON's types.
    """

    slot: int
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """A task failed, or took its worker with it.

    Attributes:
        slot: The worker.
        problem: Why.
        again: Whether it may help to do it anew.
        innocent: Whether it is known that the task itself is not to blame.
    """

    slot: int
    problem: Problem
    retryable: bool = True
    worker_lost: bool = False


WorkerMessage = TaskProgress | Done | Failed


class Executor(Protocol):
    """Workers that do tasks, one each at a time."""

    @property
    def name(self) -> str:
        """`local` or `dask`."""
        ...

    @property
    def slots(self) -> Sequence[int]:
        """Numbers of the workers; may change between calls of `wait`."""
        ...

    def submit(self, slot: int, task: Task) -> None:
        """Give an idle worker a task."""
        ...

    def wait(self, seconds: float) -> list[WorkerMessage]:
        """What workers have to tell; empty when there was nothing in that time.

        Raises:
            MienError: When there are no workers any more, and none will come.
        """
        ...

    def close(self) -> None:
        """Stop the workers, whatever they do."""
        ...


def failed(slot: int, error: BaseException) -> Failed:
    """What to tell of an error."""
    if isinstance(error, MemoryError) and not isinstance(error, MienError):
        error = MienError("There is not enough memory for this.", "Take fewer workers.")
    reported = as_mien_error(error)
    return Failed(slot, Problem.of(reported), reported.retryable)
