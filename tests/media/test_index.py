"""Files without an index: opened by one pass over their packets, and any frame is the right one."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

import mien
from mien.errors import OperationCancelledError
from mien.media import index as index_module
from mien.media.index import PacketIndex, movie_index
from mien.media.probe import probe
from mien.media.reader import MovieReader, open_reader
from mien.media.seek_points import packets_from
from mien.preview.source import KeyFrames
from tests.media import paff
from tests.media.mediakit import frame_samples, make_clip, samples

COUNT = 60
STRUCTURES: dict[str, tuple[str, dict[str, str]]] = {
    "intra": ("libx264", {"x264-params": "keyint=1"}),
    "ipp": ("libx264", {"x264-params": "keyint=9:bframes=0"}),
    "ibp": ("libx264", {"x264-params": "keyint=12:bframes=3:b-pyramid=normal"}),
    "open": ("libx264", {"x264-params": "keyint=12:bframes=2:open-gop=1"}),
    "refresh": ("libx264", {"x264-params": "keyint=15:bframes=0:intra-refresh=1"}),
    "fields": ("libx264", {"x264-params": "keyint=12:bframes=2:tff=1"}),
    "hevc": ("libx265", {"x265-params": "keyint=12:bframes=2:log-level=none"}),
    "hevc closed": ("libx265", {"x265-params": "keyint=12:open-gop=0:log-level=none"}),
    "mpeg2": ("mpeg2video", {"bf": "2", "g": "12"}),
    "mpeg4": ("mpeg4", {"bf": "2", "g": "12"}),
    "asp": ("mpeg4", {"bf": "0", "g": "10"}),
}
CONTAINERS = ("mp4", "mkv", "mpegts", "mpeg", "avi", "flv", "raw")
RAW = {"libx264": "h264", "libx265": "hevc", "mpeg2video": "mpeg2video", "mpeg4": "m4v"}
HOLDS = {"flv": ("libx264",), "mpeg": ("libx264", "mpeg2video", "mpeg4"), "avi": (
    "libx264", "mpeg2video", "mpeg4")}  # fmt: skip


def _full(path: Path) -> list[list[bytes]]:
    with av.open(str(path)) as container:
        return [samples(frame) for frame in container.decode(video=0)]


def _check(path: Path) -> None:
    """Every frame, one after another and in any order, is that of a full decode."""
    full = _full(path)
    with open_reader(path, cache_bytes=0) as reader:
        assert isinstance(reader, MovieReader)
        assert [frame_samples(f) for f in reader.stream()] == full
        pts = reader.facts.pts
        assert len(pts) == len(full)
        assert all(a < b for a, b in itertools.pairwise(pts))
        frames = list(range(len(full)))
        random.Random(4).shuffle(frames)
        for i in frames:
            assert frame_samples(reader.frame(i)) == full[i], i


@pytest.mark.parametrize(
    ("container", "structure"),
    [
        (container, structure)
        for container in CONTAINERS
        for structure, (encoder, _) in STRUCTURES.items()
        if encoder in HOLDS.get(container, (encoder,))
    ],
)
def test_any_frame_is_that_of_a_full_decode(tmp_path: Path, container: str, structure: str) -> None:
    encoder, options = STRUCTURES[structure]
    name = RAW[encoder] if container == "raw" else container
    path = make_clip(
        tmp_path / "a.bin", encoder, count=COUNT, rate=Fraction(25), options=options,
        container={"mkv": "matroska"}.get(name, name),
        audio="mp2" if container in ("mpegts", "mpeg", "avi") else None,
    )  # fmt: skip
    _check(path)
    facts = probe(path)
    assert facts.clock.rate == 25
    assert facts.clock.times is None


@pytest.fixture
def no_decode(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the film is decoded from end to end")

    monkeypatch.setattr(index_module, "_decoded", refuse)


@pytest.mark.usefixtures("no_decode")
@pytest.mark.parametrize(
    ("container", "structure"),
    [("mpegts", s) for s in STRUCTURES]
    + [("mpeg", "ibp"), ("mpeg", "mpeg2"), ("avi", "mpeg4"), ("avi", "ibp"), ("avi", "asp")]
    + [("flv", "ibp"), ("raw", "ibp"), ("raw", "hevc closed"), ("raw", "mpeg2")],
)
def test_opening_decodes_no_more_than_a_sample(
    tmp_path: Path, container: str, structure: str
) -> None:
    encoder, options = STRUCTURES[structure]
    name = RAW[encoder] if container == "raw" else container
    path = make_clip(
        tmp_path / "a.bin", encoder, count=120, rate=Fraction(25), options=options, container=name
    )
    index = movie_index(path, 0)
    assert len(index.pts) == 120
    groups = 1 if structure == "refresh" else 120 // 15
    assert len(index.points) >= groups
    # Each of those places can be got to.
    with av.open(str(path)) as container_:
        video = container_.streams.video[0]
        got = [packets_from(container_, video, point) is not None for point in index.points]
    assert sum(got) >= 0.7 * len(got)


def _field_stream(folder: Path) -> Path:
    raw = folder / "a.h264"
    raw.write_bytes(b"".join(paff.fields(30)))
    target = folder / "a.m2ts"
    with av.open(str(raw)) as given, av.open(str(target), "w", format="mpegts") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        for n, data in enumerate(paff.fields(30)):
            packet: Any = av.Packet(data)
            packet.stream = stream
            packet.time_base = Fraction(1, 90000)
            packet.pts = packet.dts = n * 1800
            packet.is_keyframe = n % 16 == 0
            output.mux(packet)
    return target


@pytest.mark.usefixtures("no_decode")
def test_two_fields_in_two_packets_are_one_frame(tmp_path: Path) -> None:
    path = _field_stream(tmp_path)
    facts = probe(path)
    assert facts.clock.frame_count == 30
    assert facts.clock.rate == 25
    _check(path)
    _check(tmp_path / "a.h264")


def test_a_field_may_be_alone(tmp_path: Path) -> None:
    pieces = paff.fields(30)
    (tmp_path / "a.h264").write_bytes(b"".join(pieces[:21] + pieces[22:]))
    _check(tmp_path / "a.h264")


@pytest.mark.parametrize("container", ["mpegts", "raw"])
@pytest.mark.parametrize("structure", ["ibp", "open", "mpeg2", "hevc"])
def test_a_recording_may_begin_anywhere(tmp_path: Path, container: str, structure: str) -> None:
    encoder, options = STRUCTURES[structure]
    name = RAW[encoder] if container == "raw" else container
    path = make_clip(
        tmp_path / "a.bin", encoder, count=COUNT, rate=Fraction(25), options=options, container=name
    )
    data = path.read_bytes()
    for share in (0.02, 0.1, 0.5):
        lost = round(share * len(data)) // 188 * 188
        cut = tmp_path / f"{lost}.bin"
        cut.write_bytes(data[: 3 * 188] * (container == "mpegts") + data[lost:])
        _check(cut)


@pytest.mark.parametrize("structure", ["ibp", "mpeg2"])
def test_a_recording_may_be_cut_off(tmp_path: Path, structure: str) -> None:
    encoder, options = STRUCTURES[structure]
    path = make_clip(tmp_path / "a.ts", encoder, count=COUNT, rate=Fraction(25), options=options)
    data = path.read_bytes()
    for kept in (len(data) - 188, len(data) - 188 * 5 - 20, len(data) * 2 // 3):
        cut = tmp_path / f"{kept}.ts"
        cut.write_bytes(data[:kept])
        full = iter(_full(cut))
        facts = probe(cut)
        # A frame that was begun is left out, and it need not be the last that is shown.
        assert facts.clock.frame_count in (len(_full(cut)), len(_full(cut)) - 1)
        with open_reader(facts) as reader:
            assert all(frame_samples(frame) in full for frame in reader.stream())


def test_holes_in_a_recording_cost_what_is_in_them(tmp_path: Path) -> None:
    encoder, options = STRUCTURES["ibp"]
    path = make_clip(tmp_path / "a.ts", encoder, count=COUNT, rate=Fraction(25), options=options)
    data = path.read_bytes()
    packets = [data[i : i + 188] for i in range(0, len(data), 188)]
    for at in (40, 90, 120):
        broken = tmp_path / f"{at}.ts"
        broken.write_bytes(b"".join(packets[:at] + packets[at + 3 :]))
        full = _full(broken)
        facts = probe(broken)
        assert facts.clock.frame_count == len(full)
        lost: list[range] = []
        with open_reader(facts) as reader:
            for frame in reader.stream(lost=lost.append):
                assert frame_samples(frame) == full[frame.index]
        assert sum(map(len, lost)) <= 12


def test_pictures_that_are_all_alike(tmp_path: Path) -> None:
    """Key frames with the same bytes are told apart by where they are."""
    with av.open(str(tmp_path / "a.ts"), "w") as output:
        video: Any = output.add_stream("libx264", rate=25, options={"x264-params": "keyint=5"})
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        for i in range(40):
            frame = av.VideoFrame(96, 64, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([128]) * plane.buffer_size)
            frame.pts = i
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    _check(tmp_path / "a.ts")
    assert len(movie_index(tmp_path / "a.ts", 0).points) == 8


def test_progress_is_told_and_may_stop_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_module, "_LONG", 0)
    path = make_clip(tmp_path / "a.ts", count=48)
    told: list[tuple[str, int, int]] = []
    mien.open_shot(path, progress=lambda *step: told.append(step))
    assert {stage for stage, _, _ in told} == {"index"}
    assert told[-1][1] == told[-1][2]

    def stop(stage: str, done: int, total: int) -> None:
        raise OperationCancelledError("enough")

    other = make_clip(tmp_path / "b.ts", count=48)
    with pytest.raises(OperationCancelledError):
        mien.open_shot(other, progress=stop)
    assert mien.open_shot(other, progress=False).clock.frame_count == 48


def test_the_editor_finds_key_frames(tmp_path: Path) -> None:
    encoder, options = STRUCTURES["ibp"]
    for name, container in (("a.ts", "mpegts"), ("a.h264", "h264")):
        path = make_clip(
            tmp_path / name, encoder, count=COUNT, rate=Fraction(25), options=options,
            container=container,
        )  # fmt: skip
        facts, full = probe(path), _full(path)
        keys = KeyFrames(facts)
        for i in (50, 7, 30):
            frame = keys.frame(i)
            assert frame is not None
            assert frame.index == i - i % 12
            assert frame_samples(frame) == full[frame.index]
        keys.close()


def test_an_index_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_clip(tmp_path / "a.ts", count=24)
    made: list[Path] = []
    build = index_module._built

    def counted(container: Any, key: Any, *rest: Any) -> PacketIndex:
        made.append(key[0])
        return build(container, key, *rest)

    monkeypatch.setattr(index_module, "_built", counted)
    for _ in range(3):
        with open_reader(path) as reader:
            reader.frame(3)
    assert len(made) == 1
