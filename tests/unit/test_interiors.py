"""The inside of a mouth: every source of it answers alike, and each shows what it should."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from mien._types import FloatArray
from mien.rendering.appearance.mouth import Exemplar
from mien.rendering.geometry.contour import Edges
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.motion import FaceDeformer, FaceMotion
from mien.rendering.geometry.mouth import Cavity, depth_shown
from mien.rendering.geometry.tone import luma
from mien.rendering.geometry.topology import LIPS
from mien.rendering.painting.interior import InteriorSource
from mien.rendering.painting.layer import PaintLayer
from mien.rendering.painting.mouth.colours import FaceColours
from mien.rendering.painting.mouth.compose import exemplar_part, own_part
from mien.rendering.painting.mouth.exemplar import ExemplarInterior, RowInterior
from mien.rendering.painting.mouth.lips import cover_remains, opening_depth, parted
from mien.rendering.painting.mouth.own import PlateInterior, teeth_shown
from mien.rendering.painting.mouth.synthesized import SynthesizedInterior
from mien.testing.scenes import Scene, Spot

SKIN = np.array([0.8, 0.6, 0.5], dtype=np.float32)
TEETH_CM = 0.25
SOURCES = ("own", "exemplar", "row", "synthesized")


def opened(centimetres: float, **asked: float) -> FaceMotion:
    """The motion of a face whose mouth stands open in the plate already."""
    scene = Scene(spots=[Spot(height=200)])
    face = scene.faces[0]
    unit = float(face.curves.pose.scale[0])
    face.landmarks[0, list(LIPS.lower[1:-1]), 1] += centimetres * unit
    plan = scene.plan(0, **asked)
    deformer = FaceDeformer(face, scene.orientation)
    return deformer.motion_at(0, plan.evaluated.source[0], plan.evaluated.target[0])


def picture_of(cavity: Cavity) -> PlateCrop:
    """Skin, with teeth down to their edge and the dark below it inside the lips."""
    x, y = np.meshgrid(np.arange(320, dtype=np.float32), np.arange(260, dtype=np.float32))
    u, v = cavity.axes.locate(x, y)
    u, v = u / cavity.px_per_cm_along_lips, v / cavity.px_per_cm
    upper, lower = cavity.lips(u)
    first, last = cavity.corners
    inside = (v > upper) & (v < lower) & (u > first) & (u < last)
    teeth = v < cavity.upper_teeth(u)
    rgb = np.where(inside[..., None], np.where(teeth[..., None], 0.9, 0.05) * SKIN, SKIN)
    rgb = cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), 0.7)
    return PlateCrop(rgb, np.zeros(2, dtype=np.float32))


def sources(motion: FaceMotion) -> dict[str, InteriorSource[Cavity]]:
    cavity = Cavity.in_plate(motion, TEETH_CM)
    crop = picture_of(cavity)
    colours = FaceColours.of(np.tile(SKIN, (5, 1)), np.tile(0.8 * SKIN, (5, 1)))
    exemplar = Exemplar(7, crop, cavity, SKIN, 0.03, 0.0).with_teeth(TEETH_CM)
    return {
        "own": PlateInterior.of(crop, cavity, colours.seen_tooth, SKIN),
        "exemplar": ExemplarInterior(exemplar, SKIN, 0.7, colours.seen_tooth),
        "row": RowInterior(exemplar, SKIN, 0.7, colours.seen_tooth),
        "synthesized": SynthesizedInterior(colours, 0.7, 0.0, 7),
    }


def grid(cavity: Cavity) -> tuple[FloatArray, FloatArray]:
    first, last = cavity.corners
    u, v = np.meshgrid(np.linspace(first, last, 60), np.linspace(-0.5, 2.5, 80))
    return u.astype(np.float32), v.astype(np.float32)


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_answers_alike(name: str) -> None:
    motion = opened(1.2, jawOpen=0.3)
    target = Cavity.in_target(motion, TEETH_CM)
    u, v = grid(target)
    rgb, confidence = sources(motion)[name].sample(u, v, target)
    assert rgb.shape == (*u.shape, 3)
    assert confidence.shape == u.shape
    assert rgb.dtype == confidence.dtype == np.float32
    assert np.isfinite(rgb).all()
    assert confidence.min() >= 0
    assert confidence.max() <= 1
    again, same = sources(motion)[name].sample(u, v, target)
    assert np.array_equal(rgb, again)
    assert np.array_equal(confidence, same)


@pytest.mark.parametrize("name", ["own", "exemplar"])
def test_what_is_seen_of_a_mouth_that_stays_is_seen_again(name: str) -> None:
    motion = opened(1.2)
    target = Cavity.in_target(motion, TEETH_CM)
    u, v = grid(target)
    rgb, confidence = sources(motion)[name].sample(u, v, target)
    upper, lower = target.lips(u)
    middle = (v > upper + 0.2) & (v < lower - 0.2) & (np.abs(u) < 0.6)
    assert confidence[middle].min() > 0.9
    shown = target.sample(picture_of(target), u, v)
    assert np.abs(rgb - shown)[middle & (v < target.upper_teeth(u) - 0.1)].max() < 0.1
    assert np.median(np.abs(rgb - shown)[middle]) < 0.01


def test_behind_lips_that_do_not_move_all_stays_as_it_is() -> None:
    motion = opened(1.2)
    target = Cavity.in_target(motion, TEETH_CM)
    u, v = grid(target)
    upper, lower = target.lips(u)
    inside = (v > upper + 0.05) & (v < lower - 0.05)
    own = sources(motion)["own"]
    rgb, confidence = own.sample(u, v, target)
    assert confidence[inside].min() == 1
    assert np.allclose(rgb[inside], target.sample(picture_of(target), u, v)[inside], atol=1e-5)
    hardly = Cavity.in_target(opened(1.2, jawOpen=0.01), TEETH_CM)
    nearly, _ = own.sample(u, v, hardly)
    assert np.abs(nearly - rgb)[inside].mean() < 0.01


def test_the_plates_own_teeth_stay_with_the_skull_when_the_jaw_drops() -> None:
    motion = opened(0.5, jawOpen=0.6)
    target = Cavity.in_target(motion, TEETH_CM)
    assert target.gap > Cavity.in_plate(motion, TEETH_CM).gap + 0.5
    u, v = grid(target)
    rgb, confidence = sources(motion)["own"].sample(u, v, target)
    upper, _ = target.lips(u)
    edge = target.upper_teeth(u)
    teeth = (v > upper + 0.1) & (v < edge - 0.1) & (np.abs(u) < 0.5)
    assert confidence[teeth].min() > 0.5
    assert luma(rgb)[teeth].min() > 0.4
    below = (v > edge + 0.1) & (v < edge + 0.25) & (np.abs(u) < 0.5)
    assert np.median(luma(rgb)[below]) < 0.4 * np.median(luma(rgb)[teeth])


def test_another_frames_inside_takes_on_this_frames_light() -> None:
    motion = opened(1.2)
    target = Cavity.in_target(motion, TEETH_CM)
    source = sources(motion)["exemplar"]
    assert isinstance(source, ExemplarInterior)
    u, v = grid(target)
    dim = replace(source, skin=source.skin / 2, tooth_luma=source.tooth_luma / 2)
    assert np.allclose(dim.sample(u, v, target)[0], source.sample(u, v, target)[0] / 2, atol=1e-6)
    soft = replace(source, softness_px=3.0)
    assert soft.sample(u, v, target)[0].std() < source.sample(u, v, target)[0].std()


def test_grain_is_the_only_chance_in_a_synthesized_inside() -> None:
    motion = opened(1.2, jawOpen=0.3)
    target = Cavity.in_target(motion, TEETH_CM)
    u, v = grid(target)
    still = sources(motion)["synthesized"]
    assert isinstance(still, SynthesizedInterior)
    noisy = [
        SynthesizedInterior(still.colours, still.softness_px, 0.02, seed).sample(u, v, target)[0]
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(noisy[0], noisy[1])
    assert not np.array_equal(noisy[0], noisy[2])
    rest = noisy[0] - still.sample(u, v, target)[0]
    assert rest.std() == pytest.approx(0.02, rel=0.05)


def test_depth_is_shown_by_an_open_mouth_and_not_by_clenched_teeth() -> None:
    cavity = Cavity.in_plate(opened(1.2), TEETH_CM)
    crop = picture_of(cavity)
    assert depth_shown(crop, cavity) > 0.9
    clenched = PlateCrop(np.full_like(crop.rgb, 0.7), crop.corner)
    assert depth_shown(clenched, cavity) == 0


def test_the_plates_own_inside_goes_as_the_mouth_opens_further() -> None:
    still = Cavity.in_plate(opened(1.2), TEETH_CM)
    assert own_part(still, still) == 1
    parts = []
    for value in np.linspace(0, 0.8, 41):
        motion = opened(0.3, jawOpen=float(value))
        parts.append(
            own_part(Cavity.in_target(motion, TEETH_CM), Cavity.in_plate(motion, TEETH_CM))
        )
    assert parts[0] == 1
    assert parts[-1] == 0
    assert (np.diff(parts) <= 0).all()
    assert np.abs(np.diff(parts)).max() < 0.3
    wide = opened(2.0, jawOpen=0.15)
    assert own_part(Cavity.in_target(wide, TEETH_CM), Cavity.in_plate(wide, TEETH_CM)) > 0.6


def test_lips_that_touch_stay_closed_until_they_part() -> None:
    def of(before: float, after: float) -> float:
        return parted(*(Cavity.in_plate(opened(gap), TEETH_CM) for gap in (before, after)))

    rest = Cavity.in_plate(opened(0.0), TEETH_CM).gap
    assert of(0.0, 0.08) == 0
    assert of(0.25 - rest, 0.3 - rest) == 0
    assert of(0.0, 0.5) == 1
    assert of(0.8, 0.8) == of(0.8, 0.4) == 1
    ramp = [of(0.0, float(gap)) for gap in np.linspace(0, 0.5, 26)]
    assert (np.diff(ramp) >= 0).all()
    assert np.diff(ramp).max() < 0.25


def test_another_frames_inside_fits_mouths_and_heads_like_its_own() -> None:
    other = Cavity.in_plate(opened(1.2), TEETH_CM)
    parts = [
        exemplar_part(Cavity.in_target(opened(gap), TEETH_CM), other, turn=0.0)
        for gap in np.linspace(0.5, 4.0, 71)
    ]
    assert parts[0] == 1
    assert parts[-1] == 0
    assert (np.diff(parts) <= 0).all()
    assert np.abs(np.diff(parts)).max() < 0.1
    assert exemplar_part(other, other, turn=30.0) == exemplar_part(other, other, turn=-30.0) == 0
    assert 0 < exemplar_part(other, other, turn=14.0) < 1


def test_upper_teeth_are_shown_where_the_lips_leave_them_free() -> None:
    cavities = [Cavity.in_plate(opened(gap), TEETH_CM) for gap in (0.05, 1.2)]
    shown = [teeth_shown(cavity) for cavity in cavities]
    assert shown[0] < 0.1
    assert shown[1] > shown[0]


def test_an_opening_that_is_cut_off_has_round_ends() -> None:
    u, v = np.meshgrid(np.linspace(-40, 40, 161), np.linspace(-15, 15, 61))
    height = np.full(256, 10, dtype=np.float32)
    cut = Edges(-30.0, 30.0, -height, height)
    inside = opening_depth(cut, u.astype(np.float32), v.astype(np.float32)) > 0
    tall = inside.sum(axis=0)[u[0] >= 10]
    assert (np.diff(tall) <= 0).all()
    assert tall[np.flatnonzero(tall)[-1]] < 0.5 * tall[0]
    assert not inside[:, np.abs(u[0]) >= 30].any()
    across = np.linspace(-1, 1, 256, dtype=np.float32)
    taper = Edges(-30.0, 30.0, -10 * (1 - across**2), 10 * (1 - across**2))
    kept = opening_depth(taper, u.astype(np.float32), v.astype(np.float32)) > 0.1
    assert np.array_equal(kept, taper.depth(u.astype(np.float32), v.astype(np.float32)) > 0.1)


def test_a_sliver_of_the_plates_inside_is_covered_where_the_mouth_opens_further() -> None:
    motion = opened(0.5, jawOpen=0.5)
    before, after = Cavity.in_plate(motion, TEETH_CM), Cavity.in_target(motion, TEETH_CM)
    u, v = grid(after)
    u, v = u * after.px_per_cm_along_lips, v * after.px_per_cm
    depth = opening_depth(after.edges, u, v)
    alpha = (depth > 0).astype(np.float32)
    lip = SKIN * np.array([0.9, 0.6, 0.6], np.float32)
    middle = np.abs(u) < 0.5 * after.px_per_cm
    sliver = middle & (depth > -0.06 * after.px_per_cm) & (depth <= 0)
    beyond = middle & (depth < -0.2 * after.px_per_cm)
    for colour in (0.9 * SKIN, 0.2 * lip, np.full(3, luma(lip))):
        skin = np.tile(lip, (*u.shape, 1))
        skin[depth > -0.06 * after.px_per_cm] = colour
        covered = cover_remains(alpha, skin, depth, lip, before, after)
        assert covered[sliver].min() > 0.4
        assert not covered[beyond].any()
        assert np.array_equal(cover_remains(alpha, skin, depth, lip, before, before), alpha)
    clean = np.tile(lip, (*u.shape, 1))
    assert cover_remains(alpha, clean, depth, lip, before, after)[beyond | sliver].mean() < 0.3


def test_a_layer_covers_as_far_as_it_says() -> None:
    below = np.full((2, 3, 3), 0.2, dtype=np.float32)
    alpha = np.array([[0, 0.5, 1], [1, 0.5, 0]], dtype=np.float32)
    over = PaintLayer(np.array([1, 0, 0], dtype=np.float32), alpha).over(below)
    assert over.dtype == np.float32
    assert np.allclose(over[0], [[0.2, 0.2, 0.2], [0.6, 0.1, 0.1], [1.0, 0.0, 0.0]])
    assert np.array_equal(over[1], over[0, ::-1])
