"""A client of `mien serve` for any Python 3.10 program, with the standard library alone.

    with Client([mien, "serve"], name="my host 1.0") as client:
        shot = client.call("open", path="interview.mp4")["shot"]
        job = client.start("track", shot=shot)
        facts = job.result.result()

One thread reads what the server says; nothing here blocks but `call`, `close` and whoever
waits for a `Future`. A host with an event loop looks at futures and jobs from a timer. When
the server dies, all that waits for it fails with a `ServeError`; what to do then is to make
a new client.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import socket
import struct
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from concurrent.futures import TimeoutError as FutureTimeout
from typing import IO, Any

__all__ = ["PROTOCOL", "Client", "Job", "ServeError", "pack", "unpack"]

PROTOCOL = 1
"""Version of the protocol that is spoken here."""
_PATIENCE = 3.0
"""Seconds for a server to end by itself."""
_LOG_LINES = 200
"""Lines of the server's standard error that are kept."""

Answer = dict[str, Any]


class ServeError(Exception):
    """What the server refused, or that it is gone.

    Args:
        code: A stable word; `cancelled` for a job that was stopped, `gone` for a server that
            cannot be started or has ended.
        cause: One sentence: what is wrong.
        remedy: One sentence: what to do; may be empty.
        details: What the server printed before it went.
    """

    def __init__(self, code: str, cause: str, remedy: str = "", details: str = "") -> None:
        super().__init__(code, cause, remedy, details)
        self.code = code
        self.cause = cause
        self.remedy = remedy
        self.details = details

    def __str__(self) -> str:
        return f"{self.cause} {self.remedy}".strip()


class Job:
    """Long work of the server: a job, or a request that tells how far it is.

    Attributes:
        handle: The server's name of it; empty until it was started, and of a request.
        stage: What is being done.
        done: Steps done of the stage.
        total: Steps in all; 0 while they are not known.
        result: What comes of it; raises ServeError when it fails or is cancelled.
    """

    def __init__(self) -> None:
        self.handle = ""
        self.stage = ""
        self.done = 0
        self.total = 0
        self.result: Future[Answer] = Future()
        self._cancelled = False
        self._request: int | None = None


