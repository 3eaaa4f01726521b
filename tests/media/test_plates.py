from __future__ import annotations

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.media.color import code_scale, srgb, to_ycc
from mien.media.frame import MoviePicture, layout_of, planar_name
from mien.media.orient import to_coded, to_upright, turn
from mien.media.planes import Box, Plate
from mien.model.media import Orientation
from tests.media.mediakit import picture, samples
from tests.profiles import examples

_DIRECT = """
    yuv420p yuvj420p yuv422p yuv444p yuv440p yuv411p yuv410p yuv420p9le yuv420p10le yuv422p10le
    yuv444p10le yuv422p10be yuv422p12le yuv444p12le yuv420p14le yuv444p16le yuva420p
    yuva444p10le yuva444p12le nv12 nv21 nv16 p010le p016le p210le gray gray10le gray16be ya8
    gbrp gbrp10le gbrp12le gbrp16le gbrap gbrap16le rgb24 bgr24 rgba bgra argb abgr bgr0 0rgb
    rgb48le rgb48be rgba64le bgra64be gbrpf32le grayf32le
"""
_CONVERTED = """
    uyvy422 yuyv422 y210le xv36le ayuv rgb8 x2rgb10le xyz12le monow rgb565le
"""
FORMATS = _DIRECT.split()
CONVERTED = _CONVERTED.split()


def plate_of(pixel_format: str, size: tuple[int, int] = (52, 38)) -> tuple[MoviePicture, Plate]:
    frame = av.VideoFrame.from_ndarray(picture(3, size), format="rgb24")
    video = frame.reformat(format=pixel_format, dst_colorspace="ITU709")
    video.colorspace = 1
    video.color_range = 2 if pixel_format.startswith(("yuvj", "gray", "ya8")) else 1
    shown = MoviePicture(video)
    return shown, shown.plate()


@pytest.mark.parametrize("pixel_format", FORMATS)
def test_formats_are_worked_on_directly(pixel_format: str) -> None:
    assert layout_of(av.VideoFormat(pixel_format)) is not None
    shown, plate = plate_of(pixel_format, (53, 37))
    rgb = plate.rgb()
    expected = picture(3, (53, 37)) / 255
    if pixel_format.startswith(("gray", "ya")):
        expected = expected @ to_ycc(1)[0]
        expected = np.repeat(expected[..., None], 3, axis=2)
    # Chroma of the quarter-wide formats is coarse on so small a picture.
    loose = 0.06 if pixel_format in ("yuv410p", "yuv411p", "grayf32le") else 0.015
    assert np.abs(rgb - expected).mean() < loose
    box = Box(5, 3, 40, 30)
    assert np.abs(plate.rgb(box) - rgb[3:30, 5:40]).max() < 1e-6
    plate.add(box, np.zeros((27, 35, 3), np.float32))
    again = shown.with_plate(plate)
    assert samples(again.video) == samples(shown.video)


@pytest.mark.parametrize("pixel_format", CONVERTED)
def test_other_formats_go_through_the_nearest_planar_one(pixel_format: str) -> None:
    source = av.VideoFormat(pixel_format)
    assert layout_of(source) is None
    near = av.VideoFormat(planar_name(source))
    layout = layout_of(near)
    assert layout is not None
    assert layout.bits >= max(c.bits for c in source.components)
    try:
        shown, plate = plate_of(pixel_format)
    except (ValueError, OSError):
        pytest.skip(f"swscale does not write {pixel_format}")
    assert plate.layout.name == near.name
    plate.add(plate.box, np.full((38, 52, 3), 0.05, np.float32))
    assert shown.with_plate(plate).video.format.name == near.name


boxes = st.tuples(*[st.integers(0, 51), st.integers(0, 37), st.integers(1, 52), st.integers(1, 38)])


