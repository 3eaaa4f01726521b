"""Repairs of tracking that cannot be meant: one clear line, and the project stays as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.cli.main import run
from tests.documents import make_shot

FRAMES = 12


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two people, Anna in all frames and Bert in the first half."""
    shot = make_shot(FRAMES, faces=2)
    anna, bert = shot.faces
    confidence = bert.confidence.copy()
    confidence[FRAMES // 2 :] = 0
    valid = confidence > 0
    curves = replace(bert.curves, valid=valid)
    bert = replace(bert, name="Bert", confidence=confidence, curves=curves, region_confidence=None)
    shot = replace(shot, faces=(replace(anna, name="Anna"), bert))
    path = tmp_path / "x.mien"
    mien.save_project(shot, path)
    landmarks = {"frames": [{"frame": 40, "landmarks": [[0.5, 0.5]] * 478}]}
    (tmp_path / "late.json").write_text(json.dumps(landmarks))
    landmarks["frames"] = [{"frame": 1, "landmarks": [[0.5, 0.5]] * 68}]
    (tmp_path / "ibug.json").write_text(json.dumps(landmarks))
    (tmp_path / "words.json").write_text("landmarks")
    monkeypatch.chdir(tmp_path)
    return path


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        ("merge x.mien 1 2", "both seen in frame 0", 2),
        ("merge x.mien 1 1", "two faces or more", 2),
        ("merge x.mien 1 7", "no face 7", 4),
        ("split x.mien Bert 6:9", "not seen in the frames", 2),
        ("split x.mien Anna 0:12", "seen only in the frames", 2),
        ("split x.mien Anna 20:30", "20:30", 2),
        ("rename x.mien Anna 3", "reads as a face's number", 2),
        ("rename x.mien Anna bert", "called 'Bert' already", 2),
        ("remove x.mien Carla", "no face 'Carla'", 4),
        ("correct x.mien --face Bert --frame 9 --group mouth --by 1,1", "not seen in frame 9", 2),
        ("correct x.mien --face Anna --frame 99 --group mouth --by 1,1", "outside the shot", 2),
        ("correct x.mien --face Anna --frame 1 --group chin --by 1,1", "no group", 2),
        ("correct x.mien --face Anna --frame 1 --group jaw --by 1", "--by 1 cannot be read", 2),
        ("correct x.mien --face Anna --frame 1 --group jaw --by nan,1", "cannot be read", 2),
        ("correct x.mien --face Anna --frame 1 --group jaw --by 1,1 --falloff -2", "--falloff", 2),
        ("corrections x.mien --clear", "no such correction", 4),
        ("import x.mien none.json --face Anna", "cannot be read", 3),
        ("import x.mien words.json --face Anna", "is not JSON", 3),
        ("import x.mien ibug.json --new Carla", "68 landmarks", 3),
        ("import x.mien late.json --new Carla", "frame 40", 2),
        ("import x.mien late.json --new bert", "called 'Bert' already", 2),
        ("import x.mien late.json", "has to be said once", 2),
        ("export x.mien l.json", "2 faces", 4),
        ("export x.mien l.txt --face Anna", "end in .json", 2),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: str, words: str, code: int
) -> None:
    before = project.read_bytes()
    assert run(["faces", *arguments.split()]) == code
    said = capsys.readouterr().err
    assert words in said
    assert len(said.splitlines()) == 1
    assert project.read_bytes() == before


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        ({"at": 1, "point": (5000, 1)}, "outside the picture"),
        ({"at": 1, "box": (-90, 3, 20, 20)}, "outside the picture"),
        ({"at": 1, "box": (1, 1, 2, 2)}, "holds no face"),
        ({"at": 1, "box": (1, 1, 2)}, "no hint"),
        ({"at": 1, "box": (1, 1, 9, 9), "point": (1, 1)}, "said once"),
        ({"at": 99, "point": (1, 1)}, "outside the shot"),
        ({"at": 1, "point": (1, 1), "frames": "3:9"}, "not one of the frames"),
        ({"at": 1, "point": (1, 1), "name": "7"}, "reads as a face's number"),
        ({"at": 1, "point": (1, 1), "name": "ANNA"}, "called 'Anna' already"),
        ({"at": 1, "point": (1, 1), "face": "Anna", "name": "Carla"}, "at once"),
        ({"at": 1, "point": (1, 1), "face": 5}, "no face 5"),
    ],
)
def test_hints_that_cannot_be_are_refused_before_a_picture_is_read(
    project: Path, hint: dict[str, object], words: str
) -> None:
    shot = mien.load_document(project, find_media=False).shots[0].shot
    face, frames = hint.pop("face", None), hint.pop("frames", None)
    with pytest.raises(mien.MienError, match=words):
        mien.retrack_face(shot, face, frames, progress=False, **hint)  # type: ignore[arg-type]


def test_a_hint_on_somebody_else_is_refused(project: Path) -> None:
    shot = mien.load_document(project, find_media=False).shots[0].shot
    x0, y0, x1, y1 = shot.face("Anna").box(8)
    middle = float(np.mean([x0, x1])), float(np.mean([y0, y1]))
    with pytest.raises(mien.UsageError, match="Anna is at"):
        mien.retrack_face(shot, "Bert", at=8, point=middle, progress=False)


def test_frames_that_were_not_tracked_are_left_alone(project: Path) -> None:
    shot = mien.load_document(project, find_media=False).shots[0].shot
    shot = replace(shot, tracked_spans=(mien.FrameRange(0, 6),))
    with pytest.raises(mien.TimeError, match="Frame 8 is one of 6:12"):
        mien.retrack_face(shot, "Bert", at=8, point=(1, 1), progress=False)
    landmarks = {"frames": [{"frame": 7, "landmarks": [[i / 500, 0.5] for i in range(478)]}]}
    Path("seven.json").write_text(json.dumps(landmarks))
    with pytest.raises(mien.TimeError, match="Frame 7 is one of 6:12"):
        mien.import_landmarks(shot, "seven.json", "Bert", progress=False)
