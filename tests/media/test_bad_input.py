from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from mien.errors import MediaError
from mien.media.probe import probe
from mien.media.reader import open_reader
from tests.media.mediakit import copy, make_clip


def refused(path: Path | str) -> MediaError:
    with pytest.raises(MediaError) as caught:
        probe(path)
    assert Path(path).name in caught.value.cause
    assert caught.value.remedy
    assert "\n" not in str(caught.value)
    return caught.value


def test_missing(tmp_path: Path) -> None:
    assert "There is no file" in refused(tmp_path / "nothing.mp4").cause


def test_folder(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path).cause


def test_text_named_mp4(tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("INT. KITCHEN - NIGHT\n" * 50)
    assert "not a media file" in refused(path).cause


def test_noise_named_mov(tmp_path: Path) -> None:
    path = tmp_path / "noise.mov"
    path.write_bytes(np.random.default_rng(0).bytes(100_000))
    refused(path)


def test_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    assert "is empty" in refused(path).cause


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_not_readable(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4")
    path.chmod(0)
    assert "cannot be opened" in refused(path).cause


def test_sound_only(tmp_path: Path) -> None:
    path = tmp_path / "voice.m4a"
    source = make_clip(tmp_path / "a.mp4", audio="aac")
    with av.open(str(source)) as given, av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    assert "no pictures, only sound" in refused(path).cause


def test_still_image(tmp_path: Path) -> None:
    path = tmp_path / "portrait.png"
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as output:
        stream = output.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 8, 8, "rgb24"
        output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((8, 8, 3), np.uint8))))
    assert "still image" in refused(path).cause


def cut(source: Path, target: Path, share: float) -> Path:
    data = source.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


def test_cut_before_its_index(tmp_path: Path) -> None:
    """A recorder writes the index last: half a file has none."""
    path = cut(make_clip(tmp_path / "a.mp4", count=60), tmp_path / "half.mp4", 0.5)
    assert "has no index" in refused(path).cause


def test_cut_behind_its_index(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    make_clip(tmp_path / "b.mp4", count=60)
    with (
        av.open(str(tmp_path / "b.mp4")) as given,
        av.open(str(source), "w", options={"movflags": "faststart"}) as output,
    ):
        stream = output.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                output.mux(packet)
    error = refused(cut(source, tmp_path / "half.mp4", 0.5))
    assert "of its 60 frames can be read" in error.cause
    assert "--until-damage" in error.remedy


@pytest.mark.shared
def test_real_clips_cut_at_half(clip: Callable[[str], Path], tmp_path: Path) -> None:
    for name in ("lp_s18.mp4", "derived_prores422lt_24p_s29.mov", "clm_franck.mp4"):
        path = cut(clip(name), tmp_path / name, 0.5)
        assert any(word in refused(path).cause for word in ("cut short", "no index"))


def test_cut_matroska(tmp_path: Path) -> None:
    path = cut(make_clip(tmp_path / "a.mkv", count=120), tmp_path / "half.mkv", 0.5)
    assert "cut short" in refused(path).cause


def test_damage_in_the_middle_is_named(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mov", "prores_ks", "yuv422p10le", count=20)
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.dts is not None]
    position, size = packets[11]
    data = bytearray(path.read_bytes())
    assert position is not None
    data[position : position + size] = bytes(size)
    path.write_bytes(data)
    with open_reader(path) as reader:
        assert reader.frame(10).index == 10
        with pytest.raises(MediaError, match=r"frame 11\b|Frame 11\b"):
            reader.frame(11)
        assert reader.frame(15).index == 15
        with pytest.raises(MediaError, match="damaged"):
            list(reader.stream())


def test_sequences(tmp_path: Path) -> None:
    assert "no images" in refused(tmp_path / "shot.%04d.png").cause
    (tmp_path / "cut.0001.exr").write_bytes(b"v/1\x01 not really")
    assert "cannot be read as EXR" in refused(tmp_path / "cut.0001.exr").cause


def test_tags_that_are_not_unicode(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    make_clip(path, metadata={"title": "XaaX"})
    path.write_bytes(path.read_bytes().replace(b"XaaX", b"X\xe4\xf6X"))
    assert probe(path).metadata["title"] == "X??X"
    copy(path, tmp_path / "b.mkv")
    assert b"X\xe4\xf6X" in (tmp_path / "b.mkv").read_bytes()


def test_names_that_ffmpeg_would_misread(tmp_path: Path) -> None:
    for name in ("a:b.mp4", "-c.mp4", "100% d.mp4", "größe 漢字.mp4", "http:x.mp4"):
        source = make_clip(tmp_path / "a.mp4").rename(tmp_path / name)
        copy(source, tmp_path / f"out {name}")
        assert probe(tmp_path / f"out {name}").clock.frame_count == 12


def test_the_name_matters_not(tmp_path: Path) -> None:
    path = tmp_path / "wrong extension.avi"
    shutil.copy(make_clip(tmp_path / "a.mp4"), path)
    assert probe(path).clock.frame_count == 12
