"""What networks are shown of linear and HDR pictures, and the way back."""

from __future__ import annotations

import numpy as np
import pytest

from mien.media.display import from_display, shown8, to_display
from mien.media.planes import Channel, Layout, Plate

PQ, HLG, BT709, BT2020 = 16, 18, 1, 9


def tagged(transfer: int, primaries: int) -> Plate:
    layout = Layout("gbrp10le", "rgb", 10, tuple(Channel(i) for i in range(3)))
    planes = [np.zeros((2, 2), np.uint16)] * 3
    return Plate(layout, (2, 2), planes, transfer=transfer, primaries=primaries)


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("primaries", [BT709, BT2020])
def test_hdr_there_and_back(transfer: int, primaries: int) -> None:
    """Codes come back within a tenth of a 12-bit code, up to a thousand cd/m2 in PQ."""
    plate = tagged(transfer, primaries)
    codes = np.random.default_rng(0).uniform(0.2, 0.75, (4000, 3)).astype(np.float32)
    shown = to_display(plate, codes)
    assert np.abs(from_display(plate, shown) - codes).max() < 0.1 / 4095
    grey = np.repeat(np.linspace(0, 1, 200, dtype=np.float32)[:, None], 3, axis=1)
    shades = to_display(plate, grey)[:, 0]
    assert (np.diff(shades) > 0).all()
    assert abs(shades[0]) < 1e-3
    assert shades[-1] < 1


@pytest.mark.parametrize("transfer", [PQ, HLG])
@pytest.mark.parametrize("primaries", [BT709, BT2020])
def test_tables_show_what_the_formulas_show(transfer: int, primaries: int) -> None:
    plate = tagged(transfer, primaries)
    codes = np.random.default_rng(1).uniform(-0.05, 1.05, (300, 300, 3)).astype(np.float32)
    exact = np.rint(np.clip(to_display(plate, codes), 0, 1) * 255)
    missed = np.abs(shown8(plate, codes) - exact)
    assert np.quantile(missed, 0.9999) <= 1
    assert missed.mean() < 0.02


@pytest.mark.parametrize(("transfer", "code"), [(PQ, 0.5807), (HLG, 0.75)])
def test_reference_white_is_near_white(transfer: int, code: float) -> None:
    """BT.2408: 203 cd/m2 is code 58 % in PQ and 75 % in HLG; what is darker is as bright."""
    plate = tagged(transfer, BT2020)
    white = to_display(plate, np.full((1, 3), code, np.float32))
    np.testing.assert_allclose(white, 0.88, atol=0.015)
    if transfer == PQ:
        grey = to_display(plate, np.full((1, 3), 0.5081, np.float32))  # 100 cd/m2
        np.testing.assert_allclose(grey, 0.730, atol=0.002)


def test_what_is_shown_anyway_stays() -> None:
    picture = np.linspace(-0.2, 1.2, 30, dtype=np.float32).reshape(10, 3)
    plate = tagged(BT709, BT709)
    assert to_display(plate, picture) is picture
    assert from_display(plate, picture) is picture
    linear = Plate.from_rgb(np.zeros((2, 2, 3), np.float32))
    light = np.linspace(0, 1, 30, dtype=np.float32).reshape(10, 3)
    np.testing.assert_allclose(from_display(linear, to_display(linear, light)), light, atol=1e-6)
    assert to_display(linear, picture).max() == pytest.approx(1)
