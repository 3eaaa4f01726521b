"""Sound in short packets, whose times a container rounds until several are the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from av.packet import Packet
from av.stream import Stream
from hypothesis import given
from hypothesis import strategies as st

import mien
from mien.media.ebml import children
from mien.media.probe import probe
from mien.media.sound_clock import SoundClock
from mien.timebase import FrameRange
from tests.media.mediakit import copy, picture
from tests.media.soundkit import RATE, heard, sweep

SIZE = (64, 48)
SEGMENT, CLUSTER, TIME, BLOCK = 0x18538067, 0x1F43B675, 0xE7, 0xA3


def short_packets(path: Path, samples: int, size: tuple[int, int] = SIZE) -> Path:
    """A second of film with a sweep in packets of a few samples of PCM each."""
    with av.open(str(path), "w") as output:
        video: Any = output.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio: Any = output.add_stream("pcm_s16le", rate=RATE, layout="mono")
        wave = (sweep(1) * 32767).astype(np.int16)
        each = RATE // 25
        for i in range(25):
            frame = av.VideoFrame.from_ndarray(picture(i, size), format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            output.mux(video.encode(frame))
            for at in range(i * each, (i + 1) * each, samples):
                part = wave[at : min(at + samples, (i + 1) * each)][None]
                block = av.AudioFrame.from_ndarray(part, "s16", "mono")
                block.sample_rate, block.pts, block.time_base = RATE, at, Fraction(1, RATE)
                output.mux(audio.encode(block))
        output.mux(video.encode(None))
        output.mux(audio.encode(None))
    return path


def packets(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        return [((p.dts or 0) * p.time_base, bytes(p)) for p in container.demux(audio=0) if p.size]


def samples_of(path: Path) -> bytes:
    return b"".join(data for _, data in packets(path))


@pytest.mark.parametrize("suffix", ["mov", "mp4", "mxf", "mkv"])
@pytest.mark.parametrize("samples", [16, 32, 47, 64])
def test_short_packets_of_pcm_lose_nothing(tmp_path: Path, samples: int, suffix: str) -> None:
    """Milliseconds hold up to three of them; MP4, MOV and MXF take one time once only."""
    # DNxHR, the codec of MXF, has no smaller pictures.
    source = short_packets(tmp_path / "a.mkv", samples, (256, 144))
    times = [time for time, _ in packets(source)]
    assert samples > 48 or len(set(times)) < len(times)
    report = mien.render(source, tmp_path / f"b.{suffix}", progress=False)
    assert not any("damaged" in note for note in report.notes)
    assert samples_of(tmp_path / f"b.{suffix}") == samples_of(source)
    start, wave = heard(tmp_path / f"b.{suffix}")
    assert abs(start) < 0.001
    assert np.abs(wave - sweep(1)).max() < 1e-3


def test_samples_are_counted_where_times_are_rounded(tmp_path: Path) -> None:
    source = short_packets(tmp_path / "a.mkv", 32)
    mien.render(source, tmp_path / "b.mov", progress=False)
    at = Fraction(0)
    for time, data in packets(tmp_path / "b.mov"):
        assert time == at
        at += Fraction(len(data) // 2, RATE)
    assert at == 1


def test_a_range_of_them_is_cut_to_the_sample(tmp_path: Path) -> None:
    source = short_packets(tmp_path / "a.mkv", 47)
    facts = copy(source, tmp_path / "b.mov", frames=FrameRange(5, 15))
    start, wave = heard(tmp_path / "b.mov")
    begin = round((facts.pts[5] - facts.pts[0]) * facts.time_base * RATE)
    assert abs(start) < 0.001
    assert abs(len(wave) - 10 * RATE // 25) <= RATE // 1000 + 1
    count = min(len(wave), 9 * RATE // 25)
    whole = sweep(1)
    errors = [
        np.abs(wave[:count] - whole[begin + off : begin + off + count]).max()
        for off in range(-RATE // 1000 - 1, RATE // 1000 + 2)
    ]
    assert min(errors) < 1e-3


def timed(sound: Any, base: Fraction, times: Iterable[int]) -> list[Fraction]:
    """Seconds at which packets of given times come."""
    clock = SoundClock(sound)
    result = []
    for time in times:
        packet: Packet[Stream] = Packet(bytes(8))
        packet.pts = packet.dts = time
        packet.time_base = base
        clock.stamp(packet)
        assert packet.pts == packet.dts
        assert packet.dts is not None
        result.append(packet.dts * packet.time_base)
    return result


def sound_of(codec: str, frame_size: int) -> Any:
    layout = SimpleNamespace(nb_channels=2)
    context = SimpleNamespace(
        codec=SimpleNamespace(canonical_name=codec),
        sample_rate=RATE,
        frame_size=frame_size,
        layout=layout,
    )
    return SimpleNamespace(codec_context=context)


def test_packets_of_truehd_are_counted() -> None:
    """They hold 40 samples each, 5/6 of a millisecond; FFmpeg has no encoder of it here."""
    stated = [round(Fraction(5, 6) * number) for number in range(200)]
    assert len(set(stated)) < 200
    times = timed(sound_of("truehd", 40), Fraction(1, 1000), stated)
    assert times == [Fraction(40 * number, RATE) for number in range(200)]


@given(
    steps=st.lists(st.integers(0, 3), max_size=60),
    base=st.sampled_from([Fraction(1, 1000), Fraction(1, 90000), Fraction(1, RATE)]),
    codec=st.sampled_from([("truehd", 40), ("truehd", 0), ("flac", 0), ("pcm_s16le", 0)]),
)
def test_no_two_packets_come_at_one_time(
    steps: list[int], base: Fraction, codec: tuple[str, int]
) -> None:
    stated = list(itertools.accumulate(steps, initial=5))
    times = timed(sound_of(*codec), base, stated)
    assert all(b > a for a, b in itertools.pairwise(times))
    assert abs(times[0] - 5 * base) <= Fraction(1, RATE)


def test_other_short_packets_lose_nothing(tmp_path: Path) -> None:
    """FLAC in blocks of 64 samples: what they last only decoding tells."""
    source = tmp_path / "a.mkv"
    with av.open(str(source), "w") as output:
        video: Any = output.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        audio: Any = output.add_stream(
            "flac", rate=96000, layout="mono", options={"frame_size": "64"}
        )
        output.start_encoding()
        step = audio.codec_context.frame_size
        for i in range(25):
            frame = av.VideoFrame.from_ndarray(picture(i, SIZE), format="rgb24")
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        wave = (sweep(1) * 32767).astype(np.int16)
        for at in range(0, RATE - step, step):
            block = av.AudioFrame.from_ndarray(wave[at : at + step][None], "s16", "mono")
            block.sample_rate, block.pts, block.time_base = 96000, at, Fraction(1, 96000)
            output.mux(audio.encode(block))
        output.mux(audio.encode(None))
    before = packets(source)
    assert len({time for time, _ in before}) < len(before)
    report = mien.render(source, tmp_path / "b.mp4", progress=False)
    assert not any("damaged" in note for note in report.notes)
    assert samples_of(tmp_path / "b.mp4") == samples_of(source)


def test_a_gap_in_the_sound_stays(tmp_path: Path) -> None:
    """Only what rounding explains is counted away."""
    made = short_packets(tmp_path / "made.mkv", 32)
    source = tmp_path / "a.mkv"
    with av.open(str(made)) as given, av.open(str(source), "w") as output:
        twins = [output.add_stream_from_template(stream) for stream in given.streams]
        for packet in given.demux():
            if packet.dts is None:
                continue
            late = packet.dts * packet.time_base
            if packet.stream.type == "audio" and Fraction(2, 5) <= late < Fraction(3, 5):
                continue
            packet.stream = twins[packet.stream.index]
            output.mux(packet)
    mien.render(source, tmp_path / "b.mov", progress=False)
    mien.render(source, tmp_path / "b.mkv", progress=False)
    assert samples_of(tmp_path / "b.mov") == samples_of(source)
    times = [time for time, _ in packets(tmp_path / "b.mkv")]
    assert max(b - a for a, b in itertools.pairwise(times)) > Fraction(1, 5)


def laced(source: Path, target: Path, count: int) -> Path:
    """A Matroska film whose sound (track 2) lies in blocks of several packets of one size."""
    data = source.read_bytes()
    result = b""
    for outer in children(data):
        if outer.identifier != SEGMENT:
            result += data[outer.start : outer.stop]
            continue
        result += SEGMENT.to_bytes(4, "big") + b"\x01" + b"\xff" * 7
        for part in children(data, outer.body, outer.stop):
            if part.identifier == CLUSTER:
                body = b"".join(_blocks(data, part.body, part.stop, count))
                result += CLUSTER.to_bytes(4, "big") + (1 << 56 | len(body)).to_bytes(8, "big")
                result += body
            elif part.identifier in (0x1549A966, 0x1654AE6B):  # Info and Tracks
                result += data[part.start : part.stop]
    target.write_bytes(result)
    return target


def _blocks(data: bytes, start: int, stop: int, count: int) -> Iterator[bytes]:
    waiting: list[bytes] = []

    def joined() -> bytes:
        head = waiting[0][:3] + bytes([waiting[0][3] | 0x04, len(waiting) - 1])
        body = head + b"".join(one[4:] for one in waiting)
        waiting.clear()
        return bytes([BLOCK]) + (1 << 56 | len(body)).to_bytes(8, "big") + body

    for one in children(data, start, stop):
        content = data[one.body : one.stop]
        if one.identifier != BLOCK or content[0] & 0x7F != 2:
            if waiting:
                yield joined()
            yield data[one.start : one.stop]
            continue
        if waiting and len(content) != len(waiting[0]):
            yield joined()
        waiting.append(content)
        if len(waiting) == count:
            yield joined()
    if waiting:
        yield joined()


@pytest.mark.parametrize("suffix", ["mov", "mkv"])
def test_packets_in_one_block_lose_nothing(tmp_path: Path, suffix: str) -> None:
    """Of packets of less than a millisecond in one block only the first has a time."""
    source = laced(short_packets(tmp_path / "x.mkv", 32), tmp_path / "a.mkv", 6)
    with av.open(str(source)) as container:
        assert any(p.size and p.pts is None for p in container.demux(audio=0))
    assert len(samples_of(source)) == 2 * RATE
    assert probe(source).clock.frame_count == 25
    mien.render(source, tmp_path / f"b.{suffix}", progress=False)
    assert samples_of(tmp_path / f"b.{suffix}") == samples_of(source)
