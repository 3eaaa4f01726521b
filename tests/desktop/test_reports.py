"""Reports on exports in the editor: begun, shown, and marked on the timeline."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QToolButton

from mien.reporting.values import FrameTrouble
from mien.session.commands import set_key
from mien.timebase import FrameRange
from mien_desktop.geometry.axis import MOST, Axis
from mien_desktop.geometry.bands import TROUBLES
from mien_desktop.geometry.troubles import beside, mark_at, marks_of, remaining, width_of
from mien_desktop.jobs.presets import PRESETS, ExportRequest
from mien_desktop.jobs.queue import Job, JobQueue, report_task
from mien_desktop.jobs.reporting import ExportReports
from mien_desktop.jobs.rows import JobRow, state_words
from mien_desktop.jobs.serve_process import ExportTask, ReportTask
from mien_desktop.reports.last import LastReports
from mien_desktop.reports.verdict import headline, verdict_lines
from mien_desktop.timeline.panel import TimelinePanel
from mien_desktop.timeline.words import describe
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, named, settle, shown, wait_until
from tests.desktop.timelines import shot_id

LOSSLESS = next(one for one in PRESETS if one.id == "lossless")
MATTE = next(one for one in PRESETS if one.matte)


def trouble(
    frame: int, measure: str = "flicker.landmarks", value: float = 9.0, face: int | None = 1
) -> FrameTrouble:
    return FrameTrouble(frame, measure, value, 6.0, "thousandths of the face", face, "trembles")


def figure(name: str, value: float | None, passed: bool | None, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "passed": passed, "plate": None} | more


def report(*troubles: FrameTrouble, failed: tuple[str, ...] = ()) -> dict[str, Any]:
    """A report as JSON holds it."""
    return {
        "frames": [0, 48],
        "failed": list(failed),
        "troubles": [one.to_dict() for one in troubles],
        "figures": [
            figure("outside.changed", 0.0, True),
            figure("identity.similarity", 0.91, None, plate=0.95),
            figure("identity.drop", 0.04, True),
            figure("flicker.landmarks", 1.8, "flicker.landmarks" not in failed),
            figure("flicker.texture", None, None),
        ],
    }


TROUBLE_LISTS = st.lists(
    st.builds(trouble, st.integers(0, 200), value=st.floats(6.5, 60)), max_size=30
)


class TestMarks:
    @given(TROUBLE_LISTS, st.integers(0, 9))
    def test_marks_hold_every_trouble_once_and_lie_apart(
        self, troubles: list[FrameTrouble], apart: int
    ) -> None:
        marks = marks_of(troubles, apart)
        assert sum(len(mark.troubles) for mark in marks) == len(troubles)
        for mark in marks:
            assert all(one.frame in mark.span for one in mark.troubles)
            assert mark.troubles[0].severity == max(one.severity for one in mark.troubles)
        for one, after in itertools.pairwise(marks):
            assert after.span.start - one.span.stop > apart

    @given(
        TROUBLE_LISTS, st.builds(Axis, st.floats(-50, 150), st.floats(0.02, MOST), st.just(300.0))
    )
    def test_a_mark_is_hit_where_it_is_painted(
        self, troubles: list[FrameTrouble], axis: Axis
    ) -> None:
        marks = marks_of(troubles)
        for mark in marks:
            left, width = width_of(mark, axis)
            assert width >= 4 - 1e-6
            hit = mark_at(marks, axis, left + width / 2)
            assert hit is not None
            assert len(hit.span) <= len(mark.span)
        assert mark_at((), axis, 10.0) is None

    @given(TROUBLE_LISTS, st.integers(-5, 205))
    def test_a_step_goes_to_the_worst_frame_that_way(
        self, troubles: list[FrameTrouble], frame: int
    ) -> None:
        marks = marks_of(troubles)
        worst = [mark.frame for mark in marks]
        after, before = (beside(marks, frame, way) for way in (1, -1))
        ahead, behind = [f for f in worst if f > frame], [f for f in worst if f < frame]
        assert (after.frame if after else None) == min(ahead, default=None)
        assert (before.frame if before else None) == max(behind, default=None)

    def test_what_changed_is_gone_and_of_the_picture_with_any_face(self) -> None:
        one = np.zeros(10, bool)
        two = np.zeros(10, bool)
        one[3:5] = True
        troubles = (trouble(3), trouble(6), trouble(3, face=2), trouble(4, face=None), trouble(9))
        left = remaining(troubles, {1: one, 2: two})
        assert [(t.frame, t.face) for t in left] == [(6, 1), (3, 2), (9, 1)]
        assert [t.face for t in remaining(troubles, {1: None, 2: two})] == [2]

    def test_a_value_without_end_is_the_worst(self) -> None:
        (mark,) = marks_of((trouble(3), trouble(4, "outside.changed", math.inf, None)))
        assert (mark.frame, mark.words) == (4, ("outside", "flicker"))
        assert mark.at(0) == (mark.troubles[1],)


def test_the_verdict_says_trouble_identity_flicker_and_outside() -> None:
    found = report(trouble(3), trouble(3, "identity.drop"), failed=("flicker.landmarks",))
    assert headline(found) == "beyond: flicker"
    assert verdict_lines(found) == (
        "1 of 48 frames with trouble",
        "Identity 0.910, the plate's own frames 0.950",
        "Flicker 1.80 × the plate's  (beyond)",
        "Outside the matte 0 pixels changed",
    )
    assert headline(report()) == "within all thresholds"
    assert verdict_lines(report())[0] == "No frame with trouble"
    nothing = report() | {"figures": []}
    assert [line.endswith("not measured") for line in verdict_lines(nothing)[1:]] == [True] * 3
    lossy = report() | {"figures": [figure("outside.beyond_encoding", 2500.0, False)]}
    assert verdict_lines(lossy)[3].startswith("Outside the matte 2.5e+03 pixels per million")


class TestTimeline:
    def test_marks_are_shown_told_and_reached(self, timeline: TimelinePanel) -> None:
        workspace, view = timeline._workspace, timeline.view
        commands = {command.id: command for command in timeline.commands()}
        why = commands["time.next-trouble"].why
        assert why is not None
        assert "no report" in why()
        lanes = view.scene.bands.lanes
        project = workspace.project
        assert project is not None
        worst = trouble(31, "identity.drop", 30.0)
        timeline.reports.take(project, "a.mkv", report(trouble(30), worst, trouble(12, face=None)))
        settle()
        scene = view.scene
        assert scene.bands.lanes == lanes + TROUBLES
        assert [mark.frame for mark in scene.troubles] == [12, 31]
        assert why() == ""
        place = (scene.x(30), scene.bands.top("troubles") + 4)
        target = view.mouse.target_at(*place)
        assert (target.kind, target.frame) == ("trouble", 31)
        words = describe(scene, target)
        assert "in a.mkv:" in words
        assert "trembles (30 thousandths of the face, usual at most 6)" in words
        assert "The worst of 2 frames (identity, flicker)" in words
        click(view.viewport(), place)
        assert workspace.state.frame == 31
        commands["time.previous-trouble"].run()
        assert workspace.state.frame == 12
        said: list[str] = []
        workspace.said.connect(said.append)
        commands["time.next-trouble"].run()
        assert workspace.state.frame == 31
        commands["time.next-trouble"].run()
        assert workspace.state.frame == 31
        assert said[0].startswith("trembles")
        assert said[1] == "No trouble follows."

    def test_a_mark_goes_with_the_edit_and_comes_back_with_undo(
        self, timeline: TimelinePanel
    ) -> None:
        workspace, reports = timeline._workspace, timeline.reports
        project = workspace.project
        assert project is not None
        lanes = timeline.view.scene.bands.lanes
        reports.take(project, "a.mkv", report(trouble(15), trouble(45)))
        assert [mark.frame for mark in reports.marks] == [15, 45]
        shot = shot_id(workspace)
        workspace.apply("Key", lambda document: set_key(document, shot, 1, "mouthSmile", 15, 0.1))
        wait_until(lambda: [mark.frame for mark in reports.marks] == [45])
        workspace.session.undo()
        wait_until(lambda: [mark.frame for mark in reports.marks] == [15, 45])
        moved = dataclasses.replace(project, shot=dataclasses.replace(project.shot, faces=()),
                                    edits=())  # fmt: skip
        workspace.apply("Forget faces", lambda document: document.with_shot(moved))
        wait_until(lambda: not reports.marks)
        assert timeline.view.scene.bands.lanes == lanes
        why = {command.id: command for command in timeline.commands()}["time.next-trouble"].why
        assert why is not None
        assert "No frame with trouble is left of a.mkv" in why()


class Browser(QObject):
    """Takes the pages that are opened in the user's browser."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[Path] = []

    @Slot(QUrl)
    def show(self, url: QUrl) -> None:
        self.pages.append(Path(url.toLocalFile()))


