"""Aligns a text with its sound, whichever aligner of the Sphinx family does it."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from mien.errors import InputError, NothingToDoError, UsageError
from mien.model.speech import SILENCE, Phone, Speech, Word
from mien.progress import Progress
from mien.speech.fit import STEP, Limits, Misfit, Scored, misfit
from mien.speech.sound import SAMPLE_RATE, Sound
from mien.speech.unheard import Unheard, UnheardLimits, Uttered, unheard_words

__all__ = ["Aligned", "Aligner", "align", "words_of"]

_DULL_ABOVE: Final = 4500.0
"""Hertz; what was recorded at 8 kHz, as of a telephone, has nothing higher."""
_SPECTRUM: Final = 60 * SAMPLE_RATE
"""Samples whose spectrum is worked out at once."""
_DULL: Final = 1e-5
"""Part of the power that is next to nothing."""
_FLOOR: Final = 0.01
"""Of a noise that is added, part of the sound's own level."""
_LONGEST: Final = 45.0
"""Seconds that are aligned at once."""
_AHEAD: Final = 25.0
"""Seconds in which words are taken that are looked for ahead."""
_BEHIND: Final = 8.0
"""Seconds after these that are heard too: the best way is not known before what follows."""
_MOST_WORDS: Final = 240
"""Words that are looked for ahead: nobody says more in that time."""
_PIECE: Final = 20.0
"""Seconds in which the likeliest phones are looked for at once."""
_BLOCK: Final = SAMPLE_RATE
"""Samples that are aligned between two reports."""
_NOT_WORDS: Final = re.compile(r"\[[^\]]*\]|\([^)]*\)|<[^>]*>")
"""What a transcript says beside words: [laughs], (off), <i>."""
_WORD: Final = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """Return the words of a transcript in small letters, without punctuation and directions."""
    plain = unicodedata.normalize("NFC", _NOT_WORDS.sub(" ", text)).lower().replace("’", "'")
    return [word.rstrip(".") for word in _WORD.findall(plain)]


@dataclass(frozen=True, slots=True)
class Aligned:
    """A word, or a pause, where an aligner found it.

    Attributes:
        text: The word; empty for a pause.
        start: The frame in which it begins.
        stop: The frame after it.
        phones: Its phones, in order.
    """

    text: str
    start: int
    stop: int
    phones: tuple[Scored, ...]


class Aligner(Protocol):
    """An aligner of the Sphinx family.

    Attributes:
        name: What it is called.
        decoder: Takes sound: `start_utt`, `process_raw`, `end_utt`.
        free: Another that tells the likeliest phones of all.
        limits: What a text that is said never comes to.
        unheard: What its words never come to, by a network that does not know the text.
        passes: How often all of a sound goes through the decoder.
        doubt: Where a word of the last text may not be what is said, in a sentence; empty else.
        late: Seconds from a frame's number to the sound that it describes.
    """

    name: str
    decoder: Any
    free: Any
    limits: Limits
    unheard: UnheardLimits
    passes: int
    doubt: str
    late: float

    def learn(self, words: Sequence[str]) -> None:
        """Spell those of the words that no dictionary has.

        Raises:
            InputError: When nobody can tell how a word is said.
        """
        ...

    def begin(self, words: Sequence[str]) -> None:
        """Take up a text, whose words are learned."""
        ...

    def reached(self) -> int | None:
        """Return how many words are on the best way by now, in the first pass; None without."""
        ...

    def note_path(self) -> None:
        """Remember the best way by now, for `path`; before the end is told to the decoder."""
        ...

    def path(self) -> list[tuple[int, int]]:
        """Return the first frame of each word on that way, and the frame after it."""
        ...

    def refine(self) -> None:
        """Get ready for the second pass."""
        ...

    def alignment(self) -> list[Aligned] | None:
        """Return words and pauses; None where there is no way through all of the text."""
        ...

    def heard(self) -> list[Scored]:
        """Return the likeliest phones, which `free` took in."""
        ...


