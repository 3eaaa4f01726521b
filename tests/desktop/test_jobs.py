"""Jobs: real processes at work for a real workspace, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QLineEdit, QPushButton, QWidget

import mien
from mien.errors import MienError, NothingToDoError, OutputError
from mien.media.probe import probe
from mien.session.commands import set_key, set_span
from mien.session.session import Session
from mien.timebase import FrameRange
from mien_desktop.jobs.badge import JobsBadge
from mien_desktop.jobs.export import ExportDialog
from mien_desktop.jobs.messages import ErrorDialog, show_error
from mien_desktop.jobs.panel import JobsPanel
from mien_desktop.jobs.presets import PRESETS, ExportRequest, Preset, default_output, trouble
from mien_desktop.jobs.queue import Job, JobQueue
from mien_desktop.jobs.rows import clock_words, state_words
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, named, settle, shown, wait_until
from tests.waiting import PATIENCE

REVIEW, LOSSLESS = PRESETS[0], next(one for one in PRESETS if one.id == "lossless")


@pytest.fixture
def bench(
    app: QApplication, tracked: Path
) -> Iterator[tuple[Workspace, JobQueue, list[MienError]]]:
    """A workspace with a queue, and the problems that it reports."""
    session = Session()
    session.open(tracked)
    workspace = Workspace(session)
    problems: list[MienError] = []
    workspace.problem.connect(problems.append)
    queue = JobQueue(workspace)
    yield workspace, queue, problems
    queue.close()
    workspace.close()
    queue.deleteLater()
    workspace.deleteLater()
    settle()
    children = own_children()
    psutil.wait_procs(children, timeout=PATIENCE)
    assert not [child for child in children if child.is_running()]


def own_children() -> list[psutil.Process]:
    """The processes of jobs: not what decodes media, nor Python's resource tracker.

    Other tests need these as well.
    """
    others = "multiprocessing.resource_tracker", "mien.media.apart.worker"
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if not any(other in " ".join(child.cmdline()) for other in others)
    ]


Bench = tuple[Workspace, JobQueue, list[MienError]]


def smile(workspace: Workspace) -> None:
    shot = workspace.now.document.shots[0].id
    workspace.apply("Set key", lambda document: set_key(document, shot, 1, "mouthSmile", 4, 0.6))


def export(bench: Bench, output: Path, frames: FrameRange | None = None) -> Job:
    workspace, queue, _ = bench
    assert workspace.project is not None
    return queue.export(workspace.project, ExportRequest(LOSSLESS, output, frames, "warp"))


def ended(job: Job) -> str:
    wait_until(lambda: job.ended, what=f"{job.title}: {job.state} {job.stage}")
    return job.state


@pytest.mark.slow
def test_tracking_fills_the_document_in_one_step(bench: Bench) -> None:
    workspace, queue, problems = bench
    shot = workspace.now.document.shots[0].id
    before = workspace.now.document.shots[0].shot
    job = queue.track(shot)
    assert job is not None
    assert queue.track(shot) is job
    assert queue.busy
    assert ended(job) == "done", job.error
    after = workspace.now.document.shots[0].shot
    assert after is not before
    assert len(after.faces) == 1
    assert workspace.session.undo_names[0] == "Track talk"
    workspace.session.undo()
    assert workspace.now.document.shots[0].shot is before
    assert not problems


@pytest.mark.slow
def test_solving_again_keeps_edits_and_is_one_step(bench: Bench) -> None:
    workspace, queue, problems = bench
    shot = workspace.now.document.shots[0].id
    smile(workspace)
    before = workspace.now.document.shots[0]
    job = queue.solve(shot)
    assert job is not None
    assert queue.solve(shot) is job
    assert queue.track(shot) is job
    assert ended(job) == "done", job.error
    assert workspace.session.undo_names[0] == "Solve talk"
    after = workspace.now.document.shots[0]
    (old,), (new,) = before.shot.faces, after.shot.faces
    assert new is not old
    assert after.edits[0].face is new
    assert after.edits[0].layers == before.edits[0].layers
    (wanted,) = mien.solve(before.shot, progress=False).faces
    assert (new.curves.controls.array == wanted.curves.controls.array).all()
    workspace.session.undo()
    assert workspace.now.document.shots[0].shot is before.shot
    assert not problems


def test_what_was_not_kept_cannot_be_solved_again(bench: Bench) -> None:
    workspace, queue, problems = bench
    bare = workspace.now.document.shots[0].without_raw_landmarks()
    workspace.apply("Forget", lambda document: document.with_shot(bare))
    assert queue.solve(bare.id) is None
    assert [type(problem) for problem in problems] == [NothingToDoError]
    assert not queue.busy


@pytest.mark.slow
def test_an_export_holds_the_edit_of_when_it_was_asked_for(bench: Bench, tmp_path: Path) -> None:
    workspace, _, problems = bench
    smile(workspace)
    job = export(bench, tmp_path / "edit.mkv", FrameRange(2, 8))
    workspace.session.undo()
    assert ended(job) == "done", job.error
    assert job.result["frames_edited"] == 6
    facts = probe(tmp_path / "edit.mkv")
    assert (facts.clock.frame_count, facts.codec) == (6, "ffv1")
    assert not problems


@pytest.mark.slow
def test_a_cancelled_export_leaves_nothing(bench: Bench, tmp_path: Path) -> None:
    _, queue, problems = bench
    first = export(bench, tmp_path / "a.mkv")
    second = export(bench, tmp_path / "b.mkv")
    assert second.state == "waiting"
    second.cancel()
    assert second.state == "cancelled"
    wait_until(lambda: first.stage == "render")
    first.cancel()
    assert first.stopping
    assert ended(first) == "cancelled"
    assert list(tmp_path.glob("*.mkv")) == []
    assert not problems
    queue.clear()
    assert not queue.jobs


@pytest.mark.slow
def test_a_crash_is_told_and_can_be_tried_again(bench: Bench, tmp_path: Path) -> None:
    workspace, queue, problems = bench
    smile(workspace)
    before = workspace.now.document
    job = export(bench, tmp_path / "a.mkv")
    wait_until(lambda: job.stage == "render")
    for child in own_children():
        child.kill()
    assert ended(job) == "failed"
    assert job.error is problems[0]
    assert workspace.now.document is before
    queue.retry(job)
    assert ended(queue.jobs[-1]) == "done"
    assert (tmp_path / "a.mkv").is_file()
    assert len(problems) == 1


@pytest.mark.slow
def test_a_window_may_close_while_jobs_run(bench: Bench, tmp_path: Path) -> None:
    _, queue, _ = bench
    job = export(bench, tmp_path / "a.mkv")
    wait_until(own_children)
    queue.close()
    assert job.state == "cancelled"


def test_what_fails_says_why(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIEN_SERVE_COMMAND", "/nowhere/mien serve")
    job = export(bench, tmp_path / "a.mkv")
    assert ended(job) == "failed"
    assert job.error is not None
    assert "/nowhere/mien" in job.error.cause
    assert state_words(job) == job.error.cause


def test_the_panel_shows_jobs_and_what_can_be_done(bench: Bench, tmp_path: Path) -> None:
    _, queue, _ = bench
    with shown(JobsPanel(queue), 300, 300) as panel:
        job = export(bench, tmp_path / "a.mkv")
        waits = export(bench, tmp_path / "b.mkv")
        settle()
        click(named(panel, "Cancel Export b.mkv"))
        assert waits.state == "cancelled"
        click(named(panel, "Cancel Export a.mkv"))
        assert ended(job) == "cancelled"
        settle()
        click(named(panel, "Clear finished", QPushButton))
        assert not queue.jobs
        assert {command.id for command in panel.commands()} == {"jobs.cancel", "jobs.clear"}


def test_the_status_bar_tells_of_the_job_that_runs(bench: Bench, tmp_path: Path) -> None:
    _, queue, _ = bench
    badge = JobsBadge(queue)
    asked: list[bool] = []
    badge.clicked.connect(lambda: asked.append(True))
    with shown(badge):
        badge.hide()
        job = export(bench, tmp_path / "a.mkv")
        assert badge.isVisible()
        assert badge.accessibleDescription().startswith("Export a.mkv")
        click(badge)
        assert asked == [True]
        job.cancel()
        assert ended(job) == "cancelled"
        assert not badge.isVisible()


def test_the_part_that_is_done_only_grows(bench: Bench, tmp_path: Path) -> None:
    job = export(bench, tmp_path / "a.mkv")
    found = []
    for stage, done in (("prepare", 0), ("prepare", 100), ("render", 0), ("render", 50)):
        job.stage, job.done, job.total = stage, done, 100
        found.append(job.fraction)
    assert found == sorted(found)  # type: ignore[type-var]
    assert found == pytest.approx([0, 0.1, 0.1, 0.55])
    job.cancel()


def test_words_of_time() -> None:
    assert [clock_words(seconds) for seconds in (0.2, 59, 61, 3725)] == [
        "1 s", "59 s", "1:01 min", "1:02:05 h",
    ]  # fmt: skip


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset.id)
def test_every_preset_has_a_place_and_can_be_written(
    bench: Bench, tmp_path: Path, preset: Preset
) -> None:
    workspace = bench[0]
    smile(workspace)
    project = workspace.project
    assert project is not None
    output = default_output(project, preset, tmp_path)
    assert trouble(project, ExportRequest(preset, output, renderer="warp")) is None


def test_what_is_wrong_with_an_export(bench: Bench, tmp_path: Path) -> None:
    project = bench[0].project
    assert project is not None
    matte = next(one for one in PRESETS if one.matte)
    for request, words in (
        (ExportRequest(REVIEW, Path("")), "no place"),
        (ExportRequest(REVIEW, tmp_path / "a.mov"), "ends in .mp4"),
        (ExportRequest(REVIEW, tmp_path / "none" / "a.mp4"), "does not exist"),
        (ExportRequest(REVIEW, project.shot.media.path), "source itself"),
        (ExportRequest(matte, tmp_path / "a.mov"), "Nothing is edited"),
        (ExportRequest(REVIEW, tmp_path / "a.mp4", renderer="reference"), "lacks models"),
    ):
        found = trouble(project, request)
        assert found is not None
        assert words in found.cause


@pytest.mark.slow
def test_the_dialog_asks_checks_and_begins(bench: Bench, tmp_path: Path) -> None:
    workspace, queue, _ = bench
    shot = workspace.now.document.shots[0].id
    workspace.apply("In", lambda document: set_span(document, shot, FrameRange(0, 3)))
    dialog = ExportDialog(workspace, queue)
    with shown(dialog):
        output = named(dialog, "Output", QLineEdit)
        button = named(dialog, "Export", QPushButton)
        assert output.text().endswith("talk_edit.mp4")
        named(dialog, "Preset", QComboBox).setCurrentIndex(PRESETS.index(LOSSLESS))
        assert output.text().endswith("talk_edit.mkv")
        output.setText(str(tmp_path / "none" / "a.mkv"))
        assert not button.isEnabled()
        assert "does not exist" in named(dialog, "What is wrong", QLabel).text()
        place = tmp_path / "a.mkv"
        place.write_bytes(b"mine")
        output.setText(str(place))
        assert button.isEnabled()
        click(button)
        assert not queue.jobs
        box = _box(dialog)
        click(named(box, "Replace", QPushButton))
        assert ended(queue.jobs[0]) == "done", queue.jobs[0].error
    assert probe(place).clock.frame_count == 3


def test_an_error_has_cause_remedy_and_details(app: QApplication) -> None:
    try:
        raise OutputError("The disk of <b>mine</b> is full.", "Make room.")
    except OutputError as error:
        dialog = show_error(None, error)
    assert isinstance(dialog, ErrorDialog)
    settle()
    assert named(dialog, "Cause", QLabel).text() == "The disk of <b>mine</b> is full."
    assert named(dialog, "Remedy", QLabel).text() == "Make room."
    click(named(dialog, "Details", QPushButton))
    details = named(dialog, "Details", type(dialog._details)).toPlainText()
    assert "code: output" in details
    assert "test_jobs.py" in details
    click(named(dialog, "Copy", QPushButton))
    copied = QApplication.clipboard().text()
    assert "Make room." in copied
    assert mien.__version__ in copied
    dialog.close()
    settle()


def _box(dialog: QWidget) -> QWidget:
    found = [w for w in QApplication.topLevelWidgets() if w.parent() is dialog and w.isVisible()]
    return found[0]
