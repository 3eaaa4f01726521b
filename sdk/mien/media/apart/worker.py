"""Decodes media for another process, which is led astray by none of them.

    python -m mien.media.apart.worker

It reads questions from standard input and writes answers to standard output (`messages.py`). When
standard input ends, so does it: whoever asked is gone.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from typing import IO, Any, Final

from mien.child_python import worker_pipes
from mien.errors import MediaError, MienError, OperationCancelledError, as_mien_error
from mien.media.apart import messages
from mien.worker_messages import ProgressSender, WorkerProgress

__all__ = ["main"]

_THREADS: Final = 16
"""Questions that are worked on at a time: as many as the program has threads that may ask."""


class _Worker:
    """Carries out what is asked, each question on a thread.

    Args:
        answers: Where the answers go.
    """

    def __init__(self, answers: IO[bytes]) -> None:
        self._answers = answers
        self._writing = threading.Lock()
        self._threads = ThreadPoolExecutor(_THREADS)
        self._objects: dict[int, Any] = {}
        self._stepping: dict[int, threading.Lock] = {}
        self._given_up: dict[int, threading.Event] = {}

    def run(self, questions: IO[bytes]) -> None:
        """Work until there are no more questions."""
        while True:
            try:
                number, kind, *rest = messages.read_question(questions)  # type: ignore[arg-type]
            except EOFError:
                return
            if kind == "cancel":
                event = self._given_up.get(number)
                if event is not None:
                    event.set()
                continue
            if kind == "drop":
                event = self._given_up.get(rest[0])
                if event is not None:
                    event.set()
                self._threads.submit(self._drop, number, rest[0])
                continue
            # A generator that is asked for more gives up when whoever asks does.
            before = self._given_up.get(rest[0]) if kind == "next" else None
            self._given_up[number] = before or threading.Event()
            self._threads.submit(self._answer, number, kind, rest)

    def _answer(self, number: int, kind: str, rest: list[Any]) -> None:
        keeps = kind in ("open", "iterate")
        try:
            value = self._carried_out(number, kind, rest)
            self._say(number, "answer", value)
        except BaseException as error:  # noqa: BLE001 - whoever asked is told
            keeps = False
            self._say(number, "error", _told(error))
        if not keeps:
            self._given_up.pop(number, None)

    def _carried_out(self, number: int, kind: str, rest: list[Any]) -> Any:
        *about, arguments, called = rest
        arguments |= self._callbacks(number, called)
        if kind == "next":
            return self._step(about[0])
        if kind in ("call", "open"):
            module, _, name = about[0].partition(":")
            work = getattr(import_module(module), name)
        else:
            work = getattr(self._objects[about[0]], about[1])
        value = work(**arguments)
        if kind in ("open", "iterate"):
            self._objects[number] = value
            self._stepping[number] = threading.Lock()
            return number
        return value

    def _callbacks(self, number: int, called: tuple[str, ...]) -> dict[str, Callable[..., Any]]:
        given_up = self._given_up[number]

        def progress(message: WorkerProgress) -> None:
            if given_up.is_set():
                raise OperationCancelledError("Reading was stopped.")
            self._say(number, "progress", (message.stage, message.done, message.total))

        known: dict[str, Callable[..., Any]] = {
            "progress": ProgressSender(progress), "cancelled": given_up.is_set,
            "stop": given_up.is_set,
        }  # fmt: skip
        return {name: known[name] for name in called}

    def _step(self, handle: int) -> tuple[bool, Any]:
        with self._stepping[handle]:
            try:
                return True, next(self._objects[handle])
            except StopIteration:
                return False, None

    def _drop(self, number: int, handle: int) -> None:
        value = self._objects.pop(handle, None)
        if value is not None:
            with self._stepping.pop(handle), suppress(Exception):
                value.close()
        self._given_up.pop(handle, None)
        self._say(number, "answer", None)

    def _say(self, number: int, kind: str, value: Any) -> None:
        try:
            with self._writing:
                messages.send(self._answers, (number, kind, value))
        except OSError:
            # Nobody listens any more.
            os._exit(0)


def _told(error: BaseException) -> Exception:
    """Return an error as it can be told: one of mien's, or one of a frame that is not there."""
    if isinstance(error, IndexError):
        return IndexError(str(error))
    known = as_mien_error(error)
    if type(known).__module__ != MienError.__module__:
        return MediaError(known.cause, known.remedy, path=known.path)
    known.__cause__ = None
    return known


def main() -> int:
    """Answer the questions of standard input."""
    questions, answers = worker_pipes()
    messages.widen(answers.fileno())
    try:
        _Worker(answers).run(questions)
    finally:
        # Threads that are deep in a decoder are not waited for.
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
