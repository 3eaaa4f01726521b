"""Aligns a transcript with its sound, by pocketsphinx and its model of English."""

from __future__ import annotations

import importlib.util
import math
import re
import unicodedata
from typing import Any, Final

import numpy as np

from mien.errors import InputError, NothingToDoError, UsageError
from mien.model.speech import SILENCE, Phone, Speech, Word, base_phone
from mien.progress import Progress
from mien.speech.sound import SAMPLE_RATE, Sound

__all__ = ["PocketsphinxListener", "words_of"]

_STEP: Final = 0.01
"""Seconds of the aligner's frames."""
_MIDDLE: Final = 0.012
"""Seconds from a frame's number to the middle of the sound that it describes: 25 ms from there."""
_BEAMS: Final = {"beam": 1e-100, "wbeam": 1e-80, "pbeam": 1e-100}
"""As wide as it takes: with the package's own, a quarter of sentences is lost."""
_DULL_ABOVE: Final = 4500.0
"""Hertz; what was recorded at 8 kHz, as of a telephone, has nothing higher."""
_DULL: Final = 1e-5
"""Part of the power that is next to nothing."""
_FLOOR: Final = 0.01
"""Of a noise that is added, part of the sound's own level."""
_LOUD_DB: Final = 15.0
"""dB below the loudest that are speech, not a pause."""
_LONG_PAUSE: Final = 0.4
"""Seconds of speech without text that are no breath."""
_BLOCK: Final = SAMPLE_RATE
"""Samples that are aligned between two reports."""
_NOT_WORDS: Final = re.compile(r"\[[^\]]*\]|\([^)]*\)|<[^>]*>")
"""What a transcript says beside words: [laughs], (off), <i>."""
_WORD: Final = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")


def words_of(text: str) -> list[str]:
    """Return the words of a transcript in small letters, without punctuation and directions."""
    plain = unicodedata.normalize("NFC", _NOT_WORDS.sub(" ", text)).lower().replace("’", "'")
    return [word.rstrip(".") for word in _WORD.findall(plain)]


class PocketsphinxListener:
    """Finds when each word and phone of an English text is said."""

    name = "pocketsphinx"
    needs_text = True
    languages: tuple[str, ...] = ("en",)

    def hear(self, sound: Sound, text: str | None, progress: Progress) -> Speech:
        """Return the phones of a text, aligned with its sound."""
        if text is None:
            raise UsageError("pocketsphinx needs the text that is said.", "Give it with --text.")
        words = words_of(text)
        if not words:
            raise UsageError("The text has no words.", "Give what is said in the sound.")
        if sound.is_silent:
            raise NothingToDoError(f"{sound.name} is silent.", "Give the sound with the voice.")
        decoder = _decoder()
        _learn_words(decoder, words)
        decoder.set_align_text(" ".join(words))
        reached = _passed(decoder, sound, progress, 0, len(words))
        if decoder.hyp() is None and _is_dull(sound):
            # Sound without its high parts, as of a telephone, is like nothing that the model knows.
            sound = _with_floor(sound)
            reached = max(reached, _passed(decoder, sound, progress, 0, len(words)))
        if decoder.hyp() is None:
            raise _misfit(words, reached, sound)
        decoder.set_alignment()
        _passed(decoder, sound, progress, 1, len(words))
        speech = _speech(decoder.get_alignment(), sound, self.name)
        unsaid = _loud_pause(speech, sound)
        if unsaid is not None:
            before = sum(word.stop <= unsaid + _STEP for word in speech.words)
            raise _misfit(words, before + 1, sound)
        return speech.moved(_MIDDLE)


def _decoder() -> Any:
    from pocketsphinx import Decoder

    return Decoder(lm=None, loglevel="FATAL", bestpath=False, samprate=SAMPLE_RATE, **_BEAMS)


