"""The lines for one client, written by a thread of their own: nobody waits for its reading."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import IO, Final

__all__ = ["Outbox"]

_LIMIT: Final = 256 << 10
"""Bytes that may wait for the client; a single line may be longer."""
_PIECE: Final = 1 << 16
"""Bytes that are written at a time; each shows that the client still reads."""
_PATIENCE: Final = 3.0
"""Seconds at the end for a client that reads nothing at all."""


class Outbox:
    """A bounded queue of lines, and the thread that writes them in order.

    Args:
        output: Where the lines go.
        limit: Bytes that may wait; a single line may be longer.
    """

    def __init__(self, output: IO[bytes], limit: int = _LIMIT) -> None:
        self._output = output
        self._limit = limit
        self._lines: deque[bytes] = deque()
        self._waiting = 0
        self._last_read = time.monotonic()
        self._ending = False
        self._closed = False
        self._changed = threading.Condition()
        threading.Thread(target=self._work, name="mien-answers", daemon=True).start()

    @property
    def closed(self) -> bool:
        """Whether no more lines are written: it was closed, or the client is gone."""
        return self._closed

    def send(self, line: bytes) -> None:
        """Add a line, waiting for room; without effect when it is closed."""
        with self._changed:
            self._wait_for(lambda: self._has_room(line))
            self._add(line)

    def offer(self, line: bytes) -> None:
        """Add a line that may be left out: it is, where there is no room."""
        with self._changed:
            if self._has_room(line):
                self._add(line)

    def drain(self) -> None:
        """Wait until all lines are written, or the client is gone."""
        with self._changed:
            self._wait_for(lambda: not self._waiting)

    def hurry(self) -> None:
        """Give up a client, from now on, that reads nothing for some seconds."""
        with self._changed:
            self._ending = True
            self._last_read = time.monotonic()
            self._changed.notify_all()

    def close(self) -> None:
        """Write what waits, as far as the client still reads, and end."""
        self.hurry()
        self.drain()
        self._end()

    def _has_room(self, line: bytes) -> bool:
        return not self._waiting or self._waiting + len(line) <= self._limit

    def _add(self, line: bytes) -> None:
        if self._closed:
            return
        if not self._waiting:
            self._last_read = time.monotonic()
        self._lines.append(line)
        self._waiting += len(line)
        self._changed.notify_all()

    def _wait_for(self, true: Callable[[], bool]) -> None:
        """Wait for a condition, with the lock held; return early when it is closed."""
        while not (self._closed or true()):
            left = self._last_read + _PATIENCE - time.monotonic() if self._ending else None
            if left is not None and left <= 0:
                self._end()
                return
            self._changed.wait(left)

    def _end(self) -> None:
        with self._changed:
            self._closed = True
            self._lines.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        try:
            while (line := self._next()) is not None:
                self._write(memoryview(line))
        except (OSError, ValueError):
            pass  # the client is gone; the end of its lines is near
        finally:
            self._end()

    def _next(self) -> bytes | None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or bool(self._lines))
            return None if self._closed else self._lines.popleft()

    def _write(self, line: memoryview) -> None:
        while line:
            written = self._output.write(line[:_PIECE])
            self._output.flush()
            line = line[written:]
            with self._changed:
                self._waiting -= written
                self._last_read = time.monotonic()
                self._changed.notify_all()
