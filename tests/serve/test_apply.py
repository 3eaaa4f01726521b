"""Faces that follow others, asked for by a host; the same as a command of the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.media.probe import probe
from mien.model.shot import Shot
from mien.serve.client import Client, ServeError
from mien.serve.messages import METHODS
from mien.session import commands
from tests.documents import make_document, make_shot
from tests.unit.test_project import FRAMES, write_movie


@pytest.fixture
def project(tmp_path: Path) -> Path:
    media = probe(write_movie(tmp_path / "take.mp4"))
    faces = make_shot(FRAMES, faces=2).faces
    shot = Shot(media, tuple(replace(face, clock=media.clock) for face in faces))
    mien.save_project(shot, tmp_path / "take.mien")
    return tmp_path / "take.mien"


def test_a_face_follows_a_shot_that_is_open_or_a_file(
    spawn: Callable[..., Client], project: Path
) -> None:
    client = spawn()
    shot = client.call("open", path=str(project))["shot"]
    other = client.call("open", path=str(project))["shot"]
    result = client.call(
        "apply", shot=shot, face=1, source=other, from_face=2, relative=False,
        strength={"mouth": 0.5}, only=["mouth", "jaw"], tolerance=0, warp=[[0, 0], ["8", 8]],
    )  # fmt: skip
    METHODS["apply"].result.model_validate(result)
    assert result["layers"] == ["applied", "applied mouth"]
    assert "jawOpen" in result["controls"]
    after = client.call("curves", shot=shot, face=1, controls=["jawOpen"], which="target")
    wanted = mien.load_project(project).shot.face(2).curves.controls["jawOpen"]
    np.testing.assert_allclose(after["controls"]["jawOpen"], wanted, atol=2e-4)
    same = client.call("apply", shot=shot, face=2, path=str(project), from_face=2)
    assert (same["layers"], same["controls"]) == ([], [])
    for params, message in (
        ({"path": str(project.with_suffix(".mp4"))}, "Track a clip first"),
        ({"source": other}, "2 faces, and none is chosen"),
        ({"source": other, "path": str(project)}, "one of source and path"),
        ({"source": other, "from_face": 2, "strength": 2.0}, "strength"),
    ):
        with pytest.raises(ServeError, match=message):
            client.call("apply", shot=shot, face=1, **params)


def test_it_is_a_command_of_the_session() -> None:
    document = make_document(1, faces=2)
    shot = document.shots[0]
    own, other = shot.shot.faces
    how = mien.Transfer(relative=False)
    taken = mien.open_performance(other, shot=shot.shot, face=own)
    changed = commands.apply_performance(document, shot.id, 1, taken, how, "eyes of 3")
    assert [layer.name for layer in changed.shots[0].edit(1).layers] == ["eyes of 3"]
    same = mien.open_performance(own, shot=shot.shot, face=own)
    assert commands.apply_performance(document, shot.id, 1, same, how) is document