@examples(40)
@given(
    pixel_format=st.sampled_from(FORMATS[:40]),
    corner=boxes,
    seed=st.integers(0, 1000),
    strength=st.sampled_from([0.01, 0.2, 3.0]),
)
def test_adding_touches_only_the_box(
    pixel_format: str, corner: tuple[int, int, int, int], seed: int, strength: float
) -> None:
    _, plate = plate_of(pixel_format)
    box = Box(corner[0], corner[1], max(corner[0], corner[2]), max(corner[1], corner[3]))
    changed = plate.copy()
    delta = np.random.default_rng(seed).normal(0, strength, (box.height, box.width, 3))
    changed.add(box, delta.astype(np.float32))
    before, after = np.stack([plate.rgb(), changed.rgb()])
    mask = np.ones((38, 52), bool)
    mask[box.y0 : box.y1, box.x0 : box.x1] = False
    # Read back with chroma as stored, not interpolated: a sample of its own outside is equal.
    for i, channel in enumerate(plate.layout.channels):
        a = plate.planes[channel.plane][:, channel.offset :: channel.step]
        b = changed.planes[channel.plane][:, channel.offset :: channel.step]
        sx = plate.layout.shift_x if i and plate.layout.model == "yuv" else 0
        sy = plate.layout.shift_y if i and plate.layout.model == "yuv" else 0
        grid = mask[:: 1 << sy, :: 1 << sx].copy()
        for y in range(grid.shape[0]):
            for x in range(grid.shape[1]):
                grid[y, x] = mask[y << sy : (y + 1) << sy, x << sx : (x + 1) << sx].any()
        h, w = grid.shape
        assert (a[:h, :w][grid] == b[:h, :w][grid]).all()
    assert np.isfinite(after).all()
    assert np.isfinite(before).all()


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv422p10le", "yuv444p12le"])
@pytest.mark.parametrize("corner", [(0, 0), (7, 5)])
def test_a_difference_arrives(pixel_format: str, corner: tuple[int, int]) -> None:
    _, plate = plate_of(pixel_format)
    box = Box(*corner, corner[0] + 40, corner[1] + 30)
    y, x = np.mgrid[0:30, 0:40].astype(np.float32)
    bump = np.sin(np.pi * x / 39) * np.sin(np.pi * y / 29)
    delta = (bump[..., None] * [0.1, -0.06, 0.04]).astype(np.float32)
    before = plate.rgb(box)
    plate.add(box, delta)
    error = np.abs(plate.rgb(box) - before - delta)
    assert error[4:-4, 4:-4].max() < 1.5 * 1.9 / ((1 << plate.layout.bits) - 1) + 0.006
    assert np.median(error) < 1.0 / ((1 << plate.layout.bits) - 1) + 0.001


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 16])
def test_reading_is_exact_without_subsampling(bits: int, full: bool) -> None:
    name = {8: "yuv444p", 10: "yuv444p10le", 16: "yuv444p16le"}[bits]
    layout = layout_of(av.VideoFormat(name))
    assert layout is not None
    rng = np.random.default_rng(1)
    rgb = rng.uniform(0, 1, (20, 30, 3))
    scale, offset = code_scale(bits, full)
    codes = np.clip(np.rint(rgb @ to_ycc(9).T * scale + offset), 0, (1 << bits) - 1)
    planes = [codes[..., i].astype(np.uint8 if bits == 8 else np.uint16) for i in range(3)]
    plate = Plate(layout, (30, 20), planes, matrix=9, full=full)
    assert np.abs(plate.rgb() - rgb).max() < 1.6 / scale[0]


def test_untagged_video_follows_its_height() -> None:
    layout = layout_of(av.VideoFormat("yuv444p"))
    assert layout is not None
    planes = [np.full((720, 16), v, np.uint8) for v in (120, 90, 200)]
    hd = Plate(layout, (16, 720), planes).rgb()[0, 0]
    sd = Plate(layout, (16, 719), [p[:719] for p in planes]).rgb()[0, 0]
    tagged = Plate(layout, (16, 719), [p[:719] for p in planes], matrix=1).rgb()[0, 0]
    assert np.allclose(hd, tagged)
    assert not np.allclose(hd, sd)


def test_sums_are_limited_but_super_whites_stay() -> None:
    layout = layout_of(av.VideoFormat("yuv444p10le"))
    assert layout is not None
    planes = [np.full((8, 8), v, np.uint16) for v in (1019, 512, 512)]
    plate = Plate(layout, (8, 8), planes)
    delta = np.zeros((8, 8, 3), np.float32)
    delta[:4] = 0.5
    plate.add(plate.box, delta)
    assert set(plate.planes[0][:4].ravel()) == {1023}
    assert set(plate.planes[0][4:].ravel()) == {1019}


def test_the_given_memory_is_never_written() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    plate = Plate.from_rgb(pixels)
    twin = plate.copy()
    twin.add(Box(0, 0, 8, 8), np.ones((8, 8, 3), np.float32))
    assert pixels.max() == 0
    assert plate.rgb().max() == 0
    third = twin.copy()
    third.add(Box(0, 0, 8, 8), -np.ones((8, 8, 3), np.float32))
    assert twin.rgb().min() == 1
    with pytest.raises(ValueError, match="read-only"):
        twin.planes[0][0] = 1


def test_boxes_outside_are_refused() -> None:
    plate = Plate.from_rgb(np.zeros((8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="leaves the picture"):
        plate.rgb(Box(-1, 0, 4, 4))
    with pytest.raises(ValueError, match="difference of"):
        plate.add(Box(0, 0, 4, 4), np.zeros((4, 5, 3), np.float32))
    assert plate.rgb(Box(2, 2, 2, 5)).shape == (3, 0, 3)
    assert Box(-3, 2, 20, 5).clip(8, 8) == Box(0, 2, 8, 5)
    assert Box(0, 0, 2, 2).union(Box(1, 1, 5, 3)) == Box(0, 0, 5, 3)


@given(
    turns=st.integers(0, 3),
    width=st.integers(2, 400),
    height=st.integers(2, 400),
    aspect=st.fractions("1/3", 3, max_denominator=32),
    x=st.floats(-50, 450),
    y=st.floats(-50, 450),
)
def test_orientation_goes_there_and_back(
    turns: int, width: int, height: int, aspect: float, x: float, y: float
) -> None:
    orientation = Orientation(width, height, turns, aspect)  # type: ignore[arg-type]
    if not round(width * orientation.pixel_aspect):
        return
    point = np.array([[x, y]])
    assert np.abs(to_coded(orientation, to_upright(orientation, point)) - point).max() < 0.01


@pytest.mark.parametrize("turns", range(4))
def test_points_turn_with_the_picture(turns: int) -> None:
    orientation = Orientation(5, 3, turns)
    pixels = np.zeros((3, 5, 3), np.uint8)
    pixels[1, 3] = 255
    y, x = np.argwhere(turn(orientation, pixels)[..., 0])[0]
    assert np.allclose(to_upright(orientation, [3, 1]), [x, y])


def test_srgb_curve() -> None:
    values = srgb(np.array([-1, 0, 0.0031308, 0.5, 1, 9], np.float32))
    assert np.allclose(values, [0, 0, 0.04045, 0.735357, 1, 1], atol=1e-5)
