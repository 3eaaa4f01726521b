from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from mien.media.probe import probe
from mien.timebase import FrameRange
from tests.media.mediakit import copy, decoded, make_clip, psnr, rgb_of

VISUALLY_LOSSLESS = 40.0
"""dB on small saturated test pictures; on footage the figure is higher."""

SOURCES = [
    ("a.mp4", "libx264", "yuv420p", {"crf": "8"}),
    ("a.mov", "libx264", "yuv422p10le", {"crf": "8"}),
    ("a.mkv", "libx264", "yuvj420p", {"crf": "8"}),
    ("a.mp4", "libx265", "yuv420p", {"crf": "8", "x265-params": "log-level=error"}),
    ("a.mkv", "libx265", "yuv420p10le", {"crf": "8", "x265-params": "log-level=error"}),
    ("a.mov", "prores_ks", "yuv422p10le", {"profile": "hq"}),
    ("a.mov", "prores_ks", "yuv444p10le", {"profile": "4444"}),
    ("a.mov", "prores_ks", "yuva444p10le", {"profile": "4444"}),
    ("a.mov", "dnxhd", "yuv422p", {"profile": "dnxhr_hq"}),
    ("a.mxf", "dnxhd", "yuv422p10le", {"profile": "dnxhr_hqx"}),
    ("a.mkv", "ffv1", "yuv422p10le", {}),
    ("a.mkv", "ffv1", "gbrp16le", {}),
    ("a.webm", "libvpx-vp9", "yuv420p", {"crf": "8", "b": "0"}),
    ("a.mp4", "libsvtav1", "yuv420p10le", {"crf": "15", "preset": "10"}),
]


@pytest.mark.parametrize(("name", "encoder", "pixel_format", "options"), SOURCES)
def test_output_is_of_the_sources_family(
    tmp_path: Path, name: str, encoder: str, pixel_format: str, options: dict[str, str]
) -> None:
    size = (256, 128) if encoder == "dnxhd" else (96, 64)
    tags = (1, 1, 0, 2) if pixel_format.startswith("gbr") else (1, 1, 1, 1)
    tags = (1, 1, 1, 2) if pixel_format.startswith("yuvj") else tags
    source = make_clip(
        tmp_path / name, encoder, pixel_format, size=size, options=options, tags=tags
    )
    target = tmp_path / f"out{source.suffix}"
    before = copy(source, target)
    after = probe(target)
    assert after.codec == before.codec
    assert after.pixel_format == before.pixel_format
    assert after.bits == before.bits
    assert after.clock == before.clock
    assert [p * after.time_base for p in after.pts] == [p * before.time_base for p in before.pts]
    assert after.color == before.color
    assert psnr(rgb_of(source), rgb_of(target)) > VISUALLY_LOSSLESS


TARGETS = [
    ("b.mp4", "h264", "yuv420p", "h264", "yuv420p"),
    ("b.mov", "hevc", "yuv420p10le", "hevc", "yuv420p10le"),
    ("b.mov", "prores", "yuv420p", "prores", "yuv422p10le"),
    ("b.mov", "dnxhr", "yuv420p10le", "dnxhd", "yuv422p10le"),
    ("b.mkv", "ffv1", "yuv420p10le", "ffv1", "yuv420p10le"),
    ("b.webm", None, "yuv420p", "vp9", "yuv420p"),
    ("b.webm", None, "yuv420p10le", "av1", "yuv420p10le"),
    ("b.mxf", None, "yuv420p", "dnxhd", "yuv422p"),
]


@pytest.mark.parametrize(("name", "codec", "pixel_format", "expected", "wanted"), TARGETS)
def test_output_of_another_family_keeps_the_depth(
    tmp_path: Path, name: str, codec: str | None, pixel_format: str, expected: str, wanted: str
) -> None:
    source = make_clip(
        tmp_path / "a.mp4", "libx264", pixel_format, size=(256, 128), options={"crf": "5"}
    )
    target = tmp_path / name
    before = copy(source, target, codec=codec)
    after = probe(target)
    assert (after.codec, after.pixel_format) == (expected, wanted)
    assert after.clock.frame_count == before.clock.frame_count
    assert after.clock.rate == before.clock.rate
    assert after.clock.times is None
    assert psnr(rgb_of(source), rgb_of(target)) > VISUALLY_LOSSLESS


@pytest.mark.parametrize("pixel_format", ["yuvj420p", "yuv420p10le", "yuv422p10le"])
@pytest.mark.parametrize(
    ("name", "codec", "expected"),
    [("b.mov", "prores", 1), ("b.mov", "dnxhr", 2), ("b.mkv", "ffv1", 2), ("b.mp4", "hevc", 2)],
)
def test_full_range_is_kept_or_converted(
    tmp_path: Path, pixel_format: str, name: str, codec: str, expected: int
) -> None:
    """ProRes knows limited range only: levels are converted, never relabelled."""
    source = make_clip(
        tmp_path / "a.mkv", "libx264", pixel_format, size=(256, 128), tags=(1, 1, 1, 2),
        options={"crf": "4"},
    )  # fmt: skip
    copy(source, tmp_path / name, codec=codec)
    assert probe(tmp_path / name).color.range == expected
    # Levels taken for others would leave 30 dB.
    assert psnr(rgb_of(source), rgb_of(tmp_path / name)) > VISUALLY_LOSSLESS - 2


