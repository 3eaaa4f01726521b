"""Values of speech: phones and words with their times.

Phones are written in ARPABET without stress, the alphabet of the CMU Pronouncing Dictionary: 39
phones of English, and `SIL` for silence, breath and noise.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from mien.errors import InputError
from mien.model.expressions import VISEMES

__all__ = ["CLOSURES", "PHONES", "SILENCE", "Phone", "Speech", "Word", "base_phone"]

SILENCE: Final = "SIL"
_VOWELS: Final = (
    "AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
)  # fmt: skip
_CONSONANTS: Final = (
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH",
    "T", "TH", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
PHONES: Final[tuple[str, ...]] = (*_VOWELS, *_CONSONANTS, SILENCE)
"""Every phone."""
_VISEME_NAMES: Final = tuple(preset.name for preset in VISEMES)
CLOSURES: Final = frozenset({"P", "B", "M"})
"""Phones that shut the lips."""
_PAUSES: Final = frozenset(
    {"", "SP", "SPN", "NSN", "SIL", "PAU", "H#", "<SIL>", "#", "_", "BR", "<P>", "[NOISE]"}
)
"""What other programs write for silence."""


def base_phone(text: str) -> str | None:
    """Return the phone of an ARPABET label, without its stress; None when it is none.

    Args:
        text: As programs write it: `AH0`, `ah`, `sp`, or nothing at all for silence.
    """
    label = text.strip().upper()
    if label in _PAUSES:
        return SILENCE
    label = label.rstrip("0123456789").split("_")[0]
    return label if label in PHONES else None


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone from one time to another.

    Attributes:
        name: One of `PHONES`.
        start: Seconds at which it begins, counted from the sound's first sample.
        stop: Seconds at which it ends.
        viseme: The shape that the mouth takes in place of its usual one; empty for that.
    """

    name: str
    start: float
    stop: float
    viseme: str = ""

    def __post_init__(self) -> None:
        if self.name not in PHONES:
            raise InputError(
                f"'{self.name}' is no phone.", f"Phones are ARPABET: {', '.join(PHONES)}."
            )
        if self.viseme and self.viseme not in _VISEME_NAMES:
            raise InputError(
                f"'{self.viseme}' is no viseme.", f"One of: {', '.join(_VISEME_NAMES)}."
            )
        _check_times(f"The phone {self.name}", self.start, self.stop)

    @property
    def middle(self) -> float:
        """Seconds at its middle."""
        return (self.start + self.stop) / 2

    @property
    def seconds(self) -> float:
        """Seconds that it lasts."""
        return self.stop - self.start

    @property
    def is_vowel(self) -> bool:
        """Whether it is a vowel."""
        return self.name in _VOWELS


@dataclass(frozen=True, slots=True)
class Word:
    """A word from one time to another.

    Attributes:
        text: The word, as it was given.
        start: Seconds at which it begins.
        stop: Seconds at which it ends.
    """

    text: str
    start: float
    stop: float

    def __post_init__(self) -> None:
        _check_times(f"The word '{self.text}'", self.start, self.stop)


@dataclass(frozen=True, slots=True)
class Speech:
    """Phones and words of a sound, with their times.

    Attributes:
        phones: Phones in order of time, none over another; silence may be left out.
        words: Words in order of time; empty where nobody told them.
        seconds: How long the sound is.
        by: Who heard it, as `pocketsphinx` or `hama`, or the file that tells it.

    Raises:
        InputError: When phones are out of order.
    """

    phones: tuple[Phone, ...]
    words: tuple[Word, ...]
    seconds: float
    by: str

    def __post_init__(self) -> None:
        for one, other in itertools.pairwise(self.phones):
            if other.start < one.stop - 1e-6:
                raise InputError(
                    f"The phones {one.name} at {one.start:.3f} s and {other.name} at"
                    f" {other.start:.3f} s overlap.",
                    "Phones follow each other.",
                )

    def __repr__(self) -> str:
        return f"Speech({len(self.spoken)} phones, {len(self.words)} words, by {self.by})"

    @property
    def spoken(self) -> tuple[Phone, ...]:
        """The phones that are no silence."""
        return tuple(phone for phone in self.phones if phone.name != SILENCE)

    def moved(self, seconds: float) -> Speech:
        """Return the same speech some seconds later."""
        return Speech(
            tuple(replace(p, start=p.start + seconds, stop=p.stop + seconds) for p in self.phones),
            tuple(replace(w, start=w.start + seconds, stop=w.stop + seconds) for w in self.words),
            self.seconds,
            self.by,
        )

    @classmethod
    def joined(cls, parts: Iterable[Speech], seconds: float, by: str) -> Speech:
        """Return speech whose parts were heard one after the other."""
        kept = tuple(parts)
        return cls(
            tuple(phone for part in kept for phone in part.phones),
            tuple(word for part in kept for word in part.words),
            seconds,
            by,
        )


def _check_times(what: str, start: float, stop: float) -> None:
    if not (math.isfinite(start) and math.isfinite(stop) and start < stop):
        raise InputError(f"{what} goes from {start:g} to {stop:g} s.", "It ends after it begins.")
