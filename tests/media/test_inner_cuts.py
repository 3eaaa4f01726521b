"""Sound that an edit list cuts inside: PCM to the sample, coded sound to the nearest packet."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mien._types import FloatArray
from mien.media.sound_cut import SoundCut
from mien.timebase import FrameRange
from tests.media.boxes import Edit, with_edits
from tests.media.mediakit import copy, make_clip
from tests.media.soundkit import RATE, heard, place, sounding_clip, sweep

AAC = 1024
PARTS = ((333, 400), (RATE + 777, 520), (5000, 280), (3 * RATE + 100, 400))
"""Samples of the film at which each part begins, and the milliseconds that it lasts."""


def _cut(film: Path, target: Path, before: int) -> Path:
    pictures: list[Edit] = [(length, 512 * (begin * 25 // RATE), 1) for begin, length in PARTS]
    sounds: list[Edit] = [(length, begin + before, 1) for begin, length in PARTS]
    return with_edits(film, target, {b"vide": pictures, b"soun": sounds})


@pytest.fixture(scope="module")
def pcm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of four parts with PCM."""
    folder = tmp_path_factory.mktemp("pcm")
    film = sounding_clip(folder / "film.mov", "pcm_s16le", size=(256, 144), options={"bf": "0"})
    return _cut(film, folder / "cut.mov", 0)


@pytest.fixture(scope="module")
def aac(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of four parts with AAC, whose encoder put a packet before the first sample."""
    folder = tmp_path_factory.mktemp("aac")
    film = sounding_clip(folder / "film.mp4", "aac", options={"bf": "0"})
    return _cut(film, folder / "cut.mp4", AAC)


def _wanted() -> FloatArray:
    wave = sweep(4)
    return np.concatenate([wave[at : at + ms * RATE // 1000] for at, ms in PARTS])


@pytest.mark.parametrize("frames", [None, FrameRange(7, 31)])
@pytest.mark.parametrize("suffix", ["mov", "mp4", "mkv", "mxf"])
def test_pcm_is_cut_to_the_sample_at_every_cut(
    pcm: Path, tmp_path: Path, suffix: str, frames: FrameRange | None
) -> None:
    target = tmp_path / f"b.{suffix}"
    copy(pcm, target, frames=frames, codec="dnxhr" if suffix == "mxf" else None)
    late, sound = heard(target)
    shown = frames or FrameRange(0, 40)
    wanted = _wanted()[shown.start * RATE // 25 : shown.stop * RATE // 25]
    assert abs(late) < 0.001
    assert len(sound) == len(wanted)
    assert np.abs(sound - wanted).max() < 1e-3


def _by_the_clock(path: Path) -> FloatArray:
    """What is heard when every packet sounds at its time."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    result = np.zeros(8 * RATE, np.float32)
    for frame in frames:
        assert frame.pts is not None
        at = round(Fraction(frame.pts) * (frame.time_base or 0) * RATE)
        result[max(at, 0) : at + frame.samples] = frame.to_ndarray()[0][max(0, -at) :]
    return result


@pytest.mark.parametrize("frames", [None, FrameRange(7, 40)])
@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv"])
def test_coded_sound_stays_in_step_after_every_cut(
    aac: Path, tmp_path: Path, suffix: str, frames: FrameRange | None
) -> None:
    target = tmp_path / f"b.{suffix}"
    copy(aac, target, frames=frames)
    late, counted = heard(target)
    assert abs(late) < 0.001
    wave, start = sweep(4), 0 if frames is None else frames.start * RATE // 25
    at = -start
    # Matroska rounds times to milliseconds, by which samples cannot be put together.
    for sound in (counted,) if suffix == "mkv" else (counted, _by_the_clock(target)):
        at = -start
        for begin, length in PARTS:
            end = at + length * RATE // 1000
            # But for half a packet before a cut, and after it the one whose half comes before it
            # and is mixed, all is heard as it was.
            first, last = max(at, 0) + 3 * AAC // 2 + 1, end - AAC // 2 - 1
            near, error = place(wave, sound[first : first + 3000], begin + first - at, AAC)
            early = near - (begin + first - at)
            assert abs(early) <= AAC // 2 + 1
            assert error < 0.02
            assert np.abs(sound[first:last] - wave[near : near + last - first]).mean() < 0.02
            at = end
    assert abs(len(counted) - at) <= AAC


def test_every_packet_of_a_cut_sound_follows_the_one_before(aac: Path, tmp_path: Path) -> None:
    copy(aac, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        times = [p.dts for p in container.demux(audio=0) if p.dts is not None]
    assert set(np.diff(times)) == {AAC}


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_cut_sound_that_begins_later_does_so(tmp_path: Path, suffix: str) -> None:
    film = sounding_clip(tmp_path / "film.mov", "pcm_s16le", seconds=2, options={"bf": "0"})
    edits: list[Edit] = [(250, -1, 1), (300, 10_001, 1), (700, 50_003, 1)]
    source = with_edits(film, tmp_path / "a.mov", {b"soun": edits})
    copy(source, tmp_path / f"b.{suffix}")
    late, sound = heard(tmp_path / f"b.{suffix}")
    wave = sweep(2)
    assert abs(late - 0.25) < 0.0011
    wanted = np.concatenate([wave[10_001:24_401], wave[50_003:83_603]])
    assert len(sound) == len(wanted)
    assert np.abs(sound - wanted).max() < 1e-3


def test_codecs_go_by_their_own_names(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", audio="libmp3lame")
    with av.open(str(source)) as container:
        sound = container.streams.audio[0]
        assert sound.codec_context.name == "mp3float"
        cut = SoundCut.of(sound, Fraction(0), None, "mp4")
    assert (cut.codec, cut.frame) == ("mp3", 1152)
