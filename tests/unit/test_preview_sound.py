"""Sound for playing and drawing, and thumbnails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from mien._types import AnyArray
from mien.media.audio import AudioTrack, open_audio
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.preview.strips import peaks, thumbnails


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def decoded(path: Path) -> AnyArray:
    """(n, channels) all samples of a file, by FFmpeg alone."""
    with av.open(path) as film:
        return np.concatenate([f.to_ndarray() for f in film.decode(audio=0)], axis=1).T


def test_sound_is_the_same_wherever_reading_starts(talk_720p: Path) -> None:
    track = open_audio(probe(talk_720p))
    assert track is not None
    whole = decoded(talk_720p)
    assert (track.rate, track.channels) == (44100, 2)
    straight = np.concatenate([track.read(i, 4096) for i in range(0, 400_000, 4096)])
    start = best_offset(straight, whole)
    assert np.array_equal(straight, whole[start : start + len(straight)])
    rng = np.random.default_rng(1)
    for at in rng.integers(0, 390_000, 12):
        assert np.array_equal(track.read(int(at), 3000), straight[at : at + 3000])
    track.close()


def best_offset(part: AnyArray, whole: AnyArray) -> int:
    """Where a part lies: encoders prime the first frame's time with silence."""
    loud = int(np.abs(part[:, 0]).argmax())
    places = np.flatnonzero(whole[:, 0] == part[loud, 0]) - loud
    return int(next(p for p in places if p >= 0))


def test_outside_of_the_sound_is_silence(talk_720p: Path) -> None:
    media = probe(talk_720p)
    track = AudioTrack(media)
    seconds = float(media.clock.frame_count / media.clock.rate)
    assert not track.read(round((seconds + 5) * track.rate), 500).any()
    assert not track.read(-2000, 500).any()
    assert track.read(-500, 60_000).any()
    track.close()
    assert not track.read(0, 500).any()


@pytest.mark.shared
def test_a_film_without_sound_has_none(clip: Callable[[str], Path]) -> None:
    media = probe(clip("derived_phone_rotated.mp4"))
    assert open_audio(media) is None
    assert peaks(media) is None


def test_the_waveform_is_that_of_the_sound_and_is_kept(
    talk_720p: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = probe(talk_720p)
    assert peaks(media, cancelled=lambda: True) is None
    found = peaks(media)
    assert found is not None
    track = AudioTrack(media)
    for second in (1.0, 4.5):
        samples = track.read(round(second * track.rate), track.rate // found.rate)
        place = round(second * found.rate)
        assert found.high[place] == pytest.approx(samples.max(), abs=0.02)
        assert found.low[place] == pytest.approx(samples.min(), abs=0.02)
    track.close()
    monkeypatch.setattr("mien.preview.strips.open_track", None)
    kept = peaks(media)
    assert kept is not None
    assert np.array_equal(kept.high, found.high)


@pytest.mark.shared
def test_thumbnails_are_upright_and_of_their_frames(clip: Callable[[str], Path]) -> None:
    media = probe(clip("derived_phone_rotated.mp4"))
    asked = [40, 3, 20]
    found = dict(thumbnails(media, asked, 48))
    assert sorted(found) == sorted(asked)
    width, height = media.orientation.upright_size
    with open_reader(media) as reader:
        for frame, picture in found.items():
            assert picture.shape == (48, round(48 * width / height), 3)
            whole = reader.frame(frame).upright_rgb()
            assert np.abs(picture.mean((0, 1)) - whole.mean((0, 1))).max() < 2
    assert [frame for frame, _ in thumbnails(media, asked, 48)] == asked, "not kept"
    assert not list(thumbnails(media, [5, 6], 48, cancelled=lambda: True))