@pytest.fixture
def browser() -> Iterator[Browser]:
    browser = Browser()
    # The stub asks for bytes, which PySide6 refuses.
    QDesktopServices.setUrlHandler("file", browser, "show")  # type: ignore[arg-type]
    yield browser
    QDesktopServices.unsetUrlHandler("file")


@pytest.fixture
def queue(keyed: Workspace) -> Iterator[JobQueue]:
    queue = JobQueue(keyed)
    yield queue
    queue.close()
    queue.deleteLater()
    settle()


def exported(
    queue: JobQueue, workspace: Workspace, request: ExportRequest, frames: int = 48
) -> Job:
    """An export that has ended."""
    project = workspace.project
    assert project is not None
    job = Job(1, "export", project.id, "Export a.mkv", ExportTask(project, request), queue)
    job.result = {"frames": frames, "renderer": "warp", "renderer_reason": "", "notes": []}
    job.finished("done")
    return job


def test_what_is_compared_is_what_was_exported(
    keyed: Workspace, queue: JobQueue, tmp_path: Path
) -> None:
    part = ExportRequest(LOSSLESS, tmp_path / "a.mkv", FrameRange(4, 20))
    task = report_task(exported(queue, keyed, part, frames=12))
    assert task is not None
    assert task.frames == FrameRange(4, 16)  # it ended before damage
    assert task.renderer == "warp"
    assert task.page == tmp_path / "a_report.html"
    matte = ExportRequest(MATTE, tmp_path / "matte.mov")
    assert report_task(exported(queue, keyed, matte)) is None
    images = ExportRequest(PRESETS[2], tmp_path / "a.%04d.exr")
    sequence = report_task(exported(queue, keyed, images))
    assert sequence is not None
    assert sequence.page.name == "a_report.html"
    for name, page in (
        ("a.v2.mov", "a.v2_report.html"), ("a.v2.%04d.exr", "a.v2_report.html"),
        ("%04d.exr", f"{tmp_path.name}_report.html"),
    ):  # fmt: skip
        task = report_task(exported(queue, keyed, ExportRequest(LOSSLESS, tmp_path / name)))
        assert task is not None
        assert task.page == tmp_path / page


