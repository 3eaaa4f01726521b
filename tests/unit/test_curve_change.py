"""Curves that leave otherwise than they were tracked, by SDK and command line."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien.cli.main import run
from mien.errors import TimeError, UnknownControlError, UsageError
from mien.io.curves import read_curve_file
from mien.io.curves.changes import changed_curves
from mien.io.curves.collect import shot_curves
from mien.model.curve_change import CurveChange, parse_offset
from mien.model.rates import typed_rate
from mien.timebase import Clock
from tests.documents import make_shot

CLOCK = Clock(Fraction(25), 50)


@pytest.mark.parametrize(("text", "frames"), [
    ("12", 12), ("-12", -12), ("1.52s", 38), ("-2s", -50), ("+3", 3), ("-00:00:01:05", -30), (7, 7),
])  # fmt: skip
def test_offsets_as_typed(text: str | int, frames: int) -> None:
    assert parse_offset(text, CLOCK) == frames


@pytest.mark.parametrize("text", ["soon", "1.5", "--3", "1:2"])
def test_other_offsets_are_refused(text: str) -> None:
    with pytest.raises(TimeError):
        parse_offset(text, CLOCK)


@pytest.mark.parametrize(("options", "words"), [
    ({"gains": {"jawOpn": 1}}, "no control or group 'jawOpn'.*jawOpen"),
    ({"gains": {"mouth": float("nan")}}, "gain of nan"),
    ({"only": ["mouht"]}, "no group 'mouht'.*'mouth'"),
    ({"fps": "fast"}, "'fast' is no frame rate"),
    ({"fps": 0}, "'0' is no frame rate"),
    ({"offset": -48}, "leaves nothing of 48"),
    ({"layout": "live"}, "no layout 'live'.*live-link or plain"),
])  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_written(
    tmp_path: Path, options: dict[str, object], words: str
) -> None:
    with pytest.raises((UsageError, UnknownControlError), match=words):
        mien.export_curves(make_shot(), tmp_path / "x.csv", **options)  # type: ignore[arg-type]
    assert not any(tmp_path.iterdir())


def test_coefficients_units_and_pose_follow_what_is_left_out() -> None:
    shot = make_shot(4)
    curves = changed_curves(shot_curves(shot, shot.faces), CurveChange(only=["jaw"]))
    face = curves.face()
    assert face.pose is None
    assert face.flame is not None
    assert face.units is not None
    assert (face.flame.rotation == np.eye(3)).all()
    assert not face.units["AU12"].any()
    np.testing.assert_array_equal(
        face.units["AU26"],
        shot_curves(shot, shot.faces).face().units["AU26"],  # type: ignore[index]
    )
    still = changed_curves(shot_curves(shot, shot.faces), CurveChange())
    assert still.face().controls == shot_curves(shot, shot.faces).face().controls


def test_a_gain_on_the_head_scales_its_turn() -> None:
    shot = make_shot(2)
    turn = np.radians(20.0)
    about_y = np.array(
        [[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]], np.float32
    )
    face = shot.faces[0]
    pose = replace(face.curves.pose, rotation=np.stack([about_y, about_y]))
    face = replace(face, curves=replace(face.curves, pose=pose))
    half = changed_curves(shot_curves(shot, [face]), CurveChange(gains={"head": 0.5})).face().pose
    assert half is not None
    assert np.degrees(np.arctan2(half.rotation[0, 0, 2], half.rotation[0, 2, 2])) == pytest.approx(
        10
    )


@pytest.mark.parametrize("name", ["x.npz", "x.json", "x.csv"])
def test_chosen_groups_alone_are_followed_when_read_back(tmp_path: Path, name: str) -> None:
    shot = make_shot(12)
    layout = "plain" if name.endswith("csv") else None
    mien.export_curves(
        shot, tmp_path / name, layout=layout, only=["jaw"], basis="mien-rig", fps=50, offset=2
    )
    back = read_curve_file(tmp_path / name)
    assert sorted(back.face().controls) == ["jawForward", "jawLeft", "jawOpen", "jawRight"]
    assert back.clock is not None
    assert (back.clock.rate, len(back.face())) == (50, 28)
    assert back.face().valid.tolist() == [False] * 4 + [True] * 24


def test_gains_and_groups_of_what_comes_in(tmp_path: Path) -> None:
    shot = make_shot(12)
    mien.export_curves(shot, tmp_path / "x.csv")
    got = mien.import_curves(shot, tmp_path / "x.csv", only=["jaw", "head"], gains={"jawOpen": 0.5})
    assert sorted(got.controls) == ["jawForward", "jawLeft", "jawOpen", "jawRight"]
    track = next(t for t in got.edit.layers[-1].tracks if t.control == "jawOpen")
    given = shot.faces[0].curves.controls["jawOpen"][3]
    assert track.values(np.arange(3, 4))[0] == pytest.approx(given / 2, abs=1e-5)


def test_the_command_line_changes_curves_and_says_what_it_leaves_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mien.save_project(make_shot(), tmp_path / "a.mien")
    out, project = tmp_path / "x.csv", str(tmp_path / "a.mien")
    options = ["--layout", "plain", "--fps", "50", "--offset", "-8", "--gain", "jawOpen=0.5"]
    assert run(["curves", project, "-o", str(out), *options, "--only", "mouth,jaw", "--json"]) == 0
    printed = capsys.readouterr()
    facts = json.loads(printed.out)
    assert (facts["frames"], facts["rate"]) == (80, "50")
    assert "the first 8 frames" in printed.err
    jaw = read_curve_file(out).face().controls["jawOpen"][0]
    assert jaw == pytest.approx(make_shot().faces[0].curves.controls["jawOpen"][8] / 2, abs=1e-5)
    for bad in (["--gain", "jawOpen"], ["--only", "lips"], ["--fps", "x"], ["--offset", "x"]):
        assert run(["curves", project, "-o", str(tmp_path / "y.csv"), *bad]) == 2
        assert not (tmp_path / "y.csv").exists()
        assert bad[1] in capsys.readouterr().err


def test_rates_as_typed() -> None:
    assert typed_rate("23.976") == Fraction(24000, 1001)
    assert typed_rate(29.97) == Fraction(30000, 1001)


@pytest.mark.parametrize("change", [{"offset": 10**12}, {"offset": "1000000"}])
def test_curves_that_would_never_end_are_refused(change: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="reach over"):
        mien.export_curves(make_shot(12), tmp_path / "a.csv", **change)
    assert not list(tmp_path.iterdir())
