"""A matte that the user brings: read from any format, turned as the shot is, refused early."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import OpenEXR
import pytest

import mien
from mien._types import FloatArray
from mien.errors import MediaError, MienError, OutputError, UsageError
from mien.media.frame import Frame
from mien.media.orient import turn
from mien.media.planes import Box
from mien.media.probe import probe
from mien.model.media import MediaInfo, Orientation
from mien.model.occlusion import Occlusion
from mien.model.shot import Shot
from mien.rendering.occlusion.matte_file import MatteReader, probe_matte
from mien.rendering.resume import matte_stamp
from mien.testing.scenes import Scene
from mien.timebase import FrameRange
from tests.mattes import corner, half, write_images, write_movie
from tests.media.mediakit import copy

FRAMES = 4
SIZE = (64, 48)


def shot_of(
    width: int = SIZE[0],
    height: int = SIZE[1],
    turns: int = 0,
    aspect: Fraction = Fraction(1),
    mirrored: bool = False,
) -> MediaInfo:
    scene = Scene(Orientation(width, height, turns, aspect, mirrored), frames=FRAMES)
    return scene.shot.media


def read(path: Path, media: MediaInfo, index: int = 1, *, upright: bool = False) -> FloatArray:
    size = media.orientation
    width, height = size.upright_size if upright else (size.width, size.height)
    reader = MatteReader(probe_matte(path, media), size, upright=upright)
    try:
        return reader.frame(index, width, height)
    finally:
        reader.close()


@pytest.mark.parametrize(
    ("codec", "pixel_format", "full"),
    [
        ("ffv1", "gray", False),
        ("ffv1", "gray16le", False),
        ("ffv1", "yuv420p", False),
        ("ffv1", "yuv420p", True),
        ("ffv1", "yuv444p10le", False),
        ("ffv1", "yuv422p12le", True),
        ("ffv1", "gbrp16le", False),
        ("ffv1", "bgra", False),
        ("libx264", "yuv420p", False),
        ("prores_ks", "yuv422p10le", False),
    ],
)
def test_white_is_one_and_black_is_none_in_any_format(
    tmp_path: Path, codec: str, pixel_format: str, full: bool
) -> None:
    mattes = half(FRAMES, *SIZE)
    mattes[2, :24] = 0.5
    path = write_movie(
        tmp_path / "matte.mkv", mattes, codec=codec, pixel_format=pixel_format, full=full
    )
    found = read(path, shot_of())
    assert found.dtype == np.float32
    assert (found[:, :28] == 1).all()
    assert (found[:, 36:] == 0).all()
    np.testing.assert_allclose(read(path, shot_of(), 2)[4:18], 0.5, atol=0.02)


@pytest.mark.parametrize("kind", ["rgb8", "yuv10", "exr"])
def test_luma_is_that_of_the_colours(kind: str) -> None:
    plate = Scene(kind=kind).plate(0)
    # What is not tagged, and small, is of BT.601; the scene's Y'CbCr says BT.709.
    red, blue = (0.2126, 0.0722) if kind == "yuv10" else (0.299, 0.114)
    wanted = plate.rgb() @ np.array([red, 1 - red - blue, blue], np.float32)
    np.testing.assert_allclose(plate.luma(), wanted, atol=2e-3)


@pytest.mark.parametrize(("name", "bits"), [("m.%04d.png", 8), ("m.%04d.png", 16),
                                            ("m_%d.tif", 8), ("m.%03d.tif", 16)])  # fmt: skip
def test_images(tmp_path: Path, name: str, bits: int) -> None:
    mattes = half(FRAMES, *SIZE)
    mattes[3] = 0
    path = write_images(tmp_path / name, mattes, bits=bits)
    assert np.array_equal(read(path, shot_of()), mattes[1])
    assert not read(path, shot_of(), 3).any()
    # Any one of them names them all.
    assert np.array_equal(read(Path(str(path) % 2), shot_of(), 1), mattes[1])


def test_images_in_linear_light_hold_shares_and_nothing_else(tmp_path: Path) -> None:
    for i in range(FRAMES):
        grey = half(1, *SIZE)[0]
        grey[:8], grey[8:16], grey[-1] = 0.5, 7.0, np.nan
        channels = {"RGB": np.repeat(grey[..., None], 3, axis=2)}
        OpenEXR.File({}, channels).write(str(tmp_path / f"m.{i:04d}.exr"))
    found = read(tmp_path / "m.%04d.exr", shot_of())
    np.testing.assert_allclose(found[:8], 0.5, atol=1e-6)
    assert (found[8:16] == 1).all()
    assert not found[-1].any()
    assert np.array_equal(found[16:-1], half(1, *SIZE)[0, 16:-1])


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_it_may_be_made_for_the_stored_picture_or_for_the_upright_one(
    tmp_path: Path, turns: int, mirrored: bool
) -> None:
    media = shot_of(turns=turns, mirrored=mirrored)
    stored = corner(FRAMES, *SIZE)
    upright = np.stack([turn(media.orientation, one) for one in stored])
    ways = {"upright": upright}
    if turns % 2:  # of the same size both ways, the picture is meant as it is shown
        ways["stored"] = stored
    for name, mattes in ways.items():
        path = write_images(tmp_path / f"{name}.%04d.png", np.ascontiguousarray(mattes))
        assert np.array_equal(read(path, media), stored[1]), name
        assert np.array_equal(read(path, media, upright=True), upright[1]), name
        said = any("as it is shown" in remark for remark in probe_matte(path, media).remarks)
        assert said == ((mirrored and not turns % 2) or turns == 2), name


@pytest.mark.shared
def test_one_that_says_how_it_is_turned_is_looked_at_as_it_is_shown(
    clip: Callable[[str], Path], tmp_path: Path
) -> None:
    source = clip("derived_phone_rotated.mp4")

    def painted(frame: Frame) -> Frame:
        plate = frame.plate().black()
        plate.add(Box(0, 0, 640, 360), np.ones((360, 640, 3), np.float32))
        return frame.with_plate(plate)

    span = FrameRange(0, FRAMES)
    copy(source, tmp_path / "shot.mp4", frames=span)
    copy(source, tmp_path / "matte.mp4", painted, frames=span)
    media = probe(tmp_path / "shot.mp4")
    assert media.orientation.quarter_turns == 3
    stored = read(tmp_path / "matte.mp4", media)
    assert (stored[:350, :630] == 1).all()
    assert not stored[370:].any()
    assert not stored[:, 650:].any()
    upright = read(tmp_path / "matte.mp4", media, upright=True)
    assert np.array_equal(upright, np.rot90(stored, 3))


def test_wide_pixels_and_other_sizes_are_scaled_and_it_is_said(tmp_path: Path) -> None:
    wide = shot_of(48, 48, aspect=Fraction(4, 3))
    shown = write_images(tmp_path / "shown.%04d.png", half(FRAMES, 64, 48))
    assert probe_matte(shown, wide).remarks == ()
    assert np.array_equal(read(shown, wide)[:, [0, 22, 26, 47]], np.tile([1, 1, 0, 0], (48, 1)))
    small = write_images(tmp_path / "small.%04d.png", half(FRAMES, 32, 24))
    media = shot_of()
    assert probe_matte(small, media).remarks == ("the matte is scaled from 32 x 24 to 64 x 48",)
    found = read(small, media)
    assert (found[:, :30] == 1).all()
    assert (found[:, 34:] == 0).all()
    large = write_images(tmp_path / "large.%04d.png", half(FRAMES, 640, 480))
    assert np.array_equal(read(large, media), half(1, *SIZE)[0])
    # Rounded to whole pixels, it is the same shape.
    odd = write_images(tmp_path / "odd.%04d.png", half(FRAMES, 43, 32))
    assert probe_matte(odd, media).remarks


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    media = shot_of()
    mattes = half(FRAMES, *SIZE)

    def refused(path: Path, shot: MediaInfo = media, kind: type[MienError] = MediaError) -> str:
        with pytest.raises(kind) as caught:
            probe_matte(path, shot)
        assert caught.value.remedy
        return str(caught.value)

    square = write_images(tmp_path / "square.%04d.png", half(FRAMES, 48, 48))
    assert "is 48 x 48, and the shot 64 x 48." in refused(square)
    assert "or 64 x 48" in refused(square, shot_of(turns=1))
    short = write_movie(tmp_path / "short.mkv", mattes[:3])
    assert "has 3 frames, and the shot 4 frames." in refused(short)
    long = write_movie(tmp_path / "long.mkv", half(9, *SIZE))
    assert "has 9 frames, and the shot 4 frames." in refused(long)
    assert "There is no" in refused(tmp_path / "gone.mov").replace("there", "There")
    (tmp_path / "text.mov").write_text("no movie")
    assert "The matte cannot be used" in refused(tmp_path / "text.mov")
    holes = write_images(tmp_path / "holes.%04d.png", mattes)
    (tmp_path / "holes.0002.png").unlink()
    assert "has a gap" in refused(holes)
    still = tmp_path / "still.png"
    cv2.imwrite(str(still), np.zeros((48, 64), np.uint8))
    assert "still image" in refused(still)
    film = write_movie(tmp_path / "film.mkv", mattes)
    assert "the shot itself" in refused(film, dataclasses.replace(media, path=film), UsageError)
    copied = dataclasses.replace(media, fingerprint=probe(film).fingerprint)
    assert "the shot itself" in refused(film, copied, UsageError)
    images = write_images(tmp_path / "i.%04d.png", mattes)
    mine = dataclasses.replace(media, kind="sequence", path=tmp_path / "i.%04d.png")
    assert "the shot itself" in refused(images, mine, UsageError)


def test_a_damaged_frame_is_named(tmp_path: Path) -> None:
    path = write_images(tmp_path / "m.%04d.png", half(FRAMES, *SIZE))
    (tmp_path / "m.0003.png").write_bytes(b"nothing")
    assert read(path, shot_of(), 1).any()
    with pytest.raises(MediaError, match=r"m\.0003\.png"):
        read(path, shot_of(), 2)


def test_frames_are_counted_whatever_the_rate(tmp_path: Path) -> None:
    mattes = np.stack([np.full(SIZE[::-1], i / 3, np.float32) for i in range(FRAMES)])
    path = write_movie(tmp_path / "m.mkv", mattes, pixel_format="gray16le", rate=Fraction(60))
    (remark,) = probe_matte(path, shot_of()).remarks
    assert remark == "the matte has 60 frames/s and the shot 25: they are counted by frames"
    found = [float(read(path, shot_of(), i).mean()) for i in range(FRAMES)]
    np.testing.assert_allclose(found, [0, 1 / 3, 2 / 3, 1], atol=0.01)


def test_of_more_images_those_with_the_shots_numbers_are_used(tmp_path: Path) -> None:
    mattes = np.stack([np.full(SIZE[::-1], i == 5, np.float32) for i in range(12)])
    path = write_images(tmp_path / "m.%04d.png", mattes, first=1001)
    shot = dataclasses.replace(shot_of(), kind="sequence", first_number=1004)
    (remark,) = probe_matte(path, shot).remarks
    assert remark == "the matte's images 1004 to 1007 are used, as the shot's"
    assert [bool(read(path, shot, i).any()) for i in range(FRAMES)] == [False, False, True, False]
    for first in (1000, 1010):
        with pytest.raises(MediaError, match="has 12 frames"):
            probe_matte(path, dataclasses.replace(shot, first_number=first))


def test_alpha_is_not_looked_at_and_that_is_said(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "m.mkv", half(FRAMES, *SIZE), pixel_format="bgra", alpha=True)
    assert probe_matte(path, shot_of()).remarks == (
        "the matte's alpha is not looked at: white is in front",
    )
    assert np.array_equal(read(path, shot_of()), half(1, *SIZE)[0])


def test_threads_read_it_in_any_order(tmp_path: Path) -> None:
    count = 24
    mattes = np.stack([np.full(SIZE[::-1], i / count, np.float32) for i in range(count)])
    path = write_movie(tmp_path / "m.mkv", mattes, pixel_format="yuv420p", codec="libx264")
    media = Scene(Orientation(*SIZE), frames=count).shot.media
    reader = MatteReader(probe_matte(path, media), media.orientation, upright=False)
    order = np.random.default_rng(1).permutation(np.repeat(np.arange(count), 3)).tolist()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda i: float(reader.frame(i, *SIZE).mean()), order))
    reader.close()
    np.testing.assert_allclose(found, np.array(order) / count, atol=0.03)


def test_it_is_part_of_frames_names(tmp_path: Path) -> None:
    path = write_images(tmp_path / "m.%04d.png", half(FRAMES, *SIZE))
    before = matte_stamp(path)
    assert matte_stamp(path) == before
    write_images(path, corner(FRAMES, *SIZE))
    assert matte_stamp(path) != before
    (tmp_path / "m.0002.png").unlink()
    gone = matte_stamp(path)
    assert gone != before
    with pytest.raises(MediaError):
        matte_stamp(tmp_path / "none.mov")
    with pytest.raises(MediaError):
        matte_stamp(tmp_path / "none.%04d.png")


def test_a_shot_is_given_one_and_it_is_never_written_over(talk_360p: Path, tmp_path: Path) -> None:
    shot = mien.open_shot(talk_360p)
    matte = write_movie(tmp_path / "m.mkv", half(len(shot), 640, 360), rate=shot.clock.rate)
    assert mien.check_occlusion_matte(shot, matte) == ()
    given = mien.set_occlusion_matte(shot, matte)
    assert given.occlusion.matte == matte
    assert given.occlusion.matte_content == probe(matte).fingerprint
    assert mien.set_occlusion_matte(given, None).occlusion == Occlusion()
    with pytest.raises(OutputError, match="is the matte itself"):
        mien.render(given, matte, overwrite=True, progress=False)
    with pytest.raises(OutputError, match="is the matte itself"):
        mien.render(shot, matte, occlusion_matte=matte, overwrite=True, progress=False)
    with pytest.raises(UsageError, match="is the shot itself"):
        mien.set_occlusion_matte(shot, talk_360p)
    assert isinstance(given, Shot)
