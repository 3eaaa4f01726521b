"""Upper teeth: where a picture shows them to end, and that they stay with the skull."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mien._types import FloatArray
from mien.rendering.appearance.appearance import Appearance
from mien.rendering.appearance.mouth import Exemplar, MouthAppearance
from mien.rendering.appearance.regions import FaceRegion
from mien.rendering.appearance.teeth import (
    darkest,
    lip_height,
    own_teeth,
    teeth_height,
    teeth_seen,
)
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.field import Zone
from mien.rendering.geometry.motion import FaceDeformer, FaceMotion
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.geometry.spread import lip_spread
from mien.rendering.geometry.tone import luma
from mien.rendering.geometry.topology import LIPS
from mien.rendering.geometry.upper_lip import upper_lip_held
from mien.rendering.painting.mouth.compose import MouthPainter
from mien.rendering.painting.mouth.exemplar import ExemplarInterior, RowInterior
from mien.rendering.painting.opening import OpeningView
from mien.rendering.painting.paint import paint
from mien.testing.scenes import Scene, Spot

SKIN = np.array([0.8, 0.6, 0.5], dtype=np.float32)
TOOTH, DARK, TONGUE = 0.9 * SKIN, 0.08 * SKIN, np.array([0.5, 0.28, 0.28], dtype=np.float32)
KNOWN_CM = 0.22


def opened(raised: float = 0.0, dropped: float = 1.2, **asked: float) -> FaceMotion:
    """A face whose lips stand apart by so many cm above and below the line of rest."""
    scene = Scene(spots=[Spot(height=200)])
    face = scene.faces[0]
    unit = float(face.curves.pose.scale[0])
    face.landmarks[:, list(LIPS.upper[1:-1]), 1] -= raised * unit
    face.landmarks[:, list(LIPS.lower[1:-1]), 1] += dropped * unit
    plan = scene.plan(0, **asked)
    deformer = FaceDeformer(face, scene.orientation)
    return deformer.motion_at(0, plan.evaluated.source[0], plan.evaluated.target[0])


def picture(
    cavity: Cavity, teeth: float, tooth: FloatArray = TOOTH, below: FloatArray = DARK
) -> PlateCrop:
    """Skin, and behind the lips teeth that reach so many cm below the line of rest."""
    x, y = np.meshgrid(np.arange(320, dtype=np.float32), np.arange(260, dtype=np.float32))
    u, v = cavity.axes.locate(x, y)
    u, v = u / cavity.px_per_cm_along_lips, v / cavity.px_per_cm
    upper, lower = cavity.lips(u)
    first, last = cavity.corners
    inside = (v > upper) & (v < lower) & (u > first) & (u < last)
    row = v < replace(cavity, teeth=teeth).upper_teeth(u)
    rgb = np.where(inside[..., None], np.where(row[..., None], tooth, below), SKIN)
    rgb = cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), 0.7)
    return PlateCrop(rgb, np.zeros(2, dtype=np.float32))


@pytest.mark.parametrize("teeth", [-0.05, 0.1, 0.3])
def test_the_edge_of_teeth_is_seen_where_it_is(teeth: float) -> None:
    cavity = Cavity.in_plate(opened(0.4), KNOWN_CM)
    seen = teeth_seen(picture(cavity, teeth), cavity, SKIN)
    assert seen is not None
    assert seen.ends
    assert seen.surely > 0.9
    assert seen.height == pytest.approx(teeth, abs=0.06)
    assert own_teeth(picture(cavity, teeth), cavity, SKIN, None)[0] == pytest.approx(teeth, abs=0.1)


def test_teeth_in_the_shadow_of_a_lip_are_told_by_what_lies_below() -> None:
    cavity = Cavity.in_plate(opened(0.4), KNOWN_CM)
    shadowed = teeth_seen(picture(cavity, 0.1, 0.42 * TOOTH / 0.9, 0.03 * SKIN), cavity, SKIN)
    assert shadowed is not None
    assert shadowed.height == pytest.approx(0.1, abs=0.08)
    flesh = np.array([0.5, 0.28, 0.28], dtype=np.float32)
    assert teeth_seen(picture(cavity, 0.1, flesh, 0.03 * SKIN), cavity, SKIN) is None


def test_a_tongue_is_no_row_of_teeth() -> None:
    cavity = Cavity.in_plate(opened(0.0, 2.6), KNOWN_CM)
    assert teeth_seen(picture(cavity, 1.9), cavity, SKIN) is None


def test_an_open_mouth_without_teeth_hides_them_behind_its_lip() -> None:
    cavity = Cavity.in_plate(opened(0.3, 1.4), KNOWN_CM)
    empty = picture(cavity, -1.0)
    assert teeth_seen(empty, cavity, SKIN) is None
    lip = lip_height(cavity)
    assert lip < KNOWN_CM
    assert teeth_height([], [lip]) == max(lip, 0.0)
    assert teeth_height([]) == KNOWN_CM
    look = Exemplar(0, empty, cavity, SKIN, 0.03, 0.0).with_teeth(KNOWN_CM)
    assert look.cavity.teeth == lip


def test_the_dark_is_found_between_teeth_and_lip() -> None:
    cavity = replace(Cavity.in_plate(opened(0.3, 2.0), KNOWN_CM), teeth=0.1)
    crop = picture(cavity, 0.1, TOOTH, TONGUE)
    low = darkest(crop, cavity)
    # A shadow across the upper part of what lies below the teeth.
    x, y = np.meshgrid(np.arange(320, dtype=np.float32), np.arange(260, dtype=np.float32))
    _, v = cavity.axes.locate(x, y)
    band = np.abs(v / cavity.px_per_cm - 0.7) < 0.12
    shaded = PlateCrop(np.where(band[..., None], 0.2 * crop.rgb, crop.rgb), crop.corner)
    assert 0.2 <= darkest(shaded, cavity) < 0.5
    assert 0 < low < 1


@pytest.mark.parametrize("kind", [ExemplarInterior, RowInterior])
def test_teeth_of_another_frame_stay_with_the_skull_when_the_lip_rises(
    kind: type[ExemplarInterior | RowInterior],
) -> None:
    """Their edge lies where it lay, and more of them is bared."""
    cavity = Cavity.in_plate(opened(0.3), KNOWN_CM)
    look = Exemplar(0, picture(cavity, 0.15), cavity, SKIN, 0.03, 0.0).with_teeth(KNOWN_CM)
    target = Cavity.in_plate(opened(0.6), look.cavity.teeth)
    u, v = np.meshgrid(np.linspace(-0.6, 0.6, 25), np.linspace(-0.6, 1.0, 161))
    u, v = u.astype(np.float32), v.astype(np.float32)
    rgb, confidence = kind(look, SKIN, 0.7, float(luma(TOOTH))).sample(u, v, target)
    above = v - target.upper_teeth(u)
    upper, _ = target.lips(u)
    bared = (v > upper + 0.02) & (above < -0.06)
    assert confidence[bared].min() > 0.5
    assert luma(rgb)[bared].min() > 0.7 * luma(TOOTH)
    below = (above > 0.08) & (above < 0.12)
    assert luma(rgb)[below].max() < 0.5 * luma(TOOTH)


def test_an_upper_lip_rises_freely_and_then_no_further_than_people_raise_it() -> None:
    motion = opened()
    points, unit = motion.source[:468], motion.px_per_cm
    spread = lip_spread()
    down = motion.mouth_axes.down
    heights = []
    for rise in (0.2, 0.5, 0.8, 1.5, 4.0):
        moves = np.zeros((468, 2), dtype=np.float32)
        moves[list(LIPS.upper)] -= rise * unit * down
        held = upper_lip_held(points, moves, motion.seam, unit, spread)
        middle = LIPS.upper[5]
        at = (points[middle] - motion.seam[5]) @ down + (moves + held)[middle] @ down
        heights.append(-float(at) / unit)
        if rise <= 0.2:  # it lies a little above the line at rest
            assert not held.any()
        assert np.abs(held[[61, 291]]).max() <= 0.25 * np.abs(held).max()
    assert heights == sorted(heights)
    assert heights[0] < 0.4
    assert heights[-1] < 0.95


def test_a_lip_that_is_higher_in_the_plate_stays_there() -> None:
    motion = opened(1.0)
    still = np.zeros((468, 2), dtype=np.float32)
    held = upper_lip_held(motion.source[:468], still, motion.seam, motion.px_per_cm, lip_spread())
    assert not held.any()


def test_a_mouth_is_painted_whose_lips_hide_the_row_that_is_known() -> None:
    """Nothing of the row is wanted then, and nothing is read of it."""
    scene = Scene(spots=[Spot(height=200)])
    face = scene.faces[0]
    unit = float(face.curves.pose.scale[0])
    face.landmarks[:, list(LIPS.upper[1:-1]), 1] += 0.9 * unit
    face.landmarks[:, list(LIPS.lower[1:-1]), 1] += 2.2 * unit
    cavity = Cavity.in_plate(opened(0.4), 0.1)
    look = Exemplar(0, picture(cavity, 0.1), cavity, SKIN, 0.03, 0.0).with_teeth(KNOWN_CM)
    known = MouthAppearance(-2.0, TOOTH / SKIN, rows=(look,))
    appearance = Appearance({FaceRegion.MOUTH: known})
    plan = scene.plan(0, jawOpen=0.4)
    deformer = FaceDeformer(face, scene.orientation)
    motion = deformer.motion_at(0, plan.evaluated.source[0], plan.evaluated.target[0])
    patch = paint(motion, scene.plate(0), 0, appearance)
    assert patch is not None
    assert np.isfinite(patch.rgb).all()


def inside_of(
    motion: FaceMotion, crop: PlateCrop, known: MouthAppearance
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """What is painted inside a mouth, how far it is, and the height of each pixel, cm."""
    painter = MouthPainter(known, 0)
    zone = Zone.around(motion.target[list(LIPS.rim)], motion.px_per_cm, 2)
    view = OpeningView.of(LIPS, painter.axes(motion), motion, crop, zone)
    (layer,) = painter.layers(view, crop.pixels(zone))
    return layer.rgb, layer.alpha, view.v / motion.px_per_cm


@pytest.mark.parametrize("dropped", [0.4, 0.8])
def test_a_lip_that_rises_over_the_dark_bares_teeth_and_not_more_dark(dropped: float) -> None:
    """The plate shows nothing but a dark gap below its teeth; another frame shows them."""
    cavity = Cavity.in_plate(opened(0.4), KNOWN_CM)
    look = Exemplar(0, picture(cavity, KNOWN_CM), cavity, SKIN, 0.03, 0.0).with_teeth(KNOWN_CM)
    known = MouthAppearance(KNOWN_CM, TOOTH / SKIN, rows=(look,))
    still = opened(-0.24, dropped)
    moves = still.motion.copy()
    moves[[*LIPS.upper[1:-1], *LIPS.lower[1:-1]]] -= 0.35 * still.px_per_cm * still.mouth_axes.down
    motion = replace(still, motion=moves)
    shut = Cavity.in_plate(motion, KNOWN_CM)
    rgb, alpha, v = inside_of(motion, picture(shut, -1.0), known)
    top = float(Cavity.in_target(motion, KNOWN_CM).lips(np.zeros(1, np.float32))[0][0])
    assert top < KNOWN_CM - 0.2
    middle = rgb.shape[1] // 2
    bared = (v[:, middle] > top + 0.08) & (v[:, middle] < KNOWN_CM - 0.08)
    assert bared.sum() >= 3
    assert luma(rgb)[bared, middle].min() > 0.5 * luma(TOOTH)
    assert luma(rgb)[alpha > 0.5 * alpha.max()].min() > 0.02


def test_teeth_that_a_lip_cuts_off_reach_at_least_as_far() -> None:
    cavity = Cavity.in_plate(opened(0.4, 0.45), KNOWN_CM)
    lip = float(cavity.lips(np.zeros(1, dtype=np.float32))[1][0])
    assert lip > KNOWN_CM + 0.12
    assert own_teeth(picture(cavity, 2.0), cavity, SKIN, None)[0] == pytest.approx(lip, abs=0.12)


def test_what_is_told_of_teeth_that_a_lip_cuts_off_grows_with_how_bright_they_are() -> None:
    """Nothing may jump from frame to frame where a picture hardly changes."""
    cavity = Cavity.in_plate(opened(0.4, 0.45), KNOWN_CM)
    known = np.ones(3, dtype=np.float32)
    told = [
        own_teeth(picture(cavity, 2.0, level * SKIN), cavity, SKIN, known)
        for level in np.arange(0.5, 0.8, 0.005, dtype=np.float32)
    ]
    heights = np.array([height for height, _ in told])
    assert np.ptp(heights) > 0.1
    assert np.abs(np.diff(heights)).max() < 0.04
    colours = np.array([colour for _, colour in told])
    assert np.abs(np.diff(colours, axis=0)).max() < 0.06
