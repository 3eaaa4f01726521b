"""Curve formats of other people in a server: they are seen, and the bad ones are named."""

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
from tests.documents import make_shot
from tests.plugins.curve_formats import install_bad, install_example
from tests.unit.test_project import FRAMES, write_movie


@pytest.fixture
def project(tmp_path: Path) -> Path:
    media = probe(write_movie(tmp_path / "take.mp4"))
    faces = make_shot(FRAMES, faces=2).faces
    shot = Shot(media, tuple(replace(face, clock=media.clock) for face in faces))
    mien.save_project(shot, tmp_path / "take.mien")
    return tmp_path / "take.mien"


def test_a_server_knows_the_formats_of_installed_packages(
    spawn: Callable[..., Client], project: Path, tmp_path: Path
) -> None:
    site = install_bad(install_example(tmp_path / "site"))
    client = spawn(environment={"PYTHONPATH": str(site)})
    shot = client.call("open", path=str(project))["shot"]
    path = str(tmp_path / "talk.csvx")
    written = client.call("export_curves", shot=shot, path=path, face=2, basis="mien-rig")
    assert written["faces"] == [2]
    result = client.call("import_curves", shot=shot, face=1, path=path, mode="add", retime=True)
    assert result["frames"] == [0, FRAMES]
    after = client.call("curves", shot=shot, face=1, controls=["jawOpen"], which="target")
    loaded = mien.load_project(project).shot
    one, two = (loaded.face(number).curves.controls["jawOpen"] for number in (1, 2))
    np.testing.assert_allclose(after["controls"]["jawOpen"], one + two, atol=2e-4)
    with pytest.raises(ServeError, match="'bad_import' is left out") as caught:
        client.call("import_curves", shot=shot, face=1, path=str(tmp_path / "x.fut"))
    assert caught.value.code == "usage"
    (tmp_path / "x.lie").write_bytes(b"")
    with pytest.raises(ServeError, match="cannot be read as liar") as caught:
        client.call("import_curves", shot=shot, face=1, path=str(tmp_path / "x.lie"))
    assert caught.value.code == "input"