def test_alpha_survives_lossless(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mov", "prores_ks", "yuva444p10le", options={"profile": "4444"})
    # ProRes decodes alpha at 12 bits in some versions: whatever it is, FFV1 keeps it.
    copy(source, tmp_path / "b.mkv", lossless=True)
    a, b = decoded(source), decoded(tmp_path / "b.mkv")
    assert [planes for _, planes in a] == [planes for _, planes in b]


@pytest.mark.parametrize(
    ("encoder", "pixel_format", "name"),
    [
        ("libx264", "yuv420p", "b.mkv"),
        ("libx264", "yuvj420p", "b.mkv"),
        ("libx264", "yuv420p", "b.mov"),
        ("libx264", "yuv420p", "b.mp4"),
        ("libx264", "yuv422p10le", "b.mp4"),
        ("libx264", "yuv420p", "b.webm"),
        ("libx265", "yuv444p12le", "b.mp4"),
        ("libx265", "yuv420p10le", "b.mov"),
        ("ffv1", "gbrp16le", "b.mkv"),
        ("ffv1", "gray", "b.mkv"),
        ("libx264", "gray10le", "b.mp4"),
    ],
)
def test_lossless_keeps_every_code_value(
    tmp_path: Path, encoder: str, pixel_format: str, name: str
) -> None:
    options = {"x265-params": "log-level=error"} if encoder == "libx265" else {}
    source = make_clip(tmp_path / "a.mkv", encoder, pixel_format, options=options)
    copy(source, tmp_path / name, lossless=True, edit=lambda f: f.with_plate(f.plate().copy()))
    a, b = decoded(source), decoded(tmp_path / name)
    assert [planes for _, planes in a] == [planes for _, planes in b]


def test_variable_rate_keeps_every_time(tmp_path: Path) -> None:
    pts = [0, 3003, 9009, 10000, 10001, 20000, 33333, 40000, 47000, 50000, 60000, 70001]
    for name in ("a.mp4", "a.mov"):
        source = make_clip(tmp_path / name, pts=pts, time_base=Fraction(1, 90000))
        facts = copy(source, tmp_path / f"out_{name}")
        assert facts.clock.times is not None
        assert list(facts.pts) == pts
        after = probe(tmp_path / f"out_{name}")
        assert [p * after.time_base for p in after.pts] == [Fraction(p, 90000) for p in pts]


def test_odd_sizes(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mkv", "ffv1", "yuv420p", size=(97, 61))
    copy(source, tmp_path / "b.mkv", lossless=True, edit=lambda f: f.with_plate(f.plate()))
    assert decoded(source) == decoded(tmp_path / "b.mkv")
    copy(source, tmp_path / "b.mp4")
    assert probe(tmp_path / "b.mp4").orientation.width == 97


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    ("name", "codec"),
    [("b.mp4", "h264"), ("b.mp4", "hevc"), ("b.mp4", "av1"), ("b.mov", "prores"),
     ("b.mov", "dnxhr"), ("b.mkv", "ffv1"), ("b.mkv", "vp9")],
)  # fmt: skip
def test_very_short_clips(tmp_path: Path, count: int, name: str, codec: str) -> None:
    source = make_clip(tmp_path / "a.mp4", count=count, audio="aac", size=(256, 128))
    facts = copy(source, tmp_path / name, codec=codec)
    assert (facts.clock.frame_count, facts.clock.rate) == (count, 24)
    after = probe(tmp_path / name)
    times = [float((p - after.pts[0]) * after.time_base) for p in after.pts]
    assert times == pytest.approx([i / 24 for i in range(count)], abs=6e-4)


def test_names_languages_and_timecode_survive(tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / "a.mov",
        "prores_ks",
        "yuv422p10le",
        audio="pcm_s16le",
        metadata={"title": "Größe", "comment": "take 2", "studio.shot": "sh010"},
        timecode="10:00:00:05",
    )
    for frames, timecode in ((None, "10:00:00:05"), (FrameRange(3, 9), "10:00:00:08")):
        target = tmp_path / f"b{frames is None}.mov"
        copy(source, target, frames=frames)
        after = probe(target)
        assert str(after.clock.start) == timecode
        assert after.metadata["title"] == "Größe"
        assert after.metadata["comment"] == "take 2"


def test_unusual_tags_survive(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mkv", metadata={"SHOT_ID": "sh010", "title": "x"})
    copy(source, tmp_path / "b.mp4")
    assert probe(tmp_path / "b.mp4").metadata.get("SHOT_ID") == "sh010"
