"""Renderers of other packages in the export dialog, with their settings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPushButton,
)

from mien.rendering.registry import find_entry
from mien.session.session import Session
from mien_desktop.jobs.export import ExportDialog
from mien_desktop.jobs.panel import JobsPanel
from mien_desktop.jobs.presets import PRESETS
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.jobs.rows import state_words
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, named, settle, shown, wait_until
from tests.plugins.conftest import colour_of, installed, project, saved, site  # noqa: F401

LOSSLESS = next(index for index, one in enumerate(PRESETS) if one.id == "lossless")


@pytest.fixture
def bench(app: QApplication, saved: Path) -> Iterator[tuple[Workspace, JobQueue]]:  # noqa: F811
    """A workspace with the film of the plug-ins' tests, and its queue."""
    session = Session()
    session.open(saved)
    workspace = Workspace(session)
    queue = JobQueue(workspace)
    yield workspace, queue
    queue.close()
    workspace.close()
    queue.deleteLater()
    workspace.deleteLater()
    settle()


@pytest.mark.slow
@pytest.mark.usefixtures("installed")
def test_one_is_chosen_set_and_exports(bench: tuple[Workspace, JobQueue], tmp_path: Path) -> None:
    workspace, queue = bench
    kind = find_entry("blush").settings_type
    assert kind is not None
    dialog = ExportDialog(workspace, queue)
    output = tmp_path / "blush.mkv"
    with shown(dialog):
        renderer = named(dialog, "Renderer", QComboBox)
        names = [renderer.itemData(index) for index in range(renderer.count())]
        assert names == ["auto", "warp", "reference", "blush"]
        assert renderer.itemData(3, Qt.ItemDataRole.ToolTipRole) == "Cheeks that blush."
        fields = dialog.findChildren(QDoubleSpinBox)
        assert not any(field.isVisible() for field in fields)
        named(dialog, "Preset", QComboBox).setCurrentIndex(LOSSLESS)
        renderer.setCurrentIndex(3)
        amount = named(dialog, "Amount", QDoubleSpinBox)
        assert [field.accessibleName() for field in fields if field.isVisible()] == ["Amount"]
        assert (amount.value(), amount.maximum()) == (0.5, 4)
        assert named(dialog, "Colour", QComboBox).currentText() == "green"
        assert dialog.request().settings == kind.from_mapping({"amount": 0.5, "colour": "green"})
        amount.setValue(1.5)
        assert dialog.request().settings == kind.from_mapping({"amount": 1.5, "colour": "green"})
        if folder := os.environ.get("MIEN_SCREENSHOTS"):
            dialog.grab().save(f"{folder}/export_blush.png")
        named(dialog, "Output", QLineEdit).setText(str(output))
        click(named(dialog, "Export", QPushButton))
    (job,) = queue.jobs
    wait_until(lambda: job.ended, 60, f"{job.title}: {job.state} {job.stage}")
    assert job.state == "done", job.error
    # In a new home a certificate is made as well, which is said once.
    assert job.notes[0] == "nobody blushes green"
    with shown(JobsPanel(queue), 300, 300) as panel:
        assert state_words(job).endswith(" · blush")
        told = named(panel, f"Notes on {job.title}", QLabel).text()
        assert told.splitlines()[0] == "nobody blushes green"
    assert colour_of(output)[1] == pytest.approx(0.2 * 1.5 * 255, abs=3)


def test_one_that_is_gone_gives_way_to_auto(bench: tuple[Workspace, JobQueue]) -> None:
    from mien_desktop.settings import settings

    settings().setValue("export/renderer", "blush")
    dialog = ExportDialog(*bench)
    with shown(dialog):
        assert dialog.request().renderer == "auto"
        assert dialog.request().settings is None
