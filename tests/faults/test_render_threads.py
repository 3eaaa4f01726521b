"""A render by several threads: the same bytes with any number, and nothing left when it fails."""

from __future__ import annotations

import dataclasses
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import mien
from mien import api
from mien.errors import OperationCancelledError, RenderError
from mien.pipeline import Output, Rendered, ShotFrames, render_shot, stream_frames
from mien.progress import Progress, silent
from mien.rendering.base import FacePlan, Renderer
from mien.rendering.plans import face_plans
from mien.rendering.registry import get_renderer
from mien.timebase import FrameRange
from tests.faults.slow_render import FRAMES, SlowBlusher

THREADS = (1, 2, 5)
SPAN = FrameRange(0, FRAMES)


@pytest.fixture(autouse=True)
def _leave_no_thread() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


class Blusher(SlowBlusher):
    """Used by several threads at once; something may happen in every frame."""

    concurrent = True
    costly = False

    def __init__(self, log: Path, happens: Callable[[int], object] = lambda frame: None) -> None:
        super().__init__(log)
        self.happens = happens
        self.began: list[int] = []

    def write_log(self, frame: int) -> None:
        self.began.append(frame)
        self.happens(frame)


class CostlyBlusher(Blusher):
    """The same; finished frames are kept."""

    costly = True


@dataclasses.dataclass
class Work:
    """A render of a tracked shot that smiles and blinks, in lossless files."""

    shot: mien.Shot
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def plans(self) -> list[FacePlan]:
        edit = mien.Edit(api.main_face(self.shot)).key("mouthSmile", 0, 0.4)
        return face_plans(self.shot, [edit.key("eyeBlink", 12, 0.8)], SPAN)

    def render(
        self,
        renderer: Renderer,
        threads: int,
        name: str = "out.mkv",
        *,
        progress: Progress = silent,
        matte: bool = False,
    ) -> Rendered:
        output = Output(self.folder / name, SPAN, lossless=True, matte=matte)
        return render_shot(self.shot, self.plans, renderer, output, progress, threads=threads)

    @property
    def left(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def work(project: Path, tmp_path: Path) -> Work:
    return Work(mien.load_project(project).shot, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("matte", [False, True])
def test_the_same_bytes_with_any_number(work: Work, matte: bool) -> None:
    found = set()
    for threads in THREADS:
        name = f"{threads}.mkv"
        done = work.render(get_renderer("warp"), threads, name, matte=matte)
        assert done.edited == FRAMES
        found.add((work.folder / name).read_bytes())
    assert len(found) == 1


def test_the_same_frames_in_memory(work: Work) -> None:
    found = [
        [
            [plane.tobytes() for plane in frame.plate().planes]
            for frame in stream_frames(
                work.shot, work.plans, get_renderer("warp"), FrameRange(4, 12), silent,
                threads=threads,
            )
        ]
        for threads in THREADS
    ]  # fmt: skip
    assert len(found[0]) == 8
    assert found[0] == found[1] == found[2]


def test_the_same_frames_in_a_batchs_folder(work: Work) -> None:
    found = []
    for threads in THREADS:
        folder = work.folder / str(threads)
        with ShotFrames(
            work.shot, work.plans, get_renderer("warp"), folder, threads=threads
        ) as frames:
            assert frames.make(SPAN, silent) == FRAMES
            assert frames.missing(SPAN) == []
        files = sorted(folder.rglob("*.frame"))
        found.append([(path.name, path.read_bytes()) for path in files])
    assert len(found[0]) == FRAMES
    assert found[0] == found[1] == found[2]


def test_frames_that_take_any_time_are_written_in_order(work: Work) -> None:
    chance = random.Random(8)
    pauses = [chance.choice((0.0, 0.0, 0.03)) for _ in range(FRAMES)]
    work.render(Blusher(work.log), 1, "one.mkv")
    slow = Blusher(work.log, lambda frame: time.sleep(pauses[frame]))
    work.render(slow, 5, "five.mkv")
    assert sorted(slow.began) == list(range(FRAMES))
    assert (work.folder / "one.mkv").read_bytes() == (work.folder / "five.mkv").read_bytes()


@pytest.mark.parametrize("error", [RenderError("No pixels."), KeyboardInterrupt()])
def test_an_error_in_a_frame_ends_the_render(work: Work, error: BaseException) -> None:
    def fail(frame: int) -> None:
        if frame == 11:
            raise error

    renderer = Blusher(work.log, fail)
    steps: list[int] = []
    with pytest.raises(type(error)) as caught:
        work.render(renderer, 4, progress=lambda stage, done, total: steps.append(done))
    assert caught.value is error
    assert steps[-1] == 11
    assert len(renderer.began) <= 11 + 2 * 4
    assert work.left == []


def test_a_callback_that_stops_it_ends_the_threads(work: Work) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("render", 5):
            raise OperationCancelledError()

    renderer = Blusher(work.log)
    with pytest.raises(OperationCancelledError):
        work.render(renderer, 4, progress=stop)
    assert 5 <= len(renderer.began) <= 5 + 2 * 4
    assert work.left == []


def test_finished_frames_are_found_again(work: Work) -> None:
    def fail(frame: int) -> None:
        if frame == 17:
            raise RenderError("No pixels.")

    work.render(CostlyBlusher(work.log), 1, "whole.mkv")
    with pytest.raises(RenderError, match="Finished frames") as caught:
        work.render(CostlyBlusher(work.log, fail), 4)
    kept = len(list(work.folder.rglob("*.frame")))
    assert kept >= 17
    assert f"Finished frames ({kept})" in caught.value.remedy
    again = CostlyBlusher(work.log)
    done = work.render(again, 4)
    assert sorted(again.began) == again.expected
    assert len(again.began) == FRAMES - kept
    assert done.resumed == kept
    assert (work.folder / "out.mkv").read_bytes() == (work.folder / "whole.mkv").read_bytes()
    assert work.left == ["out.mkv", "whole.mkv"]


def test_a_renderer_for_one_thread_is_used_by_the_callers(work: Work) -> None:
    names: set[str] = set()
    renderer = Blusher(work.log, lambda frame: names.add(threading.current_thread().name))
    renderer.concurrent = False
    work.render(renderer, 4)
    assert names == {threading.current_thread().name}
    assert renderer.began == list(range(FRAMES))


def test_frames_in_memory_that_nobody_wants_any_more(work: Work) -> None:
    renderer = Blusher(work.log)
    frames = stream_frames(work.shot, work.plans, renderer, SPAN, silent, threads=3)
    assert next(frames).index == 0
    frames.close()
    assert len(renderer.began) <= 1 + 2 * 3
