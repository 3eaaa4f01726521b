"""The process that decodes: started, asked, and started again where a file has ended it."""

from __future__ import annotations

import queue
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

from mien.child_python import close_pipes, start_worker
from mien.errors import MediaError, MienError, OperationCancelledError
from mien.model.media import MediaInfo

__all__ = ["WORKER", "DecodingProcess", "RemoteObject"]

_CALLBACKS: Final = ("cancelled", "stop")
"""Parameters that tell whether to give up; the other process is told in place of asking."""
_PATIENCE: Final = 0.01
"""Seconds between two looks whether what is waited for is still wanted."""
_PATIENCE_AT_END: Final = 5.0
"""Seconds for a process that says nothing any more to end."""
_GIVEN_UP: Final = 10.0
"""Seconds after which a question that nobody wants any more has to be given up."""
_CLOSING: Final = 1.0
"""Seconds that whoever closes a file waits for it."""
_MOST_ENDS: Final = 5
"""Ends of the process after which a question is not asked again, whoever else waited."""
WORKER = "mien.media.apart.worker"
"""The module that the process runs."""
_Answer = TypeVar("_Answer")


class Lost(Exception):  # noqa: N818 - a way of the program, not an error
    """The process ended before it answered, or another runs by now.

    Args:
        child: The process.
        how: How it ended, as the end of a sentence.
        alone: Whether nobody else waited for it when it ended; None where it did not end now.
    """

    def __init__(self, child: object, how: str = "", alone: bool | None = None) -> None:
        super().__init__(how)
        self.child, self.alone = child, alone


