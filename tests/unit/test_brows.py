"""Brows that are moved: hair beyond their landmarks goes with them, everything else stays put."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from mien._types import FloatArray
from mien.model.controls import INDEX
from mien.model.media import Orientation
from mien.rendering.geometry.brows import brows_held, skin_that_gives
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.field import MeshRaster, Zone
from mien.rendering.geometry.motion import FaceDeformer, FaceMotion
from mien.rendering.geometry.tone import even_out, fold_away
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
    crop = PlateCrop(np.full((520, 600, 3), 0.5, np.float32), np.zeros(2, np.float32))
    return zone, plain, plain + brows_held(plain, zone, moved, crop).change


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


BROW = ([300, 293, 334, 296, 336], [276, 283, 282, 295, 285], [467, 260, 259, 257, 258, 286])


def below_brow(moved: FaceMotion, dark_cm: float, bright_cm: float) -> PlateCrop:
    """A picture with hair down to some way below the brow's landmarks, and a line of bare skin."""
    picture = np.full((520, 600, 3), 0.4, np.float32)
    points = moved.source
    y, x = np.mgrid[0:520, 0:600].astype(np.float32)
    order = np.argsort(points[BROW[1], 0])
    lower = np.interp(x, points[BROW[1], 0][order], points[BROW[1], 1][order])
    below = (y - lower) / moved.px_per_cm
    picture[(below < dark_cm) & (below > -0.6)] = 0.1
    picture[(below >= bright_cm - 0.05) & (below < bright_cm + 0.05)] = 0.5
    return PlateCrop(picture, np.zeros(2, np.float32))


def held_below(moved: FaceMotion, dark_cm: float) -> float:
    """How far down skin goes with a brow whose hair reaches so far, pixels."""
    crop = below_brow(moved, dark_cm, 9.0)
    return float(np.median(skin_that_gives(crop, moved.source, BROW, moved.px_per_cm).held))


def test_hair_below_the_landmarks_of_a_brow_keeps_its_size() -> None:
    moved = motion(browOuterUpLeft=1.0)
    held = [held_below(moved, float(dark)) for dark in (0.0, 0.3, 0.5)]
    assert held[1] > 0.3 * moved.px_per_cm
    assert held[2] > 0.5 * moved.px_per_cm
    assert held[2] > held[1] > held[0]


def test_skin_gives_way_where_it_is_brightest() -> None:
    moved = motion(browOuterUpLeft=1.0)
    for bright in (0.45, 0.6):
        crop = below_brow(moved, 0.2, bright)
        held, gave, _ = (
            part[6:18] for part in skin_that_gives(crop, moved.source, BROW, moved.px_per_cm)
        )
        middle = (held + gave / 2) / moved.px_per_cm
        assert middle == pytest.approx(bright, abs=0.12)


def test_what_is_drawn_out_is_told_and_nothing_else() -> None:
    moved = motion(browInnerUp=1.0, browOuterUpLeft=1.0)
    zone, plain, _ = fields(moved)
    drawn = brows_held(plain, zone, moved, below_brow(moved, 0.2, 0.5)).drawn
    assert drawn.min() >= 0
    assert drawn.max() > 0.9
    for landmark in (TOP, FOREHEAD, CHEEK, 386, 159):
        column, row = np.round(moved.target[landmark] - [zone.x0, zone.y0]).astype(int).tolist()
        assert drawn[row, column] == 0
    lowered = motion(browDownLeft=1.0)
    zone, plain, _ = fields(lowered)
    assert not brows_held(plain, zone, lowered, below_brow(lowered, 0.2, 0.5)).drawn.any()


def test_streaks_are_taken_out_of_what_is_drawn_out_alone() -> None:
    """Their mean stays, hair beside them does not run in, and grain lies over them."""
    chance = np.random.default_rng(1)
    picture = np.full((80, 90, 3), 0.5, np.float32)
    picture += chance.normal(0, 0.01, picture.shape[:2])[..., None].astype(np.float32)
    picture[20:60] += np.where(np.arange(90) % 6 < 3, 0.1, -0.1)[None, :, None].astype(np.float32)
    picture[:20] = 0.05
    where = np.zeros((80, 90), np.float32)
    where[20:60, 10:80] = 1
    before = picture.copy()
    even_out(picture, where, 6.0, 0.01, 3)
    assert np.array_equal(picture[where == 0], before[where == 0])
    inner = picture[25:55, 20:70]
    assert inner.mean() == pytest.approx(0.5, abs=0.02)
    assert 0.004 < inner.std() < 0.04
    assert picture[20, 40].mean() > 0.4


def test_hair_down_to_the_fold_goes_with_the_brow_and_is_not_drawn_out() -> None:
    """However far it reaches: one row more or less makes little difference."""
    moved = motion(browOuterUpLeft=1.0)
    held = [held_below(moved, float(dark)) for dark in np.linspace(0.3, 3.0, 28)]
    assert held[-1] > 0.8 * max(held)
    assert np.abs(np.diff(held)).max() < 0.15 * moved.px_per_cm


def test_what_is_held_begins_softly() -> None:
    """Brows that hardly move, as in a blink, change nothing at once."""
    changes = []
    for amount in np.linspace(0, 0.2, 21):
        moved = motion(browOuterUpLeft=float(amount), eyeBlinkLeft=0.5)
        zone, plain, held = fields(moved)
        x, y = np.round(moved.source[TOP] - [zone.x0, zone.y0]).astype(int).tolist()
        around = slice(y - 20, y + 60), slice(x - 30, x + 30)
        changes.append((held - plain)[around])
    steps = [float(np.abs(b - a).max()) for a, b in itertools.pairwise(changes)]
    assert max(steps) < 1
    assert np.abs(changes[0]).max() < 1e-6 < np.abs(changes[-1]).max()


def test_what_is_squeezed_lies_between_a_lowered_brow_and_its_lid() -> None:
    lowered = motion(browDownLeft=1.0)
    zone, plain, _ = fields(lowered)
    squeezed = brows_held(plain, zone, lowered, below_brow(lowered, 0.2, 0.5)).squeezed
    assert squeezed.max() > 0.3
    for landmark in (TOP, FOREHEAD, CHEEK, 386, 159, 105):
        column, row = np.round(lowered.target[landmark] - [zone.x0, zone.y0]).astype(int).tolist()
        assert squeezed[row, column] == 0
    raised = motion(browInnerUp=1.0, browOuterUpLeft=1.0)
    zone, plain, _ = fields(raised)
    assert not brows_held(plain, zone, raised, below_brow(raised, 0.2, 0.5)).squeezed.any()


def test_a_hairline_of_light_is_folded_away_and_a_band_is_not() -> None:
    before = np.full((60, 80, 3), 0.3, np.float32)
    before[20:22, 10:70] = 0.8
    before[35:48, 10:70] = 0.8
    where = np.zeros((60, 80), np.float32)
    picture = before.copy()
    fold_away(picture, where, 4.0)
    np.testing.assert_array_equal(picture, before)
    where[10:55, 15:65] = 1
    fold_away(picture, where, 4.0)
    assert picture[20:22, 20:60].max() < 0.4
    np.testing.assert_allclose(picture[38:45, 20:60], 0.8, atol=0.02)
    np.testing.assert_array_equal(picture[where == 0], before[where == 0])
    assert (picture <= before + 1e-6).all(), "nothing gets brighter"
