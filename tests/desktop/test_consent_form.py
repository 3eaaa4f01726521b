"""The form of a consent at a face, and exports that a policy refuses."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLabel

import mien
from mien.errors import ConsentError
from mien.model.document import Document
from mien.session.session import Session
from mien_desktop.faces.consent import ConsentDialog, ask_consent
from mien_desktop.jobs.presets import PRESETS, ExportRequest, trouble
from mien_desktop.workspace import Workspace
from tests.desktop.driving import known, settle
from tests.desktop.timelines import undo_name
from tests.documents import make_document

DAY = datetime.date(2026, 1, 31)
ANNA = mien.Consent("Anna", "contract", DAY, controls=("mouth",), uses=("dub", "trailer"))


@pytest.fixture
def workspace(app: QApplication) -> Iterator[Workspace]:
    workspace = Workspace(Session(Document((make_document(1).shots[0],))))
    yield workspace
    workspace.close()
    workspace.deleteLater()


def consent(workspace: Workspace, number: int = 1) -> mien.Consent | None:
    return known(workspace.now.shot).face(number).consent


def problem(dialog: ConsentDialog) -> str:
    labels = dialog.findChildren(QLabel)
    return next(label.text() for label in labels if label.accessibleName() == "Problem")


def test_what_is_typed_is_kept_as_one_step(workspace: Workspace, tmp_path: Path) -> None:
    document = tmp_path / "contract.pdf"
    document.write_bytes(b"I agree.")
    dialog = known(ask_consent(workspace, 2))
    assert not dialog.save.isEnabled()
    assert not dialog.clear.isEnabled()
    dialog.performer.setText("Anna")
    dialog.ground.setText("contract")
    dialog.date.setText("2026-01-31")
    dialog.controls.setText("mouth, mouht")
    dialog.save.click()
    assert "mouht" in problem(dialog)
    assert consent(workspace, 2) is None
    dialog.controls.setText("mouth")
    dialog.uses.setText("Dub, trailer")
    dialog.hash_document(tmp_path / "gone.pdf")
    assert "cannot be read" in problem(dialog)
    dialog.hash_document(document)
    dialog.save.click()
    digest = hashlib.sha256(document.read_bytes()).hexdigest()
    assert consent(workspace, 2) == dataclasses.replace(ANNA, document=digest)
    assert consent(workspace) is None
    assert undo_name(workspace) == "Consent of face 2"
    workspace.session.undo()
    assert consent(workspace, 2) is None


def test_what_was_said_is_there_and_can_be_taken_back(workspace: Workspace) -> None:
    project = mien.set_consent(known(workspace.project), 1, ANNA)
    workspace.apply("Consent", lambda document: document.with_shot(project))
    dialog = known(ask_consent(workspace))
    assert dialog.performer.text() == "Anna"
    assert dialog.uses.text() == "dub, trailer"
    before = workspace.session.document
    dialog.save.click()
    assert workspace.session.document is before
    dialog = known(ask_consent(workspace))
    dialog.clear.click()
    settle()
    assert consent(workspace) is None


def test_an_export_that_a_policy_refuses_says_so_in_its_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tracked: Path
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[consent]\nrequired = true\n")
    monkeypatch.setenv("MIEN_POLICY", str(policy))
    project = mien.load_project(tracked)
    preset = next(preset for preset in PRESETS if preset.id == "review")
    request = ExportRequest(preset, tmp_path / "a.mp4", None, "warp", None)
    assert trouble(project, request) is None
    edited = project.with_edit(mien.Edit(project.shot.faces[0]).set("jawOpen", 0.4))
    assert isinstance(trouble(edited, request), ConsentError)
    assert (
        trouble(mien.set_consent(edited, 1, dataclasses.replace(ANNA, controls=())), request)
        is None
    )
