"""Stopped in the middle: nothing that looks finished, and the next run is not in the way."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import av
import pytest

from mien import api
from mien.errors import OperationCancelledError
from mien.media.probe import probe
from mien.model.edits import Edit
from tests.command_line import PROGRESS
from tests.faults.conftest import Mien, command
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def long_footage(footage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The footage twenty times over, so that there is time to stop."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    with av.open(str(footage)) as source, av.open(str(path), "w") as container:
        video = source.streams.video[0]
        stream = container.add_stream_from_template(video)
        packets = [
            (p.pts or 0, p.dts or 0, bytes(p), p.is_keyframe) for p in source.demux(video) if p.size
        ]
        length, time_base = video.duration, video.time_base
        assert length is not None
        assert time_base is not None
        for turn in range(20):
            for pts, dts, content, key in packets:
                packet = av.Packet(content)
                packet.pts, packet.dts = pts + turn * length, dts + turn * length
                packet.time_base, packet.is_keyframe = time_base, key
                packet.stream = stream
                container.mux(packet)
    return path


def start(*arguments: object, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=stderr, text=True,
        # A test runner in the background ignores Ctrl-C, and its children would too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )  # fmt: skip


def partials(folder: Path) -> list[Path]:
    return list(folder.glob(".*partial"))


def growing(folder: Path) -> bool:
    return any(path.stat().st_size > 0 for path in partials(folder))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "term"])
def test_a_render_is_stopped(long_footage: Path, tmp_path: Path, number: signal.Signals) -> None:
    process = start("render", long_footage, "-o", tmp_path / "out.mp4")
    wait_until(lambda: growing(tmp_path), process=process)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert out == ""
    said = [line for line in err.splitlines() if not PROGRESS.match(line)]
    assert said == ["mien: error: Stopped. Nothing unfinished was left behind."]
    assert list(tmp_path.iterdir()) == []


def test_a_render_that_replaces_is_stopped(long_footage: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"the render of yesterday")
    process = start("render", long_footage, "-o", out, "--overwrite")
    wait_until(lambda: growing(tmp_path), process=process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert out.read_bytes() == b"the render of yesterday"
    assert list(tmp_path.iterdir()) == [out]


def test_a_render_is_killed(mien: Mien, footage: Path, long_footage: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    process = start("render", long_footage, "-o", out)
    wait_until(lambda: growing(tmp_path), process=process)
    process.kill()
    process.communicate(timeout=PATIENCE)
    assert not out.exists()
    assert partials(tmp_path)
    # The next run clears away what the killed one could not.
    assert mien("render", footage, "-o", out).code == 0
    assert probe(out).clock.frame_count == 50
    assert list(tmp_path.iterdir()) == [out]


def test_tracking_is_stopped(long_footage: Path, tmp_path: Path) -> None:
    # On a terminal it tells how far it is.
    terminal, end = pty.openpty()
    process = start("track", long_footage, "-o", tmp_path / "x.mien", stderr=end)
    os.close(end)
    shown = ""
    while not re.search(r"(?<!\d)[1-9]\d*/\d+", shown):
        shown += os.read(terminal, 1 << 16).decode()
    process.send_signal(signal.SIGINT)
    shown = ""
    with suppress(OSError):  # how a terminal ends
        while more := os.read(terminal, 1 << 16):
            shown += more.decode()
    assert process.communicate(timeout=PATIENCE)[0] == ""
    assert process.returncode == 1
    os.close(terminal)
    assert shown.endswith("mien: error: Stopped. Nothing unfinished was left behind.\r\n")
    assert list(tmp_path.iterdir()) == []


def test_a_project_is_killed_while_it_is_saved(
    mien: Mien, footage: Path, project: Path, tmp_path: Path
) -> None:
    """Whenever the process dies, the project is the old one or the new one, whole."""
    path = tmp_path / "x.mien"
    path.write_bytes(project.read_bytes())
    script = (
        "import sys, mien\n"
        f"project = mien.load_project({str(project)!r})\n"
        "print('saving', flush=True)\n"
        f"while True: mien.save_project(project.shot, {str(path)!r})\n"
    )
    for wait in (0.0, 0.013, 0.031, 0.057):
        process = subprocess.Popen(
            [*command()[:1], "-c", script], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "saving\n"
        time.sleep(wait)
        process.kill()
        process.communicate(timeout=PATIENCE)
        done = mien("curves", path, "-o", tmp_path / "x.npz", "--overwrite")
        assert done.code == 0, done.err


def test_a_reader_that_has_seen_enough(tmp_path: Path) -> None:
    """`mien controls | head -1` is no error."""
    with subprocess.Popen(
        command("controls"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=PATIENCE) == 0


@pytest.mark.parametrize("stage", ["track", "solve"])
def test_a_callback_stops_tracking(footage: Path, stage: str) -> None:
    reported: list[str] = []

    def stop(now: str, done: int, total: int) -> None:
        reported.append(now)
        if now == stage and done >= total // 2:
            raise OperationCancelledError()

    before = set(threading.enumerate())
    with pytest.raises(OperationCancelledError, match=r"^Stopped\.$"):
        api.track(footage, progress=stop)
    assert reported[-1] == stage
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize("stage", ["prepare", "render"])
def test_a_callback_stops_a_render_of_an_edit(footage: Path, tmp_path: Path, stage: str) -> None:
    shot = api.track(footage, progress=False)
    edit = Edit(shot.faces[0]).set("jawOpen", 0.5)

    def stop(now: str, done: int, total: int) -> None:
        if now == stage and done:
            raise OperationCancelledError()

    with pytest.raises(OperationCancelledError):
        api.render(shot, tmp_path / "out.mp4", edits=[edit], progress=stop, renderer="warp")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_render_leaves_no_thread(footage: Path, tmp_path: Path) -> None:
    """Within one process, as in a notebook: the error is kept, its threads are gone."""

    def stop(stage: str, done: int, total: int) -> None:
        if done == 5:
            raise OperationCancelledError("Enough.")

    before = set(threading.enumerate())
    with pytest.raises(OperationCancelledError) as caught:
        api.render(footage, tmp_path / "out.mp4", progress=stop)
    assert caught.value.__traceback__ is not None
    assert set(threading.enumerate()) == before
    assert list(tmp_path.iterdir()) == []
