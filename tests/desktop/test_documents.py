"""Files of the window: what is opened, saved and found again, and what is refused in words."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QWidget,
)

import mien
from mien.errors import MienError
from mien.io.project import load_document
from mien.session.commands import rename_shot, set_key
from mien_desktop.autosave import Autosave, RecoveryDialog
from mien_desktop.background import Background
from mien_desktop.documents import Documents
from mien_desktop.relink_dialog import RelinkDialog
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, known, named, settle, shown, wait_until


@dataclass
class Desk:
    """An empty workspace with its documents, and what was reported."""

    workspace: Workspace
    background: Background
    documents: Documents
    window: QWidget
    problems: list[MienError] = field(default_factory=list)
    opened: list[None] = field(default_factory=list)

    @property
    def shots(self) -> tuple[mien.Project, ...]:
        return self.workspace.now.document.shots

    def wait(self, what: str) -> None:
        wait_until(lambda: self.opened or self.problems, what=what)


@pytest.fixture
def desk(app: QApplication) -> Iterator[Desk]:
    workspace, window = Workspace(), QWidget()
    background = Background(workspace)
    documents = Documents(workspace, background, window)
    desk = Desk(workspace, background, documents, window)
    workspace.problem.connect(desk.problems.append)
    documents.opened.connect(lambda: desk.opened.append(None))
    with shown(window, 600, 400):
        yield desk
        background.close()
        workspace.close()
        workspace.deleteLater()


def answer(kind: type[QWidget], text: str) -> None:
    """Click a button of the dialog that is open."""
    wait_until(lambda: dialogs(kind), what=f"a {kind.__name__}")
    click(named(dialogs(kind)[0], text, QPushButton))
    settle()


def dialogs(kind: type[QWidget]) -> list[QWidget]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]


def choose(path: Path) -> None:
    """Choose a file in the dialog that is open."""
    wait_until(lambda: dialogs(QFileDialog), what="a file dialog")
    dialog = dialogs(QFileDialog)[0]
    assert isinstance(dialog, QFileDialog)
    # Not typed: Qt's list of proposals comes when the disk answers, and takes keys away.
    line = dialog.findChild(QLineEdit)
    assert line is not None
    line.setText(str(path))
    dialog.accept()
    settle()


def test_clips_are_added_in_one_step(desk: Desk, short_clip: Path, tmp_path: Path) -> None:
    shutil.copy(short_clip, tmp_path / "one.mp4")
    shutil.copy(short_clip, tmp_path / "two.mp4")
    (tmp_path / "notes.txt").write_text("no clip")
    desk.documents.open_paths([tmp_path])
    wait_until(lambda: len(desk.shots) == 2, what="two shots")
    assert [project.title for project in desk.shots] == ["one", "two"]
    assert desk.workspace.session.undo_names == ("Add 2 shots",)
    assert desk.workspace.project is desk.shots[0]
    assert not desk.problems


def test_what_is_no_clip_is_told_and_the_rest_is_added(
    desk: Desk, short_clip: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"nothing of a movie" * 100)
    desk.documents.open_paths([bad, short_clip, tmp_path / "gone.mov"])
    wait_until(lambda: desk.problems, what="a problem")
    assert len(desk.shots) == 1
    assert "bad.mp4" in desk.problems[0].cause
    assert "gone.mov" in desk.problems[0].cause


def test_a_project_is_opened_and_noted(desk: Desk, tracked: Path) -> None:
    desk.documents.open_project(tracked)
    desk.wait("the project")
    assert not desk.problems
    assert desk.documents.title == tracked.stem
    assert desk.documents.recent == (tracked,)
    assert not desk.workspace.session.modified
    desk.documents.forget_recent()
    assert desk.documents.recent == ()


@pytest.mark.parametrize("what", ["torn", "text", "missing", "folder"])
def test_a_broken_project_is_refused_and_the_document_stays(
    desk: Desk, tracked: Path, tmp_path: Path, what: str
) -> None:
    desk.documents.open_project(tracked)
    desk.wait("the project")
    before = desk.workspace.now.document
    path = tmp_path / "broken.mien"
    if what == "torn":
        path.write_bytes(tracked.read_bytes()[: tracked.stat().st_size // 2])
    elif what == "text":
        path.write_text("no project")
    elif what == "folder":
        path.mkdir()
    desk.documents.open_project(path)
    wait_until(lambda: desk.problems, what="a problem")
    assert "broken.mien" in desk.problems[0].cause
    assert desk.problems[0].remedy
    assert desk.workspace.now.document is before


def test_changes_are_asked_about_before_they_go(desk: Desk, tracked: Path) -> None:
    desk.documents.open_project(tracked)
    desk.wait("the project")
    shot = desk.shots[0].id
    desk.workspace.apply("Rename shot", lambda d: rename_shot(d, shot, "new"))
    desk.documents.new()
    answer(QMessageBox, "Cancel")
    assert desk.shots
    desk.documents.new()
    wait_until(lambda: dialogs(QMessageBox))
    discard = dialogs(QMessageBox)[0].button(QMessageBox.StandardButton.Discard)  # type: ignore[attr-defined]
    click(discard)
    settle()
    assert not desk.shots
    assert not desk.workspace.session.modified


def test_saving_asks_for_a_name_and_goes_on(desk: Desk, short_clip: Path, tmp_path: Path) -> None:
    desk.documents.add_media([short_clip])
    wait_until(lambda: desk.shots, what="the shot")
    went_on: list[int] = []
    desk.documents.save(lambda: went_on.append(1))
    choose(tmp_path / "mine")
    wait_until(lambda: went_on, what="the save")
    saved = tmp_path / "mine.mien"
    assert [p.title for p in load_document(saved).shots] == [short_clip.stem]
    assert load_document(saved).shots[0].online
    assert desk.documents.title == "mine"
    assert not desk.workspace.session.modified


def test_a_folder_that_takes_no_files_is_told(desk: Desk, tracked: Path) -> None:
    desk.documents.open_project(tracked)
    desk.wait("the project")
    desk.documents.ask_save()
    choose(Path("/proc/mine"))  # where not even root may write
    wait_until(lambda: desk.problems, what="a problem")
    assert "mine.mien" in desk.problems[0].cause or "/proc" in desk.problems[0].cause
    assert desk.problems[0].remedy
    assert desk.documents.title == tracked.stem


def test_a_save_that_fails_is_told_and_nothing_is_lost(
    desk: Desk, tracked: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mine.mien"
    shutil.copy(tracked, path)
    desk.documents.open_project(path)
    desk.wait("the project")
    shot = desk.shots[0].id
    desk.workspace.apply("Rename shot", lambda d: rename_shot(d, shot, "new"))
    path.unlink()
    path.mkdir()
    desk.documents.save()
    wait_until(lambda: desk.problems, what="a problem")
    assert "mine.mien" in desk.problems[0].cause
    assert desk.problems[0].remedy
    assert desk.workspace.session.modified
    assert desk.shots[0].title == "new"


@pytest.fixture
def lost(desk: Desk, short_clip: Path, tracked: Path, tmp_path: Path) -> Path:
    """Opens a project whose clip was moved; answers with where it is now."""
    folder, elsewhere = tmp_path / "project", tmp_path / "elsewhere" / "deep"
    folder.mkdir()
    elsewhere.mkdir(parents=True)
    clip = folder / "clip.mp4"
    shutil.copy(short_clip, clip)
    shot = mien.track(clip, max_faces=1, progress=False)
    edits = [mien.Edit(shot.faces[0]).key("mouthSmile", 10, 0.5)]
    mien.save_project(shot, folder / "shot.mien", edits)
    clip.rename(elsewhere / "renamed.mp4")
    desk.documents.open_project(folder / "shot.mien")
    desk.wait("the project")
    assert not desk.problems
    assert not desk.shots[0].online
    return elsewhere / "renamed.mp4"


@pytest.mark.slow
def test_missing_media_are_found_by_content(desk: Desk, lost: Path, tmp_path: Path) -> None:
    assert desk.workspace.previewer is None
    dialog = RelinkDialog(desk.workspace, desk.background, desk.window)
    with shown(dialog):
        assert known(dialog.list.topLevelItem(0)).text(1).endswith("clip.mp4")
        dialog.search(tmp_path / "project")
        wait_until(lambda: "still missing" in dialog.note.text(), what="nothing found")
        dialog.search(tmp_path)
        wait_until(lambda: not dialog.missing, what="the clip")
        assert "All media are found" in dialog.note.text()
    assert desk.shots[0].online
    assert desk.shots[0].shot.media.path == lost
    assert desk.shots[0].edits[0].layers
    assert desk.workspace.previewer is not None


@pytest.mark.slow
def test_another_film_is_not_taken_for_the_missing_one(
    desk: Desk, lost: Path, talk_360p: Path
) -> None:
    dialog = RelinkDialog(desk.workspace, desk.background, desk.window)
    with shown(dialog):
        dialog.locate(desk.shots[0].id, talk_360p)
        wait_until(lambda: "frames of" in dialog.note.text(), what="a refusal")
        assert not desk.shots[0].online


def test_what_was_not_saved_is_offered_and_recovered(desk: Desk, tracked: Path) -> None:
    from mien.session.recovery import recoverable

    desk.documents.open_project(tracked)
    desk.wait("the project")
    autosave = Autosave(desk.workspace)
    shot = desk.shots[0].id
    desk.workspace.apply("Key", lambda d: set_key(d, shot, 1, "mouthSmile", 10, 0.5))
    autosave.close(keep=True)
    entries = recoverable()
    assert [entry.name for entry in entries] == [tracked.name]
    desk.workspace.session.new()
    again = Autosave(desk.workspace)
    dialog = RecoveryDialog(entries, desk.window)
    chosen: list[object] = []
    dialog.chosen.connect(chosen.append)
    with shown(dialog):
        assert known(dialog.list.topLevelItem(0)).text(1).startswith("today")
        click(named(dialog, "Recover", QPushButton))
    recovered = again.recover(chosen[0])  # type: ignore[arg-type]
    desk.documents.replaced(recovered.document, recovered.path, modified=True)
    assert desk.workspace.session.path == tracked
    assert desk.workspace.session.modified
    assert desk.shots[0].edit(1).layers
    assert recoverable() == []
    again.close()
    assert recoverable() == []


def test_discarded_work_is_not_offered_again(desk: Desk, short_clip: Path) -> None:
    from mien.session.recovery import recoverable

    autosave = Autosave(desk.workspace)
    desk.documents.add_media([short_clip])
    wait_until(lambda: desk.shots, what="the shot")
    autosave.close(keep=True)
    dialog = RecoveryDialog(recoverable(), desk.window)
    with shown(dialog):
        click(named(dialog, "Discard", QPushButton))
        (question,) = dialog.findChildren(QMessageBox)
        click(question.button(QMessageBox.StandardButton.Cancel))
        assert len(recoverable()) == 1
        click(named(dialog, "Discard", QPushButton))
        question = dialog.findChildren(QMessageBox)[-1]
        click(question.button(QMessageBox.StandardButton.Discard))
        assert not dialog.isVisible()
    assert recoverable() == []
