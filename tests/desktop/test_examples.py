"""The dialog of a shot's examples: adding, removing, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from mien.errors import MienError
from mien.model.shot import Example
from mien.session.commands import add_shot
from mien.session.session import Session
from mien_desktop.jobs.examples import ExamplesDialog
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, named, settle, wait_until
from tests.documents import make_shot


class Bench:
    """A workspace with a tracked shot, its queue, its dialog, and the problems it reports."""

    def __init__(self, tracked: Path) -> None:
        session = Session()
        session.open(tracked)
        self.workspace = Workspace(session)
        self.problems: list[MienError] = []
        self.workspace.problem.connect(self.problems.append)
        self.queue = JobQueue(self.workspace)
        self.shot = self.workspace.now.document.shots[0].id
        self.dialog = ExamplesDialog(self.workspace, self.queue, self.shot)
        self.dialog.show()
        settle()

    def rows(self) -> list[tuple[str, str]]:
        tree = self.dialog.list
        items = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
        return [(item.text(0), item.text(1)) for item in items if item is not None]

    def close(self) -> None:
        self.queue.close()
        self.dialog.close()
        self.workspace.close()
        for gone in (self.dialog, self.queue, self.workspace):
            gone.deleteLater()
        settle()


@pytest.fixture
def bench(app: QApplication, tracked: Path) -> Iterator[Bench]:
    bench = Bench(tracked)
    yield bench
    bench.close()


def test_what_is_wrong_is_listed_and_removed_in_one_step(bench: Bench) -> None:
    useless = [Example(Path("words.mp4"), None, "cannot be read"),
               Example(Path("gone.mov"), make_shot(name="gone"), online=False)]  # fmt: skip
    bench.dialog._set("Add examples", useless)
    settle()
    assert bench.rows() == [("words.mp4", "Cannot be read"), ("gone.mov", "Was not found")]
    bench.dialog.list.setCurrentIndex(bench.dialog.list.model().index(0, 0))
    click(named(bench.dialog, "Remove"))
    settle()
    assert [name for name, _ in bench.rows()] == ["gone.mov"]
    bench.workspace.session.undo()
    settle()
    assert len(bench.rows()) == 2


def test_other_shots_of_the_project_are_taken_as_they_are(bench: Bench) -> None:
    own = bench.workspace.now.document.shots[0].shot
    media = replace(own.media, path=Path("take2.mov"), fingerprint="take 2")
    other = replace(own, media=media)
    bench.workspace.apply("Add shot", lambda document: add_shot(document, other))
    settle()
    click(named(bench.dialog, "Add the project's other shots"))
    settle()
    assert bench.rows() == [("take2.mov", "Used")]
    bench.dialog.add_shots()
    settle()
    assert len(bench.rows()) == 1


@pytest.mark.slow
def test_a_file_is_tracked_by_a_job(bench: Bench, tmp_path: Path) -> None:
    words = tmp_path / "words.mp4"
    words.write_text("words")
    bench.dialog.add([words])
    (job,) = bench.queue.jobs
    assert not named(bench.dialog, "Add clips or images…").isEnabled()
    wait_until(lambda: job.ended, what="examples")
    settle()
    assert bench.rows() == [("words.mp4", "Cannot be read")]
    bench.dialog.add([tmp_path / "gone.mov"])
    assert [error.cause.startswith("There is no example") for error in bench.problems] == [True]
