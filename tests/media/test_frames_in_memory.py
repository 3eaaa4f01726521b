"""Frames rendered into memory: the pixels of a render, without its file."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

import mien
from mien.errors import TimeError, UsageError


@pytest.fixture(scope="module")
def short(talk_720p: Path, tmp_path_factory: pytest.TempPathFactory) -> mien.Shot:
    path = tmp_path_factory.mktemp("memory") / "short.mkv"
    mien.render(talk_720p, path, frames="0:8", lossless=True, progress=False)
    return mien.track(path, progress=False)


@pytest.mark.slow
def test_they_are_those_of_a_file(short: mien.Shot, tmp_path: Path) -> None:
    edit = mien.Edit(short.faces[0]).set("mouthSmile", 0.6, span="2:8")
    mien.render(short, tmp_path / "out.mkv", edits=[edit], lossless=True, progress=False)
    written = mien.open_shot(tmp_path / "out.mkv")
    stages: list[tuple[str, int, int]] = []
    frames = list(mien.render_frames(short, [edit], progress=lambda *stage: stages.append(stage)))
    assert len(frames) == len(short) == 8
    for i, frame in enumerate(frames):
        assert frame.dtype == np.uint8
        assert np.array_equal(frame, written.frame(i))
    assert ("render", 8, 8) in stages
    (one,) = mien.render_frames(short, [edit], "3:4")
    assert np.array_equal(one, frames[3])
    assert (one != short.frame(3)).any()
    (plate,) = mien.render_frames(short, [edit], "3:4", pixels="plate")
    assert plate.dtype == np.float32
    assert np.abs(plate * 255 - one).mean() < 1.5


@pytest.mark.slow
def test_frames_in_memory_in_and_out(short: mien.Shot) -> None:
    with av.open(str(short.media.path)) as container:
        pictures = np.stack([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])
    shot = mien.track(frames=pictures, rate=25, progress=False)
    edit = mien.Edit(shot.faces[0]).set("browInnerUp", 0.8)
    edited = np.stack(list(mien.render_frames(shot, [edit])))
    assert edited.shape == pictures.shape
    changed = (edited != pictures).any(axis=3).mean()
    assert 0.001 < changed < 0.5
    untouched = np.stack(list(mien.render_frames(shot)))
    assert np.array_equal(untouched, pictures)


def test_what_is_wrong_is_said_at_once(short: mien.Shot) -> None:
    with pytest.raises(UsageError, match="no renderer named"):
        mien.render_frames(short, renderer="wrap")
    with pytest.raises(TimeError):
        mien.render_frames(short, frames="5:99")
    with pytest.raises(UsageError, match="display or plate"):
        mien.render_frames(short, pixels="linear")  # type: ignore[arg-type]


def test_stopping_half_way_closes_what_is_open(short: mien.Shot) -> None:
    frames = mien.render_frames(short)
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    assert next(iter(mien.render_frames(short))).shape == short.frame(0).shape
