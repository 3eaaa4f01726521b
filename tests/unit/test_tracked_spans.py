"""Shots that are tracked in part: further frames join, what was there stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mien
from mien.errors import NothingToDoError, TimeError
from mien.io.project import describe
from mien.model.spans import join_spans, list_spans, spans_without
from mien.timebase import FrameRange


@pytest.fixture(scope="module")
def part(talk_360p: Path) -> mien.Shot:
    """Twelve frames of a clip of 72."""
    return mien.track(talk_360p, frames="20:32", progress=False)


def test_only_these_frames_have_a_face(part: mien.Shot) -> None:
    assert part.tracked_spans == (FrameRange(20, 32),)
    assert part.untracked_spans() == (FrameRange(0, 20), FrameRange(32, 72))
    face = part.face(1)
    assert np.flatnonzero(face.valid).tolist() == list(range(20, 32))
    assert np.isnan(face.landmarks[:20]).all()
    whole = face.as_tracked()
    assert whole is not None
    assert np.flatnonzero(whole.seen).tolist() == list(range(20, 32))


def test_they_are_where_the_whole_shot_has_them(part: mien.Shot, tracked_360p: Path) -> None:
    whole = mien.load_project(tracked_360p).shot.face(1)
    away = np.linalg.norm(part.face(1).landmarks[20:32] - whole.landmarks[20:32], axis=-1)
    assert np.median(away) < 0.5  # pixels


def test_further_frames_join_and_edits_stay(part: mien.Shot, tmp_path: Path) -> None:
    edit = mien.Edit(part.face(1)).key("mouthSmile", 25, 0.5)
    project = mien.rename_face(mien.Project(part, (edit,)), 1, "Anna")
    project = mien.track(project, frames="50:60", progress=False)
    face = project.shot.face("Anna")
    assert len(project.shot.faces) == 1
    assert project.shot.tracked_spans == (FrameRange(20, 32), FrameRange(50, 60))
    assert np.flatnonzero(face.valid).tolist() == [*range(20, 32), *range(50, 60)]
    old, new = part.face(1).curves, face.curves
    assert np.array_equal(old.controls.array[20:32], new.controls.array[20:32])
    assert np.array_equal(part.face(1).landmarks[20:32], face.landmarks[20:32])
    assert project.edits[0].layers == edit.layers
    path = tmp_path / "shot.mien"
    mien.save_project(project, path)
    assert describe(path).shots[0].tracked_spans == ((20, 32), (50, 60))
    again = mien.load_project(path)
    other = tmp_path / "again.mien"
    mien.save_project(again, other)
    assert path.read_bytes() == other.read_bytes()
    assert again.shot.tracked_spans == project.shot.tracked_spans
    kept = again.shot.face(1)
    assert np.array_equal(kept.landmarks, face.landmarks, equal_nan=True)
    assert np.array_equal(kept.curves.pose.rotation, face.curves.pose.rotation)
    assert len(mien.solve(again, progress=False).shot.faces) == 1


def test_what_lies_between_near_spans_is_tracked_too(part: mien.Shot) -> None:
    joined = mien.track(part, frames="40:48", progress=False)
    assert joined.tracked_spans == (FrameRange(20, 48),)
    assert joined.face(1).valid[20:48].all()
    assert len(joined.faces) == 1


def test_frames_that_are_tracked_or_are_none(part: mien.Shot) -> None:
    with pytest.raises(NothingToDoError, match=r"20:30 .* tracked already"):
        mien.track(part, frames="20:30", progress=False)
    with pytest.raises(TimeError, match="72 frames"):
        mien.track(part, frames="60:100", progress=False)


def test_spans_as_sets() -> None:
    spans = [FrameRange(8, 10), FrameRange(2, 4), FrameRange(4, 5), FrameRange(6, 6)]
    assert join_spans(spans) == (FrameRange(2, 5), FrameRange(8, 10))
    assert join_spans(spans, 3) == (FrameRange(2, 10),)
    assert spans_without(FrameRange(3, 12), spans) == (FrameRange(5, 8), FrameRange(10, 12))
    assert spans_without(FrameRange(2, 4), spans) == ()
    assert list_spans([FrameRange(n, n + 1) for n in range(0, 16, 2)]).endswith("and 2 more")
