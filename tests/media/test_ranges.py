from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import pytest

from mien.media.probe import probe
from mien.timebase import FrameRange
from tests.media.mediakit import copy, make_clip, psnr, rgb_of


def sound(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.time_base is not None
        return [
            (p.pts * stream.time_base, bytes(p))
            for p in container.demux(stream)
            if p.dts is not None and p.pts is not None
        ]


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mov", "pcm_s16le"),
                                              ("a.mkv", "flac")])  # fmt: skip
def test_sound_is_cut_to_the_range_and_stays_in_step(tmp_path: Path, name: str, codec: str) -> None:
    source = make_clip(tmp_path / name, count=48, audio=codec, rate=Fraction(24))
    target = tmp_path / f"out_{name}"
    facts = copy(source, target, frames=FrameRange(18, 42))
    after = probe(target)
    assert after.clock.frame_count == 24
    assert after.clock.seconds(24) == 1
    assert psnr(rgb_of(source)[18:42], rgb_of(target)) > 38  # as the default quality codes
    offset = after.pts[0] * after.time_base
    start = facts.pts[18] * facts.time_base - offset
    packets = {data: time for time, data in sound(source)}
    kept = sound(target)
    assert len(kept) > 5
    if codec.startswith("pcm"):
        # It is cut to the sample.
        at = b"".join(packets).index(b"".join(data for _, data in kept))
        assert Fraction(at, 4 * 48000) == start
        return
    for time, data in kept:
        assert abs(packets[data] - start - time) <= Fraction(1, 1000)
    missing = 1 - (kept[-1][0] - kept[0][0])
    assert missing < Fraction(1, 10)


@pytest.mark.shared
def test_real_clip_range(clip: Callable[[str], Path], tmp_path: Path) -> None:
    source, target = clip("vretalk_1.mp4"), tmp_path / "b.mp4"
    before = copy(source, target, frames=FrameRange(40, 70))
    after = probe(target)
    assert [p - after.pts[0] for p in after.pts] == [p - before.pts[40] for p in before.pts[40:70]]
    assert {data for _, data in sound(target)} <= {data for _, data in sound(source)}


def test_subtitles_and_languages_are_copied(tmp_path: Path) -> None:
    plain = make_clip(tmp_path / "a.mkv", count=48, audio="aac")
    (tmp_path / "s.srt").write_text("1\n00:00:00,500 --> 00:00:01,500\nHallo\n\n")
    source = tmp_path / "b.mkv"
    with (
        av.open(str(plain)) as clip,
        av.open(str(tmp_path / "s.srt")) as words,
        av.open(str(source), "w") as output,
    ):
        given = [*clip.streams, words.streams.subtitles[0]]
        streams = [output.add_stream_from_template(s) for s in given]
        streams[2].metadata["language"] = "ger"
        for container, targets in ((clip, streams[:2]), (words, streams[2:])):
            for packet in container.demux():
                if packet.size:
                    packet.stream = targets[packet.stream.index]
                    output.mux(packet)
    copy(source, tmp_path / "c.mkv")
    with av.open(str(tmp_path / "c.mkv")) as container:
        subtitles = container.streams.subtitles[0]
        assert subtitles.language == "ger"
        texts = [bytes(p) for p in container.demux(subtitles) if p.size]
    assert texts == [b"Hallo"]
    assert probe(source).subtitle_streams == 1
