"""Folds that anybody's skin makes: where, how deep, on which side, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import FloatArray
from mien.face.rig import load_rig
from mien.model.controls import CONTROLS, INDEX
from mien.model.landmarks import SKIN
from mien.rendering.appearance.canonical import SIZE, canonical_points, skin_mask
from mien.rendering.appearance.folds import FoldMaps

FOLD, CHEEK, FOREHEAD = 426, 50, 10
"""Landmarks in the left fold from nose to mouth, on the right cheek, and high on the forehead."""


@pytest.fixture(scope="module")
def layout() -> FloatArray:
    mean = load_rig().mean[:SKIN].astype(np.float32)
    mirrored = mean[load_rig().mirror[:SKIN]] * np.array([-1, 1, 1], np.float32)
    return canonical_points((mean + mirrored) / 2)


@pytest.fixture(scope="module")
def folds(layout: FloatArray) -> FoldMaps:
    return FoldMaps.of(layout)


def controls(**values: float) -> FloatArray:
    made = np.zeros(len(CONTROLS), dtype=np.float32)
    for name, value in values.items():
        made[INDEX[name]] = value
    return made


def at(layout: FloatArray, landmark: int) -> tuple[int, int]:
    x, y = np.round(layout[landmark]).astype(int).tolist()
    return y, x


def test_a_smile_folds_the_skin_beside_the_mouth_on_its_own_side(
    layout: FloatArray, folds: FoldMaps
) -> None:
    change = folds.change(controls(), controls(mouthSmileLeft=1.0))
    assert change.shape == (SIZE, SIZE, 3)
    assert change[at(layout, FOLD)].mean() < -0.08
    for elsewhere in (CHEEK, FOREHEAD):
        assert np.abs(change[at(layout, elsewhere)]).max() < 1e-3
    # Light that is caught in a fold comes back redder.
    red, green, blue = change[at(layout, FOLD)]
    assert red > green > blue


def test_both_sides_fold_alike(folds: FoldMaps) -> None:
    left, right = (
        folds.change(controls(), controls(**{f"mouthSmile{side}": 1.0}))
        for side in ("Left", "Right")
    )
    assert right[:, ::-1] == pytest.approx(left, abs=0.02)


def test_no_control_folds_what_is_no_skin(layout: FloatArray, folds: FoldMaps) -> None:
    bare = skin_mask(layout) == 0
    for column, fold in zip(folds.columns, folds.maps, strict=True):
        assert 0.03 < np.abs(fold).max() <= 0.15, CONTROLS[column].name
        assert not fold[bare].any()


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_way_there_undoes_the_way_back(folds: FoldMaps, one: float, other: float) -> None:
    a, b = controls(mouthSmileLeft=one, browDownRight=other), controls(mouthSmileLeft=other)
    assert np.allclose(folds.change(a, b), -folds.change(b, a), atol=1e-6)
    assert not folds.change(a, a).any()


def test_folds_that_go_are_smoothed_where_they_are_and_not_painted_over(
    layout: FloatArray, folds: FoldMaps
) -> None:
    smiling, calm = controls(mouthSmileLeft=0.8), controls()
    going = folds.undone(smiling, calm)
    assert going[at(layout, FOLD)] == pytest.approx(0.8, abs=0.15)
    assert going[at(layout, CHEEK)] == 0
    assert not folds.undone(calm, smiling).any()
    assert not folds.change(smiling, calm, undone=0.0).any()
