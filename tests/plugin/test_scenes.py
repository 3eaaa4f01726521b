"""Real Blenders take the scenes that mien writes, and the script of docs/curves.md works."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mien.io.curves import write_curve_file
from mien.io.curves.collect import shot_curves
from mien.model.controls import ARKIT
from tests.documents import make_shot
from tests.plugin.conftest import ROOT, SCRIPTS, VERSIONS, python_of
from tests.unit.test_usd_curves import real_face

pytestmark = pytest.mark.slow
FRAMES = (3, 17)


@pytest.mark.parametrize("version", VERSIONS)
def test_blender_plays_what_the_faces_do(version: str, tmp_path: Path) -> None:
    shot = make_shot(24, faces=2)
    shot = replace(shot, faces=tuple(map(real_face, shot.faces)))
    for ending in ("usdc", "glb", "json"):
        write_curve_file(tmp_path / f"scene.{ending}", shot_curves(shot, shot.faces))
    done = subprocess.run(
        [python_of(version), SCRIPTS / "boot.py", SCRIPTS / "scenes.py", tmp_path,
         ROOT / "docs" / "curves.md", *map(str, FRAMES)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("FACTS ")]
    assert lines, f"{done.stdout[-3000:]}\n{done.stderr[-6000:]}"
    told = json.loads(lines[-1].removeprefix("FACTS "))
    for source, names in (
        ("usd", ("Face1Mesh", "Face2Mesh")), ("gltf", ("face 1", "face 2")), ("json", ("face 1",)),
    ):  # fmt: skip
        for face, name in zip(shot.faces, names, strict=False):
            for row, frame in zip(told[source][name], FRAMES, strict=True):
                assert sorted(row) == sorted(ARKIT)
                expected = [face.curves.controls[control][frame] for control in row]
                np.testing.assert_allclose([*row.values()], expected, atol=1e-4, err_msg=source)
    # Both formats put the heads at one place: x to the right, z up, y into the depth.
    for usd, gltf in (("Face1Mesh", "face 1"), ("Face2Mesh", "face 2")):
        np.testing.assert_allclose(told["usd heads"][usd], told["gltf heads"][gltf], atol=1e-3)
    first, last = told["gltf heads"]["face 1"]
    assert first[0] < 0 < last[0]
    assert first[2] < last[2]
