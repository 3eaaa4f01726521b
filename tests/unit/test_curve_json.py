"""JSON of curves that is damaged, or something else, is refused in a line that says how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import mien
from mien.errors import InputError
from mien.io.curves import read_curve_file
from tests.documents import make_shot


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("json") / "x.json"
    mien.export_curves(make_shot(6), path, basis="mien-rig")
    return path.read_text()


@pytest.mark.parametrize(("field", "value", "words"), [
    ("schema", "other", "its schema is 'other', not 'mien-curves'"),
    ("frames", 10**12, "1,000,000 are read at most"),
    ("rate", "0", "its rate is '0', no frame rate"),
    ("times", [0, 0.1, 0.05, 0.2, 0.3, 0.4], "not in ascending order"),
    ("times", "now", "times is no list of numbers"),
    ("faces", {}, "its faces are no list"),
    ("faces", [3], "a face of it has no controls"),
])  # fmt: skip
def test_damaged_fields_are_named(
    tmp_path: Path, whole: str, field: str, value: Any, words: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(json.loads(whole) | {field: value}))
    with pytest.raises(InputError, match=words) as refused:
        read_curve_file(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("values", "words"), [
    ([0.0] * 5, "jawOpen has 5 values for 6 frames"),
    ([0, 0, 0, "open", 0, 0], "jawOpen is no list of numbers"),
    ([0, 0, 0, float("inf"), 0, 0], "jawOpen of face 1 is infinite at frame 3"),
], ids=["one less", "word", "inf"])  # fmt: skip
def test_damaged_controls_are_named(
    tmp_path: Path, whole: str, values: list[Any], words: str
) -> None:
    document = json.loads(whole)
    document["faces"][0]["controls"]["jawOpen"] = values
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    with pytest.raises(InputError, match=words):
        mien.import_curves(make_shot(6), path)


@pytest.mark.parametrize("text", ["", "[]", "3", "[" * 100_000, "{", '{"schema": "mien-curves"}'])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match="cannot be read as JSON"):
        read_curve_file(tmp_path / "x.json")
