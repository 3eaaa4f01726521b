"""Brows that are moved: hair beyond their landmarks goes with them, everything else stays put."""

from __future__ import annotations

import numpy as np
import pytest

from mien._types import FloatArray
from mien.model.controls import INDEX
from mien.model.media import Orientation
from mien.rendering.geometry.brows import brows_held
from mien.rendering.geometry.field import MeshRaster, Zone
from mien.rendering.geometry.motion import FaceDeformer, FaceMotion
from mien.rendering.geometry.topology import warp_mesh
from mien.testing.scenes import Scene, Spot

TOP, FOREHEAD, CHEEK = 334, 10, 425
"""The upper edge of the left brow, and landmarks far from it."""


def motion(**controls: float) -> FaceMotion:
    scene = Scene(orientation=Orientation(600, 520), spots=[Spot(300, 260, 400)], frames=1)
    source = np.zeros(len(INDEX), dtype=np.float32)
    target = source.copy()
    for name, value in controls.items():
        target[INDEX[name]] = value
    return FaceDeformer(scene.faces[0], scene.orientation).motion_at(0, source, target)


def fields(moved: FaceMotion) -> tuple[Zone, FloatArray, FloatArray]:
    zone = Zone.around(moved.target[:468], 20, 4)
    mesh = warp_mesh()
    raster = MeshRaster.of(zone, moved.target, np.concatenate([mesh.filled, mesh.skin]))
    plain = raster.field(moved.motion)
    return zone, plain, plain + brows_held(plain, zone, moved)


@pytest.mark.parametrize("control", ["browDownLeft", "browOuterUpLeft"])
def test_what_is_close_above_a_brow_goes_with_it(control: str) -> None:
    moved = motion(**{control: 1.0})
    zone, plain, held = fields(moved)
    x, y = moved.target[TOP].tolist()
    way = moved.motion[TOP]
    assert np.abs(way).max() > 3

    def at(field: FloatArray, cm: float) -> FloatArray:
        row = round(y - zone.y0 - cm * moved.px_per_cm)
        return np.asarray(field[row, round(x - zone.x0)])

    near = 0.3
    assert np.linalg.norm(at(held, near) - way) < 0.5 * np.linalg.norm(at(plain, near) - way)
    assert at(held, 1.9) == pytest.approx(at(plain, 1.9), abs=1e-3)
    above = slice(round(y - zone.y0 - 1.9 * moved.px_per_cm), round(y - zone.y0))
    steps = np.abs(np.diff(held[above, round(x - zone.x0)], axis=0)).max()
    assert steps < 0.75, "skin above is neither torn nor folded"


def test_far_from_brows_nothing_changes() -> None:
    moved = motion(browDownLeft=1.0, jawOpen=0.5)
    zone, plain, held = fields(moved)
    for landmark in (FOREHEAD, CHEEK):
        column, row = np.round(moved.target[landmark] - [zone.x0, zone.y0]).astype(int).tolist()
        assert held[row, column] == pytest.approx(plain[row, column], abs=1e-4)


def test_brows_that_stay_change_nothing_at_all() -> None:
    _, plain, held = fields(motion(mouthSmileLeft=1.0))
    assert np.array_equal(plain, held)
