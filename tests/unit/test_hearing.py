"""Phones of sentences whose phones are known, heard with and without their text."""

from __future__ import annotations

import itertools
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mien.errors import InputError, MissingDependencyError, NothingToDoError, UsageError
from mien.model.speech import PHONES, Phone, Speech
from mien.progress import silent
from mien.speech import aligning, listeners
from mien.speech.aligning import words_of
from mien.speech.files import Cue
from mien.speech.french import LIPS, read_aloud
from mien.speech.hearing import hearing
from mien.speech.listeners import choose_listener, missing_aligner, register_listener
from mien.speech.pocketsphinx import pronounced
from mien.speech.sound import Sound, load_sound
from mien.speech.subtitled import hear_subtitled
from tests.speaking import FRENCH, SENTENCES, espeak, speak

needs_espeak = pytest.mark.skipif(
    espeak() is None, reason="espeak-ng is not installed (apt-get install espeak-ng)"
)
CLOSURES = {"P", "B", "M", "F", "V"}
APART = 0.08
"""Seconds between the middles of a phone as it was said and as it was heard."""


def _matched(said: Sequence[Phone], heard: Sequence[Phone]) -> int:
    """How many phones were heard, each at most once."""
    left = list(heard)
    count = 0
    for phone in said:
        near = [one for one in left if abs(one.middle - phone.middle) <= APART]
        if near:
            left.remove(min(near, key=lambda one: abs(one.middle - phone.middle)))
            count += 1
    return count


def _hear(sound: Sound, text: str | None) -> Speech:
    return choose_listener("auto", text, "en").hear(sound, text, silent)


@needs_espeak
@pytest.mark.parametrize(("with_text", "least"), [(True, 0.95), (False, 0.85)])
def test_closures_are_heard(with_text: bool, least: float, tmp_path: Path) -> None:
    said = heard = both = 0
    for text in SENTENCES[:3]:
        for rate in (130, 160, 200):
            spoken = speak(text, rate)
            sound = load_sound(spoken.write(tmp_path / "said.wav"))
            speech = _hear(sound, text if with_text else None)
            closed = [phone for phone in spoken.phones if phone.name in CLOSURES]
            shut = [phone for phone in speech.phones if phone.name in CLOSURES]
            said, heard, both = said + len(closed), heard + len(shut), both + _matched(closed, shut)
    assert said > 90
    assert both / said >= least
    assert both / heard >= least


@needs_espeak
def test_closures_of_french_are_heard(tmp_path: Path) -> None:
    pytest.importorskip("soundswallower")
    listener = choose_listener("auto", "bonjour", "fr")
    assert listener.name == "soundswallower"
    said = heard = both = 0
    for text in FRENCH[:3]:
        for rate in (130, 160, 200):
            spoken = speak(text, rate, "fr")
            sound = load_sound(spoken.write(tmp_path / "said.wav"))
            speech = listener.hear(sound, text, silent)
            assert [word.text for word in speech.words] == words_of(text)
            closed = [phone for phone in spoken.phones if phone.name in CLOSURES]
            shut = [phone for phone in speech.phones if phone.name in CLOSURES]
            said, heard, both = said + len(closed), heard + len(shut), both + _matched(closed, shut)
    assert both / said >= 0.95
    assert both / heard >= 0.95
    with pytest.raises(InputError, match="stops fitting about word"):
        listener.hear(sound, FRENCH[4], silent)


@needs_espeak
def test_words_of_no_french_dictionary_are_read_aloud(tmp_path: Path) -> None:
    pytest.importorskip("soundswallower")
    text = "Mon ami Zorblax achète une belle œuvre d'art."
    sound = load_sound(speak(text, 150, "fr").write(tmp_path / "said.wav"))
    listener = choose_listener("soundswallower", text, "fr")
    speech = listener.hear(sound, text, silent)
    assert [word.text for word in speech.words] == words_of(text)
    with pytest.raises(InputError, match="dictionary of French does not have '25'"):
        listener.hear(sound, "Mon ami a 25 ans.", silent)


@needs_espeak
def test_another_aligner_of_english(tmp_path: Path) -> None:
    pytest.importorskip("soundswallower")
    spoken = speak(SENTENCES[0], 150)
    sound = load_sound(spoken.write(tmp_path / "said.wav"))
    listener = choose_listener("soundswallower", "", "en")
    speech = listener.hear(sound, SENTENCES[0], silent)
    assert [word.text for word in speech.words] == words_of(SENTENCES[0])
    # What was heard before changes nothing.
    assert listener.hear(sound, SENTENCES[0], silent) == speech


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("chateau", "ch aa tt au"), ("parlent", "pp aa rr ll ee"), ("maman", "mm aa mm an"),
        ("nation", "nn aa ss yy on"), ("famille", "ff aa mm ii yy ee"), ("quinze", "kk in zz ee"),
        ("5", ""), ("слово", ""),
    ],
)  # fmt: skip
def test_french_is_read_aloud(word: str, phones: str) -> None:
    assert " ".join(read_aloud(word)) == phones
    assert all(LIPS[phone] in PHONES for phone in phones.split())


