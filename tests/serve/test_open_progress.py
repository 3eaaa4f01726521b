"""`open` tells how far it is, where it is asked to, and can be stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mien
from mien import api
from mien.progress import Progress
from mien.serve.client import Client, ServeError
from tests.media.mediakit import make_clip
from tests.serve.wire import Wire


@pytest.fixture
def film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A transport stream that counts as a long one."""
    path = tmp_path / "a.ts"
    make_clip(path, count=20)
    monkeypatch.setattr("mien.media.index._MEGABYTE", 1 << 10)
    monkeypatch.setattr("mien.media.index._LONG", 1)
    return path


def told(wire: Wire, request: object, **params: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The events of an `open`, and its answer."""
    events, message = [], wire.ask("open", params, request)
    while "event" in message:
        events.append(message)
        message = wire.receive()
    return events, message


def test_events_tell_how_far_an_index_is(film: Path, tmp_path: Path) -> None:
    with Wire() as wire:
        events, answer = told(wire, "o", path=str(film), progress=True)
        assert answer["id"] == "o"
        assert {(one["event"], one["request"], one["stage"]) for one in events} == {
            ("progress", "o", "index")
        }
        assert events[-1]["done"] == events[-1]["total"] > 1
        # Who does not ask hears nothing, as ever.
        assert told(wire, 3, path=str(film))[0] == []
        wire.result("save", shot=answer["result"]["shot"], path=str(tmp_path / "a.mien"))
        wire.lives()


def test_a_project_tells_it_too(film: Path, tmp_path: Path) -> None:
    mien.save_project(mien.open_shot(film, progress=False), tmp_path / "a.mien")
    film.touch()  # what was indexed before is not known of it
    with Wire() as wire:
        events, answer = told(wire, 1, path=str(tmp_path / "a.mien"), progress=True)
        assert "result" in answer
        assert events


def slow(began: threading.Event) -> Callable[..., Any]:
    def open_shot(path: Path, *, progress: Progress, **more: Any) -> Any:
        for step in range(1000):
            began.set()
            progress("index", step, 1000)
            time.sleep(0.01)

    return open_shot


def test_an_open_can_be_stopped_before_and_in_its_turn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    began = threading.Event()
    monkeypatch.setattr(api, "open_shot", slow(began))
    with Wire() as wire:
        first = wire.ask("open", {"path": "/a.ts", "progress": True}, 1)
        assert (first["event"], first["request"]) == ("progress", 1)
        wire.send(b'{"id": 2, "method": "open", "params": {"path": "/b.ts", "progress": true}}\n')
        wire.send(b'{"id": 3, "method": "cancel", "params": {"request": 2}}\n')
        wire.send(b'{"id": 4, "method": "cancel", "params": {"request": 1}}\n')
        answers: dict[int, dict[str, Any]] = {}
        while len(answers) < 4:
            message = wire.receive()
            if "id" in message:
                answers[message["id"]] = message
        assert answers[3]["result"]["state"] == answers[4]["result"]["state"] == "running"
        assert answers[1]["error"]["code"] == answers[2]["error"]["code"] == "cancelled"
        assert wire.result("cancel", request=1)["state"] == "done"
        assert wire.result("status")["shots"] == []
        wrong = wire.ask("cancel", {})
        assert "one of job and request" in wrong["error"]["cause"]
        wire.lives()


def test_a_client_that_is_gone_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    began = threading.Event()
    monkeypatch.setattr(api, "open_shot", slow(began))
    with Wire() as wire:
        wire.send(b'{"id": 1, "method": "open", "params": {"path": "/a.ts", "progress": true}}\n')
        assert began.wait(10)
        wire.send(b'{"id": 2, "method": "shutdown", "params": {}}\n')
        start = time.monotonic()
    assert time.monotonic() - start < 5


def test_the_client_follows_and_stops_it(spawn: Callable[..., Client], tmp_path: Path) -> None:
    make_clip(tmp_path / "a.mp4", count=3)
    client = spawn()
    job = client.open(path=str(tmp_path / "a.mp4"))
    assert job.result.result(30)["frames"] == 3
    client.cancel(job)  # over by now
    refused = client.open(path=str(tmp_path / "none.mp4"))
    with pytest.raises(ServeError):
        refused.result.result(30)
    # A server of before does not know `progress`.
    client.hello = {name: value for name, value in client.hello.items() if name != "features"}
    assert client.open(path=str(tmp_path / "a.mp4")).result.result(30)["frames"] == 3
