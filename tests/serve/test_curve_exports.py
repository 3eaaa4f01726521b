"""What a host asks of curves that it writes and takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mien
from mien.io.curves import read_curve_file
from mien.media.probe import probe
from mien.model.shot import Shot
from mien.serve.client import Client, ServeError
from tests.documents import make_shot
from tests.unit.test_project import FRAMES, write_movie


def test_layouts_rates_offsets_gains_and_groups(
    spawn: Callable[..., Client], tmp_path: Path
) -> None:
    media = probe(write_movie(tmp_path / "a.mp4"))
    faces = tuple(replace(face, clock=media.clock) for face in make_shot(FRAMES).faces)
    mien.save_project(Shot(media, faces), tmp_path / "a.mien")
    client = spawn()
    layouts = [one["layout"] for one in client.hello["curve_formats"] if ".csv" in one["suffixes"]]
    assert layouts == ["live-link", "plain"]
    shot = client.call("open", path=str(tmp_path / "a.mien"))["shot"]
    path = tmp_path / "x.csv"
    asked: dict[str, Any] = {
        "layout": "plain",
        "fps": 50,
        "offset": "0.08s",
        "gains": {"jaw": 0.5},
        "only": ["jaw"],
    }
    assert client.call("export_curves", shot=shot, path=str(path), **asked)["frames"] == 2 * (
        FRAMES + 2
    )
    face = read_curve_file(path).face()
    assert face.valid.tolist() == [False] * 4 + [True] * (2 * FRAMES)
    given = faces[0].curves.controls["jawOpen"]
    np.testing.assert_allclose(face.controls["jawOpen"][4::2], given / 2, atol=1e-5)
    result = client.call(
        "import_curves", shot=shot, face=1, path=str(path), only=["jaw"], gains={"jaw": 2.0},
        retime=True,
    )  # fmt: skip
    assert len(result["controls"]) == 4
    assert result["notices"] == []
    with pytest.raises(ServeError, match="no group 'lips'"):
        client.call("export_curves", shot=shot, path=str(tmp_path / "y.csv"), only=["lips"])
    assert not (tmp_path / "y.csv").exists()