def _learn_words(decoder: Any, words: list[str]) -> None:
    """Add words that the dictionary lacks, as they are likely said.

    Raises:
        InputError: When nobody can tell how a word is said.
    """
    unknown = [word for word in dict.fromkeys(words) if decoder.lookup_word(word) is None]
    if not unknown:
        return
    spelled = {}
    if importlib.util.find_spec("hama") is not None:
        from mien.speech.hama import pronounce

        spelled = {word: pronounce(word) for word in unknown}
    silent = [word for word in unknown if not spelled.get(word)]
    if silent:
        listed = ", ".join(f"'{word}'" for word in silent)
        raise InputError(
            f"The dictionary of English does not have {listed}.",
            "Write numbers and abbreviations out, spell words as they sound, or install"
            " 'mien[voice]' where hama has a wheel: it spells what no dictionary has.",
        )
    for word, phones in spelled.items():
        decoder.add_word(word, " ".join(phones), word == unknown[-1])


def _passed(decoder: Any, sound: Sound, progress: Progress, turn: int, words: int) -> int:
    """Let all of a sound through the decoder; return how many words were on the best way.

    Of the last second in which there was a way.
    """
    seconds = max(round(sound.seconds), 1)
    reached = 0
    decoder.start_utt()
    for first in range(0, len(sound.samples), _BLOCK):
        decoder.process_raw(sound.samples[first : first + _BLOCK].tobytes())
        if turn == 0 and words:
            partial = decoder.hyp()
            if partial is not None:
                reached = max(reached, len(partial.hypstr.split()))
        progress("listen", (turn * seconds + round(first / SAMPLE_RATE)) // 2, seconds)
    decoder.end_utt()
    return reached


def _is_dull(sound: Sound) -> bool:
    """Whether there is next to nothing in the upper half of what is heard."""
    power = np.abs(np.fft.rfft(sound.samples.astype(np.float64))) ** 2
    high = round(len(power) * _DULL_ABOVE / (SAMPLE_RATE / 2))
    return bool(power[high:].sum() < _DULL * power.sum())


def _with_floor(sound: Sound) -> Sound:
    """A sound with a little noise at all frequencies, always the same."""
    samples = sound.samples.astype(np.float64)
    level = _FLOOR * math.sqrt(float(np.mean(samples**2)))
    noise = np.random.default_rng(0).normal(0, level, len(samples))
    return Sound(sound.name, np.clip(samples + noise, -32768, 32767).astype(np.int16))


def _loud_pause(speech: Speech, sound: Sound) -> float | None:
    """The second at which a pause begins that is as loud as speech: the text lacks what is said.

    A text of something else has such pauses too: the aligner crams its words into what is left.
    """
    loudness = sound.loudness()
    loud = loudness > float(np.percentile(loudness, 95)) - _LOUD_DB
    for phone in speech.phones:
        if phone.name == SILENCE and phone.seconds >= _LONG_PAUSE:
            part = loud[round(phone.start / _STEP) : round(phone.stop / _STEP)]
            if len(part) and np.count_nonzero(part) * _STEP >= _LONG_PAUSE:
                return phone.start
    return None


def _misfit(words: list[str], reached: int, sound: Sound) -> InputError:
    last = max(0, min(reached, len(words)) - 1)
    near = " ".join(words[max(0, last - 3) : last + 3])
    return InputError(
        f"The text does not fit what is said in {sound.name}: it stops fitting about word"
        f" {last + 1} of {len(words)}, '… {near} …'.",
        "Correct the text there, or leave it out: hama hears phones without one.",
    )


def _speech(alignment: Any, sound: Sound, by: str) -> Speech:
    phones, words = [], []
    for entry in alignment:
        start, stop = entry.start * _STEP, (entry.start + entry.duration) * _STEP
        text = re.sub(r"\(\d+\)$", "", entry.name)
        if not text.startswith("<") and not text.startswith("["):
            words.append(Word(text, start, stop))
        for one in entry:
            name = base_phone(one.name) or SILENCE
            phones.append(
                Phone(name, one.start * _STEP, (one.start + max(one.duration, 1)) * _STEP)
            )
    return Speech(tuple(phones), tuple(words), sound.seconds, by)
