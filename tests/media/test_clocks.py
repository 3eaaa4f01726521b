"""Clocks that wrap, start anywhere or are set anew; frames without times; all in step."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mien.media.audio import open_audio
from mien.media.index import movie_index
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.timebase import FrameRange
from tests.media.boxes import changed
from tests.media.mediakit import copy, frame_samples, make_clip, samples
from tests.media.soundkit import RATE, heard, place, sounding_clip, sweep

WRAP = 1 << 33
"""Ticks of 1/90000 s after which the clock of a transport stream begins anew."""


def _stream(
    folder: Path, name: str = "a.ts", start: int = 0, seconds: int = 4, gop: int = 12
) -> Path:
    """A transport stream with AC-3 sound whose clock stands at a tick when the film begins."""
    film = sounding_clip(
        folder / f"{name}.mp4", "ac3", seconds=seconds, gop=gop, options={"bf": "2"}
    )
    target = folder / name
    options = {"mpegts_copyts": "1"}
    with (
        av.open(str(film)) as given,
        av.open(str(target), "w", format="mpegts", options=options) as output,
    ):
        streams = [output.add_stream_from_template(s) for s in given.streams]
        for packet in given.demux():
            if not packet.size:
                continue
            shift = round(Fraction(start, 90000) / packet.time_base)
            packet.pts = (packet.pts or 0) + shift
            packet.dts = (packet.dts or 0) + shift
            packet.stream = streams[packet.stream.index]
            output.mux(packet)
    return target


def _full(path: Path) -> list[list[bytes]]:
    with av.open(str(path)) as container:
        return [samples(frame) for frame in container.decode(video=0)]


def _is_right(path: Path, count: int) -> None:
    full = _full(path)
    with open_reader(path, cache_bytes=0) as reader:
        facts = reader.facts
        assert facts.clock.frame_count == len(full) == count
        assert facts.clock.rate == 25
        assert facts.clock.times is None
        assert [frame_samples(f) for f in reader.stream()] == full
        for i in (count - 2, 3, count // 2, count // 2 + 7, 0, count - 1):
            assert frame_samples(reader.frame(i)) == full[i]


def _is_in_step(
    source: Path, target: Path, frames: FrameRange | None = None, written: Path | None = None
) -> None:
    copy(written or source, target, frames=frames)
    late, sound = heard(target)
    before, whole = heard(source)
    first = 0 if frames is None else frames.start * RATE // 25
    for at in (4000, len(sound) - 9000):
        expected = first + at + round((late - before) * RATE)
        found, error = place(whole, sound[at : at + 4000], expected, 600)
        assert abs(found - expected) <= 100
        assert error < 0.01


@pytest.mark.parametrize(
    "start",
    [0, 10**9, WRAP - 90000, WRAP - 2 * 90000 - 1800, WRAP - 30 * 90000, 90],
    ids=["zero", "late", "wraps after 1 s", "wraps after 2 s", "wraps later", "one"],
)
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_clock_may_stand_anywhere_and_wrap(tmp_path: Path, start: int, suffix: str) -> None:
    source = _stream(tmp_path, start=start)
    _is_right(source, 100)
    _is_in_step(source, tmp_path / f"b.{suffix}")
    written = probe(tmp_path / f"b.{suffix}")
    assert 0 <= written.pts[0] * written.time_base < Fraction(1, 5)
    assert written.clock.frame_count == 100
    _is_in_step(source, tmp_path / f"c.{suffix}", FrameRange(30, 90))


@pytest.mark.parametrize("later", [0, 5 * 10**8, 90000 * 3600], ids=["back", "far", "an hour"])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_clock_that_is_set_anew(tmp_path: Path, later: int, suffix: str) -> None:
    """Two recordings in one file, as cameras and `cat` join them."""
    film = _stream(tmp_path, "film.ts", seconds=8, start=90000 * 100, gop=10)
    one = _piece(film, tmp_path / "1.ts", 0, 4, 90000 * 100)
    two = _piece(film, tmp_path / "2.ts", 4, 8, later)
    source = tmp_path / "a.ts"
    source.write_bytes(one.read_bytes() + two.read_bytes())
    assert movie_index(source, 0).jumps >= 1
    _is_right(source, 200)
    _is_in_step(film, tmp_path / f"b.{suffix}", written=source)
    _is_in_step(film, tmp_path / f"c.{suffix}", FrameRange(80, 160), written=source)
    track = open_audio(probe(source))
    assert track is not None
    for second in (6, 1, 5):
        sound = track.read(second * RATE, 4000)[:, 0]
        assert abs(place(sweep(8), sound, second * RATE, 2500)[0] - second * RATE) <= 2500
    track.close()


def _piece(film: Path, target: Path, begin: int, end: int, start: int) -> Path:
    """Some seconds of a transport stream, with its clock at a tick when they begin."""
    options = {"mpegts_copyts": "1"}
    with (
        av.open(str(film)) as given,
        av.open(str(target), "w", format="mpegts", options=options) as output,
    ):
        streams = [output.add_stream_from_template(s) for s in given.streams]
        origin = given.streams.video[0].start_time or 0
        kept: dict[int, bool] = {}
        for packet in given.demux():
            if packet.pts is None or packet.dts is None:
                continue
            # From a key frame to before another, as a recording is.
            index = packet.stream.index
            if packet.stream.type == "audio" or packet.is_keyframe:
                kept[index] = begin * 90000 <= packet.pts - origin < end * 90000
            if not kept.get(index):
                continue
            shift = start - origin - begin * 90000
            packet.pts += shift
            packet.dts += shift
            packet.stream = streams[packet.stream.index]
            output.mux(packet)
    return target


def test_a_pause_in_a_stream_is_kept(tmp_path: Path) -> None:
    times = [i * 3600 + (i >= 30) * 90000 * 5 for i in range(60)]
    source = make_clip(tmp_path / "a.ts", count=60, pts=times, time_base=Fraction(1, 90000), gop=10)
    facts = probe(source)
    steps = [b - a for a, b in itertools.pairwise(facts.pts)]
    assert steps[29] == 3600 + 5 * 90000
    assert steps[:29] == [3600] * 29


@pytest.mark.parametrize("container", ["mpegts", "flv", "matroska", "mp4", "asf"])
def test_variable_rates(tmp_path: Path, container: str) -> None:
    times = [0, 40, 80, 200, 240, 1000, 1040, 1080, 1500, 1540, 1600, 2000]
    source = make_clip(
        tmp_path / "a.bin", "mpeg4" if container == "asf" else "libx264", count=len(times),
        pts=times, time_base=Fraction(1, 1000), container=container, gop=4,
    )  # fmt: skip
    facts = probe(source)
    assert facts.clock.times is not None
    assert [round(float(t) * 1000) for t in facts.clock.times] == times


@pytest.mark.parametrize(
    "flags", ["frag_keyframe+empty_moov", "frag_keyframe+delay_moov+default_base_moof"]
)
def test_fragmented_movies(tmp_path: Path, flags: str) -> None:
    whole = sounding_clip(tmp_path / "w.mp4", "aac", options={"bf": "2"})
    source = tmp_path / "a.mp4"
    with (
        av.open(str(whole)) as given,
        av.open(str(source), "w", options={"movflags": flags}) as output,
    ):
        streams = [output.add_stream_from_template(s) for s in given.streams]
        for packet in given.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                output.mux(packet)
    _is_right(source, 100)
    _is_in_step(source, tmp_path / "b.mkv")


def test_offsets_of_display_may_be_negative(tmp_path: Path) -> None:
    """`ctts` of version 1, as QuickTime writes it, with no edit list."""
    source = make_clip(tmp_path / "w.mp4", count=50, rate=Fraction(25), options={"bf": "2"}, gop=10)

    def lowered(content: bytes) -> bytes:
        count = struct.unpack_from(">I", content, 4)[0]
        pairs = struct.iter_unpack(">Ii", content[8:])
        moved = b"".join(struct.pack(">Ii", n, offset - 1024) for n, offset in pairs)
        return struct.pack(">II", 1 << 24, count) + moved

    data = changed(source.read_bytes(), b"ctts", lowered)
    data = changed(data, b"edts", lambda _: b"")
    target = tmp_path / "a.mov"
    target.write_bytes(data)
    _is_right(target, 50)
    assert probe(target).pts[0] == 0


def test_matroska_without_durations(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mkv", count=50, rate=Fraction(25), gop=10)
    data = source.read_bytes().replace(b"\x23\xe3\x83", b"\xec\x42\x00"[:1] + b"\x42\x00"[:2])
    (tmp_path / "b.mkv").write_bytes(data)
    _is_right(source, 50)


@pytest.mark.parametrize("lag", [Fraction(-12, 25), Fraction(0), Fraction(3, 4)])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_sound_and_film_may_begin_apart(tmp_path: Path, lag: Fraction, suffix: str) -> None:
    film = sounding_clip(
        tmp_path / "a.mkv", "flac", first=max(Fraction(0), -lag), sound_first=max(Fraction(0), lag)
    )
    target = tmp_path / f"b.{suffix}"
    copy(film, target)
    before, _ = heard(film)
    after, _ = heard(target)
    assert before == pytest.approx(float(lag), abs=0.001)
    assert after == pytest.approx(before, abs=0.001)


def test_dropped_frames_of_avi_stay_where_they_are(tmp_path: Path) -> None:
    times: Sequence[int] = [i + (i >= 20) * 5 for i in range(40)]
    source = make_clip(tmp_path / "a.avi", "mpeg4", count=40, rate=Fraction(25), pts=times, gop=10)
    facts = probe(source)
    seconds = [float((p - facts.pts[0]) * facts.time_base) for p in facts.pts]
    assert np.allclose(seconds, np.array(times) / 25, atol=0.001)
    with open_reader(facts) as reader:
        full = _full(source)
        for i in (30, 5, 20, 19):
            assert frame_samples(reader.frame(i)) == full[i]


def test_two_programs_do_not_share_a_clock(tmp_path: Path) -> None:
    one = _stream(tmp_path, "one.ts", start=90000 * 50)
    with (
        av.open(str(one)) as first,
        av.open(str(tmp_path / "a.ts"), "w", options={"mpegts_copyts": "1"}) as output,
    ):
        given: Any = first.streams
        streams = [output.add_stream_from_template(s) for s in given]
        extra: Any = output.add_stream("mpeg2video", rate=25)
        extra.width, extra.height, extra.pix_fmt = 96, 64, "yuv420p"
        for packet in first.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                output.mux(packet)
        for i in range(100):
            frame = av.VideoFrame(96, 64, "yuv420p")
            frame.pts, frame.time_base = i + 25 * 4000, Fraction(1, 25)
            output.mux(extra.encode(frame))
        output.mux(extra.encode(None))
    facts = probe(tmp_path / "a.ts")
    assert facts.clock.frame_count == 100
    assert movie_index(facts.path, facts.stream).jumps == 0
    assert facts.pts[0] * facts.time_base < 60
