"""What a conversation is made of, where hosts can hardly reach it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from mien.errors import NoFaceError, WriteError
from mien.model.edits import Edit
from mien.serve import client_connection, outbox, tcp
from mien.serve.images import PictureFiles
from mien.serve.jobs import ServedJob
from mien.serve.messages import Empty, RenderResult
from mien.serve.outbox import Outbox
from mien.serve.shots import OpenShot, shot_facts
from mien.worker_messages import WorkerDone
from tests.documents import make_document
from tests.serve.wire import Wire, refused
from tests.waiting import PATIENCE


def test_edits_of_faces_that_were_tracked_anew_are_refused() -> None:
    project = make_document().shots[0]
    opened = OpenShot(project, None)
    edit = Edit(project.shot.faces[0]).set("jawOpen", 0.5)
    opened.set_edit(edit)
    assert shot_facts(opened).edited == [1]
    opened.set_shot(make_document().shots[0].shot)
    with pytest.raises(NoFaceError, match="made anew"):
        opened.set_edit(edit)
    assert opened.project.edits == ()


def test_edits_of_faces_that_were_solved_again_stay_and_follow_them() -> None:
    project = make_document().shots[0]
    opened = OpenShot(project, None)
    edit = Edit(project.shot.faces[0]).set("jawOpen", 0.5)
    opened.set_edit(edit)
    solved = make_document().shots[0].shot
    opened.set_solved(solved)
    assert opened.project.edits[0].layers == edit.layers
    assert opened.project.edits[0].face is solved.faces[0]
    with pytest.raises(NoFaceError, match="made anew"):
        opened.set_edit(edit)


def test_who_takes_long_to_say_hello_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "_HELLO", 0.5)
    clients = tcp._Clients("a-token-that-nobody-guesses")
    here, there = socket.socketpair()
    clients.welcome(there)
    here.settimeout(0.1)
    with here, contextlib.suppress(BrokenPipeError):
        for _ in range(100):  # a word now and then does not help
            with contextlib.suppress(TimeoutError):
                assert here.recv(1) == b""
                break
            here.sendall(b" ")
        else:
            pytest.fail("still connected")
    clients.close()


def test_no_picture_is_kept_after_the_end() -> None:
    files = PictureFiles()
    path = files.write(b"picture", "png")
    files.close()
    with pytest.raises(WriteError, match="over"):
        files.write(b"picture", "png")
    assert list(path.parent.parent.glob(f"mien-serve-{os.getpid()}-*")) == []


def test_a_job_that_cannot_be_started_fails() -> None:
    told: list[dict[str, Any]] = []
    order: Any = lambda: Path()  # noqa: E731 - what no process can be given
    job = ServedJob("render", "shot-1", order, lambda _: Empty(), told.append)
    job.start()
    job.join(20)
    (event,) = told
    assert (event["event"], event["error"]["code"], job.state) == ("failed", "worker", "failed")


def test_a_job_whose_result_makes_no_sense_fails() -> None:
    told: list[dict[str, Any]] = []

    order: Any = None
    finish = lambda report: RenderResult(**report)  # noqa: E731
    job = ServedJob("render", "shot-1", order, finish, told.append)
    job._end(WorkerDone({"frames": -1}))
    (event,) = told
    assert (event["event"], event["error"]["code"], job.state) == ("failed", "error", "failed")


def test_a_deaf_client_is_given_up_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that have something to say wait for room, and no longer than the conversation lasts."""
    monkeypatch.setattr(outbox, "_PATIENCE", 0.2)
    read, write = os.pipe()
    with os.fdopen(write, "wb", buffering=0) as output:
        box = Outbox(output, limit=1000)
        jobs = [threading.Thread(target=box.send, args=[b"x" * 100_000]) for _ in range(3)]
        for job in jobs:
            job.start()
        box.offer(b"left out")
        box.close()
        for job in jobs:
            job.join(PATIENCE)
            assert not job.is_alive()
        assert box.closed
        os.close(read)  # lets its thread go


def test_whoever_reads_slowly_gets_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_PATIENCE", 60)
    read, write = os.pipe()
    lines = [b"%d " % number + b"x" * 50_000 + b"\n" for number in range(40)]
    found: list[bytes] = []

    def listen() -> None:
        with os.fdopen(read, "rb") as source:
            found.extend(source)

    with os.fdopen(write, "wb", buffering=0) as output:
        box = Outbox(output, limit=100_000)
        listener = threading.Thread(target=listen)
        listener.start()
        for line in lines:
            box.send(line)
        box.close()
    listener.join(PATIENCE)
    assert found == lines


def test_requests_that_wait_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_connection, "_WAITING_BYTES", 1000)
    busy, go_on = threading.Event(), threading.Event()

    def controls(params: Empty) -> Empty:
        busy.set()
        go_on.wait(PATIENCE)
        return params

    with Wire() as wire:
        wire.connection._methods.queued = {"controls": controls}
        request = b'{"method": "controls", "id": %d, "params": {}}'
        wire.send(request % 1 + b"\n")
        assert busy.wait(PATIENCE)
        wire.send(request % 2 + b" " * 600 + b"\n" + request % 3 + b" " * 600 + b"\n")
        answer = wire.receive()
        refused(answer, "protocol", "wait already")
        assert answer["id"] == 3
        go_on.set()
        assert [wire.receive()["id"] for _ in range(2)] == [1, 2]
