"""Who may talk to a server, and what of it: tokens, handles, ends."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mien.serve import client as client_module
from mien.serve.client import PROTOCOL, Client, ServeError
from mien.serve.protocol import PROTOCOL as SERVERS
from tests.serve.conftest import COMMAND
from tests.serve.wire import Wire, refused
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-that-nobody-guesses"


@contextmanager
def listening(*options: str, **environment: str) -> Iterator[dict[str, Any]]:
    """A server over TCP, and what it says of itself."""
    process = subprocess.Popen(
        [*COMMAND, "--tcp", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**os.environ, **environment},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["listening"] | {"process": process}
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in errors
        assert process.returncode == 0


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(ServeError) as caught:
        call()
    return caught.value.code


@pytest.mark.slow
def test_a_client_has_nothing_of_another(tracked: Path) -> None:
    with listening() as facts:
        port, token = facts["port"], facts["token"]
        with (
            Client.connect(port, token, name="one") as one,
            Client.connect(port, token, name="two") as two,
        ):
            shot = one.call("open", path=str(tracked))["shot"]
            job = one.start("render", shot=shot, output=str(tracked.with_name("one.mp4")))
            while not job.handle and not job.result.done():
                one.call("status")
            assert job.handle
            assert two.call("status")["shots"] == []
            assert two.call("status")["jobs"] == []
            asked: tuple[tuple[str, dict[str, Any]], ...] = (
                ("faces", {}),
                ("get_edits", {}),
                ("set_edits", {"face": 1, "layers": []}),
                ("curves", {"face": 1}),
                ("preview", {"frame": 0}),
                ("save", {"path": str(tracked.with_name("stolen.mien"))}),
                ("close", {}),
            )
            for method, more in asked:
                assert code_of(partial(two.call, method, shot=shot, **more)) == "handle"
            assert code_of(lambda: two.call("cancel", job=job.handle)) == "handle"
            two.close()
            assert one.call("status")["shots"][0]["shot"] == shot
            assert job.result.result(60)["frames"] == 24


@pytest.mark.slow
def test_who_does_not_know_the_token_learns_nothing() -> None:
    with listening(MIEN_SERVE_TOKEN=TOKEN) as facts:
        assert "token" not in facts
        port = facts["port"]
        assert code_of(lambda: Client.connect(port, "guess", name="other")) == "protocol"
        for line in (
            b'{"id": 1, "method": "status"}\n',
            b'{"id": 1, "method": "hello", "params": {"protocol": 1, "client": "x"}}\n',
            b"nonsense\n",
            b"x" * 100_000 + b"\n",
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
                connection.sendall(line)
                with connection.makefile("rb") as answers:
                    refused(json.loads(answers.readline()), "protocol")
                    # It may hang up with some of the line unread.
                    with contextlib.suppress(ConnectionResetError):
                        assert answers.readline() == b""
        with Client.connect(port, TOKEN, name="friend") as friend:
            assert friend.call("status")["shots"] == []


@pytest.mark.slow
def test_a_client_that_does_not_read_does_not_keep_the_server() -> None:
    hello = {"protocol": 1, "client": "deaf", "token": TOKEN}
    lines = json.dumps({"id": 1, "method": "hello", "params": hello}).encode() + b"\n"
    lines += b'{"id": 2, "method": "controls"}\n' * 500_000
    with listening(MIEN_SERVE_TOKEN=TOKEN) as facts, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", facts["port"]))
        deaf.settimeout(2)
        with pytest.raises(TimeoutError):
            deaf.sendall(lines)
        with Client.connect(facts["port"], TOKEN, name="other") as other:
            assert other.call("status")["shots"] == []


@pytest.mark.slow
def test_a_token_in_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    place = tmp_path / "token"
    place.write_text(f"{TOKEN}\n")
    place.chmod(0o600)
    with (
        listening("--token-file", str(place)) as facts,
        Client.connect(facts["port"], TOKEN, name="friend") as friend,
    ):
        assert friend.alive
    place.chmod(0o644)
    for text, mode in ((TOKEN, 0o644), ("short", 0o600)):
        place.write_text(text)
        place.chmod(mode)
        done = subprocess.run(
            [*COMMAND, "--tcp", "0", "--token-file", str(place)], capture_output=True, text=True,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "token" in done.stderr
        assert done.stdout == ""


def test_hello_comes_first_and_in_this_version() -> None:
    with Wire(greet=False) as wire:
        refused(wire.ask("status"), "protocol", "hello")
        refused(wire.ask("hello", {"protocol": 2, "client": "x"}), "protocol", "Update mien")
        refused(wire.ask("hello", {"protocol": 0, "client": "x"}), "protocol", "plug-in")
        assert wire.ask("hello", {"protocol": 1, "client": "x"}, "a")["id"] == "a"
        wire.lives()


def test_shutdown_ends_the_conversation() -> None:
    with Wire() as wire:
        assert wire.ask("shutdown")["result"] == {}
        wire.thread.join(PATIENCE)
        assert not wire.thread.is_alive()


def test_a_script_may_send_everything_at_once(talk: Path) -> None:
    lines = [
        {"id": 1, "method": "hello", "params": {"protocol": 1, "client": "a shell"}},
        {"id": 2, "method": "open", "params": {"path": str(talk)}},
        {"id": 3, "method": "controls"},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run(
        COMMAND, input=text, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [1, 2, 3]
    assert all("result" in answer for answer in answers)


def test_prints_do_not_reach_the_host() -> None:
    script = (
        "import os, sys\n"
        "from mien.serve import methods, stdio\n"
        "from mien.serve.messages import Empty\n"
        "def noisy(self, params):\n"
        "    print('a print', flush=True)\n"
        "    os.write(1, b'a write')\n"
        "    os.system('echo shell')\n"
        "    return Empty()\n"
        "methods.Methods._controls = noisy\n"
        "sys.exit(stdio.serve_stdio())\n"
    )
    with Client([sys.executable, "-c", script], name="tests") as client:
        assert client.call("controls") == {}
        assert client.call("status")["jobs"] == []
    assert "a print" in client.log
    assert "shell" in client.log


def test_a_server_that_does_not_start_is_told_with_its_words() -> None:
    assert code_of(lambda: Client(["/nowhere/mien", "serve"], name="tests")) == "gone"
    with pytest.raises(ServeError) as caught:
        Client([sys.executable, "-c", "import sys; sys.exit('no mien here')"], name="tests")
    assert caught.value.code == "gone"
    assert "no mien here" in caught.value.details


def test_a_client_reads_while_it_writes() -> None:
    # This server answers when the message after has begun to come, and reads no more of it.
    script = (
        "import sys, time\n"
        'def answer(i): print(\'{"id": %d, "result": {}}\' % i, flush=True)\n'
        "sys.stdin.buffer.readline(); answer(1)\n"
        "sys.stdin.buffer.readline(); sys.stdin.buffer.read(1); answer(2)\n"
        "time.sleep(600)\n"
    )
    client = Client([sys.executable, "-c", script], name="tests")
    first = client.ask("status")
    writing = threading.Thread(target=lambda: client.ask("open", path="x" * (8 << 20)))
    writing.start()
    try:
        assert first.result(PATIENCE) == {}
        assert writing.is_alive()
    finally:
        client.kill()
        writing.join(PATIENCE)
        client.close()
    assert not writing.is_alive()


def test_a_client_lets_go_of_a_server_that_reads_nothing() -> None:
    script = (
        "import sys, time\n"
        'sys.stdin.readline(); print(\'{"id": 1, "result": {}}\', flush=True)\n'
        "time.sleep(600)\n"
    )
    client = Client([sys.executable, "-c", script], name="tests")
    writing = threading.Thread(target=lambda: client.ask("open", path="x" * (8 << 20)), daemon=True)
    closing = threading.Thread(target=client.close, daemon=True)
    writing.start()
    closing.start()
    closing.join(60)
    assert not closing.is_alive()
    writing.join(60)
    assert not writing.is_alive()
    assert not client.alive


def test_the_client_stands_alone_and_is_the_extensions() -> None:
    source = Path(client_module.__file__)
    # The names of what an import brings are looked at in a process that has seen nothing else.
    script = (
        f"import runpy, sys; runpy.run_path({str(source)!r});"
        "print([m for m in sys.modules if m.partition('.')[0] in ('mien', 'numpy', 'pydantic')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
    assert PROTOCOL == SERVERS
    copy = ROOT / "plugin" / "mien_blender" / "client.py"
    assert copy.read_bytes() == source.read_bytes()
