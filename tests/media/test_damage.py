"""Sources that break: everything before the damage can be had, and the message says how."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import pytest

import mien
from mien.errors import DamagedMediaError, MediaError
from mien.media.damage import find_damage
from mien.media.probe import probe
from mien.media.reader import open_reader
from tests.credentials import render_bytes
from tests.media.damagekit import content, cut, harm, long_clip
from tests.media.mediakit import make_clip, picture

MAKERS: dict[str, Callable[[Path], Path]] = {
    "h264 mp4": lambda d: long_clip(d / "a.mp4"),
    "h264 mkv": lambda d: long_clip(d / "a.mkv"),
    "hevc mp4": lambda d: long_clip(
        d / "a.mp4", "libx265", options={"x265-params": "log-level=none:keyint=12:bframes=0"}
    ),
    "prores mov": lambda d: long_clip(d / "a.mov", "prores_ks", pixel_format="yuv422p10le"),
    "mpeg4 mov": lambda d: long_clip(d / "a.mov", "mpeg4"),
    "mjpeg mov": lambda d: long_clip(d / "a.mov", "mjpeg", pixel_format="yuvj420p"),
    "vp9 webm": lambda d: long_clip(d / "a.webm", "libvpx-vp9", audio="libopus"),
    "ffv1 mkv": lambda d: long_clip(d / "a.mkv", "ffv1"),
}


@pytest.fixture(params=MAKERS, ids=lambda name: name.replace(" ", "-"))
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return MAKERS[request.param](tmp_path)


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refused(source: Path, out: Path, frame: int, **options: Any) -> DamagedMediaError:
    """The error of a render that comes to a damaged frame: it names it, and leaves nothing."""
    before = left(out.parent)
    with pytest.raises(DamagedMediaError) as caught:
        mien.render(source, out, progress=False, **options)
    error = caught.value
    assert error.frame == frame
    assert f"frame {frame} of" in error.cause
    assert "Nothing was written." in error.cause
    assert (error.exit_code, error.path) == (3, source)
    assert "\n" not in str(error)
    assert left(out.parent) == before
    return error


def ends_before(source: Path, out: Path, frame: int, total: int = 72) -> mien.RenderReport:
    """The report of a render that ends before a frame; it is as one of those frames alone."""
    report = mien.render(source, out, until_damage=True, progress=False)
    assert (report.frames, report.damaged_frame) == (frame, frame)
    assert f"frame {frame} of {total}" in report.notes[0]
    assert "not in it" in report.notes[0]
    twin = out.with_stem("twin")
    mien.render(source, twin, frames=f"0:{frame}", progress=False)
    assert content(out) == content(twin)
    assert len(content(out)[0]) == frame
    twin.unlink()
    return report


@pytest.mark.parametrize("first", [69, 40])
def test_a_damaged_frame(clip: Path, tmp_path: Path, first: int) -> None:
    """At the end, where it is found before the work, and in the middle, where it cannot be."""
    harm(clip, *(range(69, 72) if first == 69 else [40]))
    facts = probe(clip)
    assert (find_damage(facts, facts.clock.all) is None) == (first == 40)
    out = tmp_path / f"out{clip.suffix}"
    error = refused(clip, out, first)
    assert "--until-damage" in error.remedy
    assert f"--frames 0:{first}" in error.remedy
    ends_before(clip, out, first)


def test_damage_at_the_end_is_found_before_the_work(tmp_path: Path) -> None:
    clip = harm(long_clip(tmp_path / "a.mp4"), 66, 68, 71)
    told: list[str] = []
    with pytest.raises(DamagedMediaError) as caught:
        mien.render(clip, tmp_path / "o.mp4", progress=lambda stage, *_: told.append(stage))
    assert (caught.value.frame, told) == (66, [])


def test_damage_over_several_groups_is_named_by_its_first_frame(tmp_path: Path) -> None:
    clip = harm(long_clip(tmp_path / "a.mp4"), *range(31, 72))
    facts = probe(clip)
    found = find_damage(facts, facts.clock.all)
    assert found is not None
    assert found.frame == 31


def test_only_what_is_wanted_is_looked_at(tmp_path: Path) -> None:
    clip = harm(long_clip(tmp_path / "a.mp4"), 69)
    report = mien.render(clip, tmp_path / "o.mp4", frames="10:60", progress=False)
    assert (report.frames, report.damaged_frame, report.notes) == (50, None, ())
    error = refused(clip, tmp_path / "p.mp4", 69, frames="20:72")
    assert "--frames 20:69" in error.remedy
    report = mien.render(
        clip, tmp_path / "p.mp4", frames="20:72", until_damage=True, progress=False
    )
    assert report.frames == 49
    assert len(content(tmp_path / "p.mp4")[0]) == 49


@pytest.mark.parametrize("encoder", ["libx264", "libx265"])
@pytest.mark.parametrize("first", [1, 2, 5])
def test_hardly_anything_is_whole(tmp_path: Path, encoder: str, first: int) -> None:
    clip = long_clip(
        tmp_path / "a.mp4", encoder, options={"bf": "0", "x265-params": "log-level=none:bframes=0"}
    )
    harm(clip, first)
    ends_before(clip, tmp_path / "o.mp4", first)


def test_nothing_before_it(tmp_path: Path) -> None:
    clip = harm(long_clip(tmp_path / "a.mov", "mjpeg", pixel_format="yuvj420p"), 30)
    error = refused(clip, tmp_path / "o.mov", 30, frames="30:40", until_damage=True)
    assert "--until-damage" not in error.remedy


def test_nothing_is_damaged(tmp_path: Path) -> None:
    clip = long_clip(tmp_path / "a.mp4")
    mien.render(clip, tmp_path / "o.mp4", progress=False)
    report = mien.render(clip, tmp_path / "p.mp4", until_damage=True, progress=False)
    assert (report.damaged_frame, report.notes, report.frames) == (None, (), 72)
    assert render_bytes(tmp_path / "o.mp4") == render_bytes(tmp_path / "p.mp4")


def test_what_a_decoder_makes_up_is_damage(tmp_path: Path) -> None:
    """Half a picture comes out of the decoder as a whole one, smeared; it says so."""
    clip = harm(long_clip(tmp_path / "a.mp4", options={"bf": "0"}), 40, how="torn")
    with av.open(str(clip)) as container:
        made_up = [i for i, frame in enumerate(container.decode(video=0)) if frame.is_corrupt]
    assert made_up == [40], "the test's own damage"
    refused(clip, tmp_path / "o.mp4", 40)
    ends_before(clip, tmp_path / "o.mp4", 40)


def test_frames_in_memory_come_until_there(tmp_path: Path) -> None:
    clip = harm(long_clip(tmp_path / "a.mp4"), 40)
    shown = mien.render_frames(clip)
    assert len([next(shown) for _ in range(40)]) == 40
    with pytest.raises(DamagedMediaError) as caught:
        next(shown)
    assert caught.value.frame == 40


def test_frames_after_the_damage_can_be_read(tmp_path: Path) -> None:
    clip = harm(long_clip(tmp_path / "a.mp4", options={"bf": "0"}), 40)
    lost: list[int] = []
    with open_reader(clip) as reader:
        frames = [frame.index for frame in reader.stream(lost=lost.extend)]
        assert reader.frame(60).index == 60
        with pytest.raises(DamagedMediaError):
            reader.frame(40)
        assert reader.frame(39).index == 39
    assert lost == [40]
    assert frames == [*range(40), *range(41, 72)]


def test_images_as_output(tmp_path: Path) -> None:
    clip = harm(long_clip(tmp_path / "a.mp4"), 40)
    folder = tmp_path / "images"
    folder.mkdir()
    refused(clip, folder / "o.%04d.png", 40)
    report = mien.render(clip, folder / "o.%04d.png", until_damage=True, progress=False)
    assert (report.frames, len(list(folder.glob("*.png")))) == (40, 40)


def images(folder: Path, count: int = 12) -> Path:
    folder.mkdir()
    for i in range(count):
        cv2.imwrite(str(folder / f"s.{1001 + i}.png"), picture(i)[..., ::-1])
    return folder / "s.%04d.png"


def test_a_torn_image_of_a_sequence(tmp_path: Path) -> None:
    pattern = images(tmp_path / "in")
    torn = tmp_path / "in" / "s.1006.png"
    torn.write_bytes(torn.read_bytes()[:200])
    with pytest.raises(DamagedMediaError, match=r"frame 5 of 12: s\.1006\.png") as caught:
        mien.render(pattern, tmp_path / "o.mkv", progress=False)
    assert caught.value.frame == 5
    report = mien.render(pattern, tmp_path / "o.mkv", until_damage=True, progress=False)
    assert (report.frames, len(content(tmp_path / "o.mkv")[0])) == (5, 5)


def test_a_gap_in_a_sequence(tmp_path: Path) -> None:
    pattern = images(tmp_path / "in")
    (tmp_path / "in" / "s.1009.png").unlink()
    with pytest.raises(DamagedMediaError, match=r"s\.1009\.png is missing") as caught:
        mien.render(pattern, tmp_path / "o.mkv", progress=False)
    assert caught.value.frame == 8
    assert "--until-damage" in caught.value.remedy
    report = mien.render(pattern, tmp_path / "o.mkv", until_damage=True, progress=False)
    assert report.frames == 8
    assert any("s.1009.png is missing" in note for note in report.notes)


def truncated(tmp_path: Path, name: str) -> Path:
    path = tmp_path / f"a{Path(name).suffix}"
    if name.endswith((".mp4", ".mov")):
        long_clip(tmp_path / "made.mp4", count=96)
        with (
            av.open(str(tmp_path / "made.mp4")) as given,
            av.open(str(path), "w", options={"movflags": "faststart"}) as output,
        ):
            twins = [output.add_stream_from_template(stream) for stream in given.streams]
            for packet in given.demux():
                if packet.dts is not None:
                    packet.stream = twins[packet.stream.index]
                    output.mux(packet)
        (tmp_path / "made.mp4").unlink()
    else:
        long_clip(path, count=96)
    short = cut(path, path.with_name(f"short{path.suffix}"), 0.6)
    path.unlink()
    return short


@pytest.mark.parametrize("name", ["front.mp4", "front.mov", "a.mkv"])
def test_cut_off(tmp_path: Path, name: str) -> None:
    """A copy that did not end: an error that says how to have what is there."""
    clip = truncated(tmp_path, name)
    with pytest.raises(DamagedMediaError, match="is cut short") as caught:
        mien.render(clip, tmp_path / f"o{clip.suffix}", progress=False)
    assert "--until-damage" in caught.value.remedy
    assert left(tmp_path) == [clip.name]
    out = tmp_path / f"o{clip.suffix}"
    report = mien.render(clip, out, until_damage=True, progress=False)
    assert any("is cut short" in note for note in report.notes)
    pictures, sound = content(out)
    assert 30 < len(pictures) == report.frames < 90
    with av.open(str(out)) as container:
        tick, rate = container.streams.audio[0].time_base, container.streams.video[0].average_rate
        assert tick is not None
        assert rate is not None
    heard = float((sound[-1][0] or 0) * tick)
    assert heard <= float(report.frames / Fraction(rate)) + 0.1


def test_the_index_is_cut_off(tmp_path: Path) -> None:
    """Nothing can be had of it: the cause is named."""
    clip = cut(long_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4", 0.6)
    with pytest.raises(MediaError, match="no index") as caught:
        mien.render(clip, tmp_path / "o.mp4", until_damage=True, progress=False)
    assert "--until-damage" not in caught.value.remedy


def test_pictures_of_another_size(tmp_path: Path) -> None:
    """What changes its size midway is whole up to there."""
    small = make_clip(tmp_path / "s.mkv", "mjpeg", "yuvj420p", size=(64, 48))
    large = make_clip(tmp_path / "l.mkv", "mjpeg", "yuvj420p", size=(96, 64))
    both = tmp_path / "both.mkv"
    with av.open(str(both), "w") as output:
        stream = None
        for part, path in enumerate((small, large)):
            with av.open(str(path)) as given:
                if stream is None:
                    stream = output.add_stream_from_template(given.streams.video[0])
                for packet in given.demux(video=0):
                    if packet.pts is not None and packet.dts is not None:
                        packet.pts += 500 * part
                        packet.dts += 500 * part
                        packet.stream = stream
                        output.mux(packet)
    with pytest.raises(DamagedMediaError, match="changes at frame 12 from 64 x 48") as caught:
        mien.render(both, tmp_path / "o.mkv", progress=False)
    assert caught.value.frame == 12
    report = mien.render(both, tmp_path / "o.mkv", until_damage=True, progress=False)
    assert report.frames == 12