class DecodingProcess:
    """A process that decodes media for this one; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._retrying = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._heard: object = None
        """The process that is listened to: it says nothing before it is asked."""
        self._waiting: dict[int, tuple[object, queue.SimpleQueue[Any]]] = {}
        self._numbers = count(1)
        self._closed = False

    def start(self) -> None:
        """Start it, if it does not run, without waiting until it is there."""
        with suppress(MediaError), self._lock:
            self._running()

    @property
    def pid(self) -> int | None:
        """Number of the process that runs now; None where none does."""
        child = self._child
        return child.pid if child is not None and child.poll() is None else None

    def call(self, target: str, arguments: Mapping[str, Any]) -> Any:
        """Have a function carried out.

        Args:
            target: The function as `module:name`.
            arguments: What it is given, by name: values, and `progress` or `cancelled`.

        Returns:
            What it gives: plain values.

        Raises:
            MienError: What it raises; a `MediaError` when it has ended the process.
        """
        return self.retried(lambda: self.ask(("call", target), arguments)[1], arguments)

    def each(self, target: str, arguments: Mapping[str, Any]) -> Generator[Any, None, None]:
        """Have a generator carried out, as far as it is asked for more.

        Args:
            target: The generator as `module:name`.
            arguments: As of `call`.

        Raises:
            MienError: What it raises; a `MediaError` when it has ended the process.
        """
        yield from self.steps(lambda: self.ask(("open", target), arguments), arguments)

    def steps(
        self,
        begin: Callable[[], tuple[object, Any]],
        arguments: Mapping[str, Any],
        lost: Callable[[Lost], object] = lambda why: None,
    ) -> Generator[Any, None, None]:
        """Take what a generator gives; see `each`.

        Args:
            begin: Opens it: gives the process, and its handle there.
            arguments: As of `call`.
            lost: Called when the process has ended.
        """
        called = {name: value for name, value in arguments.items() if name in _CALLBACKS}

        def first() -> tuple[object, int, tuple[bool, Any]]:
            child, handle = begin()
            try:
                return child, handle, self.ask(("next", handle), called, child)[1]
            except MienError:
                self.drop(child, handle)
                raise

        # Until something came it can be begun anew.
        child, handle, (more, value) = self.retried(first, arguments, lost)
        try:
            while more:
                yield value
                try:
                    more, value = self.ask(("next", handle), called, child)[1]
                except Lost as why:
                    lost(why)
                    raise _broken(arguments, why) from None
        finally:
            self.drop(child, handle)

    def ask(
        self, question: tuple[Any, ...], arguments: Mapping[str, Any], child: object = None
    ) -> tuple[object, Any]:
        """Ask a question once, and wait for the answer.

        Args:
            question: Its kind and what it is about.
            arguments: As of `call`.
            child: The process that has to be asked, if it is no other by now.

        Returns:
            The process that answered, and the answer.
        """
        plain = {name: value for name, value in arguments.items() if not callable(value)}
        called = {name: value for name, value in arguments.items() if callable(value)}
        give_up = [called[name] for name in _CALLBACKS if name in called]
        running, number, answers = self._register(child)
        told: float | None = None
        try:
            self._send(running, (number, *question, plain, tuple(called)))
            while True:
                try:
                    kind, value = answers.get(timeout=_PATIENCE if give_up else None)
                except queue.Empty:
                    if told is None and any(wants() for wants in give_up):
                        self._send(running, (number, "cancel"))
                        told = time.monotonic()
                    elif told is not None and time.monotonic() - told > _GIVEN_UP:
                        # It hears nothing any more, deep in a decoder that hangs.
                        running.kill()
                    continue
                if kind == "progress":
                    called["progress"](*value)
                elif kind == "answer":
                    return running, value
                elif kind == "lost" and told is None:
                    raise Lost(running, *value)
                elif isinstance(value, Exception):
                    raise value
                else:
                    raise OperationCancelledError("Reading was stopped.")
        except BaseException:
            # Nobody waits any more; what is carried out for nobody should not be.
            with suppress(Lost):
                self._send(running, (number, "cancel"))
            raise
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def _register(
        self, child: object = None
    ) -> tuple[subprocess.Popen[bytes], int, queue.SimpleQueue[Any]]:
        """The process, the number of a question to it, and where its answers come."""
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        with self._lock:
            # For one that is gone no other is started.
            if child is not None and self._child is not child:
                raise Lost(child)
            running = self._running()
            if child is not None and running is not child:
                raise Lost(child)
            number = next(self._numbers)
            self._waiting[number] = running, answers
            if self._heard is not running:
                self._heard = running
                threading.Thread(
                    target=self._listen, args=(running,), name="mien-decoding", daemon=True
                ).start()
        return running, number, answers

    def retried(
        self,
        ask: Callable[[], _Answer],
        about: Mapping[str, Any],
        lost: Callable[[Lost], object] = lambda why: None,
    ) -> _Answer:
        """Ask again where the process ended: somebody else's file may have ended it.

        Args:
            ask: Asks once.
            about: What it is asked with; names the file.
            lost: Called when the process has ended.

        Raises:
            MediaError: When it ends again though nobody else waits, or whoever else does.
        """
        try:
            return ask()
        except Lost as why:
            lost(why)
        # One after the other: of all who waited, only who ended it ends it again, unless somebody
        # who asks for the first time does.
        with self._retrying:
            ends = 0
            while True:
                try:
                    return ask()
                except Lost as why:
                    lost(why)
                    ends += why.alone is not None
                    if why.alone or ends >= _MOST_ENDS:
                        raise _broken(about, why) from None

    def drop(self, child: object, handle: int, patience: float = 0.0) -> None:
        """Let go of an object that a process holds, if it still runs.

        Args:
            child: The process.
            handle: The object's.
            patience: Seconds to wait until it is closed.
        """
        try:
            running, number, answers = self._register(child)
        except (Lost, MienError):
            return
        try:
            self._send(running, (number, "drop", handle))
            if patience:
                answers.get(timeout=patience)
        except (Lost, queue.Empty):
            pass
        finally:
            with self._lock:
                self._waiting.pop(number, None)

    def abandon(self) -> None:
        """End what is carried out now; whoever waits is told that it was stopped.

        Whoever asks later gets another process.
        """
        with self._lock:
            child, self._child = self._child, None
            waiting = [answers for asked, answers in self._waiting.values() if asked is child]
        for answers in waiting:
            answers.put(("stopped", None))
        if child is not None:
            child.kill()
            child.wait()
            if self._heard is not child:
                # Nobody listened to it yet, who would do so.
                close_pipes(child)

    def close(self) -> None:
        """End it, whatever it is at, for good."""
        with self._lock:
            self._closed = True
        self.abandon()

    def _running(self) -> subprocess.Popen[bytes]:
        """Return the process, started where none runs; the lock is held."""
        if self._closed:
            raise OperationCancelledError("Media are no longer decoded: the program ends.")
        if self._child is not None and self._child.poll() is None:
            return self._child
        try:
            child = start_worker(WORKER)
        except OSError as error:
            raise MediaError(
                f"No process can be started that decodes media: {error}.",
                "Free memory, or end other programs.",
            ) from error
        self._child = child
        return child

    def _send(self, child: subprocess.Popen[bytes], message: tuple[Any, ...]) -> None:
        # A program starts faster without what pictures are made of.
        from mien.media.apart import messages

        assert child.stdin is not None
        try:
            with self._writing:
                messages.send(child.stdin, message)
        except (OSError, ValueError):
            raise Lost(child, _ending(child), alone=False) from None

    def _listen(self, child: subprocess.Popen[bytes]) -> None:
        """Hand out what a process answers; when it ends, tell everybody who waits."""
        from mien.media.apart import messages

        assert child.stdout is not None
        messages.widen(child.stdout.fileno())
        try:
            while True:
                number, kind, value = messages.read_answer(child.stdout)  # type: ignore[arg-type]
                asked = self._waiting.get(number)
                if asked is not None:
                    asked[1].put((kind, value))
        except (EOFError, OSError, ValueError) as error:
            if str(error):
                # It speaks, but says nothing that can be meant.
                child.kill()
        finally:
            how = _ending(child)
            child.kill()
            with self._lock:
                if self._child is child:
                    self._child = None
                lost = [answers for asked, answers in self._waiting.values() if asked is child]
            for answers in lost:
                answers.put(("lost", (how, len(lost) == 1)))
            close_pipes(child)


class RemoteObject:
    """An object that the decoding process holds; opened when it is needed, and again if need be.

    Args:
        process: The process.
        target: What makes the object, as `module:name`.
        arguments: What that is given, by name: plain values.
    """

    def __init__(self, process: DecodingProcess, target: str, arguments: Mapping[str, Any]) -> None:
        self._process = process
        self._target = target
        self._arguments = arguments
        self._lock = threading.Lock()
        self._held: list[tuple[object, int]] = []
        """The process and the handle there; empty where it is not open."""
        self._closed = False
        # Whoever forgets to close it holds nothing there for ever.
        weakref.finalize(self, _let_go, process, self._held).atexit = False

    def call(self, method: str, **arguments: Any) -> Any:
        """Have a method carried out; see `DecodingProcess.call`."""

        def once() -> Any:
            child, handle = self._open()
            return self._process.ask(("method", handle, method), arguments, child)[1]

        return self._process.retried(once, self._arguments, self._forget)

    def each(self, method: str, **arguments: Any) -> Generator[Any, None, None]:
        """Have a method carried out that is a generator; see `DecodingProcess.each`."""

        def begin() -> tuple[object, Any]:
            child, handle = self._open()
            return self._process.ask(("iterate", handle, method), arguments, child)

        about = {**self._arguments, **arguments}
        yield from self._process.steps(begin, about, self._forget)

    def close(self) -> None:
        """Let go of the object, and of its file before this returns where that is soon."""
        with self._lock:
            self._closed = True
            _let_go(self._process, self._held, _CLOSING)

    def _open(self) -> tuple[object, int]:
        with self._lock:
            if self._closed:
                raise OperationCancelledError("What was to be read is closed.")
            if not self._held:
                self._held.append(self._process.ask(("open", self._target), self._arguments))
            return self._held[0]

    def _forget(self, why: Lost) -> None:
        """Open it anew when it is needed: the process that held it is gone."""
        with self._lock:
            if self._held and self._held[0][0] is why.child:
                self._held.clear()


def _let_go(
    process: DecodingProcess, held: list[tuple[object, int]], patience: float = 0.0
) -> None:
    while held:
        process.drop(*held.pop(), patience)


def _broken(about: Mapping[str, Any], why: Lost) -> MediaError:
    path = next(iter(_paths(about)), None)
    name = "The media" if path is None else path.name
    return MediaError(
        f"{name} cannot be decoded: the process that does so ended{why}.",
        "Convert it to another format. Your work is not touched.",
        path=path,
    )


def _paths(about: Mapping[str, Any]) -> Iterator[Path]:
    for value in about.values():
        if isinstance(value, Path):
            yield value
        elif isinstance(value, MediaInfo):
            yield value.path


def _ending(child: subprocess.Popen[bytes]) -> str:
    """Return how a process ended, as the end of a sentence."""
    try:
        code = child.wait(_PATIENCE_AT_END)
    except subprocess.TimeoutExpired:
        return ""
    if code >= 0:
        return f" with code {code}"
    try:
        return f" by {signal.Signals(-code).name}"
    except ValueError:
        return f" by signal {-code}"