@needs_espeak
def test_words_have_their_times(tmp_path: Path) -> None:
    text = SENTENCES[0]
    spoken = speak(text, 150)
    speech = _hear(load_sound(spoken.write(tmp_path / "said.wav")), f"{text} [laughs]")
    assert [word.text for word in speech.words] == words_of(text)
    assert all(a.stop <= b.start + 0.02 for a, b in itertools.pairwise(speech.words))


@needs_espeak
def test_a_text_of_something_else_is_refused_where_it_stops_fitting(tmp_path: Path) -> None:
    spoken = speak("The big brown bear put my map above the pump before five.", 150)
    sound = load_sound(spoken.write(tmp_path / "said.wav"))
    with pytest.raises(InputError, match=r"stops fitting about word \d+ of 11") as refused:
        _hear(sound, "The big brown bear put seven oranges into a washing machine.")
    word = int(str(refused.value).split("about word ")[1].split()[0])
    assert 4 <= word <= 10
    with pytest.raises(InputError, match=r"stops fitting about word [4-6] of 9"):
        _hear(sound, "The big brown bear sat on it all day.")


@needs_espeak
def test_a_word_of_no_dictionary_is_spelled(tmp_path: Path) -> None:
    spoken = speak("My friend Zorblax bought a boat.", 150)
    sound = load_sound(spoken.write(tmp_path / "said.wav"))
    speech = _hear(sound, "My friend Zorblax bought a boat.")
    assert "zorblax" in [word.text for word in speech.words]
    assert [phone.name for phone in speech.spoken].count("B") >= 3
    with pytest.raises(InputError, match="does not have '25', 'слово'"):
        _hear(sound, "My 25 friends bought a слово.")


def test_only_words_of_letters_are_spelled() -> None:
    pytest.importorskip("hama")
    # hama reads numbers as if they were Chinese.
    assert [pronounced(word) for word in ("25", "mp3", "日本", "слово", "'")] == [()] * 5
    assert all(pronounced(word) for word in ("zorblax", "o'zorblax", "ñandú", "façade"))


