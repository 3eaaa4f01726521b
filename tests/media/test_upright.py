from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from mien._types import AnyArray
from mien.media.color import srgb
from mien.media.orient import to_coded
from mien.media.planes import Plate
from mien.media.upright import sample_upright
from mien.model.media import Orientation


def ramp(orientation: Orientation) -> AnyArray:
    """A coded picture whose red and green tell where a pixel lies in the upright picture."""
    width, height = orientation.upright_size
    coded = np.zeros((orientation.height, orientation.width, 3), dtype=np.float32)
    for channel, size in enumerate((width, height)):
        ends = np.zeros((2, 2))
        ends[1, channel] = size - 1
        low, high = to_coded(orientation, ends)
        axis = int(np.argmax(np.abs(high - low)))
        place = np.arange((orientation.width, orientation.height)[axis])
        share = (place - low[axis]) / (high - low)[axis] * 200 / 255
        coded[..., channel] = share[None, :] if axis == 0 else share[:, None]
    return coded


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("aspect", [Fraction(1), Fraction(16, 15)])
@pytest.mark.parametrize("step", [0.7, 1.0, 3.3])
def test_places_are_those_of_the_upright_picture(
    turns: int, mirrored: bool, aspect: Fraction, step: float
) -> None:
    orientation = Orientation(300, 240, turns, aspect, mirrored)
    codes = np.rint(ramp(orientation) * 255).astype(np.uint8)
    xs, ys = 31.3 + step * np.arange(50), 20.6 + step * np.arange(40)
    found = sample_upright(Plate.from_rgb(codes), orientation, xs, ys)
    width, height = orientation.upright_size
    assert found.shape == (40, 50, 3)
    np.testing.assert_allclose(found[0, :, 0], xs / (width - 1) * 200, atol=1.0)
    np.testing.assert_allclose(found[:, 0, 1], ys / (height - 1) * 200, atol=1.0)


def test_black_beyond_the_picture_and_whole_pixels_inside() -> None:
    picture = np.random.default_rng(0).integers(1, 256, (20, 30, 3), dtype=np.uint8)
    whole = Orientation(30, 20)
    xs, ys = np.arange(-5.0, 35), np.arange(-3.0, 22)
    found = sample_upright(Plate.from_rgb(picture), whole, xs, ys)
    np.testing.assert_array_equal(found[3:23, 5:35], picture)
    assert found[:3].sum() == found[:, :5].sum() == found[23:].sum() == found[:, 35:].sum() == 0
    assert not sample_upright(Plate.from_rgb(picture), whole, xs + 90, ys).any()


def test_linear_light_is_shown_through_its_curve() -> None:
    light = np.linspace(0, 2, 30 * 20 * 3, dtype=np.float32).reshape(20, 30, 3)
    found = sample_upright(
        Plate.from_rgb(light), Orientation(30, 20), np.arange(30.0), np.arange(20.0)
    )
    np.testing.assert_array_equal(found, np.rint(srgb(light) * np.float32(255)))
