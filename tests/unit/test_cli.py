"""The command line's own work: reading what is typed, printing, codes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mien import api
from mien.cli.main import app, run
from mien.cli.output import print_notice
from mien.errors import MienError, UnknownControlError, UsageError
from mien.model.assignments import Assignment, make_edits, parse_assignment
from mien.model.controls import CONTROLS
from mien.model.presets import PRESETS
from mien.model.shot import Shot
from mien.timebase import FrameRange
from tests.faces import make_face
from tests.unit.test_project import write_movie

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mouthSmile=+0.6@1.0s:2.0s", Assignment("mouthSmile", 0.6, "add", "1.0s:2.0s")),
        ("mouthSmile=-0.6", Assignment("mouthSmile", -0.6, "add", None)),
        ("mouthSmile=0.6", Assignment("mouthSmile", 0.6, "replace", None)),
        ("surprise=1", Assignment("surprise", 1.0, "replace", None)),
        ("gazeYaw=+12.5@36:72", Assignment("gazeYaw", 12.5, "add", "36:72")),
        (" jawOpen = .5 @ 01:00:00:00:01:00:01:00",
         Assignment("jawOpen", 0.5, "replace", "01:00:00:00:01:00:01:00")),
        ("aa=+1.5@:30", Assignment("aa", 1.5, "add", ":30")),
    ],
)  # fmt: skip
def test_what_can_be_set(typed: str, meant: Assignment) -> None:
    assert parse_assignment(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["", "=", "mouthSmile", "mouthSmile=", "=1", "mouthSmile=x", "mouthSmile=1e3",
     "mouthSmile=++1", "mouthSmile=1@", "mouthSmile=inf", "mouthSmile=+1.6", "headYaw=-31"],
)  # fmt: skip
def test_what_cannot_be_set(typed: str) -> None:
    with pytest.raises(UsageError):
        parse_assignment(typed)


def test_a_wrong_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownControlError, match="'browDown'"):
        parse_assignment("browdwn=1")


def test_a_sign_adds_and_none_replaces_with_a_fade_of_six_frames() -> None:
    """`--set mouthSmile=+0.6@1.0s:2.0s`: eased in and out over six frames at either end."""
    from mien.model.edits import Edit
    from mien.model.evaluate import evaluate

    face = make_face(75)
    face.curves.controls.array[:] = 0.2
    source = face.curves.controls.array
    for typed, middle in (("jawOpen=+0.6@1.0s:2.0s", 0.8), ("jawOpen=0.6@1.0s:2.0s", 0.6)):
        edit = parse_assignment(typed).apply(Edit(face), "x")
        target = evaluate(source, edit.layers, face.valid).target
        jaw = target[:, [c.name for c in CONTROLS].index("jawOpen")]
        assert np.allclose(jaw[:25], 0.2)
        assert np.allclose(jaw[50:], 0.2)
        assert np.allclose(jaw[31:44], middle)
        assert (np.diff(jaw[24:32]) > 0).all()
        assert (np.diff(jaw[43:51]) < 0).all()


def test_the_verbs_are_the_promised_ones(capsys: Capture) -> None:
    assert run(["--help"]) == 0
    printed = capsys.readouterr().out
    for verb in ("demo", "track", "render", "batch", "curves", "doctor", "models", "controls"):
        assert f" {verb} " in printed


VERBS = [
    c.name or getattr(c.callback, "__name__", "") for c in app.registered_commands if not c.hidden
]
SPEAK_NO_JSON = ("desktop", "serve", "completion", "man")
"""Verbs without --json: one shows a window, all that one prints is JSON anyway, and two print what
other programs read."""


@pytest.mark.parametrize("command", VERBS)
def test_every_verb_has_help_and_json(command: str, capsys: Capture) -> None:
    assert run([command, "--help"]) == 0
    assert ("--json" in capsys.readouterr().out) == (command not in SPEAK_NO_JSON)


def test_no_arguments_print_the_help(capsys: Capture) -> None:
    assert run([]) == UsageError.exit_code
    captured = capsys.readouterr()
    assert "Commands" in captured.out
    assert captured.err == ""


def test_version(capsys: Capture) -> None:
    import mien

    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"mien {mien.__version__}\n"


def test_controls_lists_everything(capsys: Capture) -> None:
    assert run(["controls"]) == 0
    printed = capsys.readouterr().out
    for name in [c.name for c in CONTROLS] + list(PRESETS):
        assert f"  {name} " in printed
    assert run(["controls", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [c["name"] for c in listed["controls"]] == [c.name for c in CONTROLS]
    kinds = (listed[kind] for kind in ("expressions", "visemes", "feelings"))
    assert {name for kind in kinds for name in kind} == PRESETS.keys()


def test_models_list(capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MIEN_MODELS")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    smirk = tmp_path / "mien" / "models" / "smirk" / "SMIRK_em1.pt"
    smirk.parent.mkdir(parents=True)
    smirk.write_bytes(b"weights")
    assert run(["models", "list", "--json"]) == 0
    models = {model["name"]: model for model in json.loads(capsys.readouterr().out)["models"]}
    assert models["smirk"]["installed"]
    assert not models["arc2face"]["installed"]
    assert all(model["licence"] and model["url"].startswith("https") for model in models.values())
    assert run(["models", "list"]) == 0
    assert re.search(r"^smirk +installed .* research ", capsys.readouterr().out, re.MULTILINE)


def test_doctor(capsys: Capture) -> None:
    assert run(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"]
    states = {check["name"]: check["state"] for check in report["checks"]}
    for name in ("python", "numpy", "ffmpeg", "encoders", "face models", "renderer warp"):
        assert states[name] == "ok"
    assert states["renderer reference"] == "optional"


def test_doctor_says_what_is_missing(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    from mien.doctor import installation

    monkeypatch.setattr(installation, "_FACE_MODELS", ("modules/none.tflite",))
    assert run(["doctor"]) == 5
    assert "!!  face models" in capsys.readouterr().out


@pytest.mark.parametrize("package", ["skimage", "matplotlib"])
def test_the_demo_without_its_extra(
    package: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert run(["demo", "-o", str(tmp_path / "demo")]) == 5
    assert 'pip install "mien[demo]"' in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()


def test_an_error_is_one_line_whatever_it_says(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MienError("It\nbroke.", "Mend\n it.")

    monkeypatch.setattr(api, "open_shot", fail)
    assert run(["render", "x.mp4", "-o", "y.mp4"]) == 1
    assert capsys.readouterr().err == "mien: error: It broke. Mend it.\n"


def test_a_bug_is_one_line_too(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "open_shot", lambda *_, **__: 1 / 0)
    assert run(["render", "x.mp4", "-o", "y.mp4"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("mien: error: Something unexpected went wrong (ZeroDivisionError")
    assert err.count("\n") == 1


def test_without_a_number_the_largest_face_is_meant(tmp_path: Path, capsys: Capture) -> None:
    from mien.cli.edit import face_of_unnamed
    from mien.media.probe import probe

    faces = []
    for number, size in ((1, 20.0), (2, 90.0)):
        face = make_face(12, number=number)
        face.landmarks[:, 0, :2] = size
        faces.append(face)
    shot = Shot(probe(write_movie(tmp_path / "x.mp4")), tuple(faces))
    sets = [parse_assignment("jawOpen=1@2:9")]
    (chosen,) = make_edits(shot, sets, face_of_unnamed(shot, sets), "x")
    assert chosen.face.number == 2
    assert chosen.layers[0].tracks[0].span == FrameRange(2, 9)
    assert "editing face 2, the largest" in capsys.readouterr().err
    sets = [parse_assignment("jawOpen=1", 1)]
    (chosen,) = make_edits(shot, sets, face_of_unnamed(shot, sets), "x")
    assert chosen.face.number == 1
    assert capsys.readouterr().err == ""


def test_help_loads_nothing_heavy() -> None:
    """What it costs is measured by `python -m tests.benchmarks startup`."""
    code = (
        "import sys; from mien.cli.main import run; run(['--help']);"
        "print(*[name for name in sys.modules if '.' not in name], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    heavy = {"numpy", "scipy", "cv2", "av", "pydantic", "torch", "mediapipe", "PySide6", "pandas"}
    assert not heavy & set(done.stderr.split())


def test_work_goes_on_when_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with open(writes, "w") as deaf:
        monkeypatch.setattr(sys, "stderr", deaf)
        with pytest.raises(BrokenPipeError):
            print("told to nobody", file=deaf, flush=True)
        print_notice("told to nobody")
        with contextlib.suppress(BrokenPipeError):
            deaf.close()


def test_without_standard_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert run(["--version"]) == 0
    assert run(["render", "gone.mp4", "-o", "x.mp4"]) == 3
