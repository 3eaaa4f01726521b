"""`mien info`: what a project holds, said without opening its media, and a page with pictures."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.api import Document, Project, save_document
from mien.cli.main import run
from mien.media.probe import probe
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.frame_runs import frame_runs
from mien.model.interpolate import Key
from mien.model.marker import Marker
from mien.model.shot import Shot
from mien.timebase import FrameRange
from tests.faces import make_face
from tests.unit.test_project import write_movie

FRAMES = 12


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of where other tests had the same media."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    facts = probe(write_movie(tmp_path / "shot.mp4", FRAMES))
    anna = replace(make_face(FRAMES), name="Anna <b>")
    anna.landmarks[:, :, 0] = np.linspace(10, 40, 478)
    anna.landmarks[:, :, 1] = np.linspace(5, 35, 478)
    anna.confidence[3:5] = 0
    anna.confidence[9] = 0.5
    ben = make_face(FRAMES, number=2)
    ben.confidence[:] = 0
    keys = (Key(0, 0.0), Key(6, 0.5))
    tracks = (ControlTrack("mouthSmile", keys, span=FrameRange(0, 8)),)
    edit = Edit(anna, [Layer("smile", tracks, 0.5, muted=True)])
    shot = Shot(facts, (anna, ben), (6,))
    return Project(shot, (edit,), markers=(Marker(4, "look"),), name="sc 12")


@pytest.fixture
def saved(project: Project, tmp_path: Path) -> Path:
    path = tmp_path / "shot.mien"
    save_document(Document((project,)), path)
    return path


def test_what_it_says(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["info", str(saved), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["written_by"] == f"mien {mien.__version__}"
    (shot,) = facts["shots"]
    assert shot["shot"] == "sc 12"
    assert shot["media"]["online"]
    assert (shot["media"]["frames"], shot["media"]["size"]) == (FRAMES, [64, 48])
    anna, ben = shot["faces"]
    assert (anna["number"], anna["name"], anna["edited"]) == (1, "Anna <b>", True)
    assert anna["spans"] == [[0, 3], [5, 12]]
    assert (anna["frames_seen"], anna["confidence"]) == (10, 0.95)
    assert (ben["spans"], ben["frames_seen"], ben["edited"]) == ([], 0, False)
    (layer,) = shot["edits"][0]["layers"]
    assert (layer["name"], layer["weight"], layer["muted"]) == ("smile", 0.5, True)
    assert layer["tracks"][0]["keys"][1] == {"frame": 6, "value": 0.5, "interpolation": "ease"}
    assert layer["tracks"][0]["span"] == [0, 8]
    assert (shot["cuts"], shot["markers"][0]["name"]) == ([6], "look")


def test_lost_media_are_said_and_nothing_else_is_missing(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shot.mp4").unlink()
    page = tmp_path / "people.html"
    assert run(["info", str(saved), "--html", str(page)]) == 0
    told = capsys.readouterr().out
    assert "(not found)" in told
    assert "Anna <b>: seen in 10 frames (0:3, 5:12), confidence 0.95" in told
    assert "mouthSmile add in 0:8: 0 at 0, 0.5 at 6" in told
    assert "layer smile, weight 0.5, muted" in told
    text = page.read_text()
    assert "not at hand" in text
    assert "<img" not in text


def test_the_page_stands_alone(saved: Path, tmp_path: Path) -> None:
    page = tmp_path / "people.html"
    assert run(["info", str(saved), "--html", str(page)]) == 0
    text = page.read_text()
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', text)
    assert len(pictures) == 5
    assert all(base64.b64decode(one)[:2] == b"\xff\xd8" for one in pictures)
    assert "Anna &lt;b&gt;" in text
    assert "<b>" not in text
    assert not re.search(r'(src|href)="(?!data:)', text)


def test_refused(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["info", str(tmp_path / "none.mp4")]) == 3
    assert run(["info", str(saved), "--html", str(tmp_path / "people.txt")]) == 2
    (tmp_path / "there.html").write_text("mine")
    assert run(["info", str(saved), "--html", str(tmp_path / "there.html")]) == 2
    assert (tmp_path / "there.html").read_text() == "mine"
    assert run(["info", str(saved), "--shot", "sc 13"]) == 2
    assert "sc 12" in capsys.readouterr().err
    assert run(["info", str(tmp_path / "none.mien")]) == 3


@pytest.mark.parametrize(
    ("frames", "apart", "runs"),
    [("", 0, []), ("....", 0, []), ("xx.x", 0, [(0, 2), (3, 4)]), ("xx.x", 1, [(0, 4)]),
     (".xx..x", 1, [(1, 3), (5, 6)])],
)  # fmt: skip
def test_runs(frames: str, apart: int, runs: list[tuple[int, int]]) -> None:
    mask = np.array([one == "x" for one in frames], dtype=bool)
    assert frame_runs(mask, apart) == [FrameRange(*run) for run in runs]
