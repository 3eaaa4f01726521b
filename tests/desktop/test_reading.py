"""Files that take long to read: shown how far they are, and stopped with a button."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget

import mien
from mien.io.project import relink
from mien.media.apart import decode_here
from mien.progress import Progress
from mien_desktop.background import Background
from mien_desktop.documents import Documents
from mien_desktop.reading import ReadingBar
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, named, shown, wait_until
from tests.media.mediakit import make_clip
from tests.waiting import PATIENCE


class Slow:
    """A clip that is read a percent at a time, as somebody lets it."""

    def __init__(self) -> None:
        self.more = threading.Semaphore(0)
        self.ended = threading.Event()

    def open_shot(self, path: Path, *, progress: Progress, **more: Any) -> Any:
        try:
            for step in range(1, 101):
                assert self.more.acquire(timeout=20)
                progress("index", step, 100)
        finally:
            self.ended.set()


@pytest.fixture
def desk(app: QApplication) -> Iterator[tuple[Documents, ReadingBar, list[str], list[Any]]]:
    workspace, window = Workspace(), QWidget()
    background = Background(workspace)
    documents = Documents(workspace, background, window)
    said: list[str] = []
    problems: list[Any] = []
    workspace.said.connect(said.append)
    workspace.problem.connect(problems.append)
    bar = ReadingBar(documents.readings)
    bar.setParent(window)
    with shown(window, 400, 100):
        yield documents, bar, said, problems
    documents.readings.cancel()
    background.close()
    workspace.close()


def test_a_long_clip_shows_how_far_it_is_and_cancel_stops_it(
    desk: tuple[Documents, ReadingBar, list[str], list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, bar, said, problems = desk
    slow = Slow()
    monkeypatch.setattr("mien.api.open_shot", slow.open_shot)
    assert not bar.isVisible()
    documents.add_media([Path("/media/reel.ts")])
    slow.more.release(40)
    wait_until(lambda: bar.bar.value() == 40, what="progress")
    assert bar.isVisible()
    click(named(bar, "Cancel", QToolButton))
    slow.more.release(1)
    wait_until(lambda: not bar.isVisible(), what="the end of it")
    assert slow.ended.is_set()
    assert said[-1] == "reel.ts was not opened: reading was cancelled."
    assert not problems
    assert not documents._workspace.now.document.shots


def test_a_project_whose_media_are_long_can_be_cancelled_and_opened_again(
    desk: tuple[Documents, ReadingBar, list[str], list[Any]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    documents, bar, said, problems = desk
    # What is long is set for this process, and no other knows of it.
    decode_here()
    make_clip(tmp_path / "a.ts", count=20)
    mien.save_project(mien.open_shot(tmp_path / "a.ts", progress=False), tmp_path / "a.mien")
    (tmp_path / "a.ts").touch()
    monkeypatch.setattr("mien.media.index._MEGABYTE", 1 << 10)
    monkeypatch.setattr("mien.media.index._LONG", 1)
    # It is read only once it was cancelled, however late this thread comes to that.
    cancelled = threading.Event()

    def find(*given: Any) -> mien.Project:
        cancelled.wait(PATIENCE)
        return relink(*given)

    monkeypatch.setattr("mien.io.project.relink", find)
    documents.open_project(tmp_path / "a.mien")
    documents.readings.cancel()
    cancelled.set()
    wait_until(lambda: "was not opened" in said[-1], what="the end of it")
    assert not documents._workspace.now.document.shots
    documents.open_project(tmp_path / "a.mien")
    wait_until(lambda: documents._workspace.now.document.shots, what="the project")
    assert documents._workspace.now.document.shots[0].online
    wait_until(lambda: not bar.isVisible(), what="the bar to go")
    assert not problems
