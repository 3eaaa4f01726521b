"""A conversation inside the test's own process, line by line."""

from __future__ import annotations

import json
import os
import select
import threading
from types import TracebackType
from typing import Any

from mien.serve.client_connection import ClientConnection
from tests.waiting import PATIENCE


class Wire:
    """Writes lines to a conversation and reads what it answers."""

    def __init__(self, *, greet: bool = True, token: str | None = None) -> None:
        there, self._write = os.pipe()
        self._read, back = os.pipe()
        self._rest = b""
        source, output = os.fdopen(there, "rb"), os.fdopen(back, "wb")
        self.connection = ClientConnection(source, output, token=token)

        def talk() -> None:
            with source, output:
                self.connection.run()

        self.thread = threading.Thread(target=talk, daemon=True)
        self.thread.start()
        if greet:
            assert "result" in self.ask("hello", {"protocol": 1, "client": "tests"})

    def send(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._write, data) :]

    def receive(self) -> dict[str, Any]:
        while b"\n" not in self._rest:
            assert select.select([self._read], [], [], PATIENCE)[0], "no answer"
            more = os.read(self._read, 1 << 16)
            assert more, "the conversation ended"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        assert line.isascii()
        found = json.loads(line)
        assert isinstance(found, dict)
        return found

    def ask(self, method: str, params: Any = None, number: Any = 1) -> dict[str, Any]:
        message = {"id": number, "method": method, "params": {} if params is None else params}
        self.send(json.dumps(message).encode() + b"\n")
        return self.receive()

    def result(self, method: str, **params: Any) -> dict[str, Any]:
        answer = self.ask(method, params)
        assert "result" in answer, answer
        found = answer["result"]
        assert isinstance(found, dict)
        return found

    def lives(self) -> None:
        """It still answers, in order, and owes no other answer."""
        assert self.ask("status", number="alive")["id"] == "alive"
        assert self.ask("controls", number="well")["id"] == "well"

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._write)
        self.thread.join(PATIENCE)
        os.close(self._read)
        assert not self.thread.is_alive()


def refused(answer: dict[str, Any], code: str, *words: str) -> None:
    """An error of that code, whole and in words for people."""
    error = answer["error"]
    assert set(error) == {"code", "cause", "remedy", "exit", "exit_code"}, answer
    assert error["code"] == code, answer
    assert error["cause"]
    assert "Traceback" not in error["cause"]
    for word in words:
        assert word in f"{error['cause']} {error['remedy']}", answer
