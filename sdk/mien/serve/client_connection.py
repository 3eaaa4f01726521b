"""One client: its lines in, its answers and events out."""

from __future__ import annotations

import hmac
import logging
import threading
from collections.abc import Callable
from typing import IO, Any, Final

from mien.errors import MienError, ProtocolError, as_mien_error
from mien.media.prefetch import ByteQueue, QueueClosed
from mien.serve.folders import check_message
from mien.serve.lines import TOO_LONG, read_lines
from mien.serve.messages import HelloParams, Message
from mien.serve.methods import Methods
from mien.serve.outbox import Outbox
from mien.serve.protocol import (
    HELLO_LINE,
    MAX_LINE,
    PROTOCOL,
    Request,
    encode,
    error_facts,
    id_of,
    read_message,
    read_params,
    read_request,
)

__all__ = ["ClientConnection"]

_LOG = logging.getLogger(__name__)

_WAITING: Final = 1000
"""Requests that may wait for their turn."""
_WAITING_BYTES: Final = 2 * MAX_LINE
"""Bytes of the lines that they came in; one of any length may wait."""


class ClientConnection:
    """A conversation with one client, from its `hello` to its end.

    Three threads are at work: `run`'s own reads, and answers at once what never waits; another
    does the rest in order; the outbox's writes. Jobs have processes of their own.

    Args:
        source: Where the client's lines come from, buffered.
        output: Where answers and events go.
        token: What `hello` must bear; None where whoever can write here is trusted.
        greeted: Called when the client has said who it is.
    """

    def __init__(
        self,
        source: IO[bytes],
        output: IO[bytes],
        *,
        token: str | None = None,
        greeted: Callable[[], None] | None = None,
    ) -> None:
        self._source = source
        self._token = token
        self._greet = greeted
        self._greeted = False
        self._over = False
        self._outbox = Outbox(output)
        self._methods = Methods(self._send)
        self._tasks: ByteQueue[tuple[Request, Message]] = ByteQueue(_WAITING, _WAITING_BYTES)
        self._thread = threading.Thread(target=self._work, name="mien-serve", daemon=True)

    def run(self) -> None:
        """Talk until the client ends it or is gone; then stop its jobs and forget its shots."""
        self._thread.start()
        try:
            self._listen()
            if not self._is_over():
                # The end of its lines: what was asked is answered, if somebody still reads it.
                self._methods.stop_jobs()
                self._tasks.close()
                self._thread.join()
                self._outbox.drain()
        except OSError:
            pass  # the client is gone
        finally:
            self._over = True
            self._outbox.hurry()
            self._tasks.close(drop=True)
            self._methods.close()
            self._outbox.close()

    def _listen(self) -> None:
        limit = lambda: MAX_LINE if self._greeted else HELLO_LINE  # noqa: E731
        for line in read_lines(self._source, limit):
            self._take(line)
            # Nobody may try tokens one after another.
            if self._token is not None and not self._greeted:
                self._over = True
            if self._is_over():
                return

    def _is_over(self) -> bool:
        """Whether the conversation has ended, or nobody is there to hear an answer."""
        return self._over or self._outbox.closed

    def _take(self, line: bytes | None) -> None:
        """Act on a line; whatever is in it, it is answered."""
        number: int | str | None = None
        try:
            if line is TOO_LONG:
                most = MAX_LINE if self._greeted else HELLO_LINE
                raise ProtocolError(f"A line is longer than {most} bytes.", "Pack its numbers.")
            assert line is not None
            message = read_message(line)
            number = id_of(message)
            request = read_request(message)
            params = read_params(request)
            self._allow(params)
            check_message(params)
            _LOG.info("%s: %s", request.id, request.method)
            if request.method == "shutdown":
                self._answer(request, {})
                self._over = True
            elif request.method in self._methods.immediate:
                handler = self._methods.immediate[request.method]
                self._answer(request, handler(params).model_dump())
            elif not self._offer(request, params, len(line)):
                raise ProtocolError(
                    f"{_WAITING} requests, or {_WAITING_BYTES >> 20} MiB of them, wait already.",
                    "Wait for their answers.",
                )
        except Exception as error:  # noqa: BLE001 - no line may end the server
            self._refuse(number, as_mien_error(error))

    def _offer(self, request: Request, params: Message, size: int) -> bool:
        # Known before its turn can come, which may be at once.
        self._methods.expect(request.id, params)
        offered = self._tasks.offer((request, params), size)
        if not offered:
            self._methods.forget(request.id)
        return offered

    def _allow(self, params: Message) -> None:
        """Refuse all but a first, proper `hello` until there was one."""
        if not isinstance(params, HelloParams):
            if not self._greeted:
                raise ProtocolError("The first request is no `hello`.", "Say hello first.")
            return
        if self._token is not None and not _same(params.token or "", self._token):
            raise ProtocolError("The token is wrong.", "Use the one that the server printed.")
        if params.protocol != PROTOCOL:
            older = "the host's plug-in" if params.protocol < PROTOCOL else "mien"
            raise ProtocolError(
                f"{params.client} speaks version {params.protocol} of the protocol, this is"
                f" version {PROTOCOL}.",
                f"Update {older}.",
            )
        self._greeted = True
        if self._greet is not None:
            self._greet()

    def _work(self) -> None:
        while True:
            try:
                request, params = self._tasks.get()
            except QueueClosed:
                return
            if self._is_over():
                return
            try:
                result = self._methods.run(request.method, request.id, params).model_dump()
            except Exception as error:  # noqa: BLE001 - no request may end the server
                self._refuse(request.id, as_mien_error(error))
            else:
                self._answer(request, result)
                # Their events come after the answer that names them.
                for job in self._methods.take_begun():
                    job.start()

    def _answer(self, request: Request, result: dict[str, Any]) -> None:
        self._send({"id": request.id, "result": result})

    def _refuse(self, number: int | str | None, error: MienError) -> None:
        _LOG.info("%s is refused: %s", number, error)
        self._send({"id": number, "error": error_facts(error)})

    def _send(self, message: dict[str, Any]) -> None:
        line = encode(message)
        if message.get("event") == "progress":
            self._outbox.offer(line)  # no job waits for whoever does not read how far it is
        else:
            self._outbox.send(line)


def _same(given: str, token: str) -> bool:
    """Whether two tokens are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode(errors="surrogatepass"), token.encode())
