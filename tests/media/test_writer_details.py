from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from av.sidedata.sidedata import Type as SideDataType

from mien.errors import MediaError, MissingDependencyError, UsageError
from mien.media.frame import side_data
from mien.media.probe import first_frame, probe
from mien.media.reader import open_reader
from mien.timebase import FrameRange
from tests.media.mediakit import copy, make_clip, survivors


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.mxf", "a.webm"])
def test_the_same_bytes_twice(tmp_path: Path, name: str) -> None:
    source = make_clip(tmp_path / "source.mkv", size=(256, 128), count=30)
    digests = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        copy(source, tmp_path / folder / name)
        digests.append(hashlib.sha256((tmp_path / folder / name).read_bytes()).hexdigest())
    assert digests[0] == digests[1]


HDR = (
    "log-level=error:hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)"
    "WP(15635,16450)L(10000000,50):max-cll=1000,400"
)


def test_hdr_survives(tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / "a.mp4", "libx265", "yuv420p10le", options={"x265-params": HDR},
        tags=(9, 16, 9, 1),
    )  # fmt: skip
    target = tmp_path / "b.mp4"
    copy(source, target)
    assert probe(target).color == probe(source).color
    for kind in (SideDataType.MASTERING_DISPLAY_METADATA, SideDataType.CONTENT_LIGHT_LEVEL):
        before = side_data(first_frame(source), kind)
        assert before is not None
        after = side_data(first_frame(target), kind)
        assert after is not None
        assert _rationals(before) == _rationals(after)


def _rationals(data: bytes) -> list[float]:
    numbers = np.frombuffer(data[: len(data) // 4 * 4], np.int32)
    if len(numbers) < 20:
        return [float(n) for n in numbers[:2]]
    return [round(float(n / d), 4) for n, d in numbers[:20].reshape(10, 2)]


def test_edited_frames_keep_their_side_data(tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / "a.mp4", "libx265", "yuv420p10le", options={"x265-params": HDR}, count=4
    )
    with open_reader(source) as reader:
        frame = reader.frame(0)
        plate = frame.plate().copy()
        plate.add(plate.box, np.full((64, 96, 3), 0.1, np.float32))
        edited = frame.with_plate(plate)
        a, b = frame.picture.video, edited.picture.video  # type: ignore[attr-defined]
    assert {item.type for item in a.side_data} == {item.type for item in b.side_data}
    assert (a.pts, a.colorspace, a.color_range) == (b.pts, b.colorspace, b.color_range)
    assert bytes(a.planes[0]) != bytes(b.planes[0])


def test_interlaced_stays_interlaced(tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / "a.mp4", options={"flags": "+ildct+ilme", "x264opts": "tff=1"}, size=(96, 64)
    )
    assert first_frame(source).interlaced_frame
    copy(source, tmp_path / "b.mp4")
    assert first_frame(tmp_path / "b.mp4").interlaced_frame


@pytest.mark.shared
def test_a_range_of_a_turned_clip_stays_turned(clip: Callable[[str], Path], tmp_path: Path) -> None:
    target = tmp_path / "b.mp4"
    copy(clip("derived_phone_rotated.mp4"), target, frames=FrameRange(10, 14))
    assert survivors(target)["rotation"] == {-90}
    assert probe(target).orientation.quarter_turns == 3
    assert survivors(target)["times"] == pytest.approx([0, 1 / 30, 2 / 30, 3 / 30], abs=1e-6)


@pytest.mark.slow
def test_8k(tmp_path: Path) -> None:
    source = make_clip(
        tmp_path / "a.mp4", count=1, size=(7680, 4320), options={"preset": "ultrafast"}
    )
    copy(source, tmp_path / "b.mov", codec="prores")
    facts = probe(tmp_path / "b.mov")
    assert facts.orientation.upright_size == (7680, 4320)
    with open_reader(facts) as reader:
        assert reader.frame(0).upright_rgb(720).shape == (720, 1280, 3)


def test_a_picture_that_changes_its_size_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    parts = [make_clip(tmp_path / f"{i}.ts", size=size, count=6)
             for i, size in enumerate([(96, 64), (128, 96)])]  # fmt: skip
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    facts = probe(path)
    with open_reader(facts) as reader, pytest.raises(MediaError, match="changes at frame 6"):
        list(reader.stream())


def test_choice_of_the_decoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_clip(tmp_path / "a.mp4")
    with pytest.raises(UsageError, match="no decoder 'gstreamer'"):
        open_reader(source, decoder="gstreamer")
    monkeypatch.setenv("MIEN_DECODER", "decord")
    if importlib.util.find_spec("decord") is None:
        with pytest.raises(MissingDependencyError, match="decord is not installed"):
            open_reader(source)
        return
    with open_reader(source) as looks, open_reader(source, decoder="pyav") as reads:
        for a, b in zip(looks.stream(), reads.stream(), strict=True):
            assert (a.index, a.pts) == (b.index, b.pts)
            difference = a.upright_rgb().astype(int) - b.upright_rgb()
            assert np.abs(difference).mean() < 4
        with pytest.raises(UsageError, match="for looking only"):
            looks.frame(3).plate()


@pytest.mark.shared
def test_decord_turns_as_we_do(clip: Callable[[str], Path]) -> None:
    pytest.importorskip("decord", reason="decord is an extra")
    path = clip("derived_phone_rotated.mp4")
    with open_reader(path, decoder="decord") as looks, open_reader(path) as reads:
        a, b = looks.frame(5).upright_rgb(320), reads.frame(5).upright_rgb(320)
        assert a.shape == b.shape
        assert np.abs(a.astype(int) - b).mean() < 4


def test_captions_and_pictures_beside_do_not_disturb(tmp_path: Path) -> None:
    """A cover picture is no shot: the film beside it is."""
    film = make_clip(tmp_path / "a.mp4", audio="aac")
    path = tmp_path / "b.mp4"
    with av.open(str(film)) as given, av.open(str(path), "w") as output:
        streams = [output.add_stream_from_template(s) for s in given.streams]
        cover = output.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        for packet in given.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                output.mux(packet)
        still = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8))
        output.mux(cover.encode(still))
        output.mux(cover.encode(None))
    facts = copy(path, tmp_path / "c.mp4")
    assert (facts.codec, facts.clock.frame_count) == ("h264", 12)
    assert probe(tmp_path / "c.mp4").clock == facts.clock
