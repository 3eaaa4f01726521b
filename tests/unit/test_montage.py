"""Four people cut together, of whom two return, one regraded and one mirrored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

import mien
from mien._types import AnyArray, ByteArray
from mien.api import Project
from mien.media.reader import open_reader
from mien.model.frame_runs import frame_runs
from mien.timebase import FrameRange

pytestmark = [pytest.mark.shared, pytest.mark.slow]

_PART = 14
"""Frames of each part."""


def part(path: Path, first: int) -> list[ByteArray]:
    """Some frames of a clip, 480 x 270."""
    facts = mien.open_shot(path).media
    with open_reader(facts) as reader:
        frames = [frame.upright_rgb(270) for frame in reader.stream(first, first + _PART)]
    pictures = []
    for frame in frames:
        wide = min(frame.shape[1], 480)
        left = (frame.shape[1] - wide) // 2
        picture = np.zeros((270, 480, 3), np.uint8)
        picture[:, (480 - wide) // 2 :][:, :wide] = frame[:, left : left + wide]
        pictures.append(picture)
    return pictures


@pytest.fixture(scope="module")
def montage(clip: Callable[[str], Path]) -> Project:
    """Tracked: lp_s18, lp_d10, lp_d3, lp_d13, then lp_s18 regraded and lp_d10 mirrored."""
    names = ("lp_s18.mp4", "lp_d10.mp4", "lp_d3.mp4", "lp_d13.mp4")
    parts = [part(clip(name), 0) for name in names]
    graded = [
        np.clip(cv2.multiply(one, (1.15, 0.95, 0.75, 0)) + 5.0, 0, 255).astype(np.uint8)
        for one in part(clip(names[0]), 60)
    ]
    mirrored = [np.ascontiguousarray(one[:, ::-1]) for one in part(clip(names[1]), 40)]
    frames = np.concatenate([*parts, graded, mirrored])
    return Project(mien.track(frames=frames, rate=24, progress=False))


def asked(project: Project) -> AnyArray:
    """(T, 59) what is asked of whoever is seen."""
    total = np.zeros((len(project.shot), len(mien.CONTROLS)), np.float32)
    for edit in project.edits:
        source = np.nan_to_num(edit.face.curves.controls.array)
        delta = mien.evaluate(source, edit.layers, edit.face.valid).delta
        total += np.where(edit.face.valid[:, None], delta, 0)
    return total


def test_who_returns_is_known_again(montage: Project) -> None:
    shot = montage.shot
    assert shot.cuts == tuple(range(_PART, 6 * _PART, _PART))
    seen = [sorted({i // _PART for i in np.flatnonzero(face.confidence)}) for face in shot.faces]
    assert seen == [[0, 4], [1, 5], [2], [3]]


def test_as_six_people_it_is_four_after_two_merges_and_edits_stay(montage: Project) -> None:
    project = montage
    for number, again in ((1, 4), (2, 5)):
        frames = FrameRange(again * _PART, (again + 1) * _PART)
        project = mien.split_face(project, number, frames, progress=False)
    assert len(project.shot.faces) == 6
    for face in project.shot.faces:
        first = frame_runs(face.valid)[0]
        edit = mien.Edit(face).set("mouthSmile", 0.1 * face.number, span=first)
        project = project.with_edit(edit)
    before = asked(project)
    assert (np.abs(before[:, :]).max(axis=1) > 0).all()
    for pair in ((1, 5), (2, 6)):
        project = mien.merge_faces(project, pair, progress=False)
    assert [face.number for face in project.shot.faces] == [1, 2, 3, 4]
    np.testing.assert_allclose(asked(project), before, atol=2e-3)
