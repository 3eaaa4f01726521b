"""Clips that are cut short or damaged, in the editor: opened as far as they go, exported so too."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QLineEdit, QPushButton

import mien
from mien.errors import DamagedMediaError, MienError
from mien.media import apart_reader
from mien.model.document import Document, Project
from mien.session.session import Session
from mien_desktop.documents import _read_clips
from mien_desktop.jobs.export import ExportDialog
from mien_desktop.jobs.messages import ErrorDialog
from mien_desktop.jobs.queue import Job, JobQueue
from mien_desktop.reading import Readings
from mien_desktop.viewer.panel import ViewerPanel
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, named, settle, shown, wait_until
from tests.faults.fragile_decoder import POISON, FragileReader
from tests.media.damagekit import cut, harm, long_clip


def test_a_clip_that_is_cut_short_is_opened_and_said(tmp_path: Path) -> None:
    whole = long_clip(tmp_path / "whole.mkv", count=120)
    short = cut(whole, tmp_path / "short.mkv", 0.6)
    projects, errors = _read_clips([whole, short], Readings().begin("clips"), lambda _: None)
    assert [project.shot.media.path.name for project in projects] == ["whole.mkv", "short.mkv"]
    assert len(projects[1].shot) < 120
    (error,) = errors
    assert isinstance(error, DamagedMediaError)
    assert "short.mkv is cut short" in error.cause
    assert "What is there is opened" in error.remedy


@pytest.mark.slow
def test_an_export_ends_before_damage_where_that_is_ticked(
    app: QApplication, tmp_path: Path
) -> None:
    clip = harm(long_clip(tmp_path / "clip.mp4"), 40)
    session = Session()
    workspace = Workspace(session)
    workspace.apply("Add", lambda _: Document((Project(mien.open_shot(clip)),)))
    queue = JobQueue(workspace)
    try:
        for ticked in (False, True):
            dialog = ExportDialog(workspace, queue)
            with shown(dialog):
                named(dialog, "Output", QLineEdit).setText(str(tmp_path / f"{ticked}.mp4"))
                box = next(b for b in dialog.findChildren(QCheckBox) if b.text().startswith("End"))
                box.setChecked(ticked)
                click(named(dialog, "Export", QPushButton))
            job = queue.jobs[-1]
            wait_until(partial(_ended, job), 60, f"{job.title}: {job.state}")
            assert job.state == ("done" if ticked else "failed")
            if ticked:
                assert any("frames 40 to 71 are not in it" in note for note in job.notes)
                assert len(mien.open_shot(tmp_path / "True.mp4")) == 40
            else:
                assert isinstance(job.error, MienError)
                with shown(ErrorDialog(job.error)) as message:
                    assert "frame 40 of 72" in named(message, "Cause", QLabel).text()
                    assert "End before damage" in named(message, "Remedy", QLabel).text()
    finally:
        queue.close()
        workspace.close()
        settle()


def _ended(job: Job) -> bool:
    return job.ended


def test_a_frame_that_ends_its_decoder_leaves_the_window(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart_reader, "DECODED", f"{FragileReader.__module__}:FragileReader")
    with shown(ViewerPanel(workspace), 760, 470) as panel:
        workspace.set(frame=POISON)
        wait_until(lambda: panel.canvas.error, what="the reason")
        assert "cannot be decoded" in str(panel.canvas.error)
        workspace.set(frame=POISON + 3)
        wait_until(lambda: panel.canvas.settled, what="the picture")
        assert panel.canvas.error is None
