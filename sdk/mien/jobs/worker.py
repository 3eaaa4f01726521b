"""A worker process: bounded in threads and memory, gone when whom it works for is gone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from mien.child_python import forget_safe_path
from mien.jobs.executor import task_failure
from mien.worker_messages import ProgressSender, WorkerDone

if TYPE_CHECKING:
    from mien.jobs.shot_task import Task

__all__ = ["OUT_OF_MEMORY", "Bounds", "watch_memory", "work"]

OUT_OF_MEMORY = 99
"""Exit code of a worker that took more memory than it may."""
_WATCH = 0.5
"""Seconds between two looks at a worker's memory."""
_THREADS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a worker may take.

    Attributes:
        threads: Threads for each of its parts, but for networks: theirs go with the job, as what
            they compute depends on them.
        memory: Bytes; 0 for all there is.
        gpu: Its GPU, as `CUDA_VISIBLE_DEVICES` says it; None for whatever there is.
    """

    threads: int
    memory: int = 0
    gpu: str | None = None

    def environment(self) -> Mapping[str, str]:
        """Variables that must be set before the worker starts."""
        values = dict.fromkeys(_THREADS, str(self.threads))
        return values if self.gpu is None else values | {"CUDA_VISIBLE_DEVICES": self.gpu}


def work(connection: Connection, bounds: Bounds) -> None:
    """Do tasks that come through a pipe, until it is closed.

    Args:
        connection: Brings tasks, and takes messages.
        bounds: What it may take.
    """
    forget_safe_path()
    # Ctrl-C reaches every process of a terminal; the one that runs the batch decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _die_with_parent()
    watch_memory(bounds.memory)
    import cv2

    from mien.jobs.steps import Workbench

    cv2.setNumThreads(bounds.threads)
    bench = Workbench(bounds.threads)
    with suppress(EOFError, BrokenPipeError, ConnectionError):
        while True:
            task: Task = connection.recv()
            try:
                result = bench.do(task, ProgressSender(connection.send))
            except Exception as error:  # noqa: BLE001 - told to the one who runs the batch
                connection.send(task_failure(error))
            else:
                connection.send(WorkerDone(result))


def watch_memory(most: int) -> None:
    """End this process when it takes more memory than it may; not where nobody says how much.

    Args:
        most: Bytes; 0 for no bound.
    """
    statm = Path("/proc/self/statm")
    if not most or not statm.exists():
        return
    page = os.sysconf("SC_PAGE_SIZE")

    def watch() -> None:
        while True:
            if int(statm.read_text().split()[1]) * page > most:
                os._exit(OUT_OF_MEMORY)
            time.sleep(_WATCH)

    threading.Thread(target=watch, name="mien-memory", daemon=True).start()


def _die_with_parent() -> None:
    """Nobody is left to tell of a finished task, and its frames are kept: be gone at once."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="mien-parent", daemon=True).start()
