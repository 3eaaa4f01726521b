"""`shot.frame(i)`: a frame of a shot as a picture."""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import mien
from mien.demo.movie import write_movie
from mien.errors import MediaError, TimeError
from mien.media.reader import open_reader
from tests.media.mediakit import make_clip

FRAMES = 12


@pytest.fixture(scope="module")
def ramp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grey that gets lighter by 16 codes a frame, at 24 frames a second."""
    path = tmp_path_factory.mktemp("ramp") / "ramp.mp4"
    pictures = (np.full((48, 64, 3), 16 * (i + 1), np.uint8) for i in range(FRAMES))
    write_movie(path, pictures, Fraction(24), crf=1)
    return path


def test_a_frame_is_that_frame(ramp: Path) -> None:
    shot = mien.open_shot(ramp)
    assert len(shot) == FRAMES
    assert shot.duration == Fraction(1, 2)
    for index in (7, 0, FRAMES - 1):
        picture = shot.frame(index)
        assert (picture.shape, picture.dtype) == ((48, 64, 3), np.uint8)
        assert abs(float(picture.mean()) - 16 * (index + 1)) < 3


@pytest.mark.parametrize("time", ["0.25s", "00:00:00:06", np.int64(6)])
def test_times_are_read_as_everywhere(ramp: Path, time: str) -> None:
    shot = mien.open_shot(ramp)
    np.testing.assert_array_equal(shot.frame(time), shot.frame(6))


@pytest.mark.parametrize("time", [FRAMES, -1, "0.5s", "soon"])
def test_a_time_outside_the_shot(ramp: Path, time: int | str) -> None:
    with pytest.raises(TimeError) as caught:
        mien.open_shot(ramp).frame(time)
    if time != "soon":
        assert caught.value.frame in (FRAMES, -1)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_a_turned_picture_is_upright(tmp_path: Path, turns: int, mirrored: bool) -> None:
    media = mien.open_shot(make_clip(tmp_path / "clip.mp4", count=3)).media
    orientation = replace(media.orientation, quarter_turns=turns, mirrored=mirrored)
    turned = replace(media, orientation=orientation)
    shown = mien.Shot(turned, ()).frame(1)
    coded = mien.Shot(media, ()).frame(1)
    expected = np.rot90(np.fliplr(coded) if mirrored else coded, turns)
    np.testing.assert_array_equal(shown, expected)
    with open_reader(turned) as reader:
        np.testing.assert_array_equal(shown, reader.frame(1).upright_rgb())


def test_media_that_are_gone(ramp: Path, tmp_path: Path) -> None:
    shot = mien.open_shot(shutil.copy(ramp, tmp_path))
    shot.media.path.unlink()
    with pytest.raises(MediaError, match="Was it moved"):
        shot.frame(0)
