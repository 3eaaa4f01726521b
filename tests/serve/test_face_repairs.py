"""Methods of `mien serve` that put tracking right, and take it back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mien.serve.client import Client, ServeError
from tests.serve.conftest import COMMAND

LAYER = {"name": "edit", "tracks": [{"control": "jawOpen", "keys": [{"frame": 3, "value": 0.4}]}]}


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Client(COMMAND, name="tests") as client:
        yield client
        assert "Traceback" not in client.log


@pytest.fixture
def shot(client: Client, tracked_360p: Path, tmp_path: Path) -> str:
    path = tmp_path / "x.mien"
    shutil.copy(tracked_360p, path)
    handle = client.call("open", path=str(path))["shot"]
    assert isinstance(handle, str)
    return handle


def test_faces_are_put_right_and_it_is_taken_back(client: Client, shot: str) -> None:
    def ask(method: str, **params: Any) -> dict[str, Any]:
        return client.call(method, shot=shot, **params)

    def curve(face: int = 1) -> Any:
        return ask("curves", face=face, encoding="f32")

    before = curve()
    facts = ask("correct_landmarks", face=1, frame=12, group="mouth", dx=4, dy=-2, before=2)
    (correction,) = facts["faces"][0]["corrections"]
    assert correction == {
        "frame": 12, "group": "mouth", "dx": 4.0, "dy": -2.0, "before": 2, "after": 6,
    }  # fmt: skip
    assert curve() != before
    facts = ask("split_face", face=1, frames=[40, 72])
    assert [face["face"] for face in facts["faces"]] == [1, 2]
    ask("set_edits", face=2, layers=[LAYER])
    facts = ask("merge_faces", faces=[1, 2])
    assert ([face["face"] for face in facts["faces"]], facts["edited"]) == ([1], [1])
    assert [face["face"] for face in ask("undo_faces")["faces"]] == [1, 2]
    assert ask("remove_face", face=2)["edited"] == []
    assert ask("undo_faces")["edited"] == [2]
    ask("set_edits", face=1, layers=[LAYER])
    facts = ask("undo_faces")
    # What was asked since stays, of the faces that are there.
    assert ([face["face"] for face in facts["faces"]], facts["edited"]) == ([1], [1])
    ask("undo_faces")
    assert curve() == before
    with pytest.raises(ServeError, match="taken back"):
        ask("undo_faces")
    ask("correct_landmarks", face=1, frame=12, group="jaw", dx=4, dy=-2)
    ask("remove_corrections", face=1)
    assert curve() == before


def test_a_face_is_tracked_again_from_a_hint(client: Client, shot: str, tmp_path: Path) -> None:
    x0, y0, x1, y1 = client.call("faces", shot=shot)["faces"][0]["box"]
    job = client.start(
        "retrack_face", shot=shot, face=1, frames=[10, 16], at=12,
        point=[(x0 + x1) / 2, (y0 + y1) / 2],
    )  # fmt: skip
    facts = job.result.result(240)
    assert facts["faces"][0]["frames_seen"] == 72
    client.call("undo_faces", shot=shot)
    path = tmp_path / "l.json"
    points = [[0.3 + i % 22 / 60, 0.3 + i // 22 / 60] for i in range(468)]
    path.write_text(json.dumps({"frames": [{"frame": 3, "landmarks": points}]}))
    facts = client.call("import_landmarks", shot=shot, path=str(path), name="Anna")
    assert [(face["name"], face["frames_seen"]) for face in facts["faces"]][1] == ("Anna", 1)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("merge_faces", {"faces": [1, 2]}, "no-face"),
        ("split_face", {"face": 1, "frames": [0, 72]}, "time"),
        ("retrack_face", {"face": 1, "at": 3, "point": [9000.0, 5.0]}, "usage"),
        ("retrack_face", {"name": "7", "at": 3, "point": [1.0, 5.0]}, "usage"),
        ("correct_landmarks", {"face": 1, "frame": 99, "group": "jaw", "dx": 1, "dy": 0}, "time"),
        ("import_landmarks", {"path": "none.json"}, "input"),
    ],
)
def test_what_cannot_be_is_refused(
    client: Client, shot: str, method: str, params: dict[str, Any], code: str
) -> None:
    before = client.call("faces", shot=shot)
    with pytest.raises(ServeError) as caught:
        client.call(method, shot=shot, **params)
    assert caught.value.code == code
    assert client.call("faces", shot=shot) == before


def test_neutral_is_chosen_and_everyday_jobs_are_done(client: Client, shot: str) -> None:
    def ask(method: str, **params: Any) -> dict[str, Any]:
        return client.call(method, shot=shot, **params)

    chosen = ask("set_neutral", frame=12)
    assert chosen["notices"] == []
    neutral = chosen["facts"]["faces"][0]["neutral"]
    assert (neutral["frame"], neutral["picture"]) == (12, None)
    with pytest.raises(ServeError, match="said twice"):
        ask("set_neutral", frame=12, reset=True)
    assert ask("undo_faces")["faces"][0]["neutral"] is None
    done = ask("retouch", kind="lens", span=[10, 50])
    assert (done["face"], done["layer"], done["active_frames"]) == (1, "lens", 40)
    assert done["notes"] == ["face 1's eyes look at the lens in 10:50"]
    (layer,) = ask("get_edits")["edits"][0]["layers"]
    assert layer["name"] == "lens"
    with pytest.raises(ServeError, match="outside the shot"):
        ask("retouch", kind="soften", span=[10, 500])


def test_curves_are_smoothed_as_it_is_asked_and_back(client: Client, shot: str) -> None:
    (before,) = client.call("faces", shot=shot)["faces"]
    assert before["smoothing"]["method"] == "adaptive"
    asked: dict[str, Any] = {
        "method": "savgol",
        "strength": 2.0,
        "groups": {"eyes": 0.5},
        "seconds": 0.3,
    }
    (face,) = client.call("smooth_faces", shot=shot, face=1, **asked)["faces"]
    assert face["smoothing"] == asked
    (usual,) = client.call("smooth_faces", shot=shot)["faces"]
    assert usual["smoothing"] == before["smoothing"]
    (again,) = client.call("undo_faces", shot=shot)["faces"]
    assert again["smoothing"] == asked
    refused: tuple[dict[str, Any], ...] = (
        {"groups": {"ears": 1.0}}, {"strength": -1.0}, {"seconds": 0.2}, {"method": "x"},
    )  # fmt: skip
    for wrong in refused:
        with pytest.raises(ServeError):
            client.call("smooth_faces", shot=shot, **wrong)
    client.call("undo_faces", shot=shot)
