"""Media that a project finds again must show what was tracked, as it was tracked."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from PIL import Image

from mien.errors import ProjectError, UsageError
from mien.io.relink import take_media
from mien.media.probe import probe
from mien.media.streams import OLD_CHOICE
from mien.model.media import MediaInfo
from tests.media.mediakit import make_clip
from tests.media.streamkit import remuxed, two_clips


def as_old_mien(media: MediaInfo, turns: int) -> MediaInfo:
    """Facts of media as a mien that knew no mirrors wrote them down."""
    orientation = dataclasses.replace(media.orientation, quarter_turns=turns, mirrored=False)
    return dataclasses.replace(media, orientation=orientation, stream=OLD_CHOICE)


@pytest.mark.shared
@pytest.mark.parametrize(("name", "turns"), [("mirrored.mp4", 2), ("mirrored.mp4", 0)])
def test_mirrored_media_of_an_old_project_are_tracked_again(
    shared: Path, name: str, turns: int
) -> None:
    media = probe(shared / "cases" / "media" / name)
    assert take_media(media, media.path, "p.mien") == media
    with pytest.raises(ProjectError, match="mirrored") as caught:
        take_media(as_old_mien(media, turns), media.path, "p.mien")
    assert "Track it again" in caught.value.remedy


def turned(path: Path, source: Path, value: str) -> Path:
    """A copy of a movie whose display matrix is of half a turn, or mirrors."""
    a, d = {"half": (-1, -1), "mirror": (-1, 1)}[value]
    data = bytearray(source.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    one = 1 << 16
    for place, number in ((0, a * one), (16, d * one)):
        data[at + place : at + place + 4] = number.to_bytes(4, "big", signed=True)
    path.write_bytes(data)
    return path


def test_the_same_file_read_otherwise_is_refused(tmp_path: Path) -> None:
    plain = make_clip(tmp_path / "a.mp4")
    half = probe(turned(tmp_path / "half.mp4", plain, "half"))
    mirror = probe(turned(tmp_path / "mirror.mp4", plain, "mirror"))
    assert half.orientation.quarter_turns == 2
    assert mirror.orientation.mirrored
    for media, turns in ((half, 0), (mirror, 0), (mirror, 2)):
        assert take_media(media, media.path, "p.mien").orientation == media.orientation
        with pytest.raises(ProjectError, match=r"is shown .* but p\.mien was tracked on it"):
            take_media(as_old_mien(media, turns), media.path, "p.mien")


def test_a_mirrored_copy_is_refused_and_an_upright_one_is_taken(tmp_path: Path) -> None:
    """Landmarks lie in the upright picture: whether a copy is stored so is all the same."""
    plain = make_clip(tmp_path / "a.mp4")
    half = probe(turned(tmp_path / "half.mp4", plain, "half"))
    other = make_clip(tmp_path / "other.mp4", metadata={"title": "another content"})
    assert take_media(half, other, "p.mien").orientation.quarter_turns == 0
    with pytest.raises(ProjectError, match="mirrored"):
        take_media(half, turned(tmp_path / "m.mp4", other, "mirror"), "p.mien")


def test_images_that_say_how_they_are_turned_are_tracked_again(tmp_path: Path) -> None:
    """An older mien did not turn the images of a sequence by what they say (EXIF)."""
    exif = Image.Exif()
    exif[0x0112] = 3
    for number in range(4):
        Image.new("RGB", (64, 48), (60 * number, 0, 0)).save(
            tmp_path / f"s.{number:04d}.jpg", exif=exif
        )
    media = probe(tmp_path / "s.%04d.jpg")
    assert media.orientation.quarter_turns == 2
    old = dataclasses.replace(
        media, orientation=dataclasses.replace(media.orientation, quarter_turns=0)
    )
    with pytest.raises(ProjectError, match="turned by 180 degrees"):
        take_media(old, media.path, "p.mien")


def test_of_several_pictures_none_is_taken_for_the_one_that_is_missing(tmp_path: Path) -> None:
    small = make_clip(tmp_path / "small.mp4")
    source = remuxed(tmp_path / "a.mkv", *[small] * 3, dispositions=(1, 0, 0))
    media = probe(source, stream=2)
    two = remuxed(tmp_path / "b.mkv", small, small, dispositions=(1, 0))
    with pytest.raises(UsageError, match="there is no stream 2") as caught:
        take_media(media, two, "p.mien")
    assert caught.value.choices == ("0", "1")


def test_a_cover_beside_the_only_film_is_no_second_picture(tmp_path: Path) -> None:
    large = two_clips(tmp_path)[1]
    info = probe(remuxed(tmp_path / "a.mov", *two_clips(tmp_path), dispositions=(0, 1, 1)))
    assert info.stream == 1
    copy = remuxed(tmp_path / "c.mp4", large, cover="mjpeg")
    with_cover = probe(copy)
    assert [s.kind for s in with_cover.streams if s.kind in ("video", "cover")] == [
        "video",
        "cover",
    ]
    moved = dataclasses.replace(info, stream=7)
    assert take_media(moved, copy, "p.mien").stream == with_cover.stream
