"""Damage in files whose frames are known by counting packets: the right pictures, or none."""

from __future__ import annotations

import resource
import time
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest

import mien
from mien.errors import DamagedMediaError
from mien.media.clock_repair import ClockRepair
from mien.media.index import movie_index, open_movie
from mien.media.packet_scan import scan_packets
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.media.transport_tail import ends_whole
from tests.media import paff
from tests.media.mediakit import frame_samples, make_clip, samples

X264 = {"x264-params": "keyint=12:bframes=2:scenecut=0"}
X265 = {"x265-params": "keyint=12:open-gop=0:scenecut=0:log-level=none"}


def clip(path: Path, encoder: str = "libx264", count: int = 60, **options: Any) -> Path:
    given = {"options": X265 if encoder == "libx265" else X264, **options}
    return make_clip(path, encoder, count=count, rate=Fraction(25), **given)


def pictures(path: Path) -> list[list[bytes]]:
    with av.open(str(path)) as container:
        return [samples(frame) for frame in container.decode(video=0)]


def film_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize(
    ("suffix", "encoder", "container", "packet"),
    [(".avi", "libx264", "avi", packet) for packet in (25, 30, 31, 36, 47)]
    + [(".h264", "libx264", "h264", packet) for packet in (25, 30, 31, 47)]
    + [(".hevc", "libx265", "hevc", packet) for packet in (25, 30, 31, 47)],
)
def test_after_damage_no_frame_is_its_neighbour(
    tmp_path: Path, suffix: str, encoder: str, container: str, packet: int
) -> None:
    path = clip(tmp_path / f"a{suffix}", encoder, container=container)
    full, packets = pictures(path), film_packets(path)
    data = bytearray(path.read_bytes())
    at = data.find(packets[packet])
    assert at >= 0
    # Raw streams are parted by start codes: theirs stay, so that the packet is one.
    kept = 0 if container == "avi" else 6
    size = len(packets[packet])
    data[at + kept : at + size] = bytes(size - kept)
    broken = tmp_path / f"b{suffix}"
    broken.write_bytes(data)
    facts = probe(broken)
    lost: list[range] = []
    with open_reader(facts, cache_bytes=0) as reader:
        seen = {f.index: frame_samples(f) for f in reader.stream(lost=lost.append)}
        for i in (55, 5):
            assert frame_samples(reader.frame(i)) == seen[i]
    missing = len(full) - facts.clock.frame_count
    assert lost or missing
    gone = {i for span in lost for i in span}
    assert len(gone) <= 15
    for i, picture in seen.items():
        assert picture == full[i] or (missing and picture in full), f"frame {i}"
    assert set(seen) | gone == set(range(facts.clock.frame_count))


