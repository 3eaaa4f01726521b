"""What is said and when, from files: TextGrids of Praat, JSON of phones, subtitles with times."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mien.errors import InputError, UsageError
from mien.model.speech import SILENCE, Phone, Speech, Word, base_phone
from mien.speech.ipa import phones_of_ipa

__all__ = ["PHONE_SUFFIXES", "Cue", "read_phones", "read_subtitles", "read_text"]

LARGEST_FILE: Final = 20_000_000
"""Bytes; a phone takes about a hundred of them, and an hour of speech holds 40,000 phones."""
_PHONE_TIERS: Final = ("phones", "phone", "phonemes", "segments", "mau")
_WORD_TIERS: Final = ("words", "word", "ort", "orthography")
_CUE: Final = re.compile(
    r"(?P<start>(?:\d+:)?\d{1,2}:\d{2}[,.]\d{1,3})\s*-->\s*(?P<stop>(?:\d+:)?\d{1,2}:\d{2}[,.]\d{1,3})"
)
_IN_THE_THROAT: Final = ("ʔ", "ʡ", "ʕ")
"""Stops that no lip takes part in."""
_TOKEN: Final = re.compile(
    r'"((?:[^"]|"")*)"|(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?![^\s])|(<exists>)'
)


@dataclass(frozen=True, slots=True)
class Cue:
    """A line of subtitles.

    Attributes:
        text: What is said.
        start: Seconds at which it is shown.
        stop: Seconds until which it is shown.
    """

    text: str
    start: float
    stop: float


def read_phones(path: Path) -> Speech:
    """Read phones with times from a file.

    A `.TextGrid` holds them in a tier called phones (words in one called words), as aligners and
    Praat write it. A `.json` is `{"phones": [{"phone": "AA", "start": 0.1, "stop": 0.2}, ...]}`,
    with `words` (`word`, `start`, `stop`) beside them. Phones are ARPABET or IPA, times seconds.

    Raises:
        UsageError: When its ending is another.
        InputError: When it is missing, or cannot be read as what it is.
    """
    readers: dict[str, Callable[[str, Path], Speech]] = {
        ".textgrid": _text_grid, ".json": _phones_json,
    }  # fmt: skip
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UsageError(
            f"{path.name} holds no phones that can be read.",
            f"Files with phones end in {' or '.join(PHONE_SUFFIXES)}.",
        )
    return reader(read_text(path), path)


PHONE_SUFFIXES: Final = (".TextGrid", ".json")


def read_text(path: Path) -> str:
    """Read a text file in UTF-8, or in UTF-16 with its mark.

    Raises:
        InputError: When it is missing, too large, or no text.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(
                f"{path.name} is larger than {LARGEST_FILE // 1_000_000} MB.",
                "Texts and phones are far smaller; is it the right file?",
                path=path,
            )
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}.", "Check it.", path=path
        ) from error
    try:
        wide = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeError as error:
        raise InputError(
            f"{path.name} is no text in UTF-8.", "Save it as UTF-8.", path=path
        ) from error


def read_subtitles(path: Path) -> tuple[Cue, ...]:
    """Read the lines of an SRT or WebVTT file.

    Raises:
        InputError: When it has none.
    """
    cues = []
    lines = read_text(path).splitlines()
    index = 0
    while index < len(lines):
        match = _CUE.search(lines[index])
        index += 1
        if match is None:
            continue
        text = []
        while index < len(lines) and lines[index].strip():
            text.append(lines[index].strip())
            index += 1
        start, stop = _seconds(match["start"]), _seconds(match["stop"])
        if text and start < stop:
            cues.append(Cue(" ".join(text), start, stop))
    if not cues:
        raise InputError(
            f"{path.name} has no subtitles with times.", "Lines are 00:00:01,000 --> 00:00:02,500.",
            path=path,
        )  # fmt: skip
    return tuple(sorted(cues, key=lambda cue: cue.start))