def test_a_finished_report_is_opened_told_and_marked(
    keyed: Workspace, queue: JobQueue, browser: Browser, tmp_path: Path
) -> None:
    reports = LastReports(keyed)
    shown_reports = ExportReports(keyed, queue, reports)
    assert "export it first" in shown_reports.why()
    project = keyed.project
    assert project is not None
    page = tmp_path / "a_report.html"
    task = ReportTask(project, tmp_path / "a.mkv", page, FrameRange(0, 48), "warp")
    job = Job(2, "report", project.id, "Report on a.mkv", task, queue)
    job.result = report(trouble(7), failed=("flicker.landmarks",))
    job.finished("done")
    queue.ended.emit(job)
    assert browser.pages == [page]
    assert [mark.frame for mark in reports.marks] == [7]
    with shown(JobRow(job, queue), 300, 140) as row:
        assert state_words(job).startswith("Beyond: flicker · done in")
        notes = named(row, "Notes on Report on a.mkv", QLabel)
        assert notes.isVisible()
        assert "1 of 48 frames with trouble" in notes.text()
        names = {one.accessibleName() for one in row.findChildren(QToolButton) if one.isVisible()}
        assert names == {"Open the report", "Show in its folder", "Remove from the list"}
        click(named(row, "Open the report", QToolButton))
        assert browser.pages == [page, page]
    finished = exported(queue, keyed, ExportRequest(LOSSLESS, tmp_path / "a.mkv"))
    with shown(JobRow(finished, queue), 300, 140) as row:
        assert named(row, "Report", QToolButton).isVisible()


@pytest.mark.slow
def test_an_export_is_compared_with_its_plate(
    keyed: Workspace, queue: JobQueue, browser: Browser, tmp_path: Path
) -> None:
    reports = LastReports(keyed)
    way = ExportReports(keyed, queue, reports)
    project = keyed.project
    assert project is not None
    request = ExportRequest(LOSSLESS, tmp_path / "a.mkv", FrameRange(6, 14), "warp")
    export = queue.export(project, request)
    wait_until(lambda: export.ended, what=export.title)
    assert export.state == "done", export.error
    assert way.why() == ""
    way.run()
    job = queue.jobs[-1]
    assert queue.report(export) is job
    wait_until(lambda: job.ended, what=job.title)
    assert job.state == "done", job.error
    assert browser.pages == [tmp_path / "a_report.html"]
    assert "<html" in browser.pages[0].read_text()[:400]
    assert job.result["frames"] == [6, 14]
    assert "Outside the matte 0 pixels changed" in job.notes
    assert {one.frame for mark in reports.marks for one in mark.troubles} == {
        one["frame"] for one in job.result["troubles"]
    }