def test_a_render_past_damage_is_refused_or_ends_before_it(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.avi")
    full, packet = pictures(path), film_packets(path)[30]
    path.write_bytes(path.read_bytes().replace(packet, bytes(len(packet))))
    with pytest.raises(DamagedMediaError) as caught:
        mien.render(path, tmp_path / "o.mkv", frames="0:35", progress=False)
    assert caught.value.frame is not None
    assert 26 <= caught.value.frame <= 30
    report = mien.render(path, tmp_path / "o.mkv", until_damage=True, progress=False)
    assert report.frames == caught.value.frame
    with open_reader(path) as reader:
        for i in (0, 20, 50, 37, 59):
            assert frame_samples(reader.frame(i)) == full[i]


@pytest.mark.parametrize("encoder", ["libx264", "mpeg2video"])
def test_a_recording_that_stops_within_a_frame(tmp_path: Path, encoder: str) -> None:
    options = {"x264-params": "keyint=12:bframes=2:scenecut=0:qp=1"}
    if encoder == "mpeg2video":
        options = {"bf": "2", "g": "12", "b": "4000000"}
    path = clip(tmp_path / "a.ts", encoder, options=options, size=(320, 240))
    data, full = path.read_bytes(), pictures(path)
    count = len(data) // 188
    assert ends_whole(path, 0x100)
    said = 0
    for less in (3, 5, 8, 12, 20, 27):
        cut = tmp_path / f"{less}.ts"
        cut.write_bytes(data[: (count - less) * 188])
        facts = probe(cut)
        out = cut.with_suffix(".mkv")
        report = mien.render(cut, out, progress=False)
        assert report.frames == facts.clock.frame_count > 30
        with open_reader(facts) as reader:
            for frame in reader.stream():
                time_ = frame.pts - facts.pts[0]
                assert frame_samples(frame) == full[time_ // 3600]
        told = [note for note in report.notes if "breaks off" in note]
        assert told == [line for line in facts.left_out if "breaks off" in line]
        assert len(told) <= 1
        said += len(told)
    assert said


def test_frames_that_the_stream_lost_are_spoken_of(tmp_path: Path) -> None:
    """Packets that say they are damaged, and zeros in them: nothing is left of their frames."""
    path = clip(tmp_path / "a.ts", size=(320, 240))
    with av.open(str(path)) as container:
        places = [p.pos or 0 for p in container.demux(video=0) if p.size]
    full, data = pictures(path), bytearray(path.read_bytes())
    for at in range(places[22], places[25], 188):
        if int.from_bytes(data[at + 1 : at + 3], "big") & 0x1FFF == 0x100:
            data[at + 1] |= 0x80
            head = 4 + (1 + data[at + 4] if data[at + 3] & 0x20 else 0)
            head += 19 * (at in places)
            if head < 188:
                data[at + head : at + 188] = bytes(188 - head)
    path.write_bytes(data)
    facts = probe(path)
    assert facts.clock.frame_count == 57
    note = next(line for line in facts.left_out if "3 frames are missing" in line)
    report = mien.render(path, tmp_path / "o.mkv", progress=False, until_damage=True)
    assert note in report.notes
    # What is there is shown when it was.
    with open_reader(facts) as reader:
        for i in (0, 15, 40, 56):
            assert frame_samples(reader.frame(i)) == full[(facts.pts[i] - facts.pts[0]) // 3600]


def test_frames_that_cannot_be_decoded_stay_counted(tmp_path: Path) -> None:
    """Packets of a transport stream that are there and broken are damage, named by the frame."""
    path = clip(tmp_path / "a.ts", options={"x264-params": "keyint=12:bframes=0:scenecut=0:qp=10"})
    full, packets = pictures(path), film_packets(path)
    with av.open(str(path)) as given, av.open(str(tmp_path / "b.ts"), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        for n, packet in enumerate(p for p in given.demux(video=0) if p.size):
            broken: Any = packet
            if n == 30:
                # The start code and the kind of slice stay; the slice says nothing more.
                head = packets[n].find(b"\0\0\1\x41") + 4
                broken = av.Packet(packets[n][:head] + b"\xff" * (len(packets[n]) - head))
                broken.pts, broken.dts, broken.time_base = packet.pts, packet.dts, packet.time_base
            broken.stream = stream
            output.mux(broken)
    facts = probe(tmp_path / "b.ts")
    assert facts.clock.frame_count == 60
    lost: list[int] = []
    with open_reader(facts) as reader:
        seen = {f.index: frame_samples(f) for f in reader.stream(lost=lost.extend)}
    assert 30 in lost
    assert all(seen[i] == full[i] for i in (*range(30), *range(36, 60)))


def test_frames_are_not_kept_to_be_counted(tmp_path: Path) -> None:
    """400 frames of HD that have to be decoded to be counted; all together they are 1.2 GB."""
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as output:
        video: Any = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 1920, 1080, "yuv420p"
        frame = av.VideoFrame(1920, 1080, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for i in range(400):
            frame.pts = i
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    packet = film_packets(path)[3]
    data = path.read_bytes()
    at = data.find(packet, data.find(film_packets(path)[2]) + 1)
    path.write_bytes(data[:at] + bytes(len(packet)) + data[at + len(packet) :])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(movie_index(path, 0).pts) >= 399
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000


def test_a_clock_that_always_jumps_costs_no_more() -> None:
    stream: Any = SimpleNamespace(index=0, type="video", time_base=Fraction(1, 90000))

    def seconds(count: int) -> float:
        repair = ClockRepair([stream])
        begin = time.perf_counter()
        for i in range(count):
            packet: Any = SimpleNamespace(
                dts=i * 7_777_777_777 % (1 << 33), pts=0, stream_index=0, duration=3600
            )
            repair.shift(packet)
        assert repair.jumps > count // 2
        return time.perf_counter() - begin

    assert seconds(20_000) < 2


def test_damaged_packets_are_named_once_and_in_order(tmp_path: Path) -> None:
    """A lone field, and packets that the stream says are damaged around it."""
    pieces = paff.fields(30)
    path = tmp_path / "a.m2ts"
    raw = tmp_path / "a.h264"
    raw.write_bytes(b"".join(pieces))
    with av.open(str(raw)) as given, av.open(str(path), "w", format="mpegts") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        for n, data in enumerate(pieces):
            if n == 21:
                continue
            packet: Any = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 90000)
            packet.pts = packet.dts = n * 1800
            packet.is_keyframe = n % 16 == 0
            output.mux(packet)
    broken = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        places = [p.pos or 0 for p in container.demux(video=0) if p.size]
    for n in (20, 21):
        broken[places[n] + 1] |= 0x80
    path.write_bytes(broken)
    with open_movie(path) as container:
        scan = scan_packets(container, container.streams.video[0], lambda _: None)
    assert scan.corrupt
    assert scan.corrupt == sorted(set(scan.corrupt))
