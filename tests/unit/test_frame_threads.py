"""Frames edited by several threads: in order, bounded, ended with whoever takes them."""

from __future__ import annotations

import dataclasses
import random
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing

import numpy as np
import pytest

from mien.errors import MediaError, RenderError
from mien.media.frame import Frame
from mien.pipeline import frame_threads
from mien.pipeline.frame_threads import edit_in_order, thread_count
from mien.rendering.registry import get_renderer
from tests.film import Film, Still
from tests.unit.test_patches import Smallest
from tests.waiting import wait_until

COUNT = 24


@pytest.fixture(autouse=True)
def _leave_no_thread() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


def film(count: int = COUNT) -> Generator[Frame, None, None]:
    return Film([np.zeros((8, 8, 3), np.uint8)] * count).stream()


def marked(frame: Frame) -> Frame:
    return dataclasses.replace(frame, pts=100 + frame.index)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_frames_come_in_their_order_whatever_they_take(threads: int) -> None:
    chance = random.Random(threads)
    pauses = [chance.choice((0.0, 0.0, 0.02)) for _ in range(COUNT)]
    names: set[str] = set()

    def edit(frame: Frame) -> Frame:
        names.add(threading.current_thread().name)
        time.sleep(pauses[frame.index])
        return marked(frame)

    pairs = list(edit_in_order(edit, film(), threads))
    assert [(was.pts, now.pts) for was, now in pairs] == [(i, 100 + i) for i in range(COUNT)]
    if threads == 1:
        assert names == {threading.current_thread().name}
    else:
        assert len(names) == threads
        assert all(name.startswith("mien-paint") for name in names)


def test_threads_work_at_once() -> None:
    together = threading.Barrier(3, timeout=60)

    def edit(frame: Frame) -> Frame:
        together.wait()
        return frame

    assert len(list(edit_in_order(edit, film(6), 3))) == 6


def test_an_error_is_raised_where_its_frame_would_have_come() -> None:
    def edit(frame: Frame) -> Frame:
        if frame.index in (9, 11):
            raise RenderError(f"No pixels for frame {frame.index}.")
        return frame

    taken: list[int] = []
    with pytest.raises(RenderError, match="frame 9"):
        taken.extend(frame.index for frame, _ in edit_in_order(edit, film(), 4))
    assert taken == list(range(9))


def test_frames_before_a_damaged_one_still_come() -> None:
    def damaged() -> Iterator[Frame]:
        for frame in film():
            if frame.index == 7:
                raise MediaError("Frame 7 is damaged.")
            yield frame

    taken: list[int] = []
    with pytest.raises(MediaError, match="Frame 7"):
        taken.extend(frame.index for frame, _ in edit_in_order(marked, damaged(), 3))
    assert taken == list(range(7))


def test_whoever_stops_early_stops_the_threads() -> None:
    begun: list[int] = []

    def edit(frame: Frame) -> Frame:
        begun.append(frame.index)
        return frame

    with closing(edit_in_order(edit, film(1000), 3)) as frames:
        for frame, _ in frames:
            if frame.index == 5:
                break
    assert 6 <= len(begun) <= 6 + 2 * 3


@dataclasses.dataclass(frozen=True)
class Huge(Still):
    """A picture that says it takes much memory."""

    @property
    def nbytes(self) -> int:
        return 200 << 20


@pytest.mark.parametrize(("picture", "most"), [(Still, 8), (Huge, 4)])
def test_few_frames_are_in_memory(picture: type[Still], most: int) -> None:
    """Two a thread, or one where pictures are huge; no more are decoded while nobody takes any."""
    decoded: list[int] = []

    def frames() -> Iterator[Frame]:
        for frame in film():
            decoded.append(frame.index)
            yield dataclasses.replace(frame, picture=picture(np.zeros((8, 8, 3), np.uint8)))

    may_end = threading.Event()

    def edit(frame: Frame) -> Frame:
        assert may_end.wait(60)
        return frame

    taker = threading.Thread(target=lambda: list(edit_in_order(edit, frames(), 4)))
    taker.start()
    try:
        wait_until(lambda: len(decoded) == most)
        time.sleep(0.05)
        assert len(decoded) == most
    finally:
        may_end.set()
        taker.join()
    assert len(decoded) == COUNT


def test_only_renderers_that_say_so_are_used_by_several_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warp, threaded = get_renderer("warp"), Smallest()
    threaded.concurrent = True
    assert warp.concurrent
    assert warp.processes
    for cores, alone, shared in ((1, 1, 1), (3, 3, 3), (6, 4, 6), (64, 4, 8)):
        monkeypatch.setattr(frame_threads, "core_count", lambda cores=cores: cores)
        assert thread_count(threaded) == thread_count(warp) == alone
        assert thread_count(warp, processes=True) == shared
    assert [thread_count(warp, cores=cores) for cores in (2, 9)] == [2, 4]
    assert thread_count(warp, wanted=9) == 9
    single = Smallest()
    assert thread_count(single) == thread_count(single, wanted=3, cores=3) == 1
    assert thread_count(None, wanted=3) == 1
