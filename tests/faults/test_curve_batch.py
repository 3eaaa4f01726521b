"""Curve files in batches: frames are those of the same curves in a single render."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import mien as sdk
from mien import plugins
from mien.media.reader import open_reader
from tests.credentials import render_bytes
from tests.faults.conftest import Mien
from tests.plugins.curve_formats import install_bad, install_example

pytestmark = pytest.mark.slow


def test_a_batch_follows_a_file_of_somebody_elses_format(
    mien: Mien, project: Path, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = install_bad(install_example(tmp_path / "site"))
    shot = sdk.load_project(project).shot
    # What is corrected depends on all frames; here a frame's pixels are to be those of its row.
    talk = np.where(np.arange(20) < 10, 0.8, 0.6)
    rows = [["rate", str(shot.clock.rate)], ["jawOpen", "tentacle"], *([f"{v}", "1"] for v in talk)]
    curves = tmp_path / "talk.csvx"
    curves.write_text("\n".join(",".join(row) for row in rows))
    jobs = tmp_path / "jobs.yaml"
    job = {"name": "shot", "project": str(project), "media": str(footage), "frames": "0:26",
           "curves": {"file": curves.name, "offset": 4}}  # fmt: skip
    jobs.write_text(json.dumps({"renderer": "warp", "shots": [job]}))
    asked = ("batch", jobs, "-o", tmp_path / "out", "--workers", 2, "--chunk", 7, "--json",
             "--open-loop")  # fmt: skip
    done = mien(*asked, PYTHONPATH=str(site))
    assert done.code == 0, done.err
    (report,) = done.json()["shots"]
    assert report["frames_made"] == 20
    assert [note for note in report["notes"] if "tentacle" in note] == [
        "talk.csvx: no controls of mien, left out: tentacle."
    ]
    written = render_bytes(tmp_path / "out" / "shot.mp4")
    monkeypatch.syspath_prepend(site)
    plugins.reset()
    try:
        imported = sdk.import_curves(shot, curves, offset=4)
    finally:
        plugins.reset()
    alone = tmp_path / "alone.mp4"
    sdk.render(imported.project, alone, frames="0:26", progress=False, open_loop=True)
    assert render_bytes(alone) == written
    plate, made = (open_reader(path).frame(12).plate() for path in (footage, alone))
    assert not np.array_equal(plate.planes[0], made.planes[0])
    # The same again does nothing; another file is another edit.
    assert mien(*asked, PYTHONPATH=str(site)).json()["shots"][0]["kept"]
    curves.write_text(curves.read_text().replace("0.6", "0.2"))
    (report,) = mien(*asked, PYTHONPATH=str(site)).json()["shots"]
    assert (report["kept"], report["frames_made"]) == (False, 10)


def test_a_file_that_cannot_be_used_fails_its_shot_alone(
    mien: Mien, project: Path, footage: Path, tmp_path: Path
) -> None:
    (tmp_path / "torn.npz").write_bytes(b"PK")
    jobs = tmp_path / "jobs.yaml"
    shots = [
        {"name": "torn", "project": str(project), "curves": "torn.npz"},
        {"name": "gone", "project": str(project), "curves": "gone.npz"},
        {"name": "fine", "project": str(project), "set": "jawOpen=0.3"},
    ]
    jobs.write_text(json.dumps({"renderer": "warp", "shots": shots}))
    planned = mien("batch", jobs, "-o", tmp_path / "out", "--dry-run", "--json").json()["shots"]
    assert "torn.npz cannot be read" in planned[0]["problem"]
    assert "There is no file" in planned[1]["problem"]
    assert planned[2]["problem"] is None
