"""Landmarks put right by hand: only their span changes, and taken away nothing is left."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mien
from mien._types import AnyArray
from mien.api import Project
from mien.face.corrections import correct_face, group_landmarks
from mien.model.corrections import (
    GROUPS,
    LandmarkCorrection,
    corrected_spans,
    correction_offsets,
)
from mien.model.document import Document
from mien.model.face import Face
from mien.session import corrections as commands
from mien.session.session import Session

FRAMES = 40


def same(one: object, other: object) -> bool:
    """Whether all arrays of two values are the same, to the bit."""
    if isinstance(one, np.ndarray):
        return one.tobytes() == np.asarray(other).tobytes()
    if dataclasses.is_dataclass(one) and not isinstance(one, type):
        names = [field.name for field in dataclasses.fields(one)]
        return all(same(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, dict):
        return same(one.array, other.array)  # type: ignore[attr-defined]
    return one == other


def outside(one: Face, other: Face, inside: AnyArray) -> bool:
    """Whether two faces are the same in all frames but some."""
    pairs: list[tuple[AnyArray, AnyArray]]
    pairs = [(one.landmarks, other.landmarks), (one.confidence, other.confidence)]
    for a, b in ((one.curves, other.curves), (one.raw, other.raw)):
        pairs += [(a.controls.array, b.controls.array), (a.flame, b.flame), (a.valid, b.valid)]
        pairs += [(a.pose.scale, b.pose.scale), (a.pose.rotation, b.pose.rotation)]
        pairs += [(a.pose.translation, b.pose.translation), (a.bridged, b.bridged)]
    return all(a[~inside].tobytes() == b[~inside].tobytes() for a, b in pairs)


@pytest.fixture(scope="module")
def film(tracked_360p: Path) -> Project:
    return mien.load_project(tracked_360p)


places = st.builds(
    LandmarkCorrection,
    frame=st.integers(0, FRAMES - 1),
    group=st.sampled_from(GROUPS),
    dx=st.floats(-12, 12),
    dy=st.floats(-12, 12),
    before=st.integers(0, 12),
    after=st.integers(0, 12),
)
several = st.lists(places, max_size=5, unique_by=lambda one: (one.frame, one.group))
cut_lists = st.lists(st.integers(1, FRAMES - 1), max_size=2)


@given(several, cut_lists)
def test_offsets_count_in_full_where_asked_and_end_at_cuts(
    corrections: list[LandmarkCorrection], cuts: list[int]
) -> None:
    offsets = correction_offsets(corrections, FRAMES, cuts)
    for one in corrections:
        column = GROUPS.index(one.group)
        np.testing.assert_allclose(offsets[one.frame, column], (one.dx, one.dy), atol=1e-5)
    inside = np.zeros(FRAMES, bool)
    for span in corrected_spans(corrections, FRAMES, cuts):
        inside[span.start : span.stop] = True
    assert not offsets[~inside].any()
    alone = correction_offsets(corrections[:1], FRAMES, cuts)
    for one in corrections[:1]:
        for cut in cuts:
            beyond = slice(cut, None) if one.frame < cut else slice(0, cut)
            assert not alone[beyond].any()


@given(several)
@settings(max_examples=6)
def test_corrections_change_only_their_span(
    film: Project, corrections: list[LandmarkCorrection]
) -> None:
    face = film.shot.faces[0]
    corrected = correct_face(face, corrections, film.shot.breaks)
    frames = len(face.valid)
    inside = correction_offsets(corrections, frames, film.shot.breaks).any(axis=(1, 2))
    assert outside(corrected, face, inside)
    assert corrected.raw_landmarks is face.raw_landmarks
    # In whatever order they come, and whatever was there before them.
    assert same(correct_face(corrected, corrections[::-1], film.shot.breaks), corrected)
    assert same(correct_face(corrected, (), film.shot.breaks), face)


def test_a_lifted_corner_of_the_mouth_is_solved_as_one(film: Project) -> None:
    group = group_landmarks()["mouth"]
    face = film.shot.face(1)
    moved = mien.correct_landmarks(film, 1, 20, "mouth", 0, 9, falloff=(3, 5)).shot.face(1)
    shift = moved.landmarks[..., 1] - face.landmarks[..., 1]
    np.testing.assert_allclose(shift[20, group], 9, atol=1e-3)
    assert np.abs(shift[:, group_landmarks()["left_eye"]]).max() == 0
    assert np.flatnonzero(shift.any(axis=1)).tolist() == list(range(17, 26))
    assert (np.diff(shift[17:21, group[0]]) > 0).all()
    assert (np.diff(shift[20:26, group[0]]) < 0).all()
    change = np.abs(moved.curves.controls.array - face.curves.controls.array)
    assert change[20].max() > 0.05
    assert change[17].max() < change[20].max() / 3
    assert (moved.curves.controls.array[:, :51] <= 1).all()


def test_asked_again_it_goes_on_from_where_it_is(film: Project) -> None:
    once = mien.correct_landmarks(film.shot, 1, 20, "jaw", 4, -2)
    twice = mien.correct_landmarks(once, 1, 20, "jaw", 1, 1)
    assert twice.face(1).corrections == (LandmarkCorrection(20, "jaw", 5, -1),)
    near = mien.correct_landmarks(once, 1, 21, "jaw", 1, 0)
    (_, second) = near.face(1).corrections
    assert 4 < second.dx < 5


def test_undo_takes_it_back_and_projects_keep_it(film: Project, tmp_path: Path) -> None:
    session = Session(Document((film,)))
    shot = session.document.shots[0].id
    session.apply(
        "Correct mouth",
        lambda d: commands.correct_landmarks(d, shot, 1, 12, "mouth", 4, -2, (2, 2)),
    )
    after = session.document.shots[0]
    mien.save_project(after, tmp_path / "a.mien")
    kept = mien.load_project(tmp_path / "a.mien").shot.face(1)
    assert same(kept.curves, after.shot.face(1).curves)
    assert kept.corrections == after.shot.face(1).corrections
    assert same(kept.uncorrected(), film.shot.face(1))
    session.undo()
    assert session.document.shots[0].shot is film.shot
    session.redo()
    assert session.document.shots[0] is after
    without = commands.remove_corrections(session.document, shot, 1, group="mouth").shots[0]
    assert same(without.shot.face(1), film.shot.face(1))


def test_solving_again_keeps_corrections(film: Project) -> None:
    corrected = mien.correct_landmarks(film.shot, 1, 20, "mouth", 0, 6)
    again = mien.solve(corrected, progress=False)
    fresh = mien.solve(film.shot, progress=False)
    assert again.face(1).corrections == corrected.face(1).corrections
    expected = mien.correct_landmarks(fresh, 1, 20, "mouth", 0, 6).face(1)
    assert same(again.face(1).curves, expected.curves)
