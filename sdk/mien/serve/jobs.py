"""Jobs: work in processes of their own, told by events, stopped when asked."""

from __future__ import annotations

import logging
import multiprocessing
import secrets
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any, Final, Literal

from mien.child_python import safe_path
from mien.errors import HandleError, ProtocolError, WorkerError
from mien.folder_limits import limits
from mien.serve.messages import JobFacts, JobKind, Message
from mien.serve.protocol import error_facts
from mien.serve.worker import JobOrder, work
from mien.worker_messages import (
    WorkerCancelled,
    WorkerDone,
    WorkerFailed,
    WorkerMessage,
    WorkerProgress,
)

__all__ = ["Jobs", "ServedJob"]

_LOG = logging.getLogger(__name__)

_PATIENCE: Final = 10.0
"""Seconds for a job to clean up after it was cancelled."""
_KEPT: Final = 100
"""Jobs that have ended and are still known to `status`."""
_MOST_RUNNING: Final = 32
"""Jobs of a client that run at a time; each is a process."""
_CONTEXT = multiprocessing.get_context("spawn")
_starting = threading.Lock()
"""multiprocessing starts one process at a time."""

State = Literal["running", "done", "failed", "cancelled"]
Send = Callable[[dict[str, Any]], None]


class ServedJob:
    """A job of a client, with the process that does it.

    Args:
        kind: What it does.
        shot: Handle of its shot.
        order: What its process is told.
        finish: Makes the result of the event `done` from what the process gave.
        send: Takes its events.
    """

    def __init__(
        self,
        kind: JobKind,
        shot: str,
        order: JobOrder,
        finish: Callable[[Any], Message],
        send: Send,
    ) -> None:
        self.handle = f"job-{secrets.token_hex(8)}"
        self.kind: JobKind = kind
        self.shot = shot
        self.state: State = "running"
        self._order: JobOrder | None = order
        self._packed = memoryview(b"")
        self._finish = finish
        self._send = send
        self._progress = WorkerProgress("", 0, 0)
        self._began = time.monotonic()
        self._took: float | None = None
        self._process: SpawnProcess | None = None
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=self.handle, daemon=True)

    def start(self) -> None:
        """Start its process; call it once the host knows the job's handle."""
        self._thread.start()

    def facts(self) -> JobFacts:
        """The job, for `status`."""
        told = self._progress
        seconds = time.monotonic() - self._began if self._took is None else self._took
        return JobFacts(
            job=self.handle, kind=self.kind, shot=self.shot, state=self.state, stage=told.stage,
            done=told.done, total=told.total, seconds=round(seconds, 3),
        )  # fmt: skip

    def cancel(self) -> None:
        """Have it stopped; returns at once."""
        with self._lock:
            if self.state != "running" or self._cancelled.is_set():
                return
            self._cancelled.set()
            process = self._process
        if process is not None:
            self._stop(process)

    def join(self, seconds: float) -> None:
        """Wait until it has ended; one that takes longer is killed."""
        if not self._thread.is_alive():
            return
        self._thread.join(seconds)
        process = self._process
        if self._thread.is_alive() and process is not None:
            with suppress(ValueError):  # it has just been closed
                process.kill()
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._packed, self._order = ForkingPickler.dumps(self._order), None
            connection = self._spawn()
        except Exception as error:  # noqa: BLE001 - whatever pickling a job runs into
            self._end(WorkerFailed.of(WorkerError(f"No process could be started: {error}.")))
            return
        message: WorkerMessage | None = None
        if connection is not None:
            message = self._converse(connection)
        self._end(message)

    def _spawn(self) -> Connection | None:
        """Start the process; None when the job was cancelled before."""
        if self._cancelled.is_set():
            return None
        ours, theirs = _CONTEXT.Pipe()
        # Not a byte of the order goes with `start`: multiprocessing would write it while it holds
        # the process's end of the pipe itself, and wait for ever when the process dies unread.
        process = _CONTEXT.Process(
            target=work, args=(theirs, limits()), name=self.handle, daemon=True
        )
        with _starting, safe_path():
            process.start()
        theirs.close()
        with self._lock:
            self._process = process
            cancelled = self._cancelled.is_set()
        if cancelled:
            self._stop(process)
        return ours

    def _converse(self, connection: Connection) -> WorkerMessage | None:
        """Send the order and hear the process to its end; None when it died without a word."""
        with connection:
            try:
                connection.send_bytes(self._packed)
            except OSError:
                return None
            finally:
                self._packed = memoryview(b"")  # the process has its arrays; let go of them here
            while True:
                try:
                    message: WorkerMessage = connection.recv()
                except Exception:  # noqa: BLE001 - it was killed in the middle of a message
                    return None
                if not isinstance(message, WorkerProgress):
                    return message
                self._progress = message
                self._tell("progress", stage=message.stage, done=message.done, total=message.total)

    def _end(self, message: WorkerMessage | None) -> None:
        code = self._reap()
        if isinstance(message, WorkerDone):
            try:
                result = self._finish(message.result).model_dump()
            except Exception as error:  # noqa: BLE001 - no job may end without its event
                message = WorkerFailed.of(error)
        with self._lock:
            self._took = time.monotonic() - self._began
            killed = message is None and self._cancelled.is_set()
            if killed or isinstance(message, WorkerCancelled):
                self.state = "cancelled"
            elif isinstance(message, WorkerDone):
                self.state = "done"
            else:
                self.state = "failed"
        _LOG.info("%s, a %s, is %s after %.1f s", self.handle, self.kind, self.state, self._took)
        if isinstance(message, WorkerDone):
            self._tell("done", result=result)
        elif self.state == "cancelled":
            self._tell("cancelled")
        else:
            if not isinstance(message, WorkerFailed):
                message = WorkerFailed.of(_death(code))
            self._tell("failed", error=error_facts(message))

    def _reap(self) -> int:
        """The exit code of the process, when it has ended."""
        with self._lock:
            process = self._process
        if process is None:
            return 0
        process.join(_PATIENCE)
        if process.is_alive():
            process.kill()
            process.join()
        return process.exitcode or 0

    def _stop(self, process: SpawnProcess) -> None:
        process.terminate()

        def insist() -> None:
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()

        threading.Thread(target=insist, name=f"{self.handle}-stop", daemon=True).start()

    def _tell(self, event: str, **more: Any) -> None:
        self._send({"event": event, "job": self.handle, **more})


