"""How often a text is refused that is not what is said, and one that is.

Sentences of espeak-ng, in English and French, are aligned with their own text and with others: that
of another sentence, one whose second or first half is another sentence's, one that is cut to its
first half, four words of another sentence, one with another word, one word less or one more, one
with another sentence after it. Those of which the aligners' limits were made are printed apart from
those that had no part in it (`unseen`), whose voices are others too; last, people of the test
clips.

    python -m tests.benchmarks.bench_texts
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mien.errors import InputError
from mien.progress import silent
from mien.speech.aligning import words_of
from mien.speech.listeners import Listener, choose_listener
from mien.speech.sound import Sound, load_sound
from tests.benchmarks.common import MissingFootageError, clip
from tests.speaking import FRENCH, SENTENCES, espeak, speak

UNSEEN = (
    "Somebody left a heavy wooden box in front of the museum last Monday.",
    "The farmer keeps seven horses and a very old donkey behind the barn.",
    "Can you tell me which bus goes to the airport from this corner?",
    "Every summer my parents rent a small house beside the lake for a week.",
    "It was much too dark to see who was knocking at the kitchen window.",
    "Please remember to bring your passport and two recent photographs.",
)
UNSEEN_FRENCH = (
    "Le facteur passe devant la maison tous les matins vers neuf heures.",
    "Mes amis partiront demain pour visiter les montagnes du sud.",
    "Cette femme porte un chapeau vert et des chaussures trop petites.",
    "Il a oublié de fermer la fenêtre pendant la tempête.",
    "Vous trouverez le musée derrière la grande église du quartier.",
    "Le boulanger prépare du pain frais et des gâteaux au beurre.",
)
PEOPLE = {
    "vretalk_4": "sign element it represents the european central bank and symbolizes the value of"
    " euro bank notes as central bank mon",
    "vretalk_1": "my biggest weakness is is asking for help when i need it i'd like to do better at"
    " that",
}
"""What is heard in the clips by the one who wrote this."""
SETS = (
    ("English", "pocketsphinx", "en", SENTENCES, (("en-us", 130), ("en-us", 200))),
    ("English, unseen", "pocketsphinx", "en", UNSEEN,
     (("en-us", 160), ("en-us+m7", 150), ("en-gb", 170), ("en-029", 160))),
    ("French", "soundswallower", "fr", FRENCH, (("fr", 130), ("fr", 200))),
    ("French, unseen", "soundswallower", "fr", UNSEEN_FRENCH,
     (("fr", 160), ("fr+f2", 150), ("fr-be", 170))),
)  # fmt: skip


def main() -> None:
    """Print a row for each kind of text: how many are refused, and how near the word is."""
    if espeak() is not None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            for title, by, language, sentences, voices in SETS:
                sounds = [
                    (load_sound(speak(text, rate, voice).write(path)), text)
                    for text in sentences
                    for voice, rate in voices
                ]
                _print(title, choose_listener(by, "", language), sounds, sentences)
    else:
        print("  sentences are left out: espeak-ng is not installed")
    try:
        people = [(load_sound(clip(f"{name}.mp4")), text) for name, text in PEOPLE.items()]
    except MissingFootageError as error:
        print(f"  people are left out: {error}")
        return
    _print("people", choose_listener("pocketsphinx", "", "en"), people, tuple(PEOPLE.values()))


def _print(
    title: str, listener: Listener, sounds: Sequence[tuple[Sound, str]], texts: Sequence[str]
) -> None:
    refused: dict[str, list[bool]] = {}
    doubted: dict[str, list[bool]] = {}
    away: dict[str, list[int]] = {}
    for sound, text in sounds:
        for kind, given, breaks in _given(text, texts):
            told, is_refused = _noticed(listener, sound, given)
            refused.setdefault(kind, []).append(is_refused)
            doubted.setdefault(kind, []).append(told is not None and not is_refused)
            if told is not None and breaks is not None:
                away.setdefault(kind, []).append(abs(told - breaks))
    for kind, rows in refused.items():
        near = f", the word told {np.median(away[kind]):.0f} words away" if kind in away else ""
        print(
            f"  {title}: {kind}: {sum(rows)} of {len(rows)} refused, {sum(doubted[kind])} taken"
            f" with a doubt{near}",
            flush=True,
        )


def _noticed(listener: Listener, sound: Sound, text: str) -> tuple[int | None, bool]:
    """The word at which a text is said not to fit, None where none is, and if it is refused."""
    try:
        listener.hear(sound, text, silent)
    except InputError as error:
        return int(str(error).split("about word ")[1].split()[0]), True
    doubt: str = listener.doubt  # type: ignore[attr-defined]
    return (int(doubt.split(" word ")[1].split()[0]), False) if doubt else (None, False)


def _given(text: str, texts: Sequence[str]) -> Iterator[tuple[str, str, int | None]]:
    """Kinds of texts, what is given, and the word at which it stops fitting."""
    own, chosen = words_of(text), random.Random(text)
    other = words_of(texts[(texts.index(text) + 1) % len(texts)])
    half, place = len(own) // 2, chosen.randrange(2, len(own) - 2)
    yield "its own text", text, None
    yield "another text", " ".join(other), None
    yield "another second half", " ".join(own[:half] + other[half:]), half + 1
    yield "another first half", " ".join(other[:half] + own[half:]), 1
    yield "cut to the first half", " ".join(own[:half]), half
    yield "four other words", " ".join(other[:4]), None
    word = chosen.choice(other)
    yield "one other word", " ".join([*own[:place], word, *own[place + 1 :]]), place + 1
    yield "one word less", " ".join(own[:place] + own[place + 1 :]), place
    yield "one word more", " ".join([*own[:place], word, *own[place:]]), place + 1
    yield "another text after it", " ".join(own + other), len(own) + 1


if __name__ == "__main__":
    main()
