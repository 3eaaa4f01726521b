"""Whether an export is signed, chosen in its dialog; the project says what is chosen at first."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QPushButton

from mien.api import switch_provenance
from mien.session.session import Session
from mien_desktop.jobs.export import ExportDialog
from mien_desktop.jobs.presets import PRESETS, ExportRequest, trouble
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


def test_credentials_that_a_policy_demands_are_missed_before_the_work_begins(
    app: QApplication,
    saved: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[provenance]\nrequired = true\n")
    monkeypatch.setenv("MIEN_POLICY", str(policy))
    session = Session()
    session.open(saved)
    workspace = Workspace(session)
    queue = JobQueue(workspace)
    dialog, shown_project = ExportDialog(workspace, queue), workspace.project
    assert shown_project is not None
    with shown(dialog):
        (box,) = (one for one in dialog.findChildren(QCheckBox) if "credentials" in one.text())
        (button,) = (one for one in dialog.findChildren(QPushButton) if one.text() == "Export")
        words = [one for one in dialog.findChildren(QLabel) if one.accessibleName()]
        (cause,) = (one for one in words if one.accessibleName() == "What is wrong")
        assert button.isEnabled()
        box.click()
        assert not button.isEnabled()
        assert f"{policy} demands it" in cause.text()
        dialog.accept()
        assert not queue.jobs
        for preset in PRESETS:
            output = tmp_path / f"a{preset.suffix}"
            request = ExportRequest(preset, output, renderer="warp", provenance=False)
            refused = trouble(shown_project, request)
            assert (refused is None) if preset.matte else "credentials" in str(refused), preset.id
        box.click()
        assert button.isEnabled()
    queue.close()
    workspace.close()
    queue.deleteLater()
    workspace.deleteLater()
    settle()
