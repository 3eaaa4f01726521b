"""Aligns a transcript with its sound, by pocketsphinx and its model of English."""

from __future__ import annotations

import importlib.util
import math
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from mien.errors import InputError
from mien.model.speech import SILENCE, Speech, base_phone
from mien.progress import Progress
from mien.speech.aligning import Aligned, align
from mien.speech.fit import Limits, Scored
from mien.speech.sound import SAMPLE_RATE, Sound
from mien.speech.unheard import UnheardLimits

__all__ = ["BEAMS", "PocketsphinxListener", "is_filler", "plain_word", "pronounced"]

BEAMS: Final = {"beam": 1e-250, "wbeam": 1e-250, "pbeam": 1e-250}
"""As wide as it takes: with the package's own, a quarter of sentences is lost, with 1e-100 a few of
strong accents. What does not fit is told by `stops_fitting`, not by losing the way."""
_FREE_BEAMS: Final = {"beam": 1e-20, "pbeam": 1e-20}
_LOG_BASE: Final = math.log(1.0001)
"""Of the logarithms in which likelihoods are told."""


class PocketsphinxListener:
    """Finds when each word and phone of an English text is said."""

    name = "pocketsphinx"
    needs_text = True
    languages: tuple[str, ...] = ("en",)

    def __init__(self) -> None:
        self._engine: _Engine | None = None
        self.doubt = ""

    def hear(self, sound: Sound, text: str | None, progress: Progress) -> Speech:
        """Return the phones of a text, aligned with its sound."""
        # Kept for the lines of subtitles: it takes half a second to load.
        self._engine = self._engine or _Engine()
        speech = align(self._engine, sound, text, progress)
        self.doubt = self._engine.doubt
        return speech


class _Engine:
    name = "pocketsphinx"
    limits = Limits(-58.0, -71.0, 7, 0.9)
    """Right texts, in strong accents too, come to -56, -70 and 6."""
    unheard = UnheardLimits(6.0, 5.5)
    """Right texts of 26 sentences in 13 voices and accents of espeak-ng come to 5.8 and 5.4, but
    for one of 184 with 6.3; those of people in the test clips to 4.2 and 0."""
    passes = 2
    doubt = ""
    late = 0.012
    """To the middle of the sound that a frame describes: 25 ms from there."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        common = {"lm": None, "loglevel": "FATAL", "samprate": SAMPLE_RATE}
        self.decoder: Any = Decoder(bestpath=False, **common, **BEAMS)
        self.free: Any = Decoder(**common, **_FREE_BEAMS)
        self.free.add_allphone_file("phones", None)
        self.free.activate_search("phones")
        self._path: list[tuple[int, int]] = []

    def learn(self, words: Sequence[str]) -> None:
        _learn_words(self.decoder, words)

    def begin(self, words: Sequence[str]) -> None:
        self.decoder.set_align_text(" ".join(words))

    def reached(self) -> int | None:
        partial = self.decoder.hyp()
        return None if partial is None else len(partial.hypstr.split())

    def note_path(self) -> None:
        # Of words alone; asked for nothing, the decoder has no list.
        listed = [] if self.decoder.hyp() is None else list(self.decoder.seg() or ())
        self._path = [
            (one.start_frame, one.end_frame + 1) for one in listed if not is_filler(one.word)
        ]

    def path(self) -> list[tuple[int, int]]:
        return self._path

    def refine(self) -> None:
        self.decoder.set_alignment()

    def alignment(self) -> list[Aligned] | None:
        found = []
        for entry in self.decoder.get_alignment():
            text = "" if is_filler(entry.name) else plain_word(entry.name)
            phones = tuple(
                Scored(base_phone(p.name) or SILENCE, p.start, p.start + p.duration, p.score)
                for p in entry
            )
            found.append(Aligned(text, entry.start, entry.start + entry.duration, phones))
        return found

    def heard(self) -> list[Scored]:
        return [
            Scored(
                base_phone(one.word) or SILENCE, one.start_frame, one.end_frame + 1,
                math.log(max(one.ascore, 1e-300)) / _LOG_BASE,
            )
            for one in self.free.seg() or ()
        ]  # fmt: skip


def is_filler(name: str) -> bool:
    """Return whether an aligner's word is none: silence, breath, noise."""
    return name.startswith(("<", "[", "+"))


def plain_word(name: str) -> str:
    """Return a word without the number of how it is said."""
    return re.sub(r"\(\d+\)$", "", name)


def pronounced(word: str) -> tuple[str, ...]:
    """Return the phones of an English word that no dictionary has.

    None where hama is missing, and of what is no word of Latin letters: hama reads numbers, and
    other scripts, in other languages.
    """
    letters = [one for one in word if one not in "'."]
    is_latin = all(unicodedata.name(one, "").startswith("LATIN ") for one in letters)
    if not letters or not is_latin or importlib.util.find_spec("hama") is None:
        return ()
    from mien.speech.hama import pronounce

    return pronounce(word)


def _learn_words(decoder: Any, words: Sequence[str]) -> None:
    """Add words that the dictionary lacks, as they are likely said.

    Raises:
        InputError: When nobody can tell how a word is said.
    """
    unknown = [word for word in dict.fromkeys(words) if decoder.lookup_word(word) is None]
    if not unknown:
        return
    spelled = {word: pronounced(word) for word in unknown}
    silent = [word for word in unknown if not spelled.get(word)]
    if silent:
        listed = ", ".join(f"'{word}'" for word in silent)
        remedy = "Write numbers and abbreviations out, and spell words as they sound."
        if importlib.util.find_spec("hama") is None:
            remedy += " Or install 'mien[voice]' where hama has a wheel: it spells names."
        raise InputError(f"The dictionary of English does not have {listed}.", remedy)
    for word, phones in spelled.items():
        decoder.add_word(word, " ".join(phones), word == unknown[-1])
