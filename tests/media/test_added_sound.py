"""Another sound for an output: when it is heard, in what form, and what is refused."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import mien
from mien.errors import MediaError, OutputError, TimeError, UsageError
from mien.timebase import Clock
from tests.command_line import run_here
from tests.footage import made_once, talking_head

RATE = 44_100
CLICKS = (0.5, 1.5)


@pytest.fixture(scope="module")
def clicks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with a click at each of `CLICKS`."""
    path = tmp_path_factory.mktemp("sound") / "clicks.wav"
    samples = np.zeros(2 * RATE, "<i2")
    for second in CLICKS:
        samples[round(second * RATE) :][:80] = 30_000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return path


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds at 30 frames a second, with AAC."""
    return made_once(
        tmp_path_factory, "talking 60.mp4", lambda path: talking_head(path, 60, (320, 180))
    )


def _without_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        for packet in [*stream.encode(av.VideoFrame(64, 64, "yuv420p")), *stream.encode(None)]:
            container.mux(packet)
    return path


def _heard(path: Path, number: int = 0) -> list[float]:
    """Seconds of the film at which clicks begin."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[number]
        frames = list(container.decode(stream))
        first = float((frames[0].pts or 0) * (frames[0].time_base or 0))
        planes = [frame.to_ndarray().astype(np.float64) for frame in frames]
        channels = stream.codec_context.layout.nb_channels
        rows = [p.mean(axis=0) if p.shape[0] > 1 else p[0, ::channels] for p in planes]
        level = np.abs(np.concatenate(rows))
    loud = np.flatnonzero(level > 0.5 * level.max())
    starts = loud[np.r_[True, np.diff(loud) > 2000]]
    return [first + start / stream.codec_context.sample_rate for start in starts]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".mxf"])
def test_it_is_heard_when_it_is_said(
    suffix: str, movie: Path, clicks: Path, tmp_path: Path
) -> None:
    output = tmp_path / f"out{suffix}"
    sound = mien.Soundtrack(clicks, 0.25)
    report = mien.render(movie, output, audio=sound, progress=False)
    assert _heard(output) == pytest.approx([0.75, 1.75], abs=0.002)
    assert not report.notes or "has no sound" not in " ".join(report.notes)
    with av.open(str(output)) as container:
        assert len(container.streams.audio) == 1


def test_of_a_range_what_is_heard_in_it(movie: Path, clicks: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mov"
    mien.render(movie, output, frames="1s:2s", audio=clicks, progress=False)
    assert _heard(output) == pytest.approx([0.5], abs=1e-4)
    late = mien.Soundtrack(clicks, "-0.3s")
    mien.render(movie, output, audio=late, overwrite=True, progress=False)
    assert _heard(output) == pytest.approx([0.2, 1.2], abs=1e-4)


def test_lossless_sound_stays_lossless(movie: Path, clicks: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mkv"
    mien.render(movie, output, audio=clicks, progress=False)
    with wave.open(str(clicks)) as file:
        wanted = np.frombuffer(file.readframes(2 * RATE), "<i2")
    with av.open(str(output)) as container:
        assert container.streams.audio[0].codec_context.name == "pcm_s16le"
        got = np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])
    np.testing.assert_array_equal(got, wanted[: len(got)])
    assert len(got) == 2 * RATE


def test_the_shots_own_sound_can_stay(movie: Path, clicks: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mp4"
    done = run_here(
        "render", movie, "-o", output, "--audio", clicks, "--audio-offset", "6", "--keep-audio"
    )
    assert done.code == 0, done.err
    assert _heard(output) == pytest.approx([6 / 30 + at for at in CLICKS], abs=0.002)
    with av.open(str(output)) as new, av.open(str(movie)) as old:
        assert len(new.streams.audio) == 2
        assert new.streams.audio[0].disposition & av.stream.Disposition.default
        own = [bytes(p) for p in new.demux(new.streams.audio[1]) if p.size]
        was = [bytes(p) for p in old.demux(old.streams.audio[0]) if p.size]
    assert own == was


def test_sound_ends_with_the_picture(movie: Path, clicks: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.mov"
    mien.render(movie, output, frames="0:15", audio=clicks, progress=False)
    with av.open(str(output)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert samples == RATE // 2


def test_starts_are_read() -> None:
    clock = Clock(Fraction(25), 100)
    for start, seconds in (
        ("2s", 2),
        ("-0.25s", Fraction(-1, 4)),
        ("50", 2),
        (0.5, Fraction(1, 2)),
    ):
        assert mien.Soundtrack(Path("a.wav"), start).begins(clock) == seconds
    with pytest.raises(TimeError):
        mien.Soundtrack(Path("a.wav"), "soon").begins(clock)
    with pytest.raises(TimeError):
        mien.Soundtrack(Path("a.wav"), float("inf"))


def test_what_cannot_be_is_refused_before_anything_is_done(
    movie: Path, clicks: Path, tmp_path: Path
) -> None:
    text = tmp_path / "text.wav"
    text.write_text("no sound")
    silent = _without_sound(tmp_path / "silent.mp4")
    output = tmp_path / "out.mp4"
    for sound, error, message in (
        (tmp_path / "none.wav", MediaError, "cannot be read as sound"),
        (text, MediaError, "cannot be read as sound"),
        (silent, MediaError, "has no sound"),
    ):
        with pytest.raises(error, match=message):
            mien.render(movie, output, audio=sound, progress=False)
        assert not output.exists()
    with pytest.raises(UsageError, match="images, which hold no sound"):
        mien.render(movie, tmp_path / "out.%04d.png", audio=clicks, progress=False)
    same = tmp_path / "sound.mp4"
    same.write_bytes(movie.read_bytes())
    with pytest.raises(OutputError, match="is the sound that it is to have"):
        mien.render(movie, same, audio=same, overwrite=True, progress=False)
    for arguments, message in (
        (("--audio-offset", "2s"), "goes with --audio"),
        (("--keep-audio",), "goes with --audio"),
        (("--audio", clicks, "--matte"), "has no sound"),
        (("--audio", clicks, "--audio-offset", "soon"), "soon"),
    ):
        refused = run_here("render", movie, "-o", output, *arguments)
        assert refused.code == 2
        assert message in refused.err
        assert not output.exists()
