"""Curves of files for scripts and on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mien
from mien._types import AnyArray
from mien.cli.main import run
from mien.errors import InputError, NoFaceError, UsageError
from mien.media.probe import probe
from mien.model.controls import INDEX
from mien.model.document import Document, Project
from mien.model.shot import Shot
from tests.documents import make_shot
from tests.plugins.curve_formats import install_bad, install_example
from tests.unit.test_project import FRAMES, write_movie


@pytest.fixture
def shot(tmp_path: Path) -> Shot:
    media = probe(write_movie(tmp_path / "take.mp4"))
    faces = make_shot(FRAMES, faces=2).faces
    return Shot(media, tuple(replace(face, clock=media.clock) for face in faces))


@pytest.fixture
def project(shot: Shot, tmp_path: Path) -> Path:
    """A project of two shots, the first with an edit."""
    edit = mien.Edit(shot.face(1)).set("browDown", 0.3)
    document = Document((Project(shot, (edit,), name="a"), Project(shot, name="b")))
    mien.save_document(document, tmp_path / "take.mien")
    return tmp_path / "take.mien"


@pytest.fixture
def curves(shot: Shot, tmp_path: Path) -> Path:
    """The second face's curves."""
    path = tmp_path / "talk.npz"
    mien.export_curves(shot, path, face=2, basis="mien-rig")
    return path


def target(project: Project, face: int) -> AnyArray:
    edit = project.edit(face)
    return mien.evaluate(edit.face.curves.controls.array, edit.layers, edit.face.valid).target


def test_a_shot_follows_a_file(shot: Shot, curves: Path) -> None:
    imported = mien.import_curves(shot, curves, face=1)
    assert isinstance(imported, mien.ImportedCurves)
    assert (imported.face, imported.layer, imported.unknown) == (1, "imported", ())
    assert (imported.frames.start, imported.frames.stop) == (0, FRAMES)
    assert "headYaw" not in imported.controls
    after = target(imported.project, 1)
    wanted = shot.face(2).curves.controls["jawOpen"]
    np.testing.assert_allclose(after[:, INDEX["jawOpen"]], wanted, atol=2e-4)
    assert imported.edit == imported.project.edit(1)
    assert imported.project.shot is shot


def test_the_edits_of_a_project_stay_below(project: Path, curves: Path) -> None:
    loaded = mien.load_project(project, "a")
    imported = mien.import_curves(loaded, curves, face=1, layer="talk", controls=["jawOpen"])
    assert [layer.name for layer in imported.edit.layers] == ["edit", "talk"]
    again = mien.import_curves(imported.project, curves, face=1, layer="talk", mode="add")
    assert [layer.name for layer in again.edit.layers] == ["edit", "talk"]
    assert again.edit.layers[1].tracks[0].mode == "add"


def test_what_is_wrong_is_said(shot: Shot, curves: Path, tmp_path: Path) -> None:
    with pytest.raises(NoFaceError, match=r"talk\.npz has no face 1"):
        mien.import_curves(shot, curves, source_face=1)
    with pytest.raises(NoFaceError, match=r"take\.mp4 has no face 7"):
        mien.import_curves(shot, curves, face=7)
    with pytest.raises(InputError, match="There is no file"):
        mien.import_curves(shot, tmp_path / "none.npz")
    with pytest.raises(UsageError, match="is no name of a curve file"):
        mien.import_curves(shot, tmp_path / "talk.txt")


