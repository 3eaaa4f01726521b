"""Downloads from a real server on this machine: cut, refused, resumed, forged, killed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mien.cli.main import run
from mien.errors import (
    FetchError,
    MissingDependencyError,
    OperationCancelledError,
    UsageError,
    WeightsError,
    WriteError,
)
from mien.weights import fetch as fetching
from mien.weights.fetch import fetch
from mien.weights.install import add
from mien.weights.store import Model, ModelFile
from mien.weights.verify import verify
from tests.waiting import PATIENCE, wait_until

Capture = pytest.CaptureFixture[str]

TEXT = json.dumps({"numbers": list(range(200_000))}).encode()
"""A file of kind `json`, of 1.5 MB."""


@dataclass
class Server:
    """What the server does, and what it was asked."""

    content: bytes = TEXT
    ranges: bool = True
    etag: str = '"v1"'
    cut_at: int = 0
    """Bytes after which a connection is closed; 0 for never."""
    cuts: int = 10**9
    """How many connections are cut."""
    status: int = 200
    failures: int = 0
    """How many requests are answered with 503 first."""
    kind: str = "application/octet-stream"
    pause: float = 0.0
    """Seconds between blocks."""
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self, state)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as service:
        service.daemon_threads = True
        service.block_on_close = False
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        state.url = f"http://127.0.0.1:{service.server_port}"
        thread = threading.Thread(target=service.serve_forever, args=(0.01,))
        thread.start()
        yield state
        service.shutdown()
        thread.join()


def answer(request: BaseHTTPRequestHandler, server: Server) -> None:
    wanted = request.headers.get("Range")
    server.asked.append((request.path, wanted))
    if server.failures:
        server.failures -= 1
        return request.send_error(503)
    if request.path == "/moved":
        request.send_response(302)
        request.send_header("Location", "/numbers.json")
        return request.end_headers()
    if server.status != 200:
        return request.send_error(server.status)
    start, size = 0, len(server.content)
    same = request.headers.get("If-Range") in {None, server.etag}
    if wanted and server.ranges and same:
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        if start >= size:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{size}")
            return request.end_headers()
    request.send_response(206 if start else 200)
    if start:
        request.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
    request.send_header("Content-Type", server.kind)
    request.send_header("Content-Length", str(size - start))
    request.send_header("ETag", server.etag)
    request.end_headers()
    end = size
    if server.cut_at and server.cuts:
        server.cuts -= 1
        end = min(size, start + server.cut_at)
    with contextlib.suppress(ConnectionError):  # those who asked may go away
        for place in range(start, end, 1 << 16):
            request.wfile.write(server.content[place : min(end, place + (1 << 16))])
            time.sleep(server.pause)
    return None


@pytest.fixture
def model(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("MIEN_OFFLINE", raising=False)
    monkeypatch.setattr(fetching, "_PATIENCE", 0.01)
    file = ModelFile("sub/numbers.json", "json", f"{server.url}/numbers.json", len(TEXT),
                     hashlib.sha256(TEXT).hexdigest())  # fmt: skip
    return Model("test", "For tests.", "reference", "free", "commercial", "https://x", (file,))


def without_sums(model: Model) -> Model:
    """The same as published without size or checksum."""
    return replace(model, files=(replace(model.files[0], size=0, sha256=""),))


def left_over(model: Model) -> list[str]:
    return sorted(path.name for path in (model.folder / "sub").glob(".*"))


def test_a_file_is_downloaded_once(server: Server, model: Model) -> None:
    told: list[tuple[str, int, int]] = []
    (path,) = fetch(model, progress=lambda *step: told.append(step))
    assert path.read_bytes() == TEXT
    assert told[-1] == ("checking", len(TEXT), len(TEXT))
    received = [done for stage, done, _ in told if stage == "numbers.json"]
    assert received == sorted(received)
    assert received[-1] == len(TEXT)
    assert server.asked == [("/numbers.json", None)]
    assert fetch(model) == []
    assert len(server.asked) == 1
    assert left_over(model) == []


def test_a_connection_that_is_cut_goes_on_where_it_stopped(server: Server, model: Model) -> None:
    server.cut_at = 400_000
    for published in (model, without_sums(model)):
        (path,) = fetch(published)
        assert path.read_bytes() == TEXT
        starts = [wanted for _, wanted in server.asked]
        assert starts == [None, "bytes=400000-", "bytes=800000-", "bytes=1200000-"]
        path.unlink()
        server.asked.clear()


def test_a_server_without_ranges_starts_anew(server: Server, model: Model) -> None:
    server.ranges, server.cut_at, server.cuts = False, 400_000, 2
    (path,) = fetch(model)
    assert path.read_bytes() == TEXT
    assert [wanted for _, wanted in server.asked] == [None, "bytes=400000-", "bytes=400000-"]


def test_a_server_that_always_cuts_is_given_up(server: Server, model: Model) -> None:
    server.ranges, server.cut_at = False, 400_000
    with pytest.raises(FetchError, match=r"the connection was cut.*goes on where it stopped"):
        fetch(model)
    assert not model.path(model.files[0]).exists()
    server.cut_at = 0
    fetch(model)


def test_a_file_that_changed_meanwhile_starts_anew(server: Server, model: Model) -> None:
    server.cut_at, server.cuts, server.status = 400_000, 1, 200
    server.content = b"x" * len(TEXT)
    partial = without_sums(model)

    def change(*step: object) -> None:
        server.content, server.etag = TEXT, '"v2"'

    (path,) = fetch(partial, progress=change)
    assert path.read_bytes() == TEXT


def test_a_busy_server_is_asked_again(server: Server, model: Model) -> None:
    server.failures = 3
    fetch(model)
    assert len(server.asked) == 4
    server.failures = 10
    model.path(model.files[0]).unlink()
    with pytest.raises(FetchError, match="the server answered 503"):
        fetch(model)


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "the server answered 404"), (401, "asks for a login"), (403, "asks for a login")],
)
def test_a_refusal_is_told_at_once(server: Server, model: Model, status: int, words: str) -> None:
    server.status = status
    with pytest.raises(FetchError, match=rf"numbers\.json.*{words}.*mien models add"):
        fetch(model)
    assert len(server.asked) == 1


def test_a_web_page_is_no_model(server: Server, model: Model) -> None:
    server.kind = "text/html"
    with pytest.raises(FetchError, match="a web page instead of the file"):
        fetch(without_sums(model))
    assert left_over(model) == []


def test_a_server_that_is_not_there(server: Server, model: Model) -> None:
    nobody = replace(model.files[0], url="http://127.0.0.1:9/numbers.json")
    with pytest.raises(FetchError, match="connection refused"):
        fetch(replace(model, files=(nobody,)))


def test_a_server_that_falls_silent(
    server: Server, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_TIMEOUT", 0.2)
    monkeypatch.setattr(fetching, "_TRIES", 1)
    server.pause = 1.0
    with pytest.raises(FetchError, match="nothing came for"):
        fetch(model)


def test_another_content_is_thrown_away(server: Server, model: Model) -> None:
    server.content = TEXT.replace(b"777", b"778")
    with pytest.raises(WeightsError, match=r"is not the published sub/numbers\.json; it was rem"):
        fetch(model)
    server.content = TEXT[:-5]
    with pytest.raises(FetchError, match=f"offers {len(TEXT) - 5} bytes where"):
        fetch(model)
    with pytest.raises(WeightsError, match="cannot be read as JSON"):
        fetch(without_sums(model))
    assert left_over(model) == []
    assert not model.path(model.files[0]).exists()


def test_what_is_whole_already_is_not_asked_for_again(server: Server, model: Model) -> None:
    """A process that was killed between the last byte and the check."""
    for published, asked in ((model, 0), (without_sums(model), 1)):
        server.asked.clear()
        partial = model.folder / "sub" / ".numbers.json.partial"
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(TEXT)
        (path,) = fetch(published)
        assert path.read_bytes() == TEXT
        assert len(server.asked) == asked
        path.unlink()


def test_a_full_disk_keeps_what_was_received(
    server: Server, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    server.cut_at = 400_000
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(WriteError, match=r"The disk is full.*goes on where it stopped"):
            fetch(model)
    assert left_over(model) == [".numbers.json.partial", ".numbers.json.version"]
    server.asked.clear()
    fetch(model)
    assert server.asked[0] == ("/numbers.json", "bytes=400000-")


def test_too_little_room_is_seen_first(
    server: Server, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.weights.install._MARGIN", 10**18)
    with pytest.raises(WriteError, match=r"GB free"):
        fetch(model)


def test_stopped_by_the_user(server: Server, model: Model) -> None:
    def stop(*step: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(OperationCancelledError, match="goes on where it stopped"):
        fetch(model, progress=stop)
    assert left_over(model) == [".numbers.json.partial", ".numbers.json.version"]
    fetch(model)
    assert server.asked[-1][1] is not None


def test_without_the_packages_that_read_it_a_model_is_still_fetched(
    server: Server, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unread(*arguments: object) -> None:
        raise MissingDependencyError("Loading weights needs torch.")

    monkeypatch.setattr(fetching, "check_file", unread)
    monkeypatch.setattr(fetching, "check_model", unread)
    assert len(fetch(model)) == 1


def test_a_folder_that_cannot_be_made(
    server: Server, model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MIEN_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(WriteError, match="cannot be written to: not a directory"):
        fetch(model)


def test_no_redirect_leaves_encryption(server: Server, model: Model) -> None:
    request = urllib.request.Request("https://hub/x")
    handler = fetching._SafeRedirects()
    headers = http.client.HTTPMessage()
    with pytest.raises(FetchError, match="not encrypted"):
        handler.redirect_request(request, None, 302, "", headers, f"{server.url}/x")  # type: ignore[arg-type]


def test_a_redirect_is_followed_with_the_range(server: Server, model: Model) -> None:
    server.cut_at, server.cuts = 400_000, 1
    moved = replace(model.files[0], url=f"{server.url}/moved")
    fetch(replace(model, files=(moved,)))
    assert server.asked[1:] == [
        ("/numbers.json", None), ("/moved", "bytes=400000-"), ("/numbers.json", "bytes=400000-"),
    ]  # fmt: skip


def test_offline_means_offline(
    server: Server, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_OFFLINE", "1")
    with pytest.raises(UsageError, match=r"MIEN_OFFLINE is set.*mien models add"):
        fetch(model)
    assert server.asked == []


def test_what_needs_registration_is_not_fetched(model: Model) -> None:
    files = (replace(model.files[0], url=""),)
    with pytest.raises(MissingDependencyError, match="without registration"):
        fetch(replace(model, files=files))


def test_one_download_of_a_model_at_a_time(server: Server, model: Model) -> None:
    model.folder.mkdir(parents=True)
    with (
        fetching._alone(model.folder),
        pytest.raises(UsageError, match="Another mien is downloading 'test'"),
    ):
        fetch(model)


@pytest.fixture
def hub(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_models: Path
) -> Callable[..., subprocess.Popen[bytes]]:
    """The command line in a process of its own, with this server as the hub."""
    server.content = (small_models / "arc2face-expression/exp_adapter/exp_adapter.bin").read_bytes()
    environment = {"MIEN_MODELS": str(tmp_path / "models"), "HF_ENDPOINT": server.url}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MIEN_OFFLINE", raising=False)

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "mien", "models", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)

    return start


def test_killed_half_way_and_called_again(
    server: Server, hub: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    server.pause = 0.05
    partial = tmp_path / "models/arc2face-expression/exp_adapter/.exp_adapter.bin.partial"
    with hub("fetch", "arc2face-expression", "--yes") as process:
        wait_until(lambda: partial.is_file() and partial.stat().st_size >= 1 << 20, process=process)
        process.kill()
        process.communicate()
    size = partial.stat().st_size
    server.pause = 0.0
    assert run(["models", "fetch", "arc2face-expression"]) == 0  # agreed to before
    assert server.asked[-1][1] == f"bytes={size}-"
    assert server.asked[-1][0] == "/FoivosPar/Arc2Face/resolve/main/exp_adapter/exp_adapter.bin"
    assert [finding.state for finding in verify(["arc2face-expression"])] == ["ok"]
    assert not partial.exists()


def test_the_licence_is_shown_and_asked_for(
    server: Server, hub: Callable[..., subprocess.Popen[bytes]], capsys: Capture
) -> None:
    with hub("fetch", "arc2face-expression") as process:
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert out == b""
    assert re.search(r"licence: MIT.*Agree with --yes", err.decode(), re.DOTALL)
    assert server.asked == []
    assert run(["models", "fetch", "arc2face-expression", "--yes", "--json"]) == 0
    shown = capsys.readouterr()
    assert "licence: MIT" in shown.err
    assert len(json.loads(shown.out)["fetched"]) == 1
    assert run(["models", "fetch", "arc2face-expression"]) == 0
    assert "licence" not in capsys.readouterr().err


def test_the_answer_no_stops_before_the_network(
    server: Server, hub: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.cli.models._ask", _refuse)
    assert run(["models", "fetch", "arc2face-expression"]) == 1
    assert server.asked == []


def _refuse(question: str) -> None:
    raise KeyboardInterrupt


def test_a_file_that_was_added_is_not_fetched(
    server: Server, hub: object, small_models: Path
) -> None:
    add("arc2face-expression", small_models / "arc2face-expression")
    assert run(["models", "fetch", "arc2face-expression", "--yes"]) == 0
    assert server.asked == []
    assert os.environ["HF_ENDPOINT"] == server.url
