"""A watermark of an export, chosen in its dialog and remembered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QPushButton

from mien.session.session import Session
from mien_desktop.jobs.export import ExportDialog
from mien_desktop.jobs.queue import JobQueue, report_task
from mien_desktop.workspace import Workspace
from tests.desktop.driving import named, settle, shown, wait_until
from tests.plugins.conftest import colour_of, installed, project, saved, site  # noqa: F401

pytestmark = pytest.mark.slow


@contextmanager
def opened(path: Path) -> Iterator[tuple[ExportDialog, JobQueue]]:
    session = Session()
    session.open(path)
    workspace = Workspace(session)
    queue = JobQueue(workspace)
    dialog = ExportDialog(workspace, queue)
    with shown(dialog):
        yield dialog, queue
    queue.close()
    workspace.close()
    queue.deleteLater()
    workspace.deleteLater()
    settle()


def test_it_is_off_until_it_is_chosen_and_then_remembered(
    app: QApplication,
    saved: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    with opened(saved) as (dialog, queue):
        box = named(dialog, "Burn a watermark in", QCheckBox)
        text = named(dialog, "Text of the watermark", QLineEdit)
        assert dialog.request().watermark is None
        assert not text.isEnabled()
        box.click()
        assert text.isEnabled()
        assert dialog.request().watermark == "DRAFT"
        text.setText("  v3 A ")
        assert dialog.request().watermark == "v3 A"
        assert any("'v3 A' burnt in" in one.text() for one in dialog.findChildren(QLabel))
        export = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Export")
        text.setText("\u8349")
        assert not export.isEnabled()
        assert any("lacks: \u8349" in one.text() for one in dialog.findChildren(QLabel))
        text.setText("")
        assert export.isEnabled()
        assert dialog.request().watermark == "DRAFT"
        text.setText("v3")
        preset = named(dialog, "Preset", QComboBox)
        preset.setCurrentIndex(preset.findData("matte"))
        assert not box.isVisible()
        assert dialog.request().watermark is None
        preset.setCurrentIndex(preset.findData("lossless"))
        output = named(dialog, "Output", QLineEdit)
        output.setText(str(tmp_path / "draft.mkv"))
        export.click()
        job = queue.jobs[-1]
        wait_until(lambda: job.ended)
        assert job.state == "done", job.error
        assert job.result["watermark"] == "v3"
        task = report_task(job)
        assert task is not None
        assert task.watermark == "v3"
    with opened(saved) as (dialog, _):
        assert named(dialog, "Burn a watermark in", QCheckBox).isChecked()
        assert dialog.request().watermark == "v3"
