"""Requests that take long: told of by events, stopped when asked, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mien.errors import OperationCancelledError
from mien.worker_messages import ProgressSender, WorkerProgress

__all__ = ["Requests"]


class Requests:
    """The requests of one client that report how far they are.

    Args:
        send: Takes events.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._waiting: dict[int | str, threading.Event] = {}
        self._stopped: threading.Event | None = None
        self._sender: ProgressSender | None = None

    def expect(self, request: int | str) -> None:
        """Know of a request that reports, before its turn comes."""
        with self._lock:
            self._waiting[request] = threading.Event()

    def forget(self, request: int | str) -> None:
        """Know no more of a request, whose turn will not come."""
        with self._lock:
            self._waiting.pop(request, None)

    @contextmanager
    def turn(self, request: int | str) -> Iterator[None]:
        """Have `report` tell of a request, where it reports, until it is done.

        Raises:
            OperationCancelledError: When it was cancelled before its turn came.
        """

        def send(told: WorkerProgress) -> None:
            self._send({"event": "progress", "request": request, "stage": told.stage,
                        "done": told.done, "total": told.total})  # fmt: skip

        with self._lock:
            self._stopped = self._waiting.get(request)
        self._sender = None if self._stopped is None else ProgressSender(send)
        try:
            self._check()
            yield
        finally:
            with self._lock:
                self._waiting.pop(request, None)
            self._stopped = self._sender = None

    def report(self, stage: str, done: int, total: int) -> None:
        """Report a step of the request whose turn it is.

        Raises:
            OperationCancelledError: When it was cancelled.
        """
        self._check()
        if self._sender is not None:
            self._sender(stage, done, total)

    def cancel(self, request: int | str) -> bool:
        """Have a request stopped.

        Args:
            request: Its id.

        Returns:
            Whether it waits or goes on; False when it has ended, or does not report.
        """
        with self._lock:
            stopped = self._waiting.get(request)
        if stopped is not None:
            stopped.set()
        return stopped is not None

    def cancel_all(self) -> None:
        """Have all of them stopped, as when the client is gone."""
        with self._lock:
            waiting = list(self._waiting.values())
        for stopped in waiting:
            stopped.set()

    def _check(self) -> None:
        if self._stopped is not None and self._stopped.is_set():
            raise OperationCancelledError("The request was cancelled.")
