"""What one client may take of a server: its time at the end, its jobs and shots."""

from __future__ import annotations

import json
import signal
import socket
import time
from pathlib import Path

import pytest

from mien.errors import ProtocolError
from mien.serve import jobs, shots
from mien.serve.client import Client
from mien.serve.jobs import Jobs, ServedJob
from mien.serve.messages import Empty
from mien.serve.shots import OpenShot, Shots
from mien.serve.worker import SolveOrder
from tests.documents import make_document, make_shot
from tests.serve.test_clients import TOKEN, listening

SECONDS = 5.0
"""What clients that read nothing cost at most when a server ends."""


def deaf(port: int, asked: str) -> socket.socket:
    """A client that asks until nothing more can be sent, and reads none of the answers."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    hello = {"protocol": 1, "client": "deaf", "token": TOKEN}
    client.sendall(json.dumps({"id": 1, "method": "hello", "params": hello}).encode() + b"\n")
    client.settimeout(0.5)
    with pytest.raises(TimeoutError):
        client.sendall(asked.encode() * 200_000)
    return client


def seconds_to_end(deaf_clients: int) -> float:
    """How long a server takes to end, with a client that reads and so many that do not."""
    with listening(MIEN_SERVE_TOKEN=TOKEN) as server:
        asked = '{"id": 2, "method": "controls"}\n'
        clients = [deaf(server["port"], asked) for _ in range(deaf_clients)]
        with Client.connect(server["port"], TOKEN, name="other") as other:
            assert other.call("status")["shots"] == []
            begun = time.monotonic()
            server["process"].send_signal(signal.SIGTERM)
            server["process"].wait(60)
            took = time.monotonic() - begun
    for client in clients:
        client.close()
    return took


def test_clients_that_read_nothing_cost_seconds_at_the_end() -> None:
    # What they cost is the promise here; how quick the machine is counts on both sides.
    cost = seconds_to_end(3) - seconds_to_end(0)
    assert cost < SECONDS


def test_jobs_and_shots_of_a_client_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_MOST_RUNNING", 2)
    monkeypatch.setattr(shots, "_MOST_SHOTS", 2)

    def job() -> ServedJob:
        order = SolveOrder(make_shot(2))
        return ServedJob("solve", "shot", order, lambda _: Empty(), lambda _: None)

    many = Jobs()
    for _ in range(2):
        many.add(job())
    with pytest.raises(ProtocolError, match="2 jobs"):
        many.add(job())
    first = many.all()[0]
    first.state = "done"
    many.add(job())
    opened = Shots()
    project = make_document().shots[0]
    for _ in range(2):
        opened.add(OpenShot(project, None))
    with pytest.raises(ProtocolError, match="2 shots are open"):
        opened.add(OpenShot(project, Path("x.mien")))
