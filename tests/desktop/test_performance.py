"""Performances of others and what is neutral, from the menu Face, with real events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QToolButton,
    QWidget,
)
from shiboken6 import isValid

import mien
from mien.model.controls import INDEX
from mien.model.curves import ControlCurves
from mien_desktop.background import Background
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.performance.apply_dialog import ApplyDialog
from mien_desktop.performance.applying import PerformanceApplying
from mien_desktop.performance.neutral import NeutralChoice
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, known, named, settle, shown, type_text, wait_until


@pytest.fixture
def place(workspace: Workspace) -> Iterator[QWidget]:
    with shown(QWidget(), 300, 200) as widget:
        yield widget


@pytest.fixture
def background(workspace: Workspace) -> Iterator[Background]:
    background = Background(workspace)
    yield background
    background.close()


@pytest.fixture
def dialog(workspace: Workspace, background: Background, place: QWidget) -> Iterator[ApplyDialog]:
    applying = PerformanceApplying(workspace, background, place)
    (command,) = applying.commands()
    command.run()
    settle()
    (dialog,) = place.findChildren(ApplyDialog)
    yield dialog
    if isValid(dialog):
        dialog.reject()
        settle()


def exported(workspace: Workspace, path: Path, louder: float) -> Path:
    """Curves of the shot, with a jaw that opens more in frames 10 to 30."""
    mien.export_curves(known(workspace.now.shot), path, face=1)
    facts = json.loads(path.read_text())
    jaw = facts["faces"][0]["controls"]["jawOpen"]
    facts["faces"][0]["controls"]["jawOpen"] = [
        value + louder if 10 <= frame < 30 else value for frame, value in enumerate(jaw)
    ]
    path.write_text(json.dumps(facts))
    return path


def note_of(dialog: ApplyDialog) -> str:
    return dialog._note.text()


def test_a_file_drives_the_face_in_one_step_with_a_strength(
    dialog: ApplyDialog, workspace: Workspace, tmp_path: Path
) -> None:
    accept = named(dialog, "Apply", QPushButton)
    assert not accept.isEnabled()
    dialog.take_file(exported(workspace, tmp_path / "take.json", 0.4))
    named(dialog, "How", QComboBox).setCurrentIndex(2)  # absolute
    named(dialog, "Strength of jaw", QSpinBox).setValue(50)
    click(accept)
    wait_until(lambda: workspace.session.undo_names, what="it is applied")
    assert workspace.session.undo_names == ("Apply take.json",)
    settle()
    assert not isValid(dialog)
    evaluated = known(workspace.now.evaluated)
    assert float(evaluated.delta[20, INDEX["jawOpen"]]) == pytest.approx(0.2, abs=0.02)
    assert abs(float(evaluated.delta[40, INDEX["jawOpen"]])) < 0.02
    assert workspace.state.layer == known(workspace.now.edit).layers[-1].name
    workspace.session.undo()
    assert not known(workspace.project).edits


def test_what_the_face_does_already_changes_nothing(
    dialog: ApplyDialog, workspace: Workspace, tmp_path: Path
) -> None:
    dialog.take_file(exported(workspace, tmp_path / "same.json", 0.0))
    named(dialog, "How", QComboBox).setCurrentIndex(2)
    click(named(dialog, "Apply", QPushButton))
    wait_until(lambda: "already" in note_of(dialog), what="it says so")
    assert workspace.session.undo_names == ()
    assert dialog.isVisible()


def test_closing_it_stops_the_reading(
    dialog: ApplyDialog, workspace: Workspace, background: Background, tmp_path: Path
) -> None:
    dialog.take_file(exported(workspace, tmp_path / "take.json", 0.4))
    click(named(dialog, "Apply", QPushButton))
    dialog.reject()
    background.close()
    settle()
    assert workspace.session.undo_names == ()


def test_refusals_are_said_in_the_dialog(
    dialog: ApplyDialog, workspace: Workspace, tmp_path: Path
) -> None:
    bad = tmp_path / "notes.txt"
    bad.write_text("nothing of the kind")
    dialog.take_file(bad)
    click(named(dialog, "Apply", QPushButton))
    wait_until(lambda: note_of(dialog) and "…" not in note_of(dialog), what="it is refused")
    assert "notes.txt" in note_of(dialog)
    assert named(dialog, "Apply", QPushButton).isEnabled()
    for box in dialog.findChildren(QCheckBox):
        box.setChecked(False)
    assert not named(dialog, "Apply", QPushButton).isEnabled()
    assert workspace.session.undo_names == ()


def test_this_is_neutral_and_back(
    workspace: Workspace, background: Background, place: QWidget
) -> None:
    repairs = FaceRepairs(workspace, background)
    commands = {c.id: c for c in NeutralChoice(workspace, repairs, place).commands()}
    before = known(workspace.now.face).curves.controls.array.copy()
    assert known(commands["face.neutral-reset"].why)()
    workspace.set(frame=20)
    commands["face.neutral-here"].run()
    wait_until(lambda: workspace.session.undo_names, what="the face is solved again")
    face = known(workspace.now.face)
    assert known(face.neutral).frame == 20
    expressions = [INDEX[name] for name in ("browInnerUp", "mouthSmileLeft", "jawOpen")]
    assert np.abs(face.curves.controls.array[20, expressions]).max() < 0.06
    workspace.session.undo()
    np.testing.assert_array_equal(known(workspace.now.face).curves.controls.array, before)


def test_a_shot_of_several_by_a_curve_of_times_with_few_keys(
    dialog: ApplyDialog, workspace: Workspace, tmp_path: Path
) -> None:
    project = known(workspace.project)
    (face,) = project.shot.faces
    louder = project.shot.faces[0].curves.controls.array.copy()
    louder[10:30, INDEX["jawOpen"]] += 0.4
    curves = replace(face.curves, controls=ControlCurves(louder))
    other = replace(project.shot, faces=(replace(face, curves=curves),))
    path = tmp_path / "takes.mien"
    mien.save_document(
        mien.Document((mien.Project(project.shot, name="a"), mien.Project(other, name="b"))), path
    )
    dialog.take_file(path)
    shots = named(dialog, "Shot of the file", QComboBox)
    assert [shots.itemText(i) for i in range(shots.count())] == ["1  a", "2  b"]
    shots.setCurrentIndex(1)
    named(dialog, "How", QComboBox).setCurrentIndex(2)
    named(dialog, "When", QComboBox).setCurrentIndex(3)
    accept, warp = named(dialog, "Apply", QPushButton), named(dialog, "Curve of times", QLineEdit)
    assert not accept.isEnabled()
    type_text(warp, "5=0, x")
    click(accept)
    assert "cannot be read" in note_of(dialog)
    warp.clear()
    type_text(warp, "5=0, 35=30")
    click(named(dialog, "More", QToolButton))
    named(dialog, "Ease in and out", QSpinBox).setValue(0)
    named(dialog, "Tolerance of keys", QDoubleSpinBox).setValue(0.1)
    how = dialog.transfer()
    assert (how.ease, how.tolerance, how.timing.warp) == (0, 0.1, (("5", "0"), ("35", "30")))
    click(accept)
    wait_until(lambda: workspace.session.undo_names, what="it is applied")
    delta = known(workspace.now.evaluated).delta[:, INDEX["jawOpen"]]
    assert float(delta[25]) == pytest.approx(0.4, abs=0.15)  # five frames later
    assert abs(float(delta[12])) < 0.15


def test_coefficients_without_a_basis_ask_for_it(
    dialog: ApplyDialog, workspace: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "vhap.npz"
    expression = np.zeros((48, 100), np.float32)
    expression[10:30, 0] = 2
    np.savez(path, expr=expression, jaw_pose=np.zeros((48, 3), np.float32))
    dialog.take_file(path)
    click(named(dialog, "Apply", QPushButton))
    wait_until(lambda: "which head" in note_of(dialog), what="it asks")
    assert workspace.session.undo_names == ()
    box = named(dialog, "FLAME basis", QComboBox)
    box.setCurrentIndex(box.findData("mien-rig"))
    click(named(dialog, "Apply", QPushButton))
    wait_until(lambda: workspace.session.undo_names, what="it is applied")
    assert workspace.session.undo_names == ("Apply vhap.npz",)
