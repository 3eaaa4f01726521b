"""Lips that are shut stay shut when cheeks smile, and part when they are asked to."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import FloatArray
from mien.model.controls import INDEX
from mien.model.media import Orientation
from mien.rendering.geometry.contour import LocalAxes
from mien.rendering.geometry.gaps import gaps_between, lips_kept_shut, part_left
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.topology import LIPS
from mien.testing.scenes import Scene, Spot


def asked(**controls: float) -> FloatArray:
    values = np.zeros(len(INDEX), dtype=np.float32)
    for name, value in controls.items():
        values[INDEX[name]] = value
    return values


def widest(shut: bool, **controls: float) -> float:
    """Greatest gap of the lips in the new picture, cm."""
    scene = Scene(orientation=Orientation(600, 520), spots=[Spot(300, 260, 400)], frames=1)
    face = scene.faces[0]
    if shut:
        upper, lower = list(LIPS.upper), list(LIPS.lower)
        middle = (face.landmarks[0, upper] + face.landmarks[0, lower]) / 2
        face.landmarks[0, upper] = face.landmarks[0, lower] = middle
    motion = FaceDeformer(face, scene.orientation).motion_at(0, asked(), asked(**controls))
    down = LocalAxes.of_opening(motion.target, LIPS).down
    gaps = gaps_between(motion.target, list(LIPS.upper), list(LIPS.lower), down)
    return float(gaps.max()) / motion.px_per_cm


@pytest.mark.parametrize("smile", [0.3, 0.7, 1.0])
def test_a_smile_does_not_part_lips_that_are_shut(smile: float) -> None:
    assert widest(True, mouthSmileLeft=smile, mouthSmileRight=smile) < 0.03


def test_lips_part_that_are_asked_to() -> None:
    assert widest(True, jawOpen=0.4) > 0.3
    assert widest(True, mouthSmileLeft=0.5, mouthSmileRight=0.5, mouthLowerDownLeft=0.6,
                  mouthLowerDownRight=0.6) > 0.1  # fmt: skip


@given(st.floats(0, 1), st.floats(0, 1))
def test_how_far_they_stay_shut_has_no_step(jaw: float, gap: float) -> None:
    def kept(jaw: float, gap: float) -> float:
        return lips_kept_shut(np.full(22, gap * 10, np.float32), 10.0, asked(jawOpen=jaw))

    assert 0 <= kept(jaw, gap) <= 1
    assert abs(kept(jaw + 1e-3, gap) - kept(jaw, gap)) < 0.03
    assert abs(kept(jaw, gap + 1e-3) - kept(jaw, gap)) < 0.03
    assert kept(1.0, gap) == 0


def test_of_next_to_no_gap_all_is_left() -> None:
    before = np.array([0, 10], dtype=np.float32)
    assert part_left(before, np.array([0, 5], dtype=np.float32), 20) == pytest.approx(
        [1, 0.5], abs=0.02
    )
