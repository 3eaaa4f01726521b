"""Methods of `mien serve` that take a face take its number or its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import mien
from mien import api
from mien.media.probe import probe
from mien.model.shot import Shot
from mien.serve.client import Client, ServeError
from tests.documents import make_shot
from tests.serve.conftest import COMMAND
from tests.unit.test_project import write_movie

FRAMES = 12


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(COMMAND, name="tests") as client:
        yield client
        assert "Traceback" not in client.log


@pytest.fixture
def shot(client: Client, tmp_path: Path) -> str:
    """A shot of two people who have no names yet."""
    media = probe(write_movie(tmp_path / "x.mp4", FRAMES))
    faces = (replace(face, clock=media.clock) for face in make_shot(FRAMES, faces=2).faces)
    api.save_project(Shot(media, tuple(faces)), tmp_path / "x.mien")
    handle = client.call("open", path=str(tmp_path / "x.mien"))["shot"]
    assert isinstance(handle, str)
    return handle


LAYER = {"name": "edit", "tracks": [{"control": "jawOpen", "keys": [{"frame": 3, "value": 0.4}]}]}


def test_a_face_is_renamed_and_called_by_its_name(
    client: Client, shot: str, tmp_path: Path
) -> None:
    def ask(method: str, **params: Any) -> dict[str, Any]:
        return client.call(method, shot=shot, **params)

    ask("set_edits", face=2, layers=[LAYER])
    faces = ask("rename_face", face=2, name=" Anna ")["faces"]
    assert [(face["face"], face["name"]) for face in faces] == [(1, "face 1"), (2, "Anna")]
    assert [face["name"] for face in ask("faces")["faces"]] == ["face 1", "Anna"]
    assert ask("get_edits", face="anna") == ask("get_edits", face=2) == ask("get_edits", face="2")
    ask("set_edits", face="Anna", layers=[LAYER, {**LAYER, "name": "more"}])
    (edit,) = ask("get_edits")["edits"]
    assert (edit["face"], len(edit["layers"])) == (2, 2)
    assert ask("curves", face="Anna") == ask("curves", face=2)
    path = str(tmp_path / "a.json")
    assert ask("export_curves", path=path, face="Anna")["faces"] == [2]
    ask("import_curves", path=path, face="face 1", source_face="ANNA")
    stroke = {"frame": 1, "span": [0, 3], "points": [[1.0, 2.0]], "radius": 2.0}
    glasses = [{"face": "Anna", "wears": "no"}]
    told = ask("set_occlusion", strokes=[{"face": "Anna", **stroke}], glasses=glasses)["occlusion"]
    assert (told["strokes"][0]["face"], told["glasses"][0]["face"]) == (2, 2)
    ask("save", path=str(tmp_path / "y.mien"))
    kept = mien.load_project(tmp_path / "y.mien")
    assert [face.name for face in kept.shot.faces] == ["face 1", "Anna"]
    assert [edit.face.number for edit in kept.edits] == [1, 2]


@pytest.mark.parametrize(
    ("method", "params", "code", "said"),
    [
        ("curves", {"face": "Bob"}, "no-face", "no face 'Bob'. Its faces are: 1, 2 (Anna)."),
        ("get_edits", {"face": "Ana"}, "no-face", "Did you mean 'Anna'?"),
        ("curves", {"face": 0}, "protocol", "a face is a number from 1 on, or a name"),
        ("curves", {"face": True}, "protocol", "a face is a number"),
        ("curves", {"face": " "}, "protocol", "a face is a number"),
        ("rename_face", {"face": 1, "name": "3"}, "usage", "reads as a face's number"),
        ("rename_face", {"face": 1, "name": "ANNA"}, "usage", "called 'Anna' already"),
    ],
)
def test_who_cannot_be_meant_is_refused_and_nothing_changes(
    client: Client, shot: str, method: str, params: dict[str, Any], code: str, said: str
) -> None:
    before = client.call("rename_face", shot=shot, face=2, name="Anna")
    with pytest.raises(ServeError) as caught:
        client.call(method, shot=shot, **params)
    assert caught.value.code == code
    assert said in str(caught.value)
    assert client.call("faces", shot=shot) == before
