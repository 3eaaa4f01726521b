"""Performances that faces of a batch's shots follow."""

from __future__ import annotations

from pathlib import Path

import pytest

import mien
from mien.errors import InputError
from mien.jobs.edits import request_edits
from mien.jobs.job import ApplyInput
from mien.jobs.shot_task import ShotSpec, read_shot_spec
from mien.jobs.yaml import read_jobs
from mien.timebase import FrameRange
from tests.documents import make_shot

FIELDS = (
    "{file: take.json, face: 2, to_face: 1, only: [mouth, jaw], strength: {mouth: 0.5},"
    " span: 4:40, warp: {0: 0, 20: 10}, tolerance: 0.02, relative: false}"
)


def write(folder: Path, apply: str) -> Path:
    path = folder / "jobs.yaml"
    path.write_text(f"shots:\n - project: a.mien\n   apply: {apply}\n   set: jawOpen=0.2")
    return path


def test_fields_reach_the_workers_and_become_layers(tmp_path: Path) -> None:
    (job,) = read_jobs(write(tmp_path, FIELDS))
    (asked,) = job.curves
    assert isinstance(asked, ApplyInput)
    assert asked.how.only == ("mouth", "jaw")
    assert asked.how.timing.warp == (("0", "0"), ("20", "10"))
    spec = ShotSpec.of(job, FrameRange(0, 48), tmp_path / "out.mp4", tmp_path)
    place = tmp_path / "spec.json"
    place.write_text(spec.to_json())
    read = read_shot_spec(place)
    assert read.curves[0].how.strength == {"mouth": 0.5}  # type: ignore[union-attr]
    assert read_shot_spec(place) == read
    shot = make_shot(48, faces=2)
    mien.export_curves(shot, tmp_path / "take.json", basis="mien-rig")
    (edit,), notes = request_edits(read, shot)
    assert notes == ()
    assert [(layer.name, layer.weight) for layer in edit.layers] == [
        ("applied", 1.0), ("applied mouth", 0.5), ("batch", 1.0),
    ]  # fmt: skip
    assert {str(track.span) for track in edit.layers[0].tracks} == {"4:40"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("{file: a.json, strenght: 1}", r"apply\.strenght: .*Did you mean strength\?"),
        ("{file: a.json, only: mouht}", r"Did you mean 'mouth'"),
        ("{file: a.json, fit: true, rate: 2}", "different things"),
        ("{only: [mouth]}", r"apply\.file: is missing"),
    ],
)
def test_wrong_fields_are_named(tmp_path: Path, fields: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_jobs(write(tmp_path, fields))
