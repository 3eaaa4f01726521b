"""Frames' names tell how a matte is laid on a shot, where older miens laid it otherwise."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from mien.model.media import Orientation
from mien.model.occlusion import Occlusion
from mien.rendering import resume
from mien.rendering.occlusion.matte_file import probe_matte
from mien.rendering.resume import shot_key
from mien.testing.scenes import Scene
from tests.mattes import half, write_images

FRAMES, SIZE = 4, (64, 48)


def key_with_and_without(
    monkeypatch: pytest.MonkeyPatch, orientation: Orientation, matte: Path
) -> tuple[str, str]:
    """A shot's name, and what it would be if the reading of its matte were not named."""
    monkeypatch.chdir(matte.parent)
    (matte.parent / Scene().shot.media.path).touch()
    shot = Scene(orientation, frames=FRAMES).shot.with_occlusion(Occlusion(matte=matte))
    named = shot_key(shot)
    with monkeypatch.context() as patch:
        patch.setattr(resume, "_matte_reading", lambda *_: "")
        return named, shot_key(shot)


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize(("size", "turns", "mirrored", "differs"), [
    (SIZE, 0, False, False),
    (SIZE, 1, False, False),
    (SIZE, 3, False, False),
    (SIZE, 2, False, True),
    ((48, 48), 1, False, True),
    (SIZE, 0, True, True),
])  # fmt: skip
def test_names_tell_it_where_the_shape_does_not(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    turns: int,
    mirrored: bool,
    differs: bool,
    scale: int,
) -> None:
    """Upright mattes; finished frames of ordinary shots keep their names."""
    orientation = Orientation(*size, turns, Fraction(1), mirrored)
    width, height = (scale * side for side in orientation.upright_size)
    matte = write_images(tmp_path / "m.%04d.png", half(FRAMES, width, height))
    named, plain = key_with_and_without(monkeypatch, orientation, matte)
    assert (named != plain) == differs
    media = Scene(orientation, frames=FRAMES).shot.media
    said = any("as it is shown" in one for one in probe_matte(matte, media).remarks)
    assert said == differs


def test_images_that_say_how_they_are_turned_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    for number in range(FRAMES):
        Image.new("L", SIZE, 50 * number).save(tmp_path / f"m.{number:04d}.jpg", exif=exif)
    named, plain = key_with_and_without(monkeypatch, Orientation(*SIZE), tmp_path / "m.%04d.jpg")
    assert named != plain