def _seconds(text: str) -> float:
    total = 0.0
    for part in text.replace(",", ".").split(":"):
        total = 60 * total + float(part)
    return total


def _text_grid(text: str, path: Path) -> Speech:
    """A TextGrid, long or short: its strings and numbers in order are the same in both."""
    tokens: Iterator[tuple[str, bool]] = (
        (match[1].replace('""', '"'), True)
        if match[1] is not None
        else (match[2] or match[3], False)
        for match in _TOKEN.finditer(text)
    )
    try:
        head = [next(tokens)[0] for _ in range(2)]
        if head[1] != "TextGrid":
            raise ValueError("it does not say that it is one")
        _, end = float(next(tokens)[0]), float(next(tokens)[0])
        if next(tokens)[0] != "<exists>":
            raise ValueError("it has no tiers")
        tiers = {}
        for _ in range(int(float(next(tokens)[0]))):
            kind, name = next(tokens)[0], next(tokens)[0]
            next(tokens), next(tokens)
            rows = []
            for _ in range(int(float(next(tokens)[0]))):
                if kind == "IntervalTier":
                    rows.append((float(next(tokens)[0]), float(next(tokens)[0]), next(tokens)[0]))
                else:
                    next(tokens), next(tokens)
            tiers[name.strip().lower()] = rows
    except (StopIteration, ValueError, OverflowError, RuntimeError) as error:
        raise InputError(
            f"{path.name} is no TextGrid that can be read: {error or 'it is cut short'}.",
            "Save it anew from Praat or the aligner.",
            path=path,
        ) from error
    phones = _tier(tiers, _PHONE_TIERS)
    if phones is None:
        raise InputError(
            f"{path.name} has no tier of phones.",
            f"It has {', '.join(tiers) or 'none'}; call one 'phones'.",
            path=path,
        )
    words = [row for row in _tier(tiers, _WORD_TIERS) or () if base_phone(row[2]) != SILENCE]
    return _speech(phones, words, end, path)


def _tier(tiers: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The first tier of these names; of several speakers, `Anna - phones`, the first speaker's."""
    for name in names:
        for title, rows in tiers.items():
            if title == name or title.endswith(f"- {name}"):
                return rows
    return None


def _phones_json(text: str, path: Path) -> Speech:
    try:
        value = json.loads(text)
        phones = [(float(p["start"]), float(p["stop"]), str(p["phone"])) for p in value["phones"]]
        words = [
            (float(w["start"]), float(w["stop"]), str(w["word"])) for w in value.get("words", ())
        ]
    except (
        ValueError, OverflowError, TypeError, KeyError, AttributeError, RecursionError,
    ) as error:  # fmt: skip
        raise InputError(
            f"{path.name} holds no phones: {type(error).__name__} {error}.",
            'It is {"phones": [{"phone": "AA", "start": 0.1, "stop": 0.2}]}, times in seconds.',
            path=path,
        ) from error
    return _speech(phones, words, max((stop for _, stop, _ in phones), default=0.0), path)


def _speech(
    phones: list[tuple[float, float, str]],
    words: list[tuple[float, float, str]],
    end: float,
    path: Path,
) -> Speech:
    made: list[Phone] = []
    for start, stop, label in sorted(phones):
        names = (base_phone(label),) if base_phone(label) else phones_of_ipa(label)
        if label.strip() in _IN_THE_THROAT:
            names = (SILENCE,)
        if not names:
            raise InputError(
                f"{path.name}: '{label}' at {start:g} s is no phone.",
                "Phones are ARPABET (AA, B, CH ...) or IPA.",
                path=path,
            )
        length = (stop - start) / len(names)
        for index, name in enumerate(names):
            assert name is not None
            made.append(Phone(name, start + index * length, start + (index + 1) * length))
    if not any(phone.name != SILENCE for phone in made):
        raise InputError(f"{path.name} has no phones but silence.", "Give what is said.", path=path)
    told = tuple(Word(label, start, stop) for start, stop, label in sorted(words))
    return Speech(tuple(made), told, end, path.name)
