"""The mask of what is changed, as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mien
from mien.media.planes import Box, Plate
from mien.media.reader import open_reader
from mien.rendering.base import Patch
from mien.rendering.matte import matte
from tests.media.mediakit import make_clip, rgb_of

FORMATS = [
    ("yuv420p", (1, 1, 1, 1)),
    ("yuv422p10le", (1, 1, 1, 1)),
    ("yuv444p", (1, 1, 1, 2)),
    ("gray", (1, 1, 1, 1)),
    ("gbrp16le", (1, 1, 0, 2)),
    ("bgra", (1, 1, 0, 2)),
]


def patch(box: Box, amount: float) -> Patch:
    mask = np.full((box.height, box.width), amount, dtype=np.float32)
    return Patch(box, np.zeros((*mask.shape, 3), dtype=np.float32), mask)


@pytest.mark.parametrize(("pixel_format", "tags"), FORMATS)
def test_a_matte_is_black_but_for_the_mask(
    tmp_path: Path, pixel_format: str, tags: tuple[int, int, int, int]
) -> None:
    path = make_clip(
        tmp_path / "plate.mkv", "ffv1", pixel_format, count=1, tags=tags, options={"level": "3"}
    )
    with open_reader(path) as reader:
        frame = reader.frame(0)
        plate = frame.plate()
    before = [np.array(plane) for plane in plate.planes]
    found = matte(plate, [patch(Box(16, 8, 48, 40), 0.5), patch(Box(32, 8, 64, 40), 1.0)])
    rgb = found.rgb()
    # A step of an 8-bit code, limited range: 1/219, and half of it by rounding twice.
    near = 1.1 / 219
    np.testing.assert_allclose(rgb[16:32, 18:30], 0.5, atol=near)
    np.testing.assert_allclose(rgb[16:32, 34:62], 1.0, atol=near)
    outside = rgb.copy()
    outside[8:40, 16:64] = 0
    assert np.abs(outside).max() < 1e-6
    assert all((a == b).all() for a, b in zip(before, plate.planes, strict=True))
    assert frame.with_plate(found).plate().layout == plate.layout


def test_floating_point_holds_the_mask_itself() -> None:
    plate = Plate.from_rgb(np.full((16, 16, 3), 3.5, dtype=np.float32))
    rgb = matte(plate, [patch(Box(4, 4, 8, 8), 0.3)]).rgb()
    np.testing.assert_allclose(rgb[4:8, 4:8], 0.3, rtol=1e-6)
    assert not rgb[:4].any()


@pytest.mark.slow
def test_a_shots_matte_is_where_its_render_differs(talk_720p: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.mp4"
    mien.render(talk_720p, short, frames="0:12", progress=False)
    shot = mien.track(short, progress=False)
    edit = mien.Edit(shot.faces[0]).set("mouthSmile", 0.8, span="4:12")

    def rendered(name: str, matte: bool) -> Path:
        path = tmp_path / name
        verb = mien.render_matte if matte else mien.render
        report = verb(shot, path, edits=[edit], lossless=True, renderer="warp", progress=False)
        assert report.frames_edited == 8
        return path

    masks = rgb_of(rendered("matte.mkv", matte=True)).astype(int)
    plates, edited = rgb_of(short).astype(int), rgb_of(rendered("edited.mkv", matte=False))
    assert (np.ptp(masks, axis=3) == 0).all()
    assert not masks[:4].any()
    assert masks[4:].max(axis=(1, 2, 3)).min() == 255
    changed = np.abs(edited - plates).max(axis=3) > 0
    # Chroma is shared by 2 x 2 pixels: the change may reach one pixel beyond the mask.
    reach = np.maximum.reduce(
        [np.roll(masks[..., 0], (y, x), (1, 2)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    )
    assert not changed[reach == 0].any()
