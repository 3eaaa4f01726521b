"""The sound that is played and drawn: the first that can be decoded, of the film's own program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien.errors import MediaError
from mien.media.audio import AudioTrack, open_audio
from mien.media.probe import probe
from mien.preview.strips import peaks
from tests.media.mediakit import make_clip
from tests.media.streamkit import remuxed, transport_stream


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def with_unknown(path: Path, source: Path, *, first_only: bool) -> Path:
    """A MOV of two sounds, of which the first, or both, are in an unknown codec."""
    remuxed(path, source, source, dispositions=(1, 1, 0, 0))
    data = path.read_bytes()
    at = data.index(b"stsd", data.index(b"smhd"))
    end = data.index(b"smhd", at) if first_only else len(data)
    changed = data[at:end].replace(b"mp4a", b"apac").replace(b"esds", b"free")
    path.write_bytes(data[:at] + changed + data[end:])
    return path


def test_a_first_sound_in_an_unknown_codec_is_passed_over(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "x.mp4", count=24, audio="aac")
    media = probe(with_unknown(tmp_path / "a.mov", clip, first_only=True))
    assert [s.codec for s in media.streams if s.kind == "audio"] == ["apac", "aac"]
    track = open_audio(media)
    assert track is not None
    plain = open_audio(probe(clip))
    assert plain is not None
    assert np.array_equal(track.read(0, 30_000), plain.read(0, 30_000))
    assert track.read(0, 30_000).any()
    # Reading back opens the same sound again.
    assert np.array_equal(track.read(1000, 2000), plain.read(1000, 2000))
    track.close()
    plain.close()
    assert peaks(media) is not None


def test_without_any_that_can_be_decoded_there_is_none(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "x.mp4", count=24, audio="aac")
    media = probe(with_unknown(tmp_path / "a.mov", clip, first_only=False))
    assert media.audio_streams == 2
    assert open_audio(media) is None
    assert peaks(media) is None
    with pytest.raises(MediaError, match="no sound that FFmpeg can decode"):
        AudioTrack(media)


def test_the_sound_of_another_program_is_not_heard(tmp_path: Path) -> None:
    first = make_clip(tmp_path / "p.mp4", count=24, audio="aac")
    other = make_clip(tmp_path / "q.mp4", count=24, size=(64, 48))
    # Streams of the clips: the first's picture and sound, the other's picture.
    source = transport_stream(tmp_path / "a.ts", (first, other), ((2,), (0, 1)))
    media = probe(source)
    assert media.orientation.upright_size == (64, 48)
    assert open_audio(media) is None
    heard = open_audio(probe(source, stream=0))
    assert heard is not None
    assert heard.read(0, 30_000).any()
    heard.close()
