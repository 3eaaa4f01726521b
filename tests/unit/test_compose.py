"""Patches into plates: exact where nothing is asked, in order where faces overlap."""

from __future__ import annotations

import numpy as np
import pytest

from mien.media.planes import Box, Plate
from mien.rendering.base import Patch
from mien.rendering.compose import compose


@pytest.fixture
def plate() -> Plate:
    return Plate.from_rgb(np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8))


def patch(plate: Plate, box: Box, *, add: float, mask: float = 1.0) -> Patch:
    size = (box.height, box.width)
    return Patch(box, plate.rgb(box) + np.float32(add), np.full(size, mask, np.float32))


def test_no_patch_is_the_plate_itself(plate: Plate) -> None:
    assert compose(plate, []) is plate


@pytest.mark.parametrize(("add", "mask"), [(0.0, 1.0), (0.3, 0.0)])
def test_no_difference_changes_no_code_value(plate: Plate, add: float, mask: float) -> None:
    result = compose(plate, [patch(plate, plate.box, add=add, mask=mask)])
    assert np.array_equal(result.planes[0], plate.planes[0])


def test_only_the_box_changes(plate: Plate) -> None:
    box = Box(10, 5, 30, 25)
    before = plate.planes[0].copy()
    changed = compose(plate, [patch(plate, box, add=0.2)]).planes[0] != before
    changed = changed.reshape(40, 60, 3).any(axis=2)
    assert changed[5:25, 10:30].any()
    changed[5:25, 10:30] = False
    assert not changed.any()
    assert np.array_equal(plate.planes[0], before)


def test_later_faces_lie_over_earlier_ones(plate: Plate) -> None:
    box = Box(0, 0, 20, 20)
    red, blue = (np.full((20, 20, 3), colour, np.float32) for colour in (0.2, 0.8))
    whole = np.ones((20, 20), np.float32)
    result = compose(plate, [Patch(box, red, whole), Patch(box, blue, whole)])
    assert np.allclose(result.rgb(box), 0.8, atol=1 / 255)


def test_faces_apart_do_not_touch_each_other(plate: Plate) -> None:
    left, right = Box(0, 0, 20, 20), Box(30, 0, 50, 20)
    both = compose(plate, [patch(plate, left, add=0.1), patch(plate, right, add=-0.1)])
    first = compose(plate, [patch(plate, left, add=0.1)])
    assert np.array_equal(both.rgb(left), first.rgb(left))


def test_a_patch_must_be_whole_and_finite(plate: Plate) -> None:
    box = Box(0, 0, 4, 4)
    rgb, mask = np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.float32)
    with pytest.raises(ValueError, match="patch of"):
        Patch(box, rgb[:3], mask)
    rgb[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        Patch(box, rgb, mask)
