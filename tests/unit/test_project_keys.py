"""Keys in project files: column by column, and refused when the columns disagree."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from mien.errors import OutputError
from mien.io import project as project_file
from mien.io.project import save_document
from mien.session.commands import set_key
from tests.documents import make_document
from tests.unit.test_project import BASELINES, changed_document, first_shot, refused, rewritten


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    document = make_document(1)
    for frame in (0, 6):
        document = set_key(document, document.shots[0].id, 1, "mouthSmile", frame, 0.5)
    save_document(document, tmp_path / "x.mien")
    return tmp_path / "x.mien"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"frames": [0]}, "as many as each other"),
        ({"frames": []}, "keys.frames"),
        ({"frames": [6, 0]}, "ascending order"),
        ({"values": [0.5, "x"]}, "keys.values.1"),
        ({"values": [0.5, 1e999]}, "keys.values.1"),
        ({"interpolations": "ex"}, "keys.interpolations"),
        ({"handles": [[2, None, [1, 0]]]}, "a key that is not there"),
        ({"handles": [[0, [1, 0], None]]}, "has a handle of"),
    ],
)
def test_keys_whose_columns_disagree(saved: Path, changes: dict[str, Any], words: str) -> None:
    edits = first_shot(saved)["edits"]
    edits[0]["layers"][0]["tracks"][0]["keys"] |= changes
    changed_document(saved, edits=edits)
    assert words in refused(saved)


@pytest.mark.parametrize("keys", [None, [1], [{"frame": 0}], {"frame": 0}])
def test_keys_of_an_old_project_that_are_none(tmp_path: Path, keys: Any) -> None:
    old = tmp_path / "old.mien"
    old.write_bytes(BASELINES[1].read_bytes())
    with zipfile.ZipFile(old) as archive:
        document = json.loads(archive.read("project.json"))
    document["edits"][0]["layers"][0]["tracks"][0]["keys"] = keys
    rewritten(old, {"project.json": json.dumps(document).encode()})
    assert "old.mien is corrupt" in refused(old)


def test_more_keys_than_can_be_read_are_not_written(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()
    monkeypatch.setattr(project_file, "_LARGEST_DOCUMENT", 100)
    with pytest.raises(OutputError, match="more keys than can be read"):
        save_document(make_document(1), saved)
    assert saved.read_bytes() == before
