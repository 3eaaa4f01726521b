"""The parts that find what is in front of a face, on pictures made up for them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import FloatArray
from mien.face.rig import load_rig
from mien.media.planes import Box
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.occlusion.evidence import find_evidence
from mien.rendering.occlusion.face_model import (
    AppearanceModel,
    deviations,
    learn_appearance,
    match_light,
)
from mien.rendering.occlusion.hand_matte import hand_area
from mien.rendering.occlusion.layout import FaceLayout
from mien.rendering.occlusion.refine import Guide, refine
from mien.rendering.occlusion.strands import strands_in_plate
from mien.tracking.mediapipe.hands import Hand

SIDE = 160
CONTROLS = np.zeros(59, np.float32)
STRAIGHT = np.eye(3, dtype=np.float32)


def layout(size: int = 128) -> FaceLayout:
    return FaceLayout(load_rig().mean, size)


def points() -> FloatArray:
    """Landmarks of a face in a picture of `SIDE`."""
    flat = load_rig().mean[:, :2] * np.array([1, -1], np.float32)
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = 0.6 * SIDE / float((high - low).max())
    return np.asarray((flat - (low + high) / 2) * scale + SIDE / 2, np.float32)


def portrait(seed: int = 0, grain: float = 0.01) -> FloatArray:
    """A face of a kind, (SIDE, SIDE, 3): smooth skin with dark spots and a red mouth."""
    random = np.random.default_rng(7)
    skin = cv2.resize(random.uniform(0.4, 0.7, (6, 6)).astype(np.float32), (SIDE, SIDE))
    rgb = skin[..., None] * np.array([1.0, 0.75, 0.65], np.float32)
    for spot, tint in (((60, 60), 0.15), ((100, 60), 0.15), ((80, 110), 0.3)):
        cv2.circle(rgb, spot, 8, (tint * 2, tint, tint), -1)
    noise = np.random.default_rng(seed).normal(0, grain, rgb.shape)
    return np.asarray(rgb + noise, np.float32)


def library(count: int, example: int | None = None) -> list[LibraryFrame]:
    return [
        LibraryFrame(
            20 * i,
            portrait(i).astype(np.float16),
            np.concatenate([points(), np.zeros((10, 2), np.float32)]),
            np.zeros(2, np.float32),
            1.0,
            CONTROLS,
            STRAIGHT,
            example,
        )
        for i in range(count)
    ]


def learned(size: int = 128, count: int = 10) -> AppearanceModel | None:
    return learn_appearance(layout(size), library(count))


def test_a_map_comes_back_to_where_it_was() -> None:
    here, face = layout(), points()
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    ramp = np.stack([x, y, x + y], axis=-1)
    brought = here.bring(ramp, face)
    (back,) = here.take_back([(brought, -1.0)], face, Box(0, 0, SIDE, SIDE))
    inside = back[..., 0] >= 0
    assert inside[SIDE // 2, SIDE // 2]
    assert not inside[0, 0]
    middle = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillConvexPoly(middle, cv2.convexHull(np.round(face).astype(np.int32)), 1)
    middle = cv2.erode(middle, np.ones((15, 15), np.uint8))
    assert np.abs(back - ramp)[(middle > 0) & inside].max() < 1.5


def test_regions_share_the_face() -> None:
    here = layout()
    for values in np.eye(4, dtype=np.float32):
        spread = here.by_region(values)
        assert spread.min() >= 0
        assert spread.max() <= 1
    np.testing.assert_allclose(here.by_region(np.ones(4, np.float32)), 1, atol=1e-5)
    low = here.by_region(np.array([0, 0, 0, 1], np.float32))
    assert low[-20, 64] > low[40, 64]


@given(st.tuples(*[st.floats(0.7, 1.4)] * 3))
def test_light_is_matched_whatever_it_is(gain: tuple[float, float, float]) -> None:
    here = layout()
    reference = here.bring(portrait(), points())
    found = match_light(reference / np.array(gain, np.float32), reference, here)
    np.testing.assert_allclose(found, gain, rtol=0.02)


def test_light_is_matched_behind_a_bar() -> None:
    here = layout()
    reference = here.bring(portrait(), points())
    picture = reference / np.float32(1.2)
    picture[:, 40:60] = (0.1, 0.8, 0.2)
    np.testing.assert_allclose(match_light(picture, reference, here), 1.2, rtol=0.05)


def test_a_texel_beside_its_place_is_no_departure() -> None:
    picture = portrait(grain=0)
    spread = np.full_like(picture, 0.01)
    assert deviations(np.roll(picture, 1, axis=1), picture, spread)[4:-4, 4:-4].max() < 1e-3
    assert deviations(picture + 0.1, picture, spread)[SIDE // 2, 5] > 3


def test_too_little_is_known_of_few_frames() -> None:
    assert learn_appearance(layout(), library(5)) is None
    assert learn_appearance(layout(), library(10, example=0)) is None


def test_a_sliver_of_a_large_face_is_looked_at() -> None:
    sliver = np.full((400, 17, 3), 0.5, np.float32)
    assert np.isfinite(layout().bring(sliver, 40 * points())).all()


@pytest.mark.parametrize("size", [104, 160])
def test_a_bar_is_found_and_a_bare_face_is_bare(size: int) -> None:
    model = learned(size)
    assert model is not None
    expected = model.expected(7, CONTROLS, STRAIGHT)
    bare = model.layout.bring(portrait(99), points())
    assert find_evidence(model, bare, expected, STRAIGHT) is None
    dimmed = find_evidence(model, bare * np.float32(0.85), expected, STRAIGHT)
    assert dimmed is None or not dimmed.conclusive
    covered = portrait(99)
    covered[:, 70:90] = (0.1, 0.7, 0.2)
    found = find_evidence(model, model.layout.bring(covered, points()), expected, STRAIGHT)
    assert found is not None
    assert found.conclusive
    odds, hidden = model.layout.take_back(
        [(found.odds, -4.0), (found.hidden, -1.0)], points(), Box(0, 0, SIDE, SIDE)
    )
    assert odds[80, 80] > 2
    assert odds[80, 50] < 0
    np.testing.assert_allclose(hidden[80, 80], portrait(0, 0)[80, 80], atol=0.06)


def test_an_edge_is_found_in_the_plate() -> None:
    rgb = np.full((80, 80, 3), (0.6, 0.45, 0.4), np.float32)
    rgb[:, 37:55] = (0.1, 0.3, 0.8)
    rgb += np.random.default_rng(1).normal(0, 0.01, rgb.shape).astype(np.float32)
    truth = np.zeros((80, 80), np.float32)
    truth[:, 37:55] = 1
    # What is known is blurred, and a pixel and a half beside the truth.
    blurred = cv2.GaussianBlur(np.roll(truth, 1, axis=1), (0, 0), 2)
    hidden = np.full_like(rgb, (0.6, 0.45, 0.4))
    matte = refine(rgb, 12 * (blurred - 0.5), np.full_like(truth, 0.8), hidden, 60)
    assert matte[:, 39:53].min() == 1
    assert matte[:, :34].max() == 0
    assert matte[:, 58:].max() == 0
    # Straight to half a pixel.
    left = 37 - (matte[:, 30:45] * (np.arange(30, 45) < 45)).sum(axis=1) + (45 - 37)
    assert np.ptp(left) <= 0.5


def test_specks_go_and_holes_are_filled() -> None:
    rgb = np.full((80, 80, 3), 0.5, np.float32)
    odds = np.full((80, 80), -4, np.float32)
    odds[20:60, 20:60] = 4
    odds[38:40, 38:40] = -4
    odds[70, 70] = 4
    hidden = np.full_like(rgb, -1)
    hidden[20:60, 20:60] = 0.5
    matte = refine(rgb, odds, np.ones((80, 80), np.float32), hidden, 200)
    assert matte[39, 39] == 1
    assert matte[70, 70] == 0


@given(st.floats(0, 1), st.floats(0, 1))
def test_what_is_smoothed_along_a_picture_keeps_its_mean(low: float, high: float) -> None:
    guide = np.zeros((24, 24, 3), np.float32)
    guide[:, 12:] = 1
    values = np.where(guide[..., 0] > 0, np.float32(high), np.float32(low))
    weight = np.ones((24, 24), np.float32)
    along = Guide(guide, weight, 4, 1e-4)
    smooth = along.smoothed(values)
    np.testing.assert_allclose(smooth, values, atol=0.04)
    # Whatever was smoothed along it before.
    along.smoothed(np.float32(1) - values)
    np.testing.assert_array_equal(along.smoothed(values), smooth)


def test_a_hand_covers_its_palm_and_fingers() -> None:
    spread = np.zeros((21, 2), np.float32)
    for finger in range(5):
        for joint in range(4):
            spread[1 + 4 * finger + joint] = (20 + 10 * finger, 60 - 10 * joint)
    spread[0] = (40, 90)
    area = hand_area(spread, (120, 100))
    assert area.shape == (120, 100)
    assert area[70, 40] > 0.9
    assert area[35, 50] > 0.9
    assert area[5, 5] == 0
    assert Hand(spread).width == pytest.approx(30)


def fence(rgb: FloatArray, colour: tuple[float, float, float]) -> FloatArray:
    """A picture (SIDE, SIDE, 3) with thin strands over it."""
    covered = rgb.copy()
    for x in (62, 76, 90, 104):
        cv2.line(covered, (x, 40), (x - 8, 125), colour, 2)
    return covered


@pytest.mark.parametrize("size", [104, 160])
@pytest.mark.parametrize("colour", [(0.1, 0.7, 0.2), (0.06, 0.05, 0.04)])
def test_strands_are_told_from_what_is_wide(size: int, colour: tuple[float, float, float]) -> None:
    model = learned(size)
    assert model is not None
    expected = model.expected(7, CONTROLS, STRAIGHT)
    brought = model.layout.bring(fence(portrait(99), colour), points())
    found = find_evidence(model, brought, expected, STRAIGHT)
    assert found is not None
    assert found.strands is not None
    assert found.strands.conclusive
    assert not found.conclusive
    bar = portrait(99)
    bar[:, 70:90] = colour
    found = find_evidence(model, model.layout.bring(bar, points()), expected, STRAIGHT)
    assert found is not None
    assert found.conclusive
    assert found.strands is None or not found.strands.conclusive


def test_a_fold_of_skin_is_no_strand() -> None:
    model = learned(160)
    assert model is not None
    expected = model.expected(7, CONTROLS, STRAIGHT)
    folded = portrait(99)
    shade = np.zeros((SIDE, SIDE), np.float32)
    cv2.line(shade, (66, 88), (60, 118), 1, 2)
    folded *= 1 - 0.3 * cv2.GaussianBlur(shade, (0, 0), 1)[..., None]
    found = find_evidence(model, model.layout.bring(folded, points()), expected, STRAIGHT)
    assert found is None or found.strands is None or not found.strands.conclusive


def test_hands_are_looked_for_only_where_something_is() -> None:
    model = learned(160)
    assert model is not None
    expected = model.expected(7, CONTROLS, STRAIGHT)
    asked = []

    def hands() -> None:
        asked.append(1)

    find_evidence(
        model, model.layout.bring(portrait(99), points()), expected, STRAIGHT, None, hands
    )
    assert not asked
    covered = portrait(99)
    covered[:, 70:90] = (0.1, 0.7, 0.2)
    find_evidence(model, model.layout.bring(covered, points()), expected, STRAIGHT, None, hands)
    assert asked == [1]


def test_a_strand_is_as_wide_as_it_is() -> None:
    skin = np.full((80, 80, 3), (0.6, 0.45, 0.4), np.float32)
    truth = np.zeros((80, 80), np.float32)
    cv2.line(truth, (20, 5), (50, 75), 1, 3, cv2.LINE_AA)
    truth = cv2.GaussianBlur(truth, (0, 0), 0.6)
    rgb = skin + truth[..., None] * (np.array([0.1, 0.6, 0.7], np.float32) - skin)
    near = cv2.dilate(truth, np.ones((5, 5)))
    matte = strands_in_plate(rgb, near, np.zeros_like(truth), skin, 160)
    told, wanted = matte > 0.5, truth > 0.5
    assert np.count_nonzero(told & wanted) > 0.9 * np.count_nonzero(told | wanted)
    assert matte[truth == 0].max() == 0
    # A gap in its line, where it has the colour of the skin, is filled.
    rgb[38:42], gap = skin[38:42], np.zeros_like(truth)
    gap[38:42] = wanted[38:42]
    assert strands_in_plate(rgb, near, gap, skin, 160)[40][wanted[40]].min() == 1


@pytest.mark.parametrize("count", [6, 7, 12])
def test_the_light_of_one_layout_is_that_of_another(count: int) -> None:
    first = learned(104, count)
    assert first is not None
    second = learn_appearance(layout(160), library(count), light=first.light)
    assert second is not None
    np.testing.assert_allclose(second.light, first.light)
    np.testing.assert_allclose(first.median, np.median(first.pictures, axis=0), atol=1e-6)
