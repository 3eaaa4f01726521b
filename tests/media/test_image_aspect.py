"""The shape of pixels goes into images, and is read from them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from mien.media.probe import probe
from tests.media.mediakit import SIZE, copy, picture


def _wide(path: Path, *, turned: bool = False) -> Path:
    with av.open(str(path), "w") as output:
        video: Any = output.add_stream("libx264", rate=25)
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        video.codec_context.sample_aspect_ratio = Fraction(64, 45)
        if turned:
            one = 1 << 16
            video.set_display_matrix((0, one, 0, -one, 0, 0, 0, 0, 1 << 30))
        for i in range(2):
            frame = av.VideoFrame.from_ndarray(picture(i), format="rgb24")
            output.mux(video.encode(frame.reformat(format="yuv420p")))
        output.mux(video.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.%04d.png", "a.%04d.tif", "a.%04d.dpx", "a.%04d.exr"])
def test_images_say_how_wide_their_pixels_are(tmp_path: Path, name: str) -> None:
    film = _wide(tmp_path / "film.mp4")
    copy(film, tmp_path / name)
    facts = probe(tmp_path / name)
    assert facts.orientation.pixel_aspect == Fraction(64, 45)
    assert facts.orientation.upright_size == probe(film).orientation.upright_size
    copy(tmp_path / name, tmp_path / "back.mov", codec="prores")
    assert probe(tmp_path / "back.mov").orientation.pixel_aspect == Fraction(64, 45)


def test_a_picture_that_is_turned_has_high_pixels(tmp_path: Path) -> None:
    film = _wide(tmp_path / "film.mp4", turned=True)
    assert probe(film).orientation.quarter_turns % 2 == 1
    for name in ("a.%04d.png", "b.%04d.exr"):
        copy(film, tmp_path / name)
        facts = probe(tmp_path / name)
        assert facts.orientation.pixel_aspect == Fraction(45, 64)
        (width, height), (wide, high) = (f.orientation.upright_size for f in (facts, probe(film)))
        assert abs(width / height - wide / high) < 0.01


def test_what_no_lens_does_is_not_believed(tmp_path: Path) -> None:
    encoder: Any = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 16, 16, "rgb24"
    encoder.time_base, encoder.sample_aspect_ratio = Fraction(1, 24), Fraction(200, 1)
    packets = [*encoder.encode(av.VideoFrame(16, 16, "rgb24")), *encoder.encode(None)]
    (tmp_path / "a.0001.png").write_bytes(b"".join(bytes(packet) for packet in packets))
    assert probe(tmp_path / "a.%04d.png").orientation.pixel_aspect == 1
