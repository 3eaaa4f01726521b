"""The protocol of what carries tasks to workers: processes here, or a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mien.errors import MienError
from mien.jobs.shot_task import Task
from mien.worker_messages import WorkerFailed, WorkerMessage

__all__ = ["Executor", "task_failure"]


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

    def wait(self, seconds: float) -> list[tuple[int, WorkerMessage]]:
        """Wait for messages; return each with the number of its worker.

        Args:
            seconds: How long to wait; after that the list is empty.

        Raises:
            MienError: When there are no workers any more, and none will come.
        """
        ...

    def close(self) -> None:
        """Stop the workers, whatever they do."""
        ...


def task_failure(error: BaseException) -> WorkerFailed:
    """Return the message about an error that ended a task."""
    if isinstance(error, MemoryError) and not isinstance(error, MienError):
        error = MienError("There is not enough memory for this.", "Take fewer workers.")
    return WorkerFailed.of(error)
