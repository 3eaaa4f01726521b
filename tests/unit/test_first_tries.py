"""What a new user typed at first: refused in words that help, and nothing lost in silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import mien
from mien.cli.face_repairs import _lost_told
from mien.cli.main import run
from mien.model.corrections import LandmarkCorrection
from mien.model.shot import Shot
from tests.documents import make_media
from tests.faces import make_face

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    first, second = make_face(20), replace(make_face(20, number=2), name="Anna")
    project = mien.Project(Shot(make_media(20, clock=first.clock), (first, second)))
    mien.save_project(project, tmp_path / "film.mien")
    return tmp_path / "film.mien"


@pytest.mark.parametrize(
    ("typed", "code", "words"),
    [
        ("edit FILM --list --set jawOpen=1", 2, "--list changes nothing"),
        ("edit FILM --list --undo", 2, "--list changes nothing"),
        ("faces rename FILM 1", 2, "`mien faces rename --help`"),
        ("faces --nix", 2, "`mien faces --help`"),
        ("faces rename FILM", 2, "Missing argument 'FACE'. `mien faces rename"),
        ("relink FILM nowhere", 3, "There is no file or folder nowhere"),
        ("faces export FILM x.json", 4, "by its number or name: 1, 2 (Anna)"),
    ],
    ids=["list-set", "list-undo", "verb-of-group", "group", "full-stop", "no-folder", "which-face"],
)
def test_refusals(typed: str, code: int, words: str, film: Path, capsys: Capture) -> None:
    before = film.read_bytes()
    assert run([str(film) if word == "FILM" else word for word in typed.split()]) == code
    assert words in capsys.readouterr().err
    assert film.read_bytes() == before


def test_a_wrong_map_is_refused_even_where_media_are_found_without(
    film: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIEN_PATH_MAP", "/a=/b:/b=/a")
    assert run(["render", str(film), "-o", str(film.with_suffix(".mp4"))]) == 2
    assert "loops" in capsys.readouterr().err
    assert run(["info", str(film)]) == 2
    assert "loops" in capsys.readouterr().err


def test_corrections_that_go_with_landmarks_taken_over_are_named(
    film: Path, capsys: Capture
) -> None:
    after = mien.load_document(film, find_media=False).choose(None, "film")
    face = replace(after.shot.faces[0], corrections=(LandmarkCorrection(12, "mouth", 4, -2, 6, 6),))
    before = replace(after, shot=replace(after.shot, faces=(face, after.shot.faces[1])))
    assert _lost_told(before, after) is after
    assert "face 1: corrections by hand in frame 12 are gone" in capsys.readouterr().err
    assert _lost_told(after, before) is before
    assert not capsys.readouterr().err
