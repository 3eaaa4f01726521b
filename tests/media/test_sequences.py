from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import OpenEXR
import pytest

from mien.errors import MediaError, OutputError
from mien.media.frame import Frame
from mien.media.outputs import check_output
from mien.media.planes import Box
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.timebase import FrameRange
from tests.media.mediakit import copy, make_clip, picture, psnr, rgb_of


def write_image(path: Path, encoder: str, pixel_format: str, index: int) -> None:
    frame = av.VideoFrame.from_ndarray(picture(index), format="rgb24").reformat(format=pixel_format)
    context = av.CodecContext.create(encoder, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = frame.width, frame.height, pixel_format
    context.time_base = Fraction(1, 24)
    path.write_bytes(b"".join(bytes(p) for p in [*context.encode(frame), *context.encode(None)]))


def write_exr(path: Path, index: int, **extra: Any) -> None:
    rng = np.random.default_rng(index)
    data = (np.array([2, 3], np.int32), np.array([65, 42], np.int32))
    header = {
        "compression": OpenEXR.ZIP_COMPRESSION,
        "type": OpenEXR.scanlineimage,
        "dataWindow": data,
        "displayWindow": (np.array([4, 5], np.int32), np.array([59, 36], np.int32)),
        "owner": "the studio",
        "timeCode": OpenEXR.TimeCode(1, 0, 0, index, *[0] * 14),
        **extra,
    }
    channels = {n: rng.uniform(0, 2, (40, 64)).astype(np.float16) for n in "RGBA"}
    channels["depth.Z"] = rng.uniform(0, 1e6, (40, 64)).astype(np.float32)
    OpenEXR.File(header, channels).write(str(path))


def read_exr(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return dict(file.header()), {k: v.pixels for k, v in file.channels().items()}


@pytest.mark.parametrize(
    ("extension", "encoder", "pixel_format", "decoded"),
    [
        ("png", "png", "rgb24", "rgb24"),
        ("png", "png", "rgb48be", "rgb48be"),
        ("tif", "tiff", "rgb48le", "rgb48le"),
        ("dpx", "dpx", "gbrp10be", "gbrp10"),
    ],
)
def test_images_in_and_out_are_identical(
    tmp_path: Path, extension: str, encoder: str, pixel_format: str, decoded: str
) -> None:
    for i in range(4):
        write_image(tmp_path / f"shot.{i + 1001:04d}.{extension}", encoder, pixel_format, i)
    facts = probe(tmp_path / f"shot.%04d.{extension}")
    assert (facts.kind, facts.first_number, facts.clock.frame_count) == ("sequence", 1001, 4)
    assert facts.pixel_format.startswith(decoded)
    assert probe(tmp_path / f"shot.1002.{extension}") == facts
    target = tmp_path / f"out.%04d.{extension}"
    copy(facts.path, target, lossless=True)
    again = probe(target)
    assert (again.first_number, again.pixel_format) == (1001, facts.pixel_format)
    with open_reader(facts) as a, open_reader(again) as b:
        for x, y in zip(a.stream(), b.stream(), strict=True):
            assert (x.plate().rgb() == y.plate().rgb()).all()
        assert (a.frame(2).plate().rgb() == b.frame(2).plate().rgb()).all()


def test_movie_to_images_and_back(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mkv", "ffv1", "yuv444p10le")
    for extension in ("png", "tif", "dpx", "exr"):
        copy(source, tmp_path / f"b.%05d.{extension}", frames=FrameRange(3, 9))
        facts = probe(tmp_path / f"b.%05d.{extension}")
        assert facts.first_number == 3
        assert facts.bits > 8
        with open_reader(facts) as reader:
            rgb = np.stack([f.plate().rgb() for f in reader.stream()])
        assert psnr(np.rint(rgb * 255), rgb_of(source)[3:9]) > 45
    copy(tmp_path / "b.%05d.png", tmp_path / "c.mov", codec="prores")
    back = probe(tmp_path / "c.mov")
    assert back.pixel_format in ("yuv444p10le", "yuv444p12le")
    assert back.color.matrix == 1
    assert psnr(rgb_of(tmp_path / "c.mov"), rgb_of(source)[3:9]) > 40


def test_images_to_a_lossless_movie(tmp_path: Path) -> None:
    for i in range(3):
        write_image(tmp_path / f"s.{i:04d}.png", "png", "rgb24", i)
    copy(tmp_path / "s.%04d.png", tmp_path / "b.mkv", lossless=True)
    with open_reader(tmp_path / "b.mkv") as reader:
        for i, frame in enumerate(reader.stream()):
            assert (np.rint(frame.plate().rgb() * 255) == picture(i)).all()


def test_exr_keeps_everything_else(tmp_path: Path) -> None:
    for i in range(3):
        write_exr(tmp_path / f"shot.{i + 101:04d}.exr", i)
    box = Box(10, 10, 20, 20)

    def brighten(frame: Frame) -> Frame:
        plate = frame.plate().copy()
        plate.add(box, np.full((10, 10, 3), 0.25, np.float32))
        return frame.with_plate(plate) if frame.index == 1 else frame

    facts = copy(tmp_path / "shot.%04d.exr", tmp_path / "out.%04d.exr", brighten, lossless=True)
    assert (facts.pixel_format, facts.bits) == ("rgbf16", 16)
    assert (facts.orientation.width, facts.orientation.height) == (56, 32)
    assert str(facts.clock.start) == "01:00:00:00"
    for i in range(3):
        header, channels = read_exr(tmp_path / f"shot.{i + 101:04d}.exr")
        header_out, channels_out = read_exr(tmp_path / f"out.{i + 101:04d}.exr")
        assert str(header) == str(header_out)
        for name, pixels in channels.items():
            changed = pixels != channels_out[name]
            if i == 1 and name in "RGB":
                # The box lies in the display window, which starts 2, 2 inside the data.
                assert changed[12:22, 12:22].all()
                changed[12:22, 12:22] = False
            assert not changed.any()


def test_exr_is_seen_through_a_curve(tmp_path: Path) -> None:
    write_exr(tmp_path / "s.1.exr", 0)
    with open_reader(tmp_path / "s.1.exr") as reader:
        frame = reader.frame(0)
        assert frame.plate().rgb().max() > 1.5
        assert frame.upright_rgb().shape == (32, 56, 3)
        assert frame.upright_rgb(16).shape == (16, 28, 3)
    copy(tmp_path / "s.1.exr", tmp_path / "review.mp4")
    facts = probe(tmp_path / "review.mp4")
    assert (facts.pixel_format, facts.color.transfer) == ("yuv420p10le", 13)


def test_exr_layers_and_parts(tmp_path: Path) -> None:
    window = (np.array([0, 0], np.int32), np.array([15, 7], np.int32))
    header = {"dataWindow": window, "displayWindow": window, "type": OpenEXR.scanlineimage}
    grey = {"Y": np.ones((8, 16), np.float32)}
    layer = {f"beauty.{c}": np.full((8, 16), 0.5, np.float16) for c in "RGB"}
    OpenEXR.File(dict(header), dict(grey)).write(str(tmp_path / "grey.1.exr"))
    OpenEXR.File(dict(header), dict(layer)).write(str(tmp_path / "layer.1.exr"))
    parts = [
        OpenEXR.Part({**header, "name": "main"}, dict(layer)),
        OpenEXR.Part({**header, "name": "other"}, dict(grey)),
    ]
    OpenEXR.File(parts).write(str(tmp_path / "parts.1.exr"))
    OpenEXR.File(dict(header), {"Z": grey["Y"]}).write(str(tmp_path / "depth.1.exr"))
    assert probe(tmp_path / "grey.1.exr").pixel_format == "grayf32"
    assert probe(tmp_path / "layer.1.exr").pixel_format == "rgbf16"
    copy(tmp_path / "parts.1.exr", tmp_path / "out.%04d.exr")
    with OpenEXR.File(str(tmp_path / "out.0001.exr"), separate_channels=True) as file:
        assert [part.name() for part in file.parts] == ["main", "other"]
    with pytest.raises(MediaError, match="no channels R, G, B"):
        probe(tmp_path / "depth.1.exr")


def test_gaps_and_strangers_are_named(tmp_path: Path) -> None:
    for i in (1, 2, 4):
        write_image(tmp_path / f"s.{i:04d}.png", "png", "rgb24", i)
    with pytest.raises(MediaError, match=r"s\.0003\.png is missing"):
        probe(tmp_path / "s.%04d.png")
    write_image(tmp_path / "s.0003.png", "png", "rgb48be", 3)
    facts = probe(tmp_path / "s.%04d.png")
    with open_reader(facts) as reader, pytest.raises(MediaError, match=r"s\.0003\.png is"):
        list(reader.stream())


def test_a_sequence_is_never_written_over_itself(tmp_path: Path) -> None:
    for i in range(3):
        write_image(tmp_path / f"s.{i:04d}.png", "png", "rgb24", i)
    facts = probe(tmp_path / "s.%04d.png")
    with pytest.raises(OutputError, match="the source itself"):
        check_output(tmp_path / "s.%04d.png", facts, overwrite=True)
    copy(facts.path, tmp_path / "t.%04d.png")
    with pytest.raises(OutputError, match="exists already"):
        check_output(tmp_path / "t.%04d.png", facts)
    copy(facts.path, tmp_path / "t.%04d.png", frames=FrameRange(1, 2), overwrite=True)
    assert [p.name for p in sorted(tmp_path.glob("t.*"))] == ["t.0001.png"]


@pytest.mark.parametrize("name", ["s.%d.png", "s.%02d.png", "s.1%03d.png", "s.%04d.png"])
def test_other_patterns_of_the_same_images_are_the_source_too(tmp_path: Path, name: str) -> None:
    for i in range(2):
        write_image(tmp_path / f"s.{i + 1001}.png", "png", "rgb24", i)
    facts = probe(tmp_path / "s.%04d.png")
    with pytest.raises(OutputError, match="the source itself"):
        check_output(tmp_path / name, facts, overwrite=True)
    check_output(tmp_path / "s.%05d.png", facts)


@pytest.mark.parametrize("extension", ["png", "tif", "dpx", "exr"])
def test_a_colon_names_no_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extension: str
) -> None:
    monkeypatch.chdir(tmp_path)
    source = make_clip(tmp_path / "a.mkv", "ffv1", "yuv444p", count=2)
    copy(source, Path(f"http:x.%04d.{extension}"))
    assert probe(f"http:x.%04d.{extension}").clock.frame_count == 2
    assert probe(f"http:x.0001.{extension}").kind == "sequence"
