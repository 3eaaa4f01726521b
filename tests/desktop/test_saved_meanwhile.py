"""A project that was changed elsewhere while it was open: Save asks what is to be done."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox

from mien.io.project import load_document, save_document
from mien.model.document import Document
from mien.session.commands import rename_shot
from tests.desktop.driving import wait_until
from tests.desktop.test_documents import Desk, answer, choose, desk, dialogs

__all__ = ["desk"]  # the fixture


def title(path: Path) -> str:
    return load_document(path, find_media=False).shots[0].title


@pytest.fixture
def path(desk: Desk, tracked: Path, tmp_path: Path) -> Path:
    """A project that is open, with a change of its own, and was changed elsewhere."""
    path = tmp_path / "x.mien"
    shutil.copy(tracked, path)
    desk.documents.open_project(path)
    desk.wait("the project")
    shot = desk.shots[0].id
    desk.workspace.apply("Rename shot", lambda d: rename_shot(d, shot, "mine"))
    (theirs,) = load_document(path, find_media=False).shots
    save_document(Document((replace(theirs, name="theirs"),)), path)
    return path


def test_the_question_is_cancelled_or_answered_with_over_it(desk: Desk, path: Path) -> None:
    went_on: list[int] = []
    desk.documents.save(lambda: went_on.append(1))
    answer(QMessageBox, "Cancel")
    assert (title(path), desk.workspace.session.modified, went_on) == ("theirs", True, [])
    wait_until(lambda: not dialogs(QMessageBox), what="the question's end")
    desk.documents.save(lambda: went_on.append(1))
    answer(QMessageBox, "Save over it")
    wait_until(lambda: went_on, what="the save")
    assert (title(path), desk.workspace.session.modified) == ("mine", False)
    shot = desk.shots[0].id
    desk.workspace.apply("Rename shot", lambda d: rename_shot(d, shot, "more"))
    desk.documents.save(lambda: went_on.append(2))
    wait_until(lambda: len(went_on) == 2, what="a save without a question")
    assert title(path) == "more"
    assert not desk.problems


def test_another_file_keeps_both(desk: Desk, path: Path) -> None:
    went_on: list[int] = []
    # Twice, as an impatient hand does: it is asked once.
    desk.documents.save(lambda: went_on.append(1))
    desk.documents.save(lambda: went_on.append(2))
    answer(QMessageBox, "Save as another file")
    assert not dialogs(QMessageBox)
    choose(path.with_name("y.mien"))
    wait_until(lambda: went_on, what="the save")
    assert (title(path), title(path.with_name("y.mien"))) == ("theirs", "mine")
    assert desk.documents.title == "y"
    assert not desk.problems
