"""Aligns a transcript with its sound, by SoundSwallower and its models of French and English."""

from __future__ import annotations

import json
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from mien.errors import InputError
from mien.model.speech import SILENCE, Speech, base_phone
from mien.progress import Progress
from mien.speech.aligning import Aligned, align
from mien.speech.fit import STEP, Limits, Scored
from mien.speech.french import LIPS, read_aloud
from mien.speech.pocketsphinx import BEAMS, is_filler, plain_word
from mien.speech.sound import SAMPLE_RATE, Sound
from mien.speech.unheard import UnheardLimits

__all__ = ["SoundswallowerListener"]

_MODELS: Final = {"fr": "fr-fr", "en": "en-us"}
_NAMES: Final = {"fr": "French", "en": "English"}
_UNHEARD: Final = {"en": UnheardLimits(6.0, 5.5), "fr": UnheardLimits(8.5, 6.5)}
"""In French the network, which was trained on English, hears half of the phones: right texts of 20
sentences in 9 voices come to 8.3 and 6.3."""
_FREE_BEAMS: Final = {"beam": 1e-20, "wbeam": 1e-20, "pbeam": 1e-20}
_LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae"})
"""Which the dictionary writes as two letters."""


class SoundswallowerListener:
    """Finds when each word and phone of a French or English text is said.

    Args:
        language: `fr` or `en`.
    """

    name = "soundswallower"
    needs_text = True
    languages: tuple[str, ...] = ("fr", "en")

    def __init__(self, language: str = "fr") -> None:
        self.language = language
        self._engine: _Engine | None = None
        self.doubt = ""

    def of_language(self, code: str) -> SoundswallowerListener:
        """Return one that hears a language."""
        return SoundswallowerListener(code)

    def hear(self, sound: Sound, text: str | None, progress: Progress) -> Speech:
        """Return the phones of a text, aligned with its sound."""
        # Kept for the lines of subtitles: it takes half a second to load.
        self._engine = self._engine or _Engine(self.language)
        speech = align(self._engine, sound, text, progress)
        self.doubt = self._engine.doubt
        return speech


class _Engine:
    name = "soundswallower"
    limits = Limits(-58.0, -58.0, 5, 0.7)
    """Right texts come to -54, -54 and 3."""
    passes = 1
    doubt = ""
    late = 0.012

    def __init__(self, language: str) -> None:
        self._language = language
        self.unheard = _UNHEARD[language]
        self._phone: Callable[[str], str | None] = LIPS.get if language == "fr" else base_phone
        folder = _MODELS[language]
        dictionary = _model(folder, "dict.txt")
        self.decoder: Any = _decoder(folder, dictionary, BEAMS)
        names = _phones(folder)
        with tempfile.TemporaryDirectory() as kept:
            # Of phones alone: the words of the language would be read once more for nothing.
            listed = Path(kept) / "phones.txt"
            listed.write_text("".join(f"_{name} {name}\n" for name in names), encoding="utf-8")
            self.free: Any = _decoder(folder, str(listed), _FREE_BEAMS)
        self._path: list[tuple[int, int]] = []
        choice = " | ".join(f"_{name}" for name in names)
        self.free.set_jsgf_string(
            f"#JSGF V1.0;\ngrammar phones;\npublic <phones> = ( {choice} )* ;"
        )  # fmt: skip

    def learn(self, words: Sequence[str]) -> None:
        unknown = [word for word in dict.fromkeys(words) if self.decoder.lookup_word(word) is None]
        spelled = {word: self._spelled(word) for word in unknown}
        silent = [word for word, phones in spelled.items() if not phones]
        if silent:
            listed = ", ".join(f"'{word}'" for word in silent)
            raise InputError(
                f"The dictionary of {_NAMES[self._language]} does not have {listed}.",
                "Write numbers and abbreviations out, and spell words as they sound.",
            )
        for word, phones in spelled.items():
            self.decoder.add_word(word, phones, word == unknown[-1])

    def begin(self, words: Sequence[str]) -> None:
        self.decoder.set_align_text(" ".join(words))

    def reached(self) -> int | None:
        partial = self.decoder.hyp
        return None if partial is None or partial.text is None else len(partial.text.split())

    def note_path(self) -> None:
        listed = [] if self.reached() is None else list(self.decoder.seg or ())
        self._path = [
            (round(one.start / STEP), round((one.start + one.duration) / STEP))
            for one in listed
            if not is_filler(one.text)
        ]

    def path(self) -> list[tuple[int, int]]:
        return self._path

    def refine(self) -> None:
        """There is one pass."""

    def alignment(self) -> list[Aligned] | None:
        alignment = self.decoder.alignment
        if alignment is None:
            return None
        found = []
        for entry in alignment.words():
            text = "" if is_filler(entry.name) else plain_word(entry.name)
            phones = tuple(self._scored(phone) for phone in entry)
            found.append(Aligned(text, entry.start, entry.start + entry.duration, phones))
        return found

    def heard(self) -> list[Scored]:
        alignment = self.free.alignment
        return [] if alignment is None else [self._scored(one) for one in alignment.phones()]

    def _scored(self, entry: Any) -> Scored:
        name = self._phone(entry.name) or SILENCE
        return Scored(name, entry.start, entry.start + entry.duration, entry.score)

    def _spelled(self, word: str) -> str:
        """A word that the dictionary lacks as it is: by its parts, or as it is likely said."""
        parts = [part + "'" * (at < word.count("'")) for at, part in enumerate(word.split("'"))]
        spelled = [self._part(part) for part in parts if part]
        return " ".join(spelled) if all(spelled) else ""

    def _part(self, part: str) -> str:
        for written in (part, part.translate(_LIGATURES), part.rstrip("'")):
            known = self.decoder.lookup_word(written)
            if known is not None:
                return str(known)
        if self._language == "fr":
            plain = unicodedata.normalize("NFC", part.translate(_LIGATURES))
            return " ".join(read_aloud(plain))
        from mien.speech.pocketsphinx import pronounced

        return " ".join(pronounced(part))


def _decoder(folder: str, dictionary: str, beams: dict[str, float]) -> Any:
    from soundswallower import Decoder

    return Decoder(
        hmm=_model(folder), dict=dictionary, samprate=SAMPLE_RATE, loglevel="FATAL",
        bestpath=False, **beams,
    )  # fmt: skip


def _model(folder: str, *names: str) -> str:
    from soundswallower import get_model_path

    return str(Path(get_model_path(folder), *names))


def _phones(folder: str) -> list[str]:
    """Names of a model's phones, without silence and noises."""
    listed = json.loads(Path(_model(folder, "phoneset.json")).read_text(encoding="utf-8"))
    return [name for name in listed if name != SILENCE and not name.startswith("+")]
