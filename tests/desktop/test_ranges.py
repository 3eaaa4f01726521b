"""Ranges and other media in the editor: from in to out, what is not tracked, other sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mien.model.document import Document, Project
from mien.session.commands import set_span
from mien.timebase import FrameRange
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.jobs.serve_process import TrackSpanTask, TrackTask
from mien_desktop.relink_dialog import RelinkDialog
from mien_desktop.shots.status import status
from mien_desktop.window import Window
from mien_desktop.workspace import Workspace
from tests.desktop.driving import settle, shown, wait_until
from tests.unit.test_relink import write


def in_part(workspace: Workspace, *spans: FrameRange) -> None:
    """Make the first shot one of which only some frames were tracked."""

    def change(document: Document) -> Document:
        project = document.shots[0]
        shot = replace(project.shot, tracked_spans=spans)
        return document.with_shot(project.with_faces_of(shot))

    workspace.apply("Track", change)


def test_what_was_not_tracked_is_told(workspace: Workspace) -> None:
    frames = len(workspace.now.document.shots[0].shot)
    in_part(workspace, FrameRange(2, 6))
    assert status(workspace.now.document.shots[0]).text == f"1 face in 4 of {frames} frames"


def test_from_in_to_out(
    main_window: Window, tracked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobQueue, "_advance", lambda self: None)
    main_window.documents.open_project(tracked)
    wait_until(lambda: main_window.workspace.project, what="the project")
    workspace = main_window.workspace
    in_part(workspace, FrameRange(2, 6))
    settle()
    main_window.track_span()
    assert not main_window.queue.jobs, "no in and out points are set"
    shot = workspace.now.document.shots[0].id
    workspace.apply("Span", lambda d: set_span(d, shot, FrameRange(10, 20)))
    settle()
    main_window.track_span()
    task = main_window.queue.jobs[-1].task
    assert isinstance(task, TrackSpanTask)
    assert task.frames == FrameRange(10, 20)
    assert main_window.queue.jobs[-1].title.endswith("frames 10:20")
    main_window.queue.cancel(main_window.queue.jobs[-1])

    def bare(document: Document) -> Document:
        project = document.shots[0]
        return document.with_shot(replace(project, shot=replace(project.shot, faces=()), edits=()))

    workspace.apply("Bare", bare)
    main_window.track_span()
    task = main_window.queue.jobs[-1].task
    assert isinstance(task, TrackTask)
    assert task.frames == FrameRange(10, 20)


@pytest.mark.slow
def test_a_clip_in_another_size(main_window: Window, talk_360p: Path, tmp_path: Path) -> None:
    import mien

    full = write(talk_360p, tmp_path / "full.mov", (640, 360), frames=2)
    proxy = write(full, tmp_path / "proxy.mov", (320, 180), frames=2)
    workspace = main_window.workspace
    project = Project(mien.open_shot(proxy, progress=False))
    workspace.apply("Add", lambda document: document.with_shot(project))
    dialog = RelinkDialog(workspace, main_window.background, main_window)
    with shown(dialog):
        assert not dialog.missing
        item = dialog.list.topLevelItem(0)
        assert item is not None
        assert item.text(1).endswith("proxy.mov")
        dialog.locate(workspace.now.document.shots[0].id, full)
        wait_until(lambda: "is on full.mov" in dialog.note.text(), what="the full media")
    media = workspace.now.document.shots[0].shot.media
    assert media.orientation.upright_size == (640, 360)
