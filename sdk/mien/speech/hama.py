"""Hears phones without a transcript, by hama's network for phones (CTC)."""

from __future__ import annotations

import functools
import itertools
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien.errors import NothingToDoError
from mien.model.speech import Phone, Speech, Word
from mien.progress import Progress
from mien.speech.ipa import phones_of_ipa
from mien.speech.sound import SAMPLE_RATE, Sound

__all__ = ["HamaListener", "pronounce", "token_odds"]

_FRAME: Final = 0.02
"""Seconds of the network's steps."""
_PIECE: Final = 20.0
"""Seconds that are heard at once, about; cut where it is quietest."""
_LONGEST: Final = {"vowel": 0.28, "consonant": 0.14}
"""Seconds that a phone lasts at most: the network says when one begins, not when it ends."""
_LATE: Final = 0.04
"""Seconds by which the network says that a phone begins after it does: measured on sentences with
known phones (60 ms) and on lips of people who speak (20 to 60 ms)."""
_PAUSE_DB: Final = 25.0
"""dB below the loud parts at which a sound has ended."""


class HamaListener:
    """Hears phones with the network of hama: trained on English, a draft in other languages."""

    name = "hama"
    needs_text = False
    languages: tuple[str, ...] = ("en", "es", "pt", "de", "pl", "it")

    def hear(self, sound: Sound, text: str | None, progress: Progress) -> Speech:
        """Return the phones of a sound; a text is not needed, and not used."""
        if sound.is_silent:
            raise NothingToDoError(f"{sound.name} is silent.", "Give the sound with the voice.")
        model = _model()
        parts = []
        for start, stop in sound.pieces(_PIECE):
            progress("listen", round(start), round(sound.seconds))
            piece = sound.cut(start, stop)
            parts.append(_heard(model, piece).moved(start))
        progress("listen", round(sound.seconds), round(sound.seconds))
        speech = Speech.joined(parts, sound.seconds, self.name).moved(-_LATE)
        if not speech.spoken:
            raise NothingToDoError(
                f"Nobody is heard speaking in {sound.name}.", "Give the sound with the voice."
            )
        return speech


def pronounce(word: str) -> tuple[str, ...]:
    """Return the phones of a word that no dictionary has, as hama's network spells it."""
    result = _speller()(word)
    return tuple(
        phone for symbol in result.ipa.split() for phone in phones_of_ipa(symbol)
    ) or tuple(phone for symbol in result.ipa for phone in phones_of_ipa(symbol))


def token_odds(sound: Sound) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Return how likely each token is at each step of the network.

    Returns:
        (T, N) logarithms of steps of 20 ms, and the N tokens.
    """
    model = _model()
    samples = sound.samples.astype(np.float32) / 32768
    odds, counts = model.session.run(
        ["log_probs", "out_lengths"],
        {"waveform": samples[None], "waveform_lengths": np.array([len(samples)], np.int64)},
    )
    return np.asarray(odds[0][: int(counts[0])], np.float64), tuple(model.decoder_tokens)


@functools.cache
def _model() -> Any:
    from hama import ASRModel

    return ASRModel()


@functools.cache
def _speller() -> Any:
    from hama import G2PModel

    return G2PModel()


def _heard(model: Any, sound: Sound) -> Speech:
    result = model(sound.samples, SAMPLE_RATE)
    starts: list[tuple[float, tuple[str, ...]]] = []
    words: list[list[int]] = [[]]
    before = None
    tokens = model.decoder_tokens
    for frame, token in enumerate(result.frame_token_ids):
        if token == before:
            continue
        before = token
        symbol = tokens[token]
        if symbol == "<wb>":
            words.append([])
            continue
        names = phones_of_ipa(symbol)
        if names and (frame + 1) * _FRAME <= sound.seconds:
            # The network's last step may reach into the next piece of the sound.
            words[-1].append(len(starts))
            starts.append((frame * _FRAME, names))
    loudness = sound.loudness()
    floor = float(np.percentile(loudness, 95)) - _PAUSE_DB
    phones: list[Phone] = []
    spans: list[tuple[float, float]] = []
    ends = [*(start for start, _ in starts[1:]), sound.seconds][: len(starts)]
    for (start, names), end in zip(starts, ends, strict=True):
        longest = max(_LONGEST["vowel" if Phone(n, 0, 1).is_vowel else "consonant"] for n in names)
        stop = min(end, start + longest)
        stop = max(_until_quiet(loudness, start, stop, floor), start + _FRAME)
        edges = np.linspace(start, stop, len(names) + 1).tolist()
        phones += [
            Phone(name, a, b) for name, (a, b) in zip(names, itertools.pairwise(edges), strict=True)
        ]
        spans.append((start, stop))
    heard = [
        Word("", spans[word[0]][0], spans[word[-1]][1]) for word in words if word
    ]  # fmt: skip
    return Speech(tuple(phones), tuple(heard), sound.seconds, "hama")


def _until_quiet(loudness: Any, start: float, stop: float, floor: float) -> float:
    """Return where a phone falls silent, two steps after its beginning at the earliest."""
    first, last = round(start * 100) + 2, round(stop * 100)
    quiet = np.flatnonzero(loudness[first:last] < floor)
    return (first + int(quiet[0])) / 100 if len(quiet) else stop
