"""What is said of wrong values: in our words, with cause and remedy, wherever they are given."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import mien
from mien.cli.main import run
from mien.editorial.clip_edits import edits_of_clip
from mien.errors import InputError, UnknownControlError, UsageError
from mien.jobs.yaml import read_jobs
from tests.documents import make_shot

Capture = pytest.CaptureFixture[str]
PYDANTIC = re.compile(
    r"Input should|[Vv]alid (string|integer|list|tuple|dict|boolean|number)|unable to"
    r"|Field required|not permitted|validation|pydantic|Value error|instance of"
    r"|at least \d+ (item|character)",
)
WRONG: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, 10**30, "", " ", "x", "0", "-1", "1.5", [], [[]], [None], [1],
    {}, {"a": 1}, {"file": None}, {"file": ""}, {"file": []}, {"file": {}}, [{"file": 3}],
    {"file": "a.npz", "face": 0}, {"file": "a.npz", "face": []}, {"file": "a.npz", "to_face": None},
    {"file": "a.npz", "controls": []}, {"file": "a.npz", "mode": 3},
    {"file": "a.npz", "offset": 1.5}, {"file": "a.npz", "offset": "x"},
    {"file": "a.npz", "retime": "maybe"}, "jawOpen=9", ["0:jawOpen=1"],
    {"matte": []}, {"keep": "maybe"}, {"glasses": 3}, {"glasses": ["x"]}, {"glasses": ["0=yes"]},
]  # fmt: skip
CLIP_FIELDS = ("schema", "project", "shot", "set", "face", "curves", "fase")
SHOT_FIELDS = (
    "name", "media", "project", "shot", "frames", "set", "face", "curves", "apply", "renderer",
    "settings", "tracker", "codec", "lossless", "examples", "occlusion", "fase",
)  # fmt: skip


class Clip:
    """A clip of a cut, as far as its edits are read."""

    name = "sh010"
    effects = ()

    def __init__(self, fields: Any) -> None:
        self.metadata = {"mien": fields}


@pytest.mark.parametrize("field", CLIP_FIELDS)
def test_metadata_of_clips(field: str) -> None:
    told = []
    for value in WRONG:
        try:
            edits_of_clip(Clip({"set": ["jawOpen=1"], field: value}))
        except InputError as error:
            told.append(error)
    assert len(told) > 5
    for refusal in told:
        assert not PYDANTIC.search(str(refusal)), str(refusal)
        assert str(refusal).startswith("The edit of clip sh010: "), str(refusal)
        assert str(refusal).count("\n") == 0
        assert refusal.remedy or "?" in refusal.cause, str(refusal)


@pytest.mark.parametrize("where", ["shots", "all"])
@pytest.mark.parametrize("field", SHOT_FIELDS)
def test_lists_of_shots(field: str, where: str, tmp_path: Path) -> None:
    path, told = tmp_path / "jobs.yaml", []
    for value in WRONG:
        shot: dict[str, Any] = {"project": "a.mien", "set": ["jawOpen=1"]}
        document: dict[str, Any] = {"shots": [shot]}
        (shot if where == "shots" else document)[field] = value
        path.write_text(json.dumps(document))
        try:
            read_jobs(path)
        except InputError as error:
            told.append(str(error))
    assert len(told) > 5
    for said in told:
        assert not PYDANTIC.search(said), said
        assert said.startswith("jobs.yaml, line 1: "), said


@pytest.mark.parametrize("command", ["render", "curves", "import-curves", "train-shot"])
@pytest.mark.parametrize("face", ["0", "-1", "1.5", "", " "])
def test_faces_on_the_command_line(
    command: str, face: str, tmp_path: Path, capsys: Capture
) -> None:
    mien.save_project(make_shot(faces=2), tmp_path / "x.mien")
    mien.export_curves(make_shot(), tmp_path / "in.npz")
    ending = {"curves": "npz", "import-curves": "mien", "train-shot": "safetensors"}
    arguments = [command, str(tmp_path / "x.mien"), "-o"]
    arguments += [str(tmp_path / f"out.{ending.get(command, 'mp4')}"), "--face", face]
    if command == "render":
        arguments += ["--set", "jawOpen=1"]
    if command == "import-curves":
        arguments.insert(2, str(tmp_path / "in.npz"))
    assert run(arguments) in (2, 3)
    error = capsys.readouterr().err
    assert not PYDANTIC.search(error)
    assert "is not a valid" not in error
    assert error.count("\n") == 1


VALUES = [
    ("mouthSmile", 9.0, 1.5), ("mouthSmileLeft", -1.6, 1.5), ("smile", 1.6, 1.5), ("aa", -2.0, 1.5),
    ("headYaw", 31.0, 10.0), ("gazePitch", -46.0, 45.0), ("jawOpen", float("inf"), 1.5),
]  # fmt: skip


@pytest.mark.parametrize(("control", "value", "limit"), VALUES)
def test_values_have_the_same_bounds_everywhere(
    control: str, value: float, limit: float, tmp_path: Path, capsys: Capture
) -> None:
    edit = mien.Edit(make_shot().faces[0])
    said = f"{value:g} is beyond what {control} can do. Its values reach {limit:g} at most."
    for mode in ("add", "replace"):
        for asked in (edit.set, lambda *a, **k: edit.key(a[0], 3, a[1], **k)):
            with pytest.raises(UsageError) as caught:
                asked(control, value, mode=mode)
            assert str(caught.value) == said
    if value != float("inf"):
        text = f"{control}={value:+g}"
        assert run(["render", "x.mp4", "-o", "y.mp4", "--set", text]) == 2
        assert said in capsys.readouterr().err
        with pytest.raises(InputError, match=re.escape(said.rstrip("."))):
            edits_of_clip(Clip({"set": [text]}))
    edit.key(control, 3, limit).set(control, -limit, mode="replace")


def test_what_scales_or_smooths_is_no_value_of_a_control() -> None:
    edit = mien.Edit(make_shot().faces[0])
    assert edit.key("jawOpen", 3, 9, mode="smooth").set("jawOpen", 3, mode="scale").layers
    with pytest.raises(UnknownControlError, match="'jawOpen'"):
        edit.key("jawOpn", 3, 99)


def test_tables_of_curves_have_a_column_a_control_or_fail() -> None:
    pandas = pytest.importorskip("pandas")
    curves = make_shot(6).faces[0].curves
    names = list(curves.controls)
    for table in (
        pandas.DataFrame(curves.controls),
        pandas.DataFrame(data=curves.controls, index=range(6)),
        pandas.DataFrame.from_dict(curves.controls),
        curves.to_dataframe(),
    ):
        assert list(table.columns) == names
        assert table.shape == (6, 59)
    assert pandas.DataFrame(curves.controls, columns=["jawOpen"]).shape == (6, 1)
    for value in (curves, curves.pose, make_shot(6).faces[0]):
        with pytest.raises((TypeError, ValueError)):
            pandas.DataFrame(value)
