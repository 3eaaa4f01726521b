"""Workers on this machine: processes of their own, so that none can take others with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from mien.child_python import safe_path
from mien.cores import core_count, cpu_count, free_memory
from mien.jobs.shot_task import Task
from mien.jobs.worker import OUT_OF_MEMORY, Bounds, work
from mien.rendering.registry import uses_gpu
from mien.worker_messages import WorkerFailed, WorkerMessage, WorkerProgress

__all__ = ["LocalEngine", "bounds_of", "count_workers", "gpus"]

_WORKER_MEMORY = 2 << 30
"""Bytes that a worker should have for 4K footage."""
_SHARE = 0.9
"""Of the machine's free memory, what all workers may take together."""
_PATIENCE = 3.0
"""Seconds for a worker to end by itself."""


class LocalEngine:
    """Worker processes on this machine.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._bounds = bounds_of(count)
        self._workers: dict[int, _Worker] = {}
        self._busy: dict[int, Task] = {}

    @property
    def name(self) -> str:
        """`local`."""
        return "local"

    @property
    def slots(self) -> Sequence[int]:
        """Numbers of the workers."""
        return range(len(self._bounds))

    def submit(self, slot: int, task: Task) -> None:
        """Give an idle worker a task; one that died is replaced."""
        worker = self._workers.get(slot)
        if worker is None or not worker.process.is_alive():
            worker = self._workers[slot] = self._start(slot)
        self._busy[slot] = task
        # That it died just now is seen by who waits for it.
        with suppress(BrokenPipeError, ConnectionError):
            worker.connection.send(task)

    def wait(self, seconds: float) -> list[tuple[int, WorkerMessage]]:
        """Wait for messages; see `Executor.wait`."""
        if not self._busy:
            time.sleep(seconds)
            return []
        by_thing: dict[object, int] = {}
        for slot in self._busy:
            by_thing[self._workers[slot].connection] = slot
            by_thing[self._workers[slot].process.sentinel] = slot
        ready = wait(list(by_thing), seconds)  # type: ignore[arg-type]
        return [
            (slot, message)
            for slot in sorted({by_thing[thing] for thing in ready})
            for message in self._receive(slot)
        ]

    def close(self) -> None:
        """Stop the workers; what they finished is kept."""
        for worker in self._workers.values():
            worker.connection.close()
            worker.process.terminate()
        for worker in self._workers.values():
            worker.process.join(_PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.process.close()
        self._workers.clear()
        self._busy.clear()

    def _start(self, slot: int) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=work, args=(theirs, self._bounds[slot]), name=f"mien-worker-{slot}",
            daemon=True,
        )  # fmt: skip
        with _environment(self._bounds[slot]), safe_path():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _receive(self, slot: int) -> list[WorkerMessage]:
        worker = self._workers[slot]
        messages: list[WorkerMessage] = []
        try:
            while worker.connection.poll():
                message: WorkerMessage = worker.connection.recv()
                messages.append(message)
                if not isinstance(message, WorkerProgress):
                    del self._busy[slot]
                    return messages
        except (EOFError, ConnectionError, OSError):
            worker.process.join(_PATIENCE)
        if worker.process.is_alive():
            return messages
        del self._busy[slot], self._workers[slot]
        worker.connection.close()
        return [*messages, _death(worker.process.exitcode or 0)]


@dataclass(frozen=True, slots=True)
class _Worker:
    process: SpawnProcess
    connection: Connection


def count_workers(renderer: str, threads: int = 1) -> int:
    """Return how many workers suit this machine.

    Args:
        renderer: Name of the renderer; one that works on GPUs has one worker for each, and without
            GPUs its workers have cores for their threads.
        threads: Threads that each worker's networks compute with.
    """
    devices = gpus()
    if devices and uses_gpu(renderer):
        return len(devices)
    free = free_memory()
    most = cpu_count()
    if renderer == "reference":
        most = max(1, core_count() // max(1, threads))
    return max(1, most if free is None else min(most, free // _WORKER_MEMORY))


def bounds_of(count: int) -> list[Bounds]:
    """Return what each of a number of workers may take of this machine."""
    threads = max(1, cpu_count() // count)
    memory = int(_SHARE * (free_memory() or 0)) // count
    devices = gpus()
    return [
        Bounds(threads, memory, devices[slot % len(devices)] if devices else None)
        for slot in range(count)
    ]


def gpus() -> list[str]:
    """Return the NVIDIA GPUs that may be used, as `CUDA_VISIBLE_DEVICES` says them."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return [name.strip() for name in said.split(",") if name.strip() not in ("", "-1")]
    folder = Path("/proc/driver/nvidia/gpus")
    with suppress(OSError):
        return [str(number) for number, _ in enumerate(folder.iterdir())]
    return []


@contextmanager
def _environment(bounds: Bounds) -> Iterator[None]:
    """Variables for a process that is started inside."""
    values = bounds.environment()
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _death(code: int) -> WorkerFailed:
    if code == OUT_OF_MEMORY:
        cause = "Its worker took more memory than it may."
        return WorkerFailed("memory", cause, "Take fewer workers.")
    if code < 0:
        with suppress(ValueError):
            return WorkerFailed("worker", f"Its worker was killed ({signal.Signals(-code).name}).")
    return WorkerFailed("worker", f"Its worker ended with exit code {code}.")
