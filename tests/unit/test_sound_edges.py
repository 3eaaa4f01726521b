"""Sounds and speech that are out of the ordinary: joined, late, overlapping, long."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mien._types import AnyArray
from mien.errors import InputError, TimeError
from mien.media.added_sound import AddedSound
from mien.media.resampling import resampled
from mien.media.sound_alignment import _energy
from mien.model.speech import Phone, Speech
from mien.model.transfer_times import TransferTiming, source_positions
from mien.progress import silent
from mien.speech.coarticulation import mouth_curves
from mien.speech.files import Cue, read_phones
from mien.speech.ipa import phones_of_ipa
from mien.speech.sound import SAMPLE_RATE, Sound, load_sound
from mien.speech.subtitled import hear_subtitled
from mien.timebase import Clock


@pytest.fixture(scope="module")
def late_movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of pictures; a click half a second in, where their sound begins."""
    path = tmp_path_factory.mktemp("late") / "late.mkv"
    click = np.zeros((1, 16_000), np.int16)
    click[0, :400] = 20_000
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width = video.height = 64
        audio = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for number in range(50):
            picture = av.VideoFrame(64, 64, "yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for first in range(0, 16_000, 1000):
            part = np.ascontiguousarray(click[:, first : first + 1000])
            frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
            frame.sample_rate, frame.pts = 16_000, 8000 + first
            frame.time_base = Fraction(1, 16_000)
            container.mux(audio.encode(frame))
        container.mux(audio.encode(None))
    return path


@pytest.mark.parametrize("begins", [Fraction(0), Fraction(1, 4), Fraction(-1, 4)])
def test_movies_sound_comes_with_their_pictures(late_movie: Path, begins: Fraction) -> None:
    heard = load_sound(late_movie)
    assert np.argmax(np.abs(heard.samples) > 5000) / SAMPLE_RATE == pytest.approx(0.5, abs=0.002)
    with AddedSound(late_movie, begins, Fraction(2), "mov") as sound:
        samples = np.concatenate(list(sound._timed()), axis=1)[0]
    start = np.argmax(np.abs(samples) > 5000) / 16_000
    assert start == pytest.approx(0.5 + float(begins), abs=0.002)


def test_a_file_is_closed_that_no_container_takes(
    late_movie: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def keep(path: str, *args: Any, really: Any = av.open, **options: Any) -> Any:
        opened.append(really(path, *args, **options))
        return opened[-1]

    monkeypatch.setattr(av, "open", keep)
    with pytest.raises(KeyError):
        AddedSound(late_movie, Fraction(0), Fraction(1), "none such")
    monkeypatch.undo()
    with pytest.raises(AssertionError):
        next(opened[0].decode(audio=0))


def _tone(rate: int, channels: int, seconds: float) -> av.AudioFrame:
    wave_form = np.sin(np.arange(round(rate * seconds)) / rate * 2 * np.pi * 200 + 0.3)
    planes = np.repeat(wave_form[None].astype(np.float32), channels, axis=0)
    layout = "mono" if channels == 1 else "stereo"
    frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
    frame.sample_rate = rate
    return frame


def test_joined_sounds_of_other_forms_keep_their_pace() -> None:
    frames = [_tone(16_000, 1, 0.5), _tone(44_100, 2, 0.5), _tone(8000, 1, 0.5)]
    parts = list(resampled(frames, "s16", "mono", 16_000))
    samples = np.concatenate(parts, axis=1)[0]
    assert len(samples) == pytest.approx(1.5 * 16_000, abs=40)
    for part in np.split(samples, 3):
        inner = part[800:-800].astype(float)
        assert np.count_nonzero(np.diff(np.sign(inner))) == pytest.approx(160, abs=3)


def test_loudness_is_the_same_however_long_the_sound() -> None:
    # Longer than what is worked out at once.
    samples = (np.random.default_rng(0).normal(0, 3000, 62 * SAMPLE_RATE + 77)).astype(np.int16)
    whole, cut = Sound("a", samples), Sound("b", samples[59 * SAMPLE_RATE : 61 * SAMPLE_RATE])
    assert len(whole.loudness()) == 6200
    assert np.allclose(whole.loudness()[5901:6099], cut.loudness()[1:-1], atol=1e-3)
    assert len(Sound("c", samples[:50]).loudness()) == 1


def _chatter(seconds: float) -> Speech:
    names = itertools.cycle(("B", "AA", "T", "IY", "SIL", "M", "OW"))
    count = round(seconds / 0.09)
    phones = (Phone(next(names), i * 0.09, (i + 1) * 0.09) for i in range(count))
    return Speech(tuple(phones), (), seconds, "test")


def test_all_of_a_sound_is_looked_at_once_for_all_phones(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def percentile(values: Any, part: float, really: Any = np.percentile) -> Any:
        looked.append(len(values))
        return really(values, part)

    monkeypatch.setattr(np, "percentile", percentile)
    loudness = np.linspace(-40, -20, 2000, dtype=np.float32)
    curves = mouth_curves(_chatter(20), np.arange(0, 20, 0.04), loudness=loudness)
    assert looked == [2000]
    assert curves["jawOpen"][-100:].max() > 1.1 * curves["jawOpen"][:100].max()


def test_nobody_who_speaks_is_a_face_at_rest() -> None:
    curves = mouth_curves(Speech((), (), 1.0, "test"), [0.1, 0.2], rest={"jawOpen": 0.07})
    assert curves["jawOpen"] == pytest.approx([0.07, 0.07], abs=1e-6)


def test_lips_do_not_meet_for_what_was_said_before() -> None:
    said = Speech((Phone("B", 0.80, 0.85), Phone("AA", 0.85, 1.3)), (), 2.0, "test")
    assert mouth_curves(said, np.arange(0.88, 1.3, 0.04))["jawOpen"][0] > 0.1
    assert mouth_curves(said, np.arange(0.72, 1.3, 0.04))["jawOpen"].min() < 1e-3


class _Babble:
    name, needs_text = "babble", False
    languages: tuple[str, ...] = ("en",)

    def hear(self, sound: Sound, text: str | None, progress: object) -> Speech:
        # As some do, it tells times that are a little early.
        starts = np.arange(0, sound.seconds - 0.1, 0.1) - 0.04
        phones = tuple(Phone("AA", start, start + 0.1) for start in starts.tolist())
        return Speech(phones, (), sound.seconds, "babble")


def test_subtitles_may_overlap() -> None:
    sound = Sound("x", np.zeros(6 * SAMPLE_RATE, np.int16))
    cues = [Cue("one", 0, 2.5), Cue("two", 2, 4), Cue("within", 3, 3.3), Cue("last", 4.5, 5.5)]
    speech, misfits = hear_subtitled(_Babble(), sound, cues, silent)
    assert speech.spoken[0].start == 0
    assert speech.spoken[-1].stop > 5
    assert len(misfits) == 1
    assert "within" in misfits[0]


def test_a_phone_in_the_last_step_of_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    hama = pytest.importorskip("mien.speech.hama")

    class Result:
        def __init__(self, tokens: list[int]) -> None:
            self.frame_token_ids = tokens

    class Model:
        decoder_tokens = ("<b>", "a", "b")

        def __call__(self, samples: AnyArray, rate: int) -> Result:
            steps = -(-len(samples) // round(0.02 * rate))
            return Result([2, *[0] * (steps - 2), 1])

    monkeypatch.setattr(hama, "_model", Model)
    noise = np.random.default_rng(0).normal(0, 3000, 45 * SAMPLE_RATE).astype(np.int16)
    speech = hama.HamaListener().hear(Sound("x", noise), None, silent)
    assert len(speech.spoken) >= 3


@pytest.mark.parametrize(
    ("symbol", "phones"),
    [("aj", ("AY",)), ("tʲ", ("T",)), ("n̩", ("N",)), ("əw", ("OW",)), ("ts", ("T", "S")),
     ("pʰ", ("P",)), ("ʔ", ())],
)  # fmt: skip
def test_phones_as_aligners_write_them(symbol: str, phones: tuple[str, ...]) -> None:
    assert phones_of_ipa(symbol) == phones


def test_numbers_beyond_all_bounds_are_refused(tmp_path: Path) -> None:
    grid = tmp_path / "a.TextGrid"
    grid.write_text(
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n1\n<exists>\n1e400\n'
    )
    listed = tmp_path / "a.json"
    listed.write_text('{"phones": [{"phone": "AA", "start": 0, "stop": 1' + "0" * 400 + "}]}")
    for path in (grid, listed):
        with pytest.raises(InputError):
            read_phones(path)
    clock = Clock(Fraction(25), 10)
    for offset in ("1e999999999s", "1" * 30, "s", "--3"):
        with pytest.raises(TimeError):
            source_positions(TransferTiming(offset=offset), clock, clock)
    assert source_positions(TransferTiming(offset=" - .4s"), clock, clock)[0] == 10


def test_energy_is_of_each_hundredth() -> None:
    class Track:
        rate = 8000

        def blocks(self) -> Iterator[tuple[int, AnyArray]]:
            signal = np.repeat(np.arange(1, 11), 80)[:, None] / 10.0
            yield -40, np.ones((40, 1))
            yield from ((first, signal[first : first + 123]) for first in range(0, 800, 123))
            yield 800, np.ones((40, 1))

    class Media:
        clock = Clock(Fraction(100), 10)

    energy = _energy(Track(), Media())  # type: ignore[arg-type]
    assert energy == pytest.approx((np.arange(1, 11) / 10) ** 2)
