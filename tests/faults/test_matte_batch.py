"""Batches and resumed renders behind a matte: its bytes, and no frame taken for another's."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import MediaError
from mien.media.reader import open_reader
from mien.model.occlusion import MatteStroke, Occlusion
from mien.pipeline import Output, ShotFrames
from mien.progress import silent
from mien.rendering.plans import face_plans
from mien.rendering.registry import get_renderer
from mien.timebase import FrameRange
from tests.credentials import render_bytes
from tests.faults.batches import Batch, kill, workers_path
from tests.faults.conftest import Mien
from tests.mattes import write_movie

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def matte(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """White over the left half of the picture."""
    return write_matte(project, tmp_path_factory.mktemp("matte") / "matte.mkv")


def write_matte(project: Path, path: Path, share: float = 0.5) -> Path:
    shot = mien.load_project(project).shot
    width, height = shot.media.orientation.upright_size
    mattes = np.zeros((len(shot), height, width), np.float32)
    mattes[:, :, : round(share * width)] = 1
    return write_movie(path, mattes, rate=shot.clock.rate)


@pytest.fixture
def batch(project: Path, footage: Path, tmp_path: Path) -> Batch:
    return Batch(tmp_path / "out", footage, project, renderer="keyed", wait=0, workers=1)


def test_chunks_make_the_bytes_of_a_whole_render(
    project: Path, footage: Path, matte: Path, tmp_path: Path
) -> None:
    loaded = mien.load_project(project)
    edit = mien.Edit(mien.main_face(loaded.shot)).set("smile", 0.5, span="2:24")
    whole = tmp_path / "whole.mp4"
    mien.render(loaded, whole, edits=[edit], frames="0:26", occlusion_matte=matte, progress=False)
    batch = Batch(tmp_path / "listed", footage, project, renderer="warp", wait=0)
    batch.texts = ("smile=+0.5@2:24",)
    batch.more = {"occlusion": {"matte": str(matte)}}
    batch.run()
    assert render_bytes(batch.output) == render_bytes(whole)
    # The same when the project carries it, wherever it lies.
    carried = tmp_path / "carried.mien"
    mien.save_project(mien.set_occlusion_matte(loaded, matte), carried)
    other = Batch(tmp_path / "carried", footage, carried, renderer="warp", wait=0)
    other.texts = batch.texts
    other.run()
    assert render_bytes(other.output) == render_bytes(whole)


def test_another_matte_costs_all_frames_and_a_stroke_those_that_it_is_for(
    batch: Batch, project: Path, tmp_path: Path
) -> None:
    path = write_matte(project, tmp_path / "matte.mkv", 0.5)
    batch.more = {"occlusion": {"matte": str(path)}}
    assert batch.run()["shots"][0]["frames_made"] == 22
    content, before = render_bytes(batch.output), len(batch.made())
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    assert batch.run()["shots"][0]["kept"]
    write_matte(project, path, 0.3)
    assert batch.run()["shots"][0]["frames_made"] == 22
    assert len(batch.made()) == before + 22
    assert render_bytes(batch.output) != content
    loaded = mien.load_project(project)
    brush = MatteStroke(1, 12, FrameRange(11, 15), ((320.0, 180.0),), 30)
    painted = loaded.shot.with_occlusion(Occlusion(strokes=(brush,)))
    batch.project = tmp_path / "painted.mien"
    mien.save_project(dataclasses.replace(loaded, shot=painted), batch.project)
    before = len(batch.made())
    assert batch.run()["shots"][0]["frames_made"] == 4
    assert sorted(batch.made()[before:]) == [11, 12, 13, 14]


def test_a_killed_worker_goes_on_behind_the_matte(
    batch: Batch, project: Path, matte: Path, tmp_path: Path
) -> None:
    undisturbed = Batch(tmp_path / "calm", batch.media, project, renderer="keyed", wait=0)
    undisturbed.more = batch.more = {"occlusion": {"matte": str(matte)}}
    undisturbed.run()
    batch.wait = 0.03
    process = batch.start()
    batch.wait_for(4, process)
    kill(batch.begun()[-1][0])
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert render_bytes(batch.output) == render_bytes(undisturbed.output)
    with open_reader(batch.output) as after, open_reader(batch.media) as before:
        one, other = (reader.frame(12).plate().planes[0] for reader in (after, before))
        # Lossy, but the left half was not made redder.
        assert np.abs(one[:, :300].astype(int) - other[:, :300]).mean() < 3


def test_a_matte_that_is_replaced_meanwhile_makes_no_output(project: Path, tmp_path: Path) -> None:
    path = write_matte(project, tmp_path / "matte.mkv")
    loaded = mien.set_occlusion_matte(mien.load_project(project), path)
    edit = mien.Edit(mien.main_face(loaded.shot)).set("smile", 0.5)
    span = FrameRange(4, 6)
    plans = face_plans(loaded.shot, [edit], span)
    output = Output(tmp_path / "out.mkv", span)
    with ShotFrames(loaded.shot, plans, get_renderer("warp"), tmp_path / "frames") as frames:
        frames.make(span, silent)
        write_matte(project, path, 0.2)
        with pytest.raises(MediaError, match=r"matte\.mkv was replaced"):
            frames.assemble(output, silent)
    assert not output.path.exists()


def test_a_matte_that_does_not_fit_is_named_before_anything_is_made(
    batch: Batch, mien: Mien, tmp_path: Path
) -> None:
    short = write_movie(tmp_path / "short.mkv", np.zeros((3, 360, 640), np.float32))
    batch.more = {"occlusion": {"matte": str(short)}}
    arguments = batch.arguments("--dry-run", "--json")[3:]
    done = mien(*arguments, **workers_path(batch.log, 0))
    problem = json.loads(done.out)["shots"][0]["problem"]
    assert "has 3 frames, and the shot 50 frames." in problem
    done = mien(*batch.arguments()[3:], **workers_path(batch.log, 0))
    assert done.code != 0
    assert "has 3 frames, and the shot 50 frames." in done.err
    assert batch.made() == []
