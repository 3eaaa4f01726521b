"""Curve files of the window: dialogs that know every format, one step of undo, errors in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QFileDialog, QLineEdit, QWidget

from mien import plugins
from mien.errors import MienError
from mien.io.curves import read_curve_file
from mien.session.session import Session
from mien_desktop.background import Background
from mien_desktop.curve_export_dialog import ExportCurvesDialog
from mien_desktop.curve_files import CurveFiles, ImportDialog
from mien_desktop.flame_bases import BasisDialog
from mien_desktop.window import Window
from mien_desktop.workspace import Workspace
from tests.desktop.driving import settle, shown, wait_until
from tests.documents import make_document
from tests.plugins.curve_formats import install_bad, install_example

FRAMES = 48


@dataclass
class Desk:
    """A workspace of a shot with two faces, its curve files, and what was reported."""

    workspace: Workspace
    files: CurveFiles
    problems: list[MienError] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def choose(self, path: Path) -> QFileDialog:
        """Choose a file in the dialog that is open."""
        dialog = open_dialog(QFileDialog)
        assert isinstance(dialog, QFileDialog)
        line = dialog.findChild(QLineEdit)
        assert line is not None
        line.setText(str(path))
        dialog.accept()
        settle()
        return dialog


Dialog = TypeVar("Dialog", bound=QWidget)


def open_dialog(kind: type[Dialog]) -> Dialog:
    def visible() -> list[Dialog]:
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]

    wait_until(lambda: bool(visible()), what=f"a {kind.__name__}")
    return visible()[0]


@pytest.fixture
def desk(app: QApplication) -> Iterator[Desk]:
    document = make_document(1, FRAMES)
    document = document.with_shot(replace(document.shots[0], online=False))
    workspace, window = Workspace(Session(document)), QWidget()
    background = Background(workspace)
    desk = Desk(workspace, CurveFiles(workspace, background, window))
    workspace.problem.connect(desk.problems.append)
    workspace.said.connect(desk.said.append)
    with shown(window, 600, 400):
        yield desk
        background.close()
        workspace.close()
        workspace.deleteLater()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = install_bad(install_example(tmp_path / "site"))
    monkeypatch.syspath_prepend(folder)
    plugins.reset()
    yield folder
    plugins.reset()


def written(desk: Desk, path: Path) -> None:
    """Write the shot's curves by the menu's command."""
    desk.said.clear()
    desk.files.ask_export()
    desk.choose(path)
    open_dialog(ExportCurvesDialog).accept()
    wait_until(lambda: path.exists() or bool(desk.problems), what="the file")
    wait_until(lambda: any(line.startswith("Wrote") for line in desk.said), what="the word")


def test_a_file_without_a_basis_asks_for_it(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "exp.npz"
    np.savez(path, expr=np.ones((FRAMES, 50), np.float32))
    desk.files.read(path)
    asking = open_dialog(BasisDialog)
    assert asking.basis == "mien-rig"  # the only one that needs no head
    asking.accept()
    open_dialog(ImportDialog).accept()
    settle()
    assert not desk.problems
    assert desk.workspace.session.undo_names == ("Import exp.npz",)


def test_curves_go_out_and_come_in_as_one_step(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "talk.npz"
    desk.workspace.set(face=2)
    written(desk, path)
    assert read_curve_file(path).faces[0].number == 2
    desk.workspace.set(face=1, frame=10)
    desk.files.ask_import()
    desk.choose(path)
    dialog = open_dialog(ImportDialog)
    # One face, and the same rate: nothing is asked that is known.
    assert not any(box.isVisible() for box in dialog.findChildren(QCheckBox))
    box = next(b for b in dialog.findChildren(QComboBox) if "begins" in b.accessibleName())
    box.setCurrentIndex(1)
    dialog.accept()
    settle()
    assert not desk.problems
    assert desk.workspace.session.undo_names == ("Import talk.npz",)
    project = desk.workspace.now.project
    assert project is not None
    (layer,) = project.edit(1).layers
    assert (layer.name, desk.workspace.state.layer) == ("talk", "talk")
    track = next(t for t in layer.tracks if t.control == "jawOpen")
    wanted = project.shot.face(2).curves.controls["jawOpen"][: FRAMES - 10]
    np.testing.assert_allclose(track.values(np.arange(10, FRAMES)), wanted, atol=1e-6)
    assert desk.said[-1] == "52 controls of talk.npz in 'talk'."
    desk.workspace.session.undo()
    assert desk.workspace.session.document.shots[0].edits == ()


def test_faces_and_seconds_are_asked_about_where_they_matter(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "two.json"
    values = {"jawOpen": [0.25] * 50, "tentacle": [1.0] * 50}
    times = [frame / 50 for frame in range(50)]
    faces = [{"number": number, "name": f"who {number}", "controls": values} for number in (1, 2)]
    document = {"schema": "mien-curves", "frames": 50, "rate": "50", "times": times}
    path.write_text(json.dumps(document | {"faces": faces}))
    desk.files.read(path)
    dialog = open_dialog(ImportDialog)
    (retime,) = (box for box in dialog.findChildren(QCheckBox) if box.isVisible())
    assert retime.isChecked()
    names = [
        [box.itemText(i) for i in range(box.count())]
        for box in dialog.findChildren(QComboBox)
        if box.isVisible()
    ]
    assert ["who 1", "who 2"] in names
    dialog.accept()
    settle()
    (layer,) = desk.workspace.session.document.shots[0].edit(1).layers
    assert layer.tracks[0].span is not None
    assert layer.tracks[0].span.stop == 25
    assert "tentacle" in desk.said[-1]


def test_rate_layout_and_groups_are_asked_for(desk: Desk, tmp_path: Path) -> None:
    desk.files.ask_export()
    dialog = open_dialog(QFileDialog)
    dialog.selectNameFilter(next(f for f in dialog.nameFilters() if f.startswith("Table")))
    path = tmp_path / "mouth.csv"
    desk.choose(path)
    asked = open_dialog(ExportCurvesDialog)
    for box in asked.findChildren(QCheckBox):
        if box.text() in ("Brows", "Eyes", "Gaze", "Cheeks", "Nose", "Head", "Tongue"):
            box.setChecked(False)
    (rate,) = asked.findChildren(QComboBox)
    rate.setCurrentText("50")
    asked.accept()
    wait_until(lambda: path.is_file(), what="the file is written")
    face = read_curve_file(path).faces[0]
    assert "jawOpen" in face.controls
    assert "browInnerUp" not in face.controls
    assert len(face.valid) == 2 * FRAMES
    assert not path.read_text().startswith("Timecode,BlendshapeCount")  # no Live Link Face


def test_what_cannot_be_read_is_a_problem_and_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "torn.npz"
    path.write_bytes(b"PK")
    desk.files.read(path)
    wait_until(lambda: bool(desk.problems), what="a problem")
    assert "torn.npz cannot be read" in desk.problems[0].cause
    assert desk.workspace.session.undo_names == ()


@pytest.mark.usefixtures("site")
def test_dialogs_know_the_formats_of_other_packages(desk: Desk, tmp_path: Path) -> None:
    desk.files.ask_import()
    dialog = open_dialog(QFileDialog)
    filters = dialog.nameFilters()
    assert "*.csvx" in filters[0]
    assert any(line.startswith("CSV with a rate (*.csvx") for line in filters)
    # Those that cannot be used are named, and are not offered.
    assert "bad_version" in desk.said[-1]
    assert not any("fut" in line for line in filters)
    dialog.reject()
    settle()
    path = tmp_path / "talk.csvx"
    written(desk, path)
    assert path.read_text().startswith("rate,25")


def test_the_menu_offers_both_where_there_is_a_face(main_window: Window) -> None:
    commands = {c.id: c for c in main_window.menu_actions.keymap.commands}
    for name in ("file.import-curves", "file.export-curves"):
        enabled = commands[name].enabled
        assert enabled is not None
        assert enabled() == (main_window.workspace.now.face is not None)
