"""Whoever is killed, nothing runs on and nothing unfinished is left under a final name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import psutil
import pytest

from mien.serve.client import Client, Job, ServeError
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.slow


def server_of(client: Client) -> psutil.Process:
    assert client._process is not None
    return psutil.Process(client._process.pid)


def workers(server: psutil.Process) -> list[psutil.Process]:
    """The processes of jobs; multiprocessing has one more of its own."""
    return [
        child
        for child in server.children(recursive=True)
        if "spawn_main" in " ".join(child.cmdline())
    ]


def begun(client: Client, path: Path, output: Path) -> Job:
    """A render in the middle of its work."""
    shot = client.call("open", path=str(path))["shot"]
    job = client.start("render", shot=shot, output=str(output), lossless=True)
    wait_until(lambda: job.stage == "render" and job.done)
    return job


def error_of(job: Job) -> ServeError:
    with pytest.raises(ServeError) as caught:
        job.result.result(PATIENCE)
    return caught.value


@pytest.fixture
def long_clip(talk_720p: Path) -> Path:
    """A movie whose render takes seconds."""
    return talk_720p


def test_a_cancelled_render_leaves_nothing(client: Client, long_clip: Path, tmp_path: Path) -> None:
    job = begun(client, long_clip, tmp_path / "out.mkv")
    client.cancel(job)
    assert client.call("status")["jobs"][0]["job"] == job.handle
    assert error_of(job).code == "cancelled"
    assert client.call("status")["jobs"][0]["state"] == "cancelled"
    assert list(tmp_path.iterdir()) == []
    client.cancel(job)
    assert client.call("cancel", job=job.handle)["state"] == "cancelled"


def test_a_killed_job_is_an_error_and_the_server_goes_on(
    client: Client, long_clip: Path, tmp_path: Path
) -> None:
    job = begun(client, long_clip, tmp_path / "out.mkv")
    for worker in workers(server_of(client)):
        worker.kill()
    error = error_of(job)
    assert error.code == "worker"
    assert "SIGKILL" in error.cause
    assert not (tmp_path / "out.mkv").exists()
    shot = client.call("status")["shots"][0]["shot"]
    again = client.start("render", shot=shot, output=str(tmp_path / "out.mkv"), frames=[0, 4])
    assert again.result.result(60)["frames"] == 4
    # What the killed job left aside was cleared up by the next.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mkv", "out.mkv.c2pa"]


def test_a_job_that_is_killed_as_it_starts_holds_up_nobody(
    client: Client, tracked: Path, tmp_path: Path
) -> None:
    """Before it has read its order, which is larger than a pipe holds."""
    shot = client.call("open", path=str(tracked))["shot"]
    job = client.start("render", shot=shot, output=str(tmp_path / "out.mkv"), lossless=True)
    server = server_of(client)
    # A host that polls without pause.
    while not (started := workers(server)):
        client.call("status")
    for worker in started:
        worker.kill()
    error = error_of(job)
    assert error.code == "worker"
    assert "SIGKILL" in error.cause
    assert [each["state"] for each in client.call("status")["jobs"]] == ["failed"]
    again = client.start("render", shot=shot, output=str(tmp_path / "out.mkv"), frames=[0, 4])
    assert again.result.result(PATIENCE)["frames"] == 4


@pytest.mark.parametrize("killed", [True, False])
def test_a_host_that_polls_without_pause(
    client: Client, long_clip: Path, tmp_path: Path, killed: bool
) -> None:
    """Its jobs go on, and end when they are cancelled or the server dies."""
    shot = client.call("open", path=str(long_clip))["shot"]
    asked: list[Future[dict[str, Any]]] = []

    def poll(true: Callable[[], object]) -> None:
        end = time.monotonic() + 4 * PATIENCE  # it takes a core for itself
        while not true():
            assert time.monotonic() < end
            # One host waits for its answers, another does not.
            asked.append(client.ask("status"))
            if killed:
                asked.pop().exception(PATIENCE)

    job = client.start("render", shot=shot, output=str(tmp_path / "out.mkv"), lossless=True)
    poll(lambda: job.stage == "render" and job.done)
    children = server_of(client).children(recursive=True)
    if killed:
        client.kill()
    else:
        client.cancel(job)
    poll(job.result.done)
    assert error_of(job).code == ("gone" if killed else "cancelled")
    assert all(answer.result(PATIENCE)["shots"] for answer in asked)
    if not killed:
        client.close()
    wait_until(lambda: not any(child.is_running() for child in children))
    assert list(tmp_path.iterdir()) == []


def test_a_job_may_be_cancelled_before_it_has_a_name(
    client: Client, tracked: Path, tmp_path: Path
) -> None:
    shot = client.call("open", path=str(tracked))["shot"]
    job = client.start("render", shot=shot, output=str(tmp_path / "out.mkv"), lossless=True)
    client.cancel(job)
    assert error_of(job).code == "cancelled"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_jobs_of_a_killed_server_end(
    client: Client, long_clip: Path, tmp_path: Path, how: signal.Signals
) -> None:
    job = begun(client, long_clip, tmp_path / "out.mkv")
    server = server_of(client)
    children = server.children(recursive=True)
    server.send_signal(how)
    wait_until(lambda: not any(child.is_running() for child in children))
    error = error_of(job)
    assert error.code == ("gone" if how == signal.SIGKILL else "cancelled")
    wait_until(lambda: not client.alive)
    with pytest.raises(ServeError) as caught:
        client.call("status")
    assert caught.value.code == "gone"
    assert list(tmp_path.iterdir()) == []


def test_a_server_without_a_host_ends_with_its_jobs(long_clip: Path, tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from mien.serve.client import Client\n"
        "client = Client([sys.executable, '-m', 'mien', 'serve'], name='host')\n"
        f"shot = client.call('open', path={str(long_clip)!r})['shot']\n"
        f"job = client.start('render', shot=shot, output={str(tmp_path / 'out.mkv')!r})\n"
        "while not job.done: time.sleep(0.02)\n"
        "print('working', flush=True)\n"
        "time.sleep(600)\n"
    )
    host = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert host.stdout is not None
    assert host.stdout.readline() == b"working\n"
    children = psutil.Process(host.pid).children(recursive=True)
    assert len(children) >= 2
    host.kill()
    host.communicate()
    wait_until(lambda: not any(child.is_running() for child in children))
    assert list(tmp_path.iterdir()) == []


def test_the_end_of_input_is_a_clean_end(client: Client, long_clip: Path, tmp_path: Path) -> None:
    job = begun(client, long_clip, tmp_path / "out.mkv")
    children = server_of(client).children(recursive=True)
    process = client._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    assert error_of(job).code in ("cancelled", "gone")
    wait_until(lambda: not any(child.is_running() for child in children))
    assert list(tmp_path.iterdir()) == []


def test_files_in_memory_go_with_a_killed_server(spawn: Callable[..., Client], talk: Path) -> None:
    first = spawn()
    shot = first.call("open", path=str(talk))["shot"]
    left = Path(first.call("preview", shot=shot, frame=0, edited=False, to="file")["path"])
    os.kill(server_of(first).pid, signal.SIGKILL)
    wait_until(lambda: not first.alive)
    first.close()
    assert left.exists()
    second = spawn()
    shot = second.call("open", path=str(talk))["shot"]
    mine = Path(second.call("preview", shot=shot, frame=0, edited=False, to="file")["path"])
    assert not left.exists()
    second.close()
    assert not mine.parent.exists()
