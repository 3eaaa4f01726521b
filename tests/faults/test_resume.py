"""A costly render that dies goes on where it was, and ends with the same bytes."""

from __future__ import annotations

import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import mien
from mien import api
from mien.errors import OperationCancelledError, OutputError, WriteError
from mien.media.lock import Lock
from mien.media.planes import Plate
from mien.model.shot import Shot
from mien.progress import Progress
from mien.rendering.base import CacheKey, FacePlan
from mien.rendering.resume import FinishedFrames, finished_frames
from mien.testing.scenes import Scene
from tests.faults.slow_render import FRAMES, SlowBlusher
from tests.waiting import wait_until

KEY = "0" * 32
WRITTEN = ["log", "out.mkv", "out.mkv.c2pa"]
EDITED = 23
"""Frames of those in which the test renderer changes anything."""


def tag(frame: int) -> str:
    return f"{frame:016x}"


def rendered_frames(log: Path) -> list[int]:
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def resume_folder(output: Path) -> Path:
    return output.with_name(f".{output.name}.resume")


def finished_files(output: Path) -> list[Path]:
    return sorted(resume_folder(output).rglob("*.frame"))


class Stopped(SlowBlusher):
    """Ends with an error in some frame."""

    def __init__(self, log: Path, at: int, error: BaseException) -> None:
        super().__init__(log)
        self.at, self.error = at, error

    def write_log(self, frame: int) -> None:
        if frame == self.at:
            raise self.error
        super().write_log(frame)


class OwnEdit(Stopped):
    """The same; a frame depends on its own edit alone."""

    def cache_key(self, shot: Shot, plan: FacePlan) -> CacheKey:
        return CacheKey(self.key, temporal_radius=0)


@dataclasses.dataclass
class Job:
    """One render that can be asked for again and again."""

    project: Path
    output: Path
    log: Path

    def run(
        self,
        renderer: SlowBlusher | None = None,
        smile: float = 0.4,
        frames: str = f"0:{FRAMES}",
        lossless: bool = False,
        changed_at: int | None = None,
        progress: bool | Progress = False,
        watermark: str | None = None,
    ) -> api.RenderReport:
        mien.register_renderer(renderer or SlowBlusher(self.log))
        project = mien.load_project(self.project)
        edit = mien.Edit(api.main_face(project.shot)).key(
            "mouthSmile", 0, smile, interpolation="hold"
        )
        if changed_at is not None:
            edit = edit.key("mouthSmile", changed_at, smile / 2)
        return api.render(
            project, self.output, edits=[edit], renderer="slow", progress=progress,
            frames=frames, lossless=lossless, watermark=watermark,
        )  # fmt: skip

    def stop_at(self, frame: int, error: BaseException | None = None) -> BaseException:
        """Ctrl-C, or another error, when a frame is to be rendered; with what it ended."""
        with pytest.raises(BaseException) as caught:  # noqa: PT011 - the caller looks at it
            self.run(Stopped(self.log, frame, error or KeyboardInterrupt()))
        return caught.value


@pytest.fixture
def job(project: Path, tmp_path: Path) -> Job:
    return Job(project, tmp_path / "out.mkv", tmp_path / "log")


