"""What a conversation is made of, where hosts can hardly reach it."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from mien.errors import NoFaceError, WriteError
from mien.model.edits import Edit
from mien.serve import tcp
from mien.serve.images import PictureFiles
from mien.serve.jobs import ServedJob
from mien.serve.messages import Empty, RenderResult
from mien.serve.shots import OpenShot, shot_facts
from mien.worker_messages import WorkerDone
from tests.documents import make_document


def test_edits_of_faces_that_were_tracked_anew_are_refused() -> None:
    project = make_document().shots[0]
    opened = OpenShot(project, None)
    edit = Edit(project.shot.faces[0]).set("jawOpen", 0.5)
    opened.set_edit(edit)
    assert shot_facts(opened).edited == [1]
    opened.set_shot(make_document().shots[0].shot)
    with pytest.raises(NoFaceError, match="tracked anew"):
        opened.set_edit(edit)
    assert opened.project.edits == ()


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
