"""Whether an export is signed, chosen in its dialog; the project says what is chosen at first."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox

from mien.api import switch_provenance
from mien.session.session import Session
from mien_desktop.jobs.export import ExportDialog
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.workspace import Workspace
from tests.desktop.driving import settle, shown
from tests.plugins.conftest import colour_of, installed, project, saved, site  # noqa: F401


@pytest.mark.parametrize("wanted", [True, False])
def test_the_project_says_it_and_the_dialog_changes_it(
    app: QApplication,
    saved: Path,  # noqa: F811
    wanted: bool,
) -> None:
    switch_provenance(saved, wanted)
    session = Session()
    session.open(saved)
    workspace = Workspace(session)
    queue = JobQueue(workspace)
    dialog = ExportDialog(workspace, queue)
    with shown(dialog):
        (box,) = (one for one in dialog.findChildren(QCheckBox) if "credentials" in one.text())
        assert box.isChecked() is wanted
        assert dialog.request().provenance is wanted
        box.click()
        assert dialog.request().provenance is not wanted
    queue.close()
    workspace.close()
    queue.deleteLater()
    workspace.deleteLater()
    settle()
