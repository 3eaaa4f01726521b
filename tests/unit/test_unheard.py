"""Words of a text that are not heard where they should be, and what is heard beyond them."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from mien.model.speech import PHONES, SILENCE
from mien.progress import silent
from mien.speech import unheard
from mien.speech.aligning import words_of
from mien.speech.listeners import choose_listener
from mien.speech.sound import Sound, load_sound
from mien.speech.unheard import Unheard, UnheardLimits, Uttered, unheard_words
from tests.speaking import SENTENCES, espeak, speak

TEXT = SENTENCES[4]
LIMITS = UnheardLimits(4.0, 4.0)
STEPS = 4
BIG, MAP, FIVE, SO = ("B", "IH", "G"), ("M", "AE", "P"), ("F", "AY", "V"), ("S", "OW")


def _told(sound: Sound, text: str) -> list[tuple[str, int]]:
    """What is doubted of a text: how, and after or about which word."""
    listener = choose_listener("pocketsphinx", text, "en")
    listener.hear(sound, text, silent)
    doubt: str = listener.doubt  # type: ignore[attr-defined]
    return [(how, int(word)) for how, word in re.findall(r"(About|After) word (\d+)", doubt)]


@pytest.mark.skipif(
    espeak() is None or importlib.util.find_spec("hama") is None, reason="needs espeak-ng and hama"
)
def test_a_wrong_word_is_told(tmp_path: Path) -> None:
    sound = load_sound(speak(TEXT, 150).write(tmp_path / "said.wav"))
    words = words_of(TEXT)
    assert _told(sound, TEXT) == []
    at = words.index("mountain")
    assert _told(sound, " ".join([*words[:at], "teacher", *words[at + 1 :]])) == [("About", at + 1)]
    ((how, place),) = _told(sound, " ".join(words[:at] + words[at + 1 :]))
    assert (how, abs(place - at) <= 1) == ("After", True)


def _as_heard(names: list[str]) -> unheard._Heard:
    """Phones that are heard clearly, some steps each, with nothing between."""
    known = [name for name in PHONES if name != SILENCE]
    steps = [known.index(name) for name in names for _ in range(STEPS)]
    phones = np.full((len(steps), len(known)), -5.0)
    phones[np.arange(len(steps)), steps] = 0.0
    return unheard._Heard(phones, np.full(len(steps), -5.0))


def test_what_is_likelier_in_a_words_place() -> None:
    heard = _as_heard([*BIG, *MAP, *FIVE])
    said, between = unheard._likelier(heard, [BIG, MAP, FIVE])
    assert said == pytest.approx(0)
    assert between == pytest.approx(0)
    said, between = unheard._likelier(heard, [BIG, SO, FIVE])
    assert np.argmax(said) == 1
    said, between = unheard._likelier(heard, [BIG, FIVE])
    assert between == pytest.approx([5.0 * 3 * STEPS])


def test_too_short_a_sound_tells_nothing() -> None:
    said, between = unheard._likelier(_as_heard(["B"]), [(*BIG, *MAP), FIVE])
    assert (said.tolist(), between.tolist()) == ([0, 0], [0])


def test_a_long_text_is_looked_at_by_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hama")
    names = [*BIG, *MAP, *FIVE]
    each = 20 * len(names)
    words = [Uttered(at, at + each, tuple(names)) for at in range(0, each * 30, each)]
    cuts: list[float] = []

    def heard(sound: Sound) -> unheard._Heard:
        cuts.append(sound.seconds)
        count = round(sound.seconds / (each * 0.01))
        other = ["SH"] * len(names) if len(cuts) == 4 else names
        return _as_heard([*names * (count - 1), *other])

    monkeypatch.setattr(unheard, "_heard", heard)
    sound = Sound("said", np.zeros(round(each * 0.01 * 30 * 16_000), np.int16))
    found = unheard_words(sound, words, LIMITS, silent)
    assert found == [Unheard(29, is_beyond=False)]
    assert len(cuts) == 4
    assert max(cuts) < 15 + 4 * each * 0.01 + 0.5
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert unheard_words(sound, words, LIMITS, silent) == []


def test_a_pause_parts_words() -> None:
    words = [Uttered(0, 50, ("B",)), Uttered(60, 90, ("B",)), Uttered(300, 350, ("M",))]
    assert list(unheard._groups(words)) == [(0, 2, 0, 2), (2, 3, 2, 3)]
    assert Unheard(1, is_beyond=True) != Unheard(1, is_beyond=False)