def align(engine: Aligner, sound: Sound, text: str | None, progress: Progress) -> Speech:
    """Return the phones and words of a text, aligned with its sound.

    Raises:
        UsageError: When there is no text, or it has no words.
        InputError: When it does not fit; it says where it stops fitting.
        NothingToDoError: When the sound is silent.
    """
    if text is None:
        raise UsageError(f"{engine.name} needs the text that is said.", "Give it with --text.")
    words = words_of(text)
    if not words:
        raise UsageError("The text has no words.", "Give what is said in the sound.")
    if sound.is_silent:
        raise NothingToDoError(f"{sound.name} is silent.", "Give the sound with the voice.")
    # Of all of the text: of an hour's last words nobody is to hear after ten minutes.
    engine.learn(words)
    for decoder in (engine.decoder, engine.free):
        # What was heard before would shift how loud things are taken to be.
        decoder.reinit_feat()
    if _is_dull(sound):
        # Sound without its high parts, as of a telephone, is like nothing that the model knows.
        sound = _with_floor(sound)
    found: list[Aligned] = []
    engine.doubt = ""
    try:
        for piece in _cut(engine, sound, words):
            found += _piece(engine, sound, words, piece, progress)
    except InputError:
        # Where there is no way any more it went wrong before, as the pieces so far may tell.
        said = sound.cut(0, found[-1].stop * STEP) if found else sound
        told = _misfit_of(engine, said, found, progress) if found else None
        if told is not None:
            raise _misfit(words, _words_before(found, told) + 1, sound) from None
        raise
    unfit = _misfit_of(engine, sound, found, progress)
    before = 0 if unfit is None else _words_before(found, unfit)
    if unfit is not None and not unfit.is_small:
        raise _misfit(words, before + 1, sound)
    uttered = [_uttered(one) for one in found if one.text]
    unheard = unheard_words(sound, uttered, engine.unheard, _second_half(progress))
    if unfit is not None and not unheard:
        unheard = [Unheard(before, False)]
    engine.doubt = _doubt(words, unheard)
    return _speech(found, sound, engine)


def _uttered(found: Aligned) -> Uttered:
    names = tuple(phone.name for phone in found.phones if phone.name != SILENCE)
    return Uttered(found.start, found.stop, names)


def _doubt(words: list[str], unheard: Sequence[Unheard]) -> str:
    """Where a text may not be what is said, in a sentence; empty where nothing is doubted."""
    if not unheard:
        return ""
    first = unheard[0]
    place, near = _near(words, first.word + 1)
    what = "more is heard than the text says" if first.is_beyond else "something else is heard"
    where = f"{'After' if first.is_beyond else 'About'} word {place} of {len(words)}, '{near}'"
    later = [one.word + 1 for one in unheard[1:]]
    more = f"; at {len(later)} more places too, from word {later[0]} on" if later else ""
    return f"{where}, {what}{more}."


def _misfit_of(
    engine: Aligner, sound: Sound, found: Sequence[Aligned], progress: Progress
) -> Misfit | None:
    phones = [phone for one in found for phone in one.phones]
    return misfit(phones, _free(engine, sound, progress), sound, engine.limits)


def _second_half(progress: Progress) -> Progress:
    """Progress of work that is the second half of what is told."""
    return lambda stage, done, total: progress(stage, total + done, 2 * total)


