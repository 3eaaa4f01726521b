"""Processes that paint frames of a render: the same bytes, and nothing lost when they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

import mien
from mien import api
from mien.errors import RenderError
from mien.media.frame import Frame
from mien.media.planes import Plate
from mien.pipeline import Output, render_shot, stream_frames
from mien.pipeline.painters import crew, process
from mien.progress import silent
from mien.rendering.base import FacePlan, PlateSource, Renderer, RenderSession
from mien.rendering.patches import edit_plate
from mien.rendering.plans import face_plans
from mien.rendering.registry import get_renderer
from mien.timebase import FrameRange
from tests.faults.slow_render import FRAMES, SlowBlusher, SlowBlushing
from tests.waiting import wait_until

SPAN = FrameRange(0, FRAMES)
FIRST = 6
"""Frames that are taken before it is waited for processes."""


@dataclass
class Watched:
    """What happens in a render that is shared with processes."""

    processes: list[process.PaintingProcess] = field(default_factory=list)
    here: list[int] = field(default_factory=list)
    there: list[int] = field(default_factory=list)

    @property
    def running(self) -> list[int]:
        return [one.pid for one in self.processes if one.pid is not None and is_alive(one.pid)]


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(autouse=True)
def _leave_no_thread() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """Processes are started as soon as may be, and it is written down who paints what."""
    seen = Watched()
    started, painted = process.PaintingProcess.start, process.PaintingProcess.paint

    def start(self: process.PaintingProcess, work: bytes) -> None:
        seen.processes.append(self)
        started(self, work)

    def paint(
        self: process.PaintingProcess, frame: int, plate: Plate, faces: Sequence[int]
    ) -> Plate:
        result = painted(self, frame, plate, faces)
        seen.there.append(frame)
        return result

    def here(session: mien.RenderSession, plans: Sequence[FacePlan], frame: int, plate: Plate):  # type: ignore[no-untyped-def]
        seen.here.append(frame)
        return edit_plate(session, plans, frame, plate)

    monkeypatch.setattr(crew, "WORTH", 0.0)
    # However much memory is taken by what else runs.
    monkeypatch.setattr(crew, "free_memory", lambda: None)
    monkeypatch.setattr(crew, "edit_plate", here)
    monkeypatch.setattr(process.PaintingProcess, "start", start)
    monkeypatch.setattr(process.PaintingProcess, "paint", paint)
    yield seen
    assert not seen.running


@dataclass
class Work:
    """A tracked shot that smiles and blinks."""

    shot: mien.Shot
    log: Path

    @property
    def plans(self) -> list[FacePlan]:
        edit = mien.Edit(api.main_face(self.shot)).key("mouthSmile", 0, 0.4)
        return face_plans(self.shot, [edit.key("eyeBlink", 12, 0.8)], SPAN)

    def stream(self, renderer: Renderer, threads: int) -> Generator[Frame, None, None]:
        return stream_frames(self.shot, self.plans, renderer, SPAN, silent, threads=threads)


@pytest.fixture
def work(project: Path, tmp_path: Path) -> Work:
    return Work(mien.load_project(project).shot, tmp_path / "log")


class Blusher(SlowBlusher):
    """Reddens faces, in whatever process, and fails in one frame of them."""

    concurrent = True
    processes = True
    costly = False
    fails: int | None = None

    def write_log(self, frame: int) -> None:
        if frame == self.fails:
            raise RenderError(f"No pixels for frame {frame}.")


class Foreign(Blusher):
    """A renderer that other processes cannot be given."""

    processes = True

    def __init__(self, log: Path) -> None:
        super().__init__(log)
        self.lock = threading.Lock()


def pixels(frames: Iterator[Frame]) -> list[list[bytes]]:
    return [[plane.tobytes() for plane in frame.plate().planes] for frame in frames]


def settled() -> bool:
    """Whether every process that was started paints, or is given up."""
    return not any(one.name.startswith("mien-painter") for one in threading.enumerate())


def shared(work: Work, renderer: Renderer, threads: int = 3) -> Generator[Frame, None, None]:
    """The frames of a render, most of which come when processes paint."""
    with closing(work.stream(renderer, threads)) as frames:
        for number, frame in enumerate(frames):
            if number == FIRST:
                wait_until(settled)
            yield frame


def test_the_same_bytes_whoever_paints(work: Work, watched: Watched) -> None:
    alone = pixels(work.stream(get_renderer("warp"), 1))
    assert not watched.processes
    assert sorted(watched.here) == list(SPAN)
    watched.here.clear()
    assert pixels(shared(work, get_renderer("warp"))) == alone
    assert len(watched.processes) == 2
    assert len(watched.there) >= 4
    assert sorted(watched.here + watched.there) == list(SPAN)


def test_faces_of_a_renderer_of_ones_own(work: Work, watched: Watched) -> None:
    alone = pixels(work.stream(Blusher(work.log), 1))
    assert pixels(shared(work, Blusher(work.log))) == alone
    assert watched.there


def test_a_process_that_is_killed_is_done_without(work: Work, watched: Watched) -> None:
    alone = pixels(work.stream(get_renderer("warp"), 1))
    found = []
    frames = shared(work, get_renderer("warp"))
    for number, frame in enumerate(frames):
        found.append([plane.tobytes() for plane in frame.plate().planes])
        if number == FIRST + 4:
            for one in watched.running:
                os.kill(one, signal.SIGKILL)
    assert found == alone
    assert len(watched.processes) == 2


@pytest.mark.parametrize("worker", ["mien.no_such_module", "tests.faults.false_painter"])
def test_processes_that_do_not_paint(
    work: Work, watched: Watched, monkeypatch: pytest.MonkeyPatch, worker: str
) -> None:
    alone = pixels(work.stream(Blusher(work.log), 1))
    monkeypatch.setattr(process, "WORKER", worker)
    watched.here.clear()
    assert pixels(shared(work, Blusher(work.log))) == alone
    assert sorted(watched.here) == list(SPAN)
    assert not watched.there


def test_a_renderer_that_cannot_be_sent(work: Work, watched: Watched) -> None:
    alone = pixels(work.stream(Blusher(work.log), 1))
    assert pixels(shared(work, Foreign(work.log))) == alone
    assert not watched.there


class Derived(Blusher):
    """A renderer of a class that does not say itself that processes may paint for it."""


def test_what_a_class_is_derived_from_does_not_speak_for_it(work: Work, watched: Watched) -> None:
    assert len(pixels(work.stream(Derived(work.log), 3))) == FRAMES
    assert not watched.processes


class Remarking(Blusher):
    """A renderer that remarks where it paints, and that it painted a frame at the end."""

    processes = True

    def open(self, shot: mien.Shot, source: PlateSource) -> RenderSession:
        return RemarkingSession(self)


class RemarkingSession(SlowBlushing):
    """Remarks in which process it is."""

    @property
    def notes(self) -> tuple[str, ...]:
        return (f"Painted by {os.getpid()}.",)


def test_what_processes_remark_is_said(work: Work, watched: Watched) -> None:
    output = Output(work.log.with_suffix(".mkv"), SPAN, lossless=True)

    def wait(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("render", FIRST):
            wait_until(settled)

    done = render_shot(work.shot, work.plans, Remarking(work.log), output, wait, threads=3)
    assert len(watched.processes) == 2
    said = {f"Painted by {pid}." for pid in (os.getpid(), *(p.pid for p in watched.processes))}
    assert set(done.notes) >= said
    assert len(set(done.notes)) == len(done.notes)


def test_masks_are_painted_here(work: Work, watched: Watched) -> None:
    frames = stream_frames(
        work.shot, work.plans, get_renderer("warp"), SPAN, silent, threads=3, matte=True
    )
    assert len(pixels(frames)) == FRAMES
    assert not watched.processes


def test_a_thread_that_cannot_be_started(
    work: Work, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = pixels(work.stream(Blusher(work.log), 1))
    start = threading.Thread.start

    def refuse(self: threading.Thread) -> None:
        if self.name.startswith("mien-painter"):
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert pixels(work.stream(Blusher(work.log), 3)) == alone
    assert not watched.processes


def test_as_many_processes_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Plate.from_rgb(np.zeros((720, 1280, 3), np.uint8))
    large = Plate.from_rgb(np.zeros((4320, 7680, 3), np.float32))
    for free, expected in ((None, 2), (0, 0), (1 << 30, 0), (9 << 30, 4), (64 << 30, 31)):
        monkeypatch.setattr(crew, "free_memory", lambda free=free: free)
        assert crew._affordable(small) == expected
    assert 0 < crew._affordable(large) < 10
    monkeypatch.setattr(crew, "_most", None)
    crew.limit_processes(1)
    assert crew._affordable(small) == 1


def test_an_error_is_that_of_the_frame(work: Work, watched: Watched) -> None:
    renderer = Blusher(work.log)
    renderer.fails = FRAMES - 2
    found: list[int] = []
    with pytest.raises(RenderError, match=f"frame {FRAMES - 2}"):
        found.extend(frame.index for frame in shared(work, renderer))
    assert found == list(range(FRAMES - 2))
    assert watched.there


def test_whoever_stops_early_ends_the_processes(work: Work, watched: Watched) -> None:
    frames = shared(work, get_renderer("warp"))
    for number, _ in enumerate(frames):
        if number == FIRST + 2:
            break
    assert len(watched.running) == 2
    frames.close()
    assert not watched.running


def test_whoever_stops_before_they_can_paint(work: Work, watched: Watched) -> None:
    with closing(work.stream(get_renderer("warp"), 3)) as frames:
        next(frames)
        wait_until(lambda: watched.processes)


def test_frames_that_are_not_worth_a_process(
    work: Work, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "WORTH", 1e6)
    assert len(list(work.stream(get_renderer("warp"), 3))) == FRAMES
    assert not watched.processes


@pytest.mark.slow
def test_processes_end_with_whom_they_work_for(project: Path) -> None:
    """Killed, a render leaves no process behind."""
    command = [sys.executable, "-m", "tests.faults.shared_render", str(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as render:
        assert render.stdout is not None
        workers = [int(word) for word in render.stdout.readline().split()]
        alive = [is_alive(worker) for worker in workers]
        render.kill()
    assert alive == [True, True]
    wait_until(lambda: not any(map(is_alive, workers)))
