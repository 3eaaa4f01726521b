"""Batches that are killed for real go on, and end with the bytes of one that was left alone."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from fractions import Fraction
from pathlib import Path

import pytest

from tests.credentials import render_bytes
from tests.faults.batches import Batch, alive, cluster, kill
from tests.profiles import PROFILE
from tests.waiting import wait_until

FRAMES = list(range(2, 24))
"""Frames in which anything is asked."""

RANDOM_KILLS = 60 if PROFILE == "nightly" else 8
"""How often a batch is killed at a random time; the nights add up."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def undisturbed(project: Path, footage: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The output of a batch that nobody disturbed."""
    batch = Batch(tmp_path_factory.mktemp("undisturbed") / "out", footage, project, wait=0)
    batch.run()
    assert sorted(batch.made()) == FRAMES
    return render_bytes(batch.output)


@pytest.fixture
def batch(project: Path, footage: Path, tmp_path: Path) -> Batch:
    return Batch(tmp_path / "out", footage, project)


def workers(batch: Batch) -> list[int]:
    """Processes that have rendered and live."""
    return sorted({process for process, _ in batch.begun() if alive(process)})


def test_a_worker_is_killed(batch: Batch, undisturbed: bytes) -> None:
    process = batch.start()
    batch.wait_for(4, process)
    victim = workers(batch)[0]
    kill(victim)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert render_bytes(batch.output) == undisturbed
    assert len(batch.made()) <= len(FRAMES) + 1
    assert not alive(victim)
    events = (batch.folder / "events.jsonl").read_text()
    assert "Its worker was killed (SIGKILL)." in events


@pytest.mark.parametrize("engine", ["local", "dask"])
def test_a_frame_that_kills_its_worker_fails_alone(
    batch: Batch, undisturbed: bytes, engine: str
) -> None:
    batch.environment = {"MIEN_TEST_DEADLY": "12"}
    batch.wait = 0
    report = batch.run("--retries", 1, "--engine", engine, code=1)
    problem = report["shots"][0]["problem"]
    assert problem["cause"].startswith("Frames 7:14 failed 2 times: Its worker ")
    assert not batch.output.exists()
    # Everything else was made, and the deadly frame was tried twice.
    assert sorted(set(batch.made())) == [frame for frame in FRAMES if frame != 13]
    assert batch.made().count(12) == 2
    batch.environment = {}
    again = batch.run("--resume")
    assert again["shots"][0]["frames_made"] == 2
    assert render_bytes(batch.output) == undisturbed