class Client:
    """A conversation with a server.

    Args:
        command: What starts the server, as `["/opt/mien/bin/mien", "serve"]`.
        name: The host's name and version.
        environment: Variables that it gets beside those of this process.
        listen: Is told every event, in the thread that reads.

    Raises:
        ServeError: When it cannot be started, or does not speak this protocol.
    """

    def __init__(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        name: str,
        environment: Mapping[str, str] | None = None,
        listen: Callable[[Answer], None] | None = None,
    ) -> None:
        try:
            self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
                [os.fspath(part) for part in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **(environment or {})},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except (OSError, ValueError) as error:
            raise ServeError(
                "gone", f"{os.fspath(command[0])} cannot be started: {error}.",
                "Check the path of mien.",
            ) from error  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._start(self._process.stdout, self._process.stdin, listen)
        self._follow_log(self._process.stderr)
        self._hello(name, None)

    @classmethod
    def connect(
        cls,
        port: int,
        token: str,
        *,
        name: str,
        listen: Callable[[Answer], None] | None = None,
    ) -> Client:
        """A client of a server that listens on this machine.

        Args:
            port: The port that `mien serve --tcp` printed.
            token: Its token.
            name: The host's name and version.
            listen: Is told every event, in the thread that reads.

        Raises:
            ServeError: When nobody answers, or the token is wrong.
        """
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        except OSError as error:
            raise ServeError(
                "gone", f"No mien serve answers at port {port}: {error}.", "Start it with --tcp."
            ) from error
        connection.settimeout(None)
        client = cls.__new__(cls)
        client._process = None
        client._socket = connection
        client._start(connection.makefile("rb"), connection.makefile("wb"), listen)
        client._hello(name, token)
        return client

    _socket: socket.socket | None = None

    @property
    def alive(self) -> bool:
        """Whether the server still answers."""
        return not self._gone.is_set()

    @property
    def log(self) -> str:
        """The last that the server printed to standard error."""
        return "".join(self._log)

    def ask(self, method: str, /, **params: Any) -> Future[Answer]:
        """Send a request; its result comes in the future, or a ServeError does."""
        return self._send(method, params, None)

    def call(self, method: str, /, *, timeout: float | None = 60.0, **params: Any) -> Answer:
        """Send a request and wait for its result.

        Raises:
            ServeError: When it is refused, or the server is gone.
            concurrent.futures.TimeoutError: When it takes longer than `timeout` seconds.
        """
        return self.ask(method, **params).result(timeout)

    def start(self, method: str, /, **params: Any) -> Job:
        """Start a job; a refusal comes in its result."""
        job = Job()
        self._send(method, params, job)
        return job

    def open(self, **params: Any) -> Job:
        """Open a shot; the job tells how far media are read through, and can be cancelled.

        A server that is older tells nothing, and opens it all the same.

        Args:
            **params: Those of `open`.
        """
        if "open.progress" not in self.hello.get("features", ()):
            return self.start("open", **params)
        job = Job()
        self._send("open", {**params, "progress": True}, job, follow=True)
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job; its result then raises ServeError `cancelled`."""
        with self._lock:
            # One whose name has not come yet is stopped as soon as it has.
            job._cancelled = True
            handle, request = job.handle, job._request
        if job.result.done():
            return
        if handle:
            self.ask("cancel", job=handle)
        elif request is not None:
            self.ask("cancel", request=request)

    def close(self) -> None:
        """End the conversation; a server that was started here ends, with all its jobs."""
        # One that reads nothing more would let the words that end it wait for ever.
        late = threading.Timer(_PATIENCE, self._hang_up)
        late.daemon = True
        late.start()
        try:
            self._close()
        finally:
            late.cancel()

    def _close(self) -> None:
        with contextlib.suppress(ServeError, OSError, ValueError):
            if self.alive:
                self.ask("shutdown")
        with contextlib.suppress(OSError, ValueError):
            self._output.close()
        process = self._process
        if process is not None:
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(_PATIENCE)

    def _hang_up(self) -> None:
        self.kill()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def kill(self) -> None:
        """End a server that was started here at once; its jobs notice and clean up."""
        if self._process is not None:
            self._process.kill()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _start(
        self, source: IO[bytes], output: IO[bytes], listen: Callable[[Answer], None] | None
    ) -> None:
        self._output = output
        self._listen = listen
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        # A lock of its own: whoever writes may have to wait until what the server says is read.
        self._writing = threading.Lock()
        self._waiting: dict[int, tuple[Future[Answer], Job | None]] = {}
        self._jobs: dict[str, Job] = {}
        self._gone = threading.Event()
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._threads: list[threading.Thread] = []
        self._follow(self._read, source)

    def _hello(self, name: str, token: str | None) -> None:
        secret: dict[str, Any] = {} if token is None else {"token": token}
        try:
            self.hello = self.call("hello", protocol=PROTOCOL, client=name, **secret)
        except (ServeError, FutureTimeout):
            self.close()
            raise

    def _follow_log(self, source: IO[bytes]) -> None:
        def read(lines: IO[bytes]) -> None:
            with lines:
                for line in lines:
                    self._log.append(line.decode("utf-8", "replace"))

        self._follow(read, source)

    def _follow(self, work: Callable[[IO[bytes]], None], source: IO[bytes]) -> None:
        thread = threading.Thread(target=work, args=(source,), name="mien-client", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _send(
        self, method: str, params: dict[str, Any], job: Job | None, *, follow: bool = False
    ) -> Future[Answer]:
        future: Future[Answer] = Future()
        number = next(self._ids)
        if job is not None and follow:
            job._request = number
        line = json.dumps({"id": number, "method": method, "params": params}).encode() + b"\n"
        with self._lock:
            self._waiting[number] = (future, job)
        try:
            with self._writing:
                self._output.write(line)
                self._output.flush()
        except (OSError, ValueError):
            self._fail()
        if self._gone.is_set():
            self._fail()  # it may have gone before this request was noted
        return future

    def _read(self, source: IO[bytes]) -> None:
        try:
            with source, contextlib.suppress(OSError, ValueError):
                for line in source:
                    message = json.loads(line)
                    if "event" in message:
                        self._hear(message)
                    else:
                        self._settle(message)
        finally:
            self._fail()
            self._how()  # also so that the system forgets the process

    def _settle(self, message: Answer) -> None:
        with self._lock:
            entry = self._waiting.pop(message["id"], None)
        if entry is None:
            return
        future, job = entry
        if "error" in message:
            error = _error(message["error"])
            _end(future, error=error)
            if job is not None:
                _end(job.result, error=error)
            return
        if job is not None and "job" not in message["result"]:
            _end(job.result, message["result"])
        elif job is not None:
            with self._lock:
                job.handle = message["result"]["job"]
                self._jobs[job.handle] = job
                cancelled = job._cancelled
            if cancelled:
                # In a thread of its own: who reads must not wait until the server does.
                threading.Thread(target=self.cancel, args=[job], daemon=True).start()
        _end(future, message["result"])

    def _hear(self, event: Answer) -> None:
        with self._lock:
            if "request" in event:
                job = self._waiting.get(event["request"], (None, None))[1]
            else:
                job = self._jobs.get(event["job"])
        if job is not None and event["event"] == "progress":
            job.stage, job.done, job.total = event["stage"], event["done"], event["total"]
        elif job is not None:
            with self._lock:
                del self._jobs[job.handle]
            if event["event"] == "done":
                _end(job.result, event["result"])
            elif event["event"] == "cancelled":
                _end(job.result, error=ServeError("cancelled", "Stopped."))
            else:
                _end(job.result, error=_error(event["error"]))
        if self._listen is not None:
            self._listen(event)

    def _fail(self) -> None:
        """Nothing more comes: tell everybody who waits."""
        self._gone.set()
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            jobs, self._jobs = self._jobs, {}
        if not waiting and not jobs:
            return
        error = ServeError("gone", f"mien serve has ended{self._how()}.", "Try again.", self.log)
        for future, job in waiting.values():
            _end(future, error=error)
            if job is not None:
                _end(job.result, error=error)
        for job in jobs.values():
            _end(job.result, error=error)

    def _how(self) -> str:
        if self._process is None:
            return ""
        try:
            code = self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            return ""
        return f" (killed by signal {-code})" if code < 0 else f" (exit code {code})"


def pack(values: Sequence[float]) -> dict[str, str]:
    """Numbers as the protocol packs them: base64 of little-endian float32."""
    return {"f32": base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode("ascii")}


def unpack(values: Sequence[float] | Mapping[str, str]) -> tuple[float, ...]:
    """Numbers from either of the protocol's forms, a list or packed."""
    if not isinstance(values, Mapping):
        return tuple(values)
    data = base64.b64decode(values["f32"])
    return struct.unpack(f"<{len(data) // 4}f", data)


def _error(facts: Answer) -> ServeError:
    return ServeError(facts["code"], facts["cause"], facts["remedy"])


def _end(
    future: Future[Answer], result: Answer | None = None, *, error: ServeError | None = None
) -> None:
    # Whoever waits may have given up and cancelled it.
    with contextlib.suppress(InvalidStateError):
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result or {})