class Jobs:
    """The jobs of one client."""

    def __init__(self) -> None:
        self._jobs: dict[str, ServedJob] = {}
        self._closed = False
        self._lock = threading.Lock()

    def add(self, job: ServedJob) -> None:
        """Know a job; the oldest that have ended are forgotten.

        Raises:
            ProtocolError: When too many run already.
        """
        with self._lock:
            if sum(old.state == "running" for old in self._jobs.values()) >= _MOST_RUNNING:
                raise ProtocolError(
                    f"{_MOST_RUNNING} jobs of this client run already.", "Wait until one ends."
                )
            ended = [handle for handle, old in self._jobs.items() if old.state != "running"]
            for handle in ended[: max(0, len(ended) - _KEPT + 1)]:
                del self._jobs[handle]
            self._jobs[job.handle] = job
            closed = self._closed
        if closed:
            job.cancel()

    def find(self, handle: str) -> ServedJob:
        """The job of a handle.

        Raises:
            HandleError: When the client has none of that name.
        """
        with self._lock:
            job = self._jobs.get(handle)
        if job is None:
            raise HandleError(f"There is no job '{handle}'.", "Use the handle that started it.")
        return job

    def all(self) -> list[ServedJob]:
        """All jobs that are known, the oldest first."""
        with self._lock:
            return list(self._jobs.values())

    def of_shot(self, shot: str) -> list[ServedJob]:
        """The jobs of a shot that are running."""
        return [job for job in self.all() if job.shot == shot and job.state == "running"]

    def close(self) -> None:
        """Stop all jobs, and wait until they have cleaned up."""
        with self._lock:
            self._closed = True
        for job in self.all():
            job.cancel()
        for job in self.all():
            job.join(_PATIENCE)


def _death(code: int) -> WorkerError:
    how = f"ended with exit code {code}"
    if code < 0:
        with suppress(ValueError):
            how = f"was killed ({signal.Signals(-code).name})"
    return WorkerError(
        f"The process that did the work {how}.",
        "Try again; if it took too much memory, close other programs.",
    )