@pytest.mark.parametrize("name", ["shot.mp4", "output.json"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_when_the_output_or_its_record_gets_its_name(
    batch: Batch, undisturbed: bytes, when: str, name: str
) -> None:
    batch.wait = 0
    batch.environment = {"MIEN_TEST_DIE": f"{when}:{name}"}
    batch.run("--retries", 0, code=1)
    if batch.output.exists():
        assert render_bytes(batch.output) == undisturbed
    made = len(batch.made())
    batch.environment = {}
    batch.run("--resume")
    assert render_bytes(batch.output) == undisturbed
    assert len(batch.made()) == made
    left = {path.name for path in batch.folder.iterdir()}
    assert left == {
        ".mien-batch", "events.jsonl", "index.html", "report", "shot.mp4", "summary.json",
    }  # fmt: skip


def test_the_batch_itself_is_killed(batch: Batch, undisturbed: bytes) -> None:
    process = batch.start()
    batch.wait_for(8, process)
    children = workers(batch)
    process.kill()
    process.communicate()
    wait_until(lambda: not any(alive(child) for child in children), "an orphan")
    begun = len(batch.made())
    assert not batch.output.exists()
    report = batch.run("--resume")
    assert render_bytes(batch.output) == undisturbed
    # A kill costs the frames that were at work, one for each worker.
    assert len(batch.made()) <= len(FRAMES) + 2
    assert report["shots"][0]["frames_made"] == len(batch.made()) - begun
    assert batch.run("--resume")["shots"][0]["kept"]


def test_ctrl_c_and_a_second_batch(batch: Batch, undisturbed: bytes) -> None:
    batch.wait = 2
    process = batch.start()
    batch.wait_for(4, process)
    second = batch.start()
    _, err = second.communicate(timeout=60)
    assert second.returncode == 2
    assert f"A batch is running in {batch.folder}: process {process.pid} on" in err
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "What is finished is kept: the same command goes on from there." in err
    wait_until(lambda: not workers(batch), "an orphan")
    batch.wait = 0
    batch.run("--resume")
    assert render_bytes(batch.output) == undisturbed


def test_a_worker_of_a_cluster_is_killed(batch: Batch, undisturbed: bytes) -> None:
    with cluster(batch) as found:
        process = batch.start("--engine", "dask", "--address", found.address)
        batch.wait_for(4, process)
        kill(workers(batch)[0])
        _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert render_bytes(batch.output) == undisturbed
    assert len(batch.made()) <= len(FRAMES) + 1


def test_the_scheduler_is_killed_and_comes_back(batch: Batch, undisturbed: bytes) -> None:
    with cluster(batch) as found:
        process = batch.start("--engine", "dask", "--address", found.address)
        batch.wait_for(4, process)
        found.stop()
        found.start_scheduler()
        found.start_worker()
        _, err = process.communicate(timeout=180)
    assert process.returncode == 0, err
    assert render_bytes(batch.output) == undisturbed
    assert len(batch.made()) <= len(FRAMES) + 2


def test_the_scheduler_is_killed_for_good(batch: Batch, undisturbed: bytes) -> None:
    with cluster(batch) as found:
        process = batch.start("--engine", "dask", "--address", found.address)
        batch.wait_for(4, process)
        found.stop()
        process.kill()
        process.communicate()
    batch.run("--resume")
    assert render_bytes(batch.output) == undisturbed
    assert len(batch.made()) <= len(FRAMES) + 2


def test_the_disk_is_full_half_way(
    project: Path, footage: Path, tiny_disk: Path, tmp_path: Path, undisturbed: bytes
) -> None:
    # Lists and logs of the test lie elsewhere.
    batch = Batch(tmp_path / "out", footage, project, wait=0)
    (tiny_disk / "out").mkdir()
    batch.folder.symlink_to(tiny_disk / "out")
    report = batch.run("--retries", 0, code=1)
    problem = report["shots"][0]["problem"]
    assert problem["code"] == "write"
    assert "The disk is full" in problem["cause"]
    assert not batch.output.exists()
    made = set(batch.made())
    subprocess.run(["mount", "-o", "remount,size=16m", str(tiny_disk)], check=True)
    report = batch.run("--resume")
    assert render_bytes(batch.output) == undisturbed
    assert report["shots"][0]["frames_made"] < len(FRAMES)
    assert set(batch.made()) | made == set(FRAMES)


def test_the_source_is_replaced_in_between(footage: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    backwards(footage, other)
    expected = Batch(tmp_path / "expected", other, wait=0)
    expected.run()
    media = Path(shutil.copy(footage, tmp_path / "plate.mp4"))
    batch = Batch(tmp_path / "out", media)
    process = batch.start()
    batch.wait_for(8, process)
    process.kill()
    process.communicate()
    shutil.copy(other, media)
    report = batch.run("--resume")
    assert report["shots"][0]["frames_made"] == len(FRAMES)
    assert render_bytes(batch.output) == render_bytes(expected.output)


def test_the_source_is_replaced_while_it_is_rendered(footage: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    backwards(footage, other)
    expected = Batch(tmp_path / "expected", other, wait=0)
    expected.run()
    batch = Batch(tmp_path / "out", Path(shutil.copy(footage, tmp_path / "plate.mp4")))
    process = batch.start()
    batch.wait_for(8, process)
    shutil.copy(other, tmp_path / "new.mp4")
    (tmp_path / "new.mp4").replace(batch.media)
    process.communicate(timeout=120)
    # It may have gone on with the new film, or have given up; it never mixes the two.
    if batch.output.exists():
        assert render_bytes(batch.output) == render_bytes(expected.output)
    batch.run("--resume")
    assert render_bytes(batch.output) == render_bytes(expected.output)


def backwards(source: Path, target: Path) -> None:
    """The film backwards: as many frames of the same size, but other pictures."""
    import av

    with av.open(str(source)) as given:
        frames = list(given.decode(video=0))
        rate = Fraction(given.streams.video[0].average_rate or 0)
    with av.open(str(target), "w") as made:
        stream = made.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = frames[0].width, frames[0].height, "yuv420p"
        for number, frame in enumerate(reversed(frames)):
            frame.pts, frame.time_base = number, 1 / rate
            frame.pict_type = av.video.frame.PictureType.NONE
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))


def test_killed_at_random_times(batch: Batch, undisturbed: bytes) -> None:
    chance = random.Random(5)
    start = time.monotonic()
    batch.run()
    whole = time.monotonic() - start
    finished = 0
    shutil.rmtree(batch.folder)
    for _ in range(RANDOM_KILLS):
        process = batch.start()
        # Anywhere: while workers start, render, write the output or its record, or the reports.
        try:
            process.communicate(timeout=chance.uniform(0.2, 1.1) * whole)
        except subprocess.TimeoutExpired:
            victims = [process.pid, *workers(batch)]
            kill(chance.choice(victims))
            process.kill()
            process.communicate()
        if batch.output.exists():
            # Whatever has its name is whole.
            assert render_bytes(batch.output) == undisturbed
            finished += 1
            shutil.rmtree(batch.folder)
    batch.run()
    assert render_bytes(batch.output) == undisturbed
    assert finished < RANDOM_KILLS, "none of them was killed before its end"
