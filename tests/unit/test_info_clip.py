"""`mien info CLIP`, and contact sheets: what is known of a clip without tracking it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.media.probe import probe
from mien.model.shot import Shot
from tests.faces import make_face
from tests.unit.test_project import write_movie

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clip beside a project of it under another name, and one of something else under its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "clips").mkdir()
    path = write_movie(tmp_path / "clips" / "x.mp4")
    face = replace(make_face(12), name="Zoë")
    face.landmarks[:, :, 0] = np.linspace(10, 40, 478)
    face.landmarks[:, :, 1] = np.linspace(5, 35, 478)
    shot = Shot(probe(path), (face,))
    other = Shot(probe(write_movie(tmp_path / "other.mp4", shade=99)), (make_face(12),))
    document = mien.Document((mien.Project(other), mien.Project(shot, name="hers")))
    mien.save_document(document, path.with_name("film.mien"))
    mien.save_project(other, path.with_suffix(".mien"))
    path.with_name("a.mien").write_text("broken")
    return path


def test_the_project_of_a_clip_is_known_by_what_it_holds(clip: Path, capsys: Capture) -> None:
    moved = clip.with_name("renamed.mp4")
    clip.rename(moved)
    assert run(["info", str(moved), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["clip"], told["project"]) == (str(moved), str(clip.with_name("film.mien")))
    (shot,) = told["shots"]
    assert (shot["shot"], shot["media"]["path"]) == ("hers", str(moved))
    assert [(one["number"], one["name"]) for one in shot["faces"]] == [(1, "Zoë")]


def test_a_clip_without_a_project_is_not_tracked(
    clip: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip.with_name("film.mien").unlink()
    monkeypatch.setattr("mien.api.track", lambda *_, **__: pytest.fail("it was tracked"))
    page, sheet = clip.with_name("x.html"), clip.with_name("x.png")
    assert run(["info", str(clip), "--html", str(page), "--sheet", str(sheet)]) == 0
    told = capsys.readouterr().out
    assert "no project of it in its folder" in told
    assert "`mien track` finds who is in it" in told
    assert page.read_text().count("<img") == 5
    assert cv2.imread(str(sheet)).shape == (306, 1000, 3)
    assert run(["info", str(clip), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["project"] is None
    assert facts["shots"][0]["faces"] == []
    assert facts["shots"][0]["media"]["frames"] == 12


def test_a_sheet_shows_everybody(clip: Path, capsys: Capture) -> None:
    sheet = clip.with_name("sheet.png")
    assert run(["info", str(clip.with_name("film.mien")), "--sheet", str(sheet), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sheet"] == str(sheet)
    picture = cv2.imread(str(sheet))
    assert picture.shape == (24 + 2 * (72 + 210), 1000, 3)
    bar = picture[24 + 282 + 48 + 12 + 24 + 150 + 4 + 2]
    assert (bar[100:900] == (165, 106, 58)).all()
    assert run(["info", str(clip), "--sheet", str(sheet)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert run(["info", str(clip), "--sheet", str(sheet.with_suffix(".jpg"))]) == 2
    assert run(["info", str(clip), "--media", str(clip)]) == 2
    assert run(["info", str(clip.with_name("none.mp4")), "--sheet", str(sheet)]) == 2
    assert run(["info", str(clip), "--shot", "theirs"]) == 2