@pytest.fixture(scope="module")
def undisturbed(project: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("undisturbed")
    job = Job(project, folder / "out.mkv", folder / "log")
    report = job.run()
    assert (report.frames, report.frames_edited, report.frames_resumed) == (FRAMES, EDITED, 0)
    assert rendered_frames(job.log) == list(range(FRAMES))
    assert sorted(path.name for path in folder.iterdir()) == WRITTEN
    return job.output.read_bytes()


def test_ctrl_c(job: Job, undisturbed: bytes) -> None:
    error = job.stop_at(12)
    assert isinstance(error, OperationCancelledError)
    assert "Finished frames (12) are kept in" in error.remedy
    assert "the same command goes on from there" in error.remedy
    assert not job.output.exists()
    renderer = SlowBlusher(job.log)
    report = job.run(renderer)
    assert renderer.expected == list(range(12, FRAMES))
    assert (report.frames_edited, report.frames_resumed) == (EDITED, 12)
    assert rendered_frames(job.log) == list(range(FRAMES))
    assert job.output.read_bytes() == undisturbed
    assert sorted(path.name for path in job.output.parent.iterdir()) == [
        "log",
        "out.mkv",
        "out.mkv.c2pa",
    ]


def test_frames_of_a_draft_go_on_without_its_mark_and_back(
    job: Job, undisturbed: bytes, tmp_path: Path
) -> None:
    """What is kept of a frame is its picture; the watermark comes on top, in none or in all."""
    with pytest.raises(OperationCancelledError):
        job.run(Stopped(job.log, 12, KeyboardInterrupt()), watermark="DRAFT")
    assert job.run().frames_resumed == 12
    assert job.output.read_bytes() == undisturbed
    drafts = []
    for folder, stop in (("whole", None), ("resumed", 12)):
        place = tmp_path / folder
        place.mkdir()
        other = Job(job.project, place / "out.mkv", place / "log")
        if stop is not None:
            other.stop_at(stop)  # of a render without a mark
        report = other.run(watermark="DRAFT")
        assert (report.frames_edited, report.frames_resumed) == (EDITED, stop or 0)
        drafts.append(other.output.read_bytes())
    assert drafts[0] == drafts[1] != undisturbed


def test_a_progress_callback_that_stops_it(job: Job, undisturbed: bytes) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("render", 12):
            raise OperationCancelledError()

    with pytest.raises(
        OperationCancelledError, match=r"^Stopped\. Finished frames \(12\) are kept"
    ):
        job.run(progress=stop)
    assert not job.output.exists()
    assert job.run().frames_resumed == 12
    assert job.output.read_bytes() == undisturbed


@pytest.mark.parametrize("harm", ["torn", "flipped", "foreign", "empty", "link", "folder"])
def test_a_damaged_frame_is_rendered_again(job: Job, undisturbed: bytes, harm: str) -> None:
    job.stop_at(12)
    files = finished_files(job.output)
    content = bytearray(files[7].read_bytes())
    if harm == "torn":
        files[7].write_bytes(content[: len(content) // 2])
    elif harm == "flipped":
        content[-9] ^= 1
        files[7].write_bytes(content)
    elif harm == "foreign":
        files[7].write_bytes(files[8].read_bytes())
    else:
        files[7].unlink()
        if harm == "empty":
            files[7].touch()
        elif harm == "link":
            files[7].symlink_to("/dev/zero")
        else:
            files[7].mkdir()
    report = job.run()
    assert report.frames_resumed == 11
    assert rendered_frames(job.log) == [*range(12), 7, *range(12, FRAMES)]
    assert job.output.read_bytes() == undisturbed
    assert not resume_folder(job.output).exists()


def test_another_edit_shares_nothing_where_all_frames_depend_on_it(job: Job) -> None:
    job.stop_at(12)
    report = job.run(smile=0.3)
    assert report.frames_resumed == 0
    assert rendered_frames(job.log) == [*range(12), *range(FRAMES)]


def test_another_edit_costs_only_the_frames_that_it_changes(job: Job) -> None:
    with pytest.raises(OperationCancelledError):
        job.run(OwnEdit(job.log, 12, KeyboardInterrupt()))
    report = job.run(OwnEdit(job.log, -1, KeyboardInterrupt()), changed_at=6)
    assert report.frames_resumed == 6
    assert rendered_frames(job.log)[12:] == list(range(6, FRAMES))


def test_other_pixels_share_nothing(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of an earlier version of a renderer are never taken for those of this one."""
    job.stop_at(12)
    monkeypatch.setattr(SlowBlusher, "pixels", 2)
    assert job.run().frames_resumed == 0


def test_other_weights_share_nothing(job: Job) -> None:
    job.stop_at(12)
    assert job.run(SlowBlusher(job.log, "weights 2")).frames_resumed == 0


def test_media_written_anew_share_nothing(job: Job, project: Path, footage: Path) -> None:
    folder = job.output.parent / "moved"
    folder.mkdir()
    media = Path(shutil.copy(footage, folder))
    job.project = Path(shutil.copy(project, folder))
    job.stop_at(12)
    os.utime(media, (1, 1))
    assert job.run().frames_resumed == 0


def test_a_part_of_the_shot_and_another_codec_share(job: Job) -> None:
    job.stop_at(12)
    report = job.run(frames="6:20", lossless=True)
    assert (report.frames, report.frames_resumed) == (14, 6)


def test_a_renderer_that_keeps_nothing(job: Job) -> None:
    renderer = Stopped(job.log, 12, KeyboardInterrupt())
    renderer.costly = False
    with pytest.raises(KeyboardInterrupt):
        job.run(renderer)
    assert [path.name for path in job.output.parent.iterdir()] == ["log"]


def test_nothing_finished_leaves_nothing(job: Job) -> None:
    assert isinstance(job.stop_at(0), KeyboardInterrupt)
    assert list(job.output.parent.iterdir()) == []


def test_any_error_says_what_is_kept(job: Job) -> None:
    error = job.stop_at(12, WriteError("The disk is full.", "Free some space."))
    assert isinstance(error, WriteError)
    assert str(error).startswith("The disk is full. Free some space. Finished frames (12) are")
    assert job.run().frames_resumed == 12


def test_two_at_the_same_output(job: Job) -> None:
    folder = resume_folder(job.output)
    folder.mkdir()
    lock = Lock(folder / "lock")
    with pytest.raises(OutputError, match=f"out.mkv is being made by process {os.getpid()} on"):
        job.run()
    assert rendered_frames(job.log) == []
    lock.release()
    assert job.run().frames_resumed == 0
    assert not folder.exists()


def test_a_sequence_of_images(job: Job) -> None:
    job.output = job.output.with_name("out.%04d.png")
    job.stop_at(12)
    assert job.run().frames_resumed == 12
    names = {path.name for path in job.output.parent.iterdir()}
    images = (f"out.{i:04d}.png" for i in range(FRAMES))
    assert names == {"log", "out.@.png.c2pa", *images}


def test_finished_frames_take_half_of_the_disk(
    project: Path, tiny_disk: Path, tmp_path: Path
) -> None:
    job = Job(project, tiny_disk / "out.mkv", tmp_path / "log")
    error = job.stop_at(24)
    kept = {int(path.stem.split("-")[0]) for path in finished_files(job.output)}
    assert 0 < len(kept) < 24
    assert f"Finished frames ({len(kept)})" in str(error)
    assert sum(path.stat().st_size for path in finished_files(job.output)) <= 300 * 1024 / 2
    job.stop_at(25)
    assert rendered_frames(job.log)[24:] == [i for i in range(25) if i not in kept]


def test_a_full_disk_ends_the_keeping_only(tiny_disk: Path) -> None:
    plate = Scene().plate(0)
    finished = plate.with_planes([plane + 1 for plane in plate.planes])
    with finished_frames(tiny_disk / "out.mkv", KEY, tag) as frames:
        frames.keep(1, plate, finished)
        with suppress(OSError):
            (tiny_disk / "other").write_bytes(bytes(1 << 20))
        frames.keep(2, plate, finished)
        assert frames.kept == {1}
        assert not list(tiny_disk.rglob("*.new"))
        assert frames.find(2, plate) is None
        assert frames.find(1, plate) is not None


@pytest.mark.parametrize("kind", ["rgb8", "yuv10", "exr"])
def test_frames_come_back_exactly(tmp_path: Path, kind: str) -> None:
    plate = Scene(kind=kind).plate(0)
    planes = [plane.copy() for plane in plate.planes]
    rng = np.random.default_rng(1)
    planes[0][50:90, 30:61] = 900 * rng.random((40, 31)) if kind == "yuv10" else 200
    if kind == "exr":
        planes[0][60, 40:43] = (np.nan, np.inf, -0.0)
    finished = plate.with_planes(planes)
    with finished_frames(tmp_path / "out.mov", KEY, tag) as frames:
        frames.keep(3, plate, finished)
        frames.keep(4, plate, plate)
        frames.keep(5, plate, plate.copy())
        assert frames.find(4, plate) is plate
        assert frames.find(6, plate) is None
        for frame, expected in ((3, finished), (5, plate)):
            found = frames.find(frame, plate)
            assert found is not None
            assert found is not plate
            same(found, expected)
        # Another plate is another frame, whatever its number is.
        planes[0][55, 35] += 1
        assert frames.find(3, plate.with_planes(planes)) is None


def same(one: Plate, other: Plate) -> None:
    for mine, theirs in zip(one.planes, other.planes, strict=True):
        assert mine.dtype == theirs.dtype
        assert mine.tobytes() == theirs.tobytes()


def test_a_link_in_place_of_the_folder(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / ("1" * 32)).mkdir(parents=True)
    (tmp_path / ".out.mkv.resume").symlink_to(elsewhere)
    with (
        pytest.raises(OutputError, match="it is a link"),
        finished_frames(tmp_path / "out.mkv", KEY, tag),
    ):
        pass
    assert (elsewhere / ("1" * 32)).is_dir()


def test_only_what_is_ours_is_removed(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / ("a" * 32)).mkdir()
    FinishedFrames(tmp_path, KEY, tag)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


# --- kill -9 ------------------------------------------------------------------------------


def start(job: Job, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.slow_render", job.project, job.output, job.log,
         *options], cwd=Path(__file__).parents[2], stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(job: Job) -> bytes:
    process = start(job)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return job.output.read_bytes()


@pytest.mark.slow
def test_killed_at_random(job: Job, undisturbed: bytes) -> None:
    chance = random.Random(4)
    for _ in range(4):
        enough = len(rendered_frames(job.log)) + chance.randint(1, 5)
        process = start(job, "--wait", "0.02")
        # As many frames as it takes, however quick the machine is; then at any moment of a frame.
        while len(rendered_frames(job.log)) < enough:
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.02))
        process.kill()
        process.communicate()
        assert not job.output.exists()
    rendered = rendered_frames(job.log)
    assert finish(job) == undisturbed
    # A kill costs the one frame that was at work.
    assert len(rendered_frames(job.log)) <= FRAMES + 4
    assert len(rendered) < FRAMES
    assert sorted(path.name for path in job.output.parent.iterdir()) == [
        "log",
        "out.mkv",
        "out.mkv.c2pa",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_when_the_output_gets_its_name(job: Job, undisturbed: bytes, when: str) -> None:
    process = start(job, "--die", when)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert job.output.exists() == (when == "after")
    assert len(finished_files(job.output)) == FRAMES
    assert finish(job) == undisturbed
    assert rendered_frames(job.log) == list(range(FRAMES))
    assert sorted(path.name for path in job.output.parent.iterdir()) == [
        "log",
        "out.mkv",
        "out.mkv.c2pa",
    ]


@pytest.mark.slow
def test_a_terminated_process_says_so(job: Job) -> None:
    """Two processes: the second is refused while the first lives, and goes on after it."""
    first = start(job, "--wait", "0.1")
    wait_until(lambda: len(rendered_frames(job.log)) >= 3, process=first)
    with pytest.raises(OutputError, match=f"process {first.pid}"):
        job.run()
    first.kill()
    first.communicate()
    assert job.run().frames_resumed >= 2