@needs_espeak
@pytest.mark.parametrize("rate", [8_000, 44_100, 192_000])
def test_any_rate_of_samples_is_heard(rate: int, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    spoken = speak(SENTENCES[3], 150)
    resampler = av.AudioResampler("s16", "mono", rate)
    frame = av.AudioFrame.from_ndarray(spoken.samples[None], format="s16", layout="mono")
    frame.sample_rate = spoken.rate
    parts = [*resampler.resample(frame), *resampler.resample(None)]
    samples = np.concatenate([part.to_ndarray()[0] for part in parts])
    path = type(spoken)(samples, rate, ()).write(tmp_path / "said.wav")
    sound = load_sound(path)
    assert sound.seconds == pytest.approx(len(spoken.samples) / spoken.rate, abs=0.02)
    closed = [phone for phone in spoken.phones if phone.name in CLOSURES]
    heard = [phone for phone in _hear(sound, SENTENCES[3]).phones if phone.name in CLOSURES]
    assert _matched(closed, heard) >= 0.9 * len(closed)


@needs_espeak
def test_six_channels_of_real_numbers_are_heard(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    spoken = speak(SENTENCES[0], 160)
    path = tmp_path / "said.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_f32le", rate=192_000, layout="5.1")
        frame = av.AudioFrame.from_ndarray(spoken.samples[None], format="s16", layout="mono")
        frame.sample_rate = spoken.rate
        resampler = av.AudioResampler("flt", "5.1", 192_000)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    sound = load_sound(path)
    assert sound.seconds == pytest.approx(len(spoken.samples) / spoken.rate, abs=0.02)
    closed = [phone for phone in spoken.phones if phone.name in CLOSURES]
    heard = [phone for phone in _hear(sound, SENTENCES[0]).phones if phone.name in CLOSURES]
    assert _matched(closed, heard) >= 0.9 * len(closed)


def test_of_a_long_sound_what_is_heard_is_read(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(0, 3000, 600 * 8000).astype(np.int16)
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(noise.tobytes())
    sound = load_sound(path, 3.0)
    assert 3.0 <= sound.seconds < 5.0
    assert sound.seconds + sound.more == pytest.approx(600, abs=0.01)
    assert load_sound(path).seconds == pytest.approx(600, abs=0.01)


@needs_espeak
@pytest.mark.parametrize("by", ["pocketsphinx", "soundswallower"])
def test_a_long_text_is_aligned_by_pieces(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(by)
    spoken = [speak(text, 160) for text in (*SENTENCES, *SENTENCES)]
    pause = np.zeros(spoken[0].rate // 2, np.int16)
    joined = np.concatenate([part for one in spoken for part in (one.samples, pause)])
    path = type(spoken[0])(joined, spoken[0].rate, ()).write(tmp_path / "said.wav")
    at, said = 0.0, []
    for one in spoken:
        said += [at + phone.middle for phone in one.phones if phone.name in CLOSURES]
        at += (len(one.samples) + len(pause)) / one.rate
    text = " ".join((*SENTENCES, *SENTENCES))
    seconds: list[float] = []

    def passed(engine: Any, sound: Sound, really: Any = aligning._pass, **rest: Any) -> int:
        seconds.append(sound.seconds)
        return int(really(engine, sound, **rest))

    monkeypatch.setattr(aligning, "_pass", passed)
    listener = choose_listener(by, text, "en")
    speech = listener.hear(load_sound(path), text, silent)
    # What an aligner keeps grows with what it hears at once.
    assert max(seconds) <= 45 < speech.seconds
    assert [word.text for word in speech.words] == words_of(text)
    heard = [phone.middle for phone in speech.phones if phone.name in CLOSURES]
    near = [min(abs(one - middle) for one in heard) <= APART for middle in said]
    assert np.mean(near) >= 0.95
    wrong = " ".join((*SENTENCES, *reversed(SENTENCES)))
    with pytest.raises(InputError, match=r"about word (8|9|10|11)[0-9] of 166"):
        listener.hear(load_sound(path), wrong, silent)


@needs_espeak
def test_subtitles_are_aligned_line_by_line(tmp_path: Path) -> None:
    first, second = speak(SENTENCES[1], 160), speak(SENTENCES[5], 160)
    pause = np.zeros(first.rate, np.int16)
    joined = np.concatenate([first.samples, pause, second.samples])
    sound = load_sound(type(first)(joined, first.rate, ()).write(tmp_path / "said.wav"))
    middle = len(first.samples) / first.rate
    cues = (
        Cue(SENTENCES[1], 0.0, middle + 0.2),
        Cue(SENTENCES[5], middle + 0.8, sound.seconds),
        Cue("Somebody else says nothing of it.", sound.seconds + 5, sound.seconds + 7),
    )
    listener = choose_listener("pocketsphinx", "", "en")
    speech, misfits = hear_subtitled(listener, sound, cues, silent)
    assert misfits == ()
    late = [word for word in speech.words if word.start > middle + 0.7]
    assert [word.text for word in late] == words_of(SENTENCES[5])


def test_silence_is_nobody(tmp_path: Path) -> None:
    from mien.speech.sound import SAMPLE_RATE

    quiet = Sound("quiet.wav", np.zeros(3 * SAMPLE_RATE, np.int16))
    for text in ("hello", None):
        with pytest.raises(NothingToDoError, match="silent"):
            _hear(quiet, text)


def test_who_hears_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="Nobody called 'whisper'"):
        choose_listener("whisper", None, "en")
    with pytest.raises(UsageError, match="needs the text"):
        choose_listener("pocketsphinx", None, "en")
    with pytest.raises(UsageError, match="does not know the language 'fr'"):
        choose_listener("pocketsphinx", "bonjour", "fr")
    assert choose_listener("auto", "guten Tag", "de").name == "hama"
    assert choose_listener("auto", None, "fr").name == "hama"
    monkeypatch.setattr(listeners, "_is_installed", lambda name: name != "soundswallower")
    assert choose_listener("auto", "bonjour", "fr").name == "hama"
    assert missing_aligner("fr") == "soundswallower"
    with pytest.raises(MissingDependencyError, match=r"mien\[french\]"):
        choose_listener("soundswallower", "bonjour", "fr")
    monkeypatch.setattr(listeners, "_is_installed", lambda name: False)
    with pytest.raises(MissingDependencyError, match=r"mien\[voice\]"):
        choose_listener("auto", "hello", "en")


@needs_espeak
def test_drafts_of_other_languages_are_told(tmp_path: Path) -> None:
    pytest.importorskip("hama")
    sound = load_sound(speak(SENTENCES[0], 160).write(tmp_path / "said.wav"))
    draft = "hama was trained on English; what it hears of 'de' is a draft."
    for code, told in (("de", (draft,)), ("en", ())):
        assert hearing(None, "auto", code)(sound, 0.0, sound.seconds, silent)[1] == told


def test_a_listener_of_ones_own_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf:
        name = "deaf"
        needs_text = False
        languages: tuple[str, ...] = ("en",)

        def hear(self, sound: Sound, text: str | None, progress: object) -> Speech:
            return Speech((Phone("AA", 0.0, 1.0),), (), sound.seconds, self.name)

    monkeypatch.setattr(listeners, "LISTENERS", dict(listeners.LISTENERS))
    register_listener("deaf", Deaf)
    assert choose_listener("deaf", None, "en").name == "deaf"


def test_words_of_a_transcript() -> None:
    assert words_of("“Don’t,” she said — [sighs] (off) it’s 5 o'clock. <i>Go!</i>") == [
        "don't", "she", "said", "it's", "5", "o'clock", "go",
    ]  # fmt: skip