def test_on_the_command_line(
    project: Path, curves: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "other.mien"
    asked = ["import-curves", str(project), str(curves), "-o", str(output), "--shot", "a"]
    options = ["--face", "1", "--layer", "talk", "--offset", "2", "--control", "jawOpen"]
    assert run([*asked, *options, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["controls"] == ["jawOpen"]
    assert report["frames"] == [2, FRAMES]
    assert (report["face"], report["layer"], report["unknown"]) == (1, "talk", [])
    document = mien.load_document(output)
    # The other shot, and what was asked before, are as they were.
    assert [shot.title for shot in document.shots] == ["a", "b"]
    assert [layer.name for layer in document.shots[0].edit(1).layers] == ["edit", "talk"]
    assert document.shots[1].edits == ()
    # Nothing is replaced unasked.
    assert run([*asked, "--face", "1"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert run([*asked, "--face", "1", "--overwrite"]) == 0
    assert "face 1 follows talk.npz in frames 0:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--shot", "c"], 2, "no shot c"),
        ([], 2, "holds 2 shots"),
        (["--shot", "a", "--from-face", "1"], 4, "talk.npz has no face 1"),
        (["--shot", "a", "--face", "9"], 4, "no face 9"),
        (["--shot", "a", "--mode", "scale"], 2, "Choose one of replace, add"),
        (["--shot", "a", "--control", "jawOpne"], 2, "no control 'jawOpne'"),
        (["--shot", "a", "--offset", "999"], 3, "Nothing of talk.npz falls"),
    ],
)
def test_what_is_wrong_on_the_command_line(
    options: list[str],
    code: int,
    said: str,
    project: Path,
    curves: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "other.mien"
    assert run(["import-curves", str(project), str(curves), "-o", str(output), *options]) == code
    assert said in capsys.readouterr().err
    assert not output.exists()


def test_another_rate_is_asked_about_and_unknown_names_are_told_once(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = {"jawOpen": [0.5] * 30, "tentacle": [1.0] * 30}
    face = {"number": 1, "controls": values}
    times = [frame / 50 for frame in range(30)]
    document = {"schema": "mien-curves", "frames": 30, "rate": "50", "times": times}
    path = tmp_path / "fast.json"
    path.write_text(json.dumps(document | {"faces": [face]}))
    asked = ["import-curves", str(project), str(path), "-o", str(tmp_path / "o.mien")]
    asked += ["--shot", "a", "--overwrite"]
    assert run(asked) == 2
    assert "has 50 frames a second, and the shot 25" in capsys.readouterr().err
    assert run([*asked, "--retime", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == [0, min(15, FRAMES)]
    assert run([*asked, "--no-retime"]) == 0
    said = capsys.readouterr()
    assert said.err.count("tentacle") == 1
    assert "tentacle" not in said.out


def test_a_format_of_somebody_else_is_seen_by_every_verb(project: Path, tmp_path: Path) -> None:
    site = install_bad(install_example(tmp_path / "site"))
    environment = {**os.environ, "PYTHONPATH": str(site)}

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mien", *map(str, arguments)],
            capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip

    written = tmp_path / "talk.csvx"
    options = ("--shot", "a", "--face", 2, "--basis", "mien-rig")
    done = call("curves", project, "-o", written, *options)
    assert done.returncode == 0, done.stderr
    assert written.read_text().startswith("rate,25")
    output = tmp_path / "other.mien"
    done = call("import-curves", project, written, "-o", output, "--shot", "a", "--face", 1)
    assert done.returncode == 0, done.stderr
    first = mien.load_project(output, "a")
    wanted = first.shot.face(2).curves.controls["jawOpen"]
    np.testing.assert_allclose(target(first, 1)[:, INDEX["jawOpen"]], wanted, atol=2e-4)
    # A plan of a batch reads the file; a bad plug-in is named, and nothing else suffers.
    jobs = tmp_path / "jobs.yaml"
    shots = [
        {"project": str(project), "shot": "a", "face": 1, "curves": str(written)},
        {"project": str(project), "shot": "b", "curves": "talk.fut"},
    ]
    jobs.write_text(json.dumps({"shots": shots}))
    done = call("batch", jobs, "-o", tmp_path / "out", "--dry-run", "--json")
    assert done.returncode == 1, done.stderr  # a shot is left out
    good, bad = json.loads(done.stdout)["shots"]
    assert (good["problem"], good["faces"]) == (None, [{"number": 1, "name": "face 1"}])
    assert "The plug-in 'bad_version' is left out" in bad["problem"]
