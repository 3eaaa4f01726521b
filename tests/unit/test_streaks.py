"""What is made of a mouth is streaked as the face is that moves while the shutter is open."""

from __future__ import annotations

import numpy as np
import pytest

from mien.model.controls import INDEX
from mien.model.media import Orientation
from mien.rendering.geometry.motion import FaceDeformer
from mien.rendering.geometry.tone import streaked
from mien.testing.scenes import Scene, Spot

STILL = np.zeros(len(INDEX), dtype=np.float32)


def deformer(step: float) -> FaceDeformer:
    """Of a face that goes to the right by so many pixels a frame."""
    size = Orientation(600, 520)
    scene = Scene(orientation=size, spots=[Spot(260, 260, 300)], frames=5)
    face = scene.faces[0]
    face.landmarks[..., 0] += step * np.arange(5, dtype=np.float32)[:, None]
    return FaceDeformer(face, size)


@pytest.mark.parametrize("frame", [0, 2, 4])
def test_a_face_that_moves_says_by_how_much(frame: int) -> None:
    motion = deformer(6.0).motion_at(frame, STILL, STILL)
    assert motion.velocity == pytest.approx([6, 0], abs=0.01)
    part = motion.mapped(np.array([10, 20], dtype=np.float32), 0.5)
    assert part.velocity == pytest.approx([3, 0], abs=0.01)


def test_across_a_cut_nothing_moves() -> None:
    assert not deformer(150.0).motion_at(2, STILL, STILL).velocity.any()


def test_a_streak_spreads_a_line_along_its_way_and_no_other() -> None:
    picture = np.zeros((41, 41, 3), dtype=np.float32)
    picture[20, 20] = 1
    streak = streaked(picture, np.array([10, 0], dtype=np.float32))
    assert streak.sum() == pytest.approx(picture.sum(), rel=1e-3)
    rows, columns = np.nonzero(streak[..., 0] > 1e-3)
    assert set(rows.tolist()) == {20}
    assert np.ptp(columns) == pytest.approx(10, abs=2)
    assert columns.mean() == pytest.approx(20, abs=0.1)


def test_what_stands_still_stays_as_it_is() -> None:
    picture = np.random.default_rng(1).random((9, 9)).astype(np.float32)
    assert streaked(picture, np.zeros(2, dtype=np.float32)) is picture
    even = np.full((30, 30), 0.3, dtype=np.float32)
    assert streaked(even, np.array([200.0, 90.0], dtype=np.float32)) == pytest.approx(
        even, abs=1e-5
    )
