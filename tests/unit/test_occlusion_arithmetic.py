"""What is worked out the quick way is what the plain way gives, bit for bit."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.rendering.occlusion.discs import around, dilated, ellipse, eroded
from mien.rendering.occlusion.face_model import by_channel, each_channel, third_least
from tests.unit.test_occlusion import learned

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.floats(0, 24), st.integers(1, 40), st.integers(1, 40))
def test_discs_are_those_of_opencv(seed: int, radius: float, height: int, width: int) -> None:
    random, disc = np.random.default_rng(seed), ellipse(radius)
    for shape in ((height, width), (height, width, 3)):
        picture = random.random(shape).astype(np.float32)
        np.testing.assert_array_equal(dilated(picture, radius), cv2.dilate(picture, disc))
        np.testing.assert_array_equal(eroded(picture, radius), cv2.erode(picture, disc))
        mask = (picture > 0.9).astype(np.uint8)
        np.testing.assert_array_equal(dilated(mask, radius), cv2.dilate(mask, disc))


@given(SEEDS, st.integers(0, 8))
def test_all_of_an_area_lies_in_what_is_around_it(seed: int, margin: int) -> None:
    area = np.random.default_rng(seed).random((20, 30)) > 0.995
    part = area[around(area, margin)]
    assert np.count_nonzero(part) == np.count_nonzero(area)
    if area.any():
        rows, columns = np.nonzero(area)
        assert part.shape[0] <= np.ptp(rows) + 1 + 2 * margin
        assert part.shape[1] <= np.ptp(columns) + 1 + 2 * margin


@given(SEEDS)
def test_channels_are_worked_on_one_by_one(seed: int) -> None:
    random = np.random.default_rng(seed)
    picture = random.random((9, 7, 3)).astype(np.float32)
    light, gain = (random.random(n).astype(np.float32) + 0.5 for n in ((9, 7), 3))
    np.testing.assert_array_equal(picture / each_channel(light), picture / light[..., None])
    np.testing.assert_array_equal(by_channel(picture, gain), picture * gain)
    np.testing.assert_array_equal(by_channel(picture, gain, np.divide), picture / gain)


@pytest.mark.parametrize("grain", [0.05, 0.6])
def test_colours_have_numbers_of_their_own(grain: float) -> None:
    model = learned()
    assert model is not None
    random = np.random.default_rng(3)
    rgb = random.normal(0.5, grain, (40, 30, 3)).astype(np.float32)
    codes = cv2.convertScaleAbs(np.clip(rgb, 0, 1), alpha=255)
    light, *tints = np.moveaxis(cv2.cvtColor(codes, cv2.COLOR_RGB2LAB).astype(int), 2, 0)
    first, second = (np.clip((tint - 64) * 24 // 128, 0, 23) for tint in tints)
    expected = (light * 24 // 256 * 24 + first) * 24 + second
    np.testing.assert_array_equal(model.colours(rgb), expected)


@given(SEEDS, st.integers(3, 12))
def test_the_third_least_is_that(seed: int, count: int) -> None:
    pictures = np.random.default_rng(seed).integers(0, 9, (count, 4, 5)).astype(np.float32)
    np.testing.assert_array_equal(third_least(pictures), np.sort(pictures, axis=0)[2])