def _words_before(found: Sequence[Aligned], unfit: Misfit) -> int:
    return sum(bool(one.text) and one.stop * STEP <= unfit.second + STEP for one in found)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words from one to before another, and the seconds in which they are said."""

    first: int
    last: int
    start: float
    stop: float


def _cut(engine: Aligner, sound: Sound, words: list[str]) -> Iterator[_Piece]:
    """Cut a text and its sound into pieces that belong together.

    What an aligner keeps grows with the square of what it aligns: five minutes take 2 GB. So the
    next words are looked for in the next half minute, and those are taken that end well within.

    Raises:
        InputError: When there is no way; it says where.
    """
    first, start = 0, 0.0
    while sound.seconds - start > _LONGEST:
        last, stop = first, start + _AHEAD
        if first < len(words):
            engine.begin(words[first : first + _MOST_WORDS])
            reached = _pass(engine, sound.cut(start, start + _AHEAD + _BEHIND))
            path = engine.path()
            if not path:
                raise _misfit(words, first + reached, sound)
            safe = [at for at, (_, end) in enumerate(path) if end * STEP <= _AHEAD]
            if safe:
                kept = _before_a_pause(path, safe)
                last, stop = first + kept + 1, start + path[kept][1] * STEP
        yield _Piece(first, last, start, stop)
        first, start = last, stop
    yield _Piece(first, len(words), start, sound.seconds)


def _before_a_pause(path: Sequence[tuple[int, int]], safe: Sequence[int]) -> int:
    """The word after which the longest pause of the later half begins."""
    late = [at for at in safe if path[at][1] * STEP > _AHEAD / 2 and at + 1 < len(path)]
    return max(late, key=lambda at: path[at + 1][0] - path[at][1], default=safe[-1])


def _piece(
    engine: Aligner, sound: Sound, words: list[str], piece: _Piece, progress: Progress
) -> list[Aligned]:
    """Words and pauses of a piece, in frames of the whole sound."""
    progress("listen", round(piece.start), max(round(sound.seconds), 1))
    offset, end = round(piece.start / STEP), round(piece.stop / STEP)
    if piece.first == piece.last:
        silence = Scored(SILENCE, offset, end, 0.0)
        return [Aligned("", offset, end, (silence,))] if end > offset else []
    part = sound.cut(piece.start, piece.stop)
    engine.begin(words[piece.first : piece.last])
    reached = _pass(engine, part)
    if engine.reached() is None:
        raise _misfit(words, piece.first + reached, sound)
    if engine.passes > 1:
        engine.refine()
        _pass(engine, part, counts=False)
    found = engine.alignment()
    if found is None:
        raise _misfit(words, piece.first + reached, sound)
    # The aligner's last frame may reach into the next piece of the sound.
    end = max(end, offset + 1)
    return [
        replace(
            one, start=one.start + offset, stop=min(one.stop + offset, end),
            phones=tuple(
                replace(p, start=p.start + offset, stop=min(p.stop + offset, end))
                for p in one.phones
            ),
        )
        for one in found
        if one.start + offset < end
    ]  # fmt: skip


def _pass(engine: Aligner, sound: Sound, *, counts: bool = True) -> int:
    """Let a sound through the decoder; return how many words were on the best way at last."""
    reached = 0
    engine.decoder.start_utt()
    for first in range(0, len(sound.samples), _BLOCK):
        engine.decoder.process_raw(sound.samples[first : first + _BLOCK].tobytes())
        if counts:
            reached = max(reached, engine.reached() or 0)
    if counts:
        engine.note_path()
    engine.decoder.end_utt()
    return reached


def _free(engine: Aligner, sound: Sound, progress: Progress) -> list[Scored]:
    """The likeliest phones of a sound, by pieces: what a decoder keeps grows with what it hears."""
    heard: list[Scored] = []
    total = max(round(sound.seconds), 1)
    for start, stop in sound.pieces(_PIECE):
        progress("check", min(round(start), total), 2 * total)
        first = round(start / STEP)
        engine.free.start_utt()
        engine.free.process_raw(sound.cut(start, stop).samples.tobytes())
        engine.free.end_utt()
        end = heard[-1].stop if heard else 0
        heard += [
            replace(one, start=max(one.start + first, end), stop=one.stop + first)
            for one in engine.heard()
            if one.stop + first > end
        ]
    return heard


def _is_dull(sound: Sound) -> bool:
    """Whether there is next to nothing in the upper half of what is heard."""
    high = whole = 0.0
    for first in range(0, len(sound.samples), _SPECTRUM):
        # By parts: the spectrum of an hour takes more than a gigabyte.
        power = np.abs(np.fft.rfft(_real(sound, first))) ** 2
        high += float(power[round(len(power) * _DULL_ABOVE / (SAMPLE_RATE / 2)) :].sum())
        whole += float(power.sum())
    return high < _DULL * whole


def _with_floor(sound: Sound) -> Sound:
    """A sound with a little noise at all frequencies, always the same."""
    parts = range(0, len(sound.samples), _SPECTRUM)
    power = sum(float(np.sum(_real(sound, first) ** 2)) for first in parts)
    level = _FLOOR * math.sqrt(power / len(sound.samples))
    random = np.random.default_rng(0)
    noisy = np.empty_like(sound.samples)
    for first in parts:
        part = _real(sound, first)
        part += random.normal(0, level, len(part))
        noisy[first : first + _SPECTRUM] = np.clip(part, -32768, 32767)
    return Sound(sound.name, noisy)


def _real(sound: Sound, first: int) -> npt.NDArray[np.float64]:
    return sound.samples[first : first + _SPECTRUM].astype(np.float64)


def _near(words: list[str], reached: int) -> tuple[int, str]:
    """A word's number, counted from 1, and it with those around it."""
    last = max(0, min(reached, len(words)) - 1)
    return last + 1, f"… {' '.join(words[max(0, last - 3) : last + 3])} …"


def _misfit(words: list[str], reached: int, sound: Sound) -> InputError:
    place, near = _near(words, reached)
    return InputError(
        f"The text does not fit what is said in {sound.name}: it stops fitting about word"
        f" {place} of {len(words)}, '{near}'.",
        "Correct the text there, or leave it out: hama hears phones without one.",
    )


def _speech(found: Sequence[Aligned], sound: Sound, engine: Aligner) -> Speech:
    words = [Word(one.text, one.start * STEP, one.stop * STEP) for one in found if one.text]
    phones = [
        Phone(phone.name, phone.start * STEP, max(phone.stop, phone.start + 1) * STEP)
        for one in found
        for phone in one.phones or (Scored(SILENCE, one.start, one.stop, 0.0),)
    ]
    speech = Speech(tuple(phones), tuple(words), sound.seconds, engine.name)
    return speech.moved(engine.late)
