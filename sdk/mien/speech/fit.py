"""Whether a text is what is said: its phones beside those that are heard without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.model.speech import SILENCE
from mien.speech.sound import Sound

__all__ = ["STEP", "Limits", "Misfit", "Scored", "misfit"]

STEP: Final = 0.01
"""Seconds of an aligner's frames."""
_WINDOW: Final = 60
"""Frames over which a text has to fit: a word or two; a word said otherwise than in the dictionary
does not count."""
_ROW: Final = 12
"""Phones in a row, of three words or so, however short they are."""
_LOUD_DB: Final = 15.0
"""dB below the loudest that are speech, not a pause."""
_LONG_PAUSE: Final = 0.4
"""Seconds of speech without text that are no breath."""
_Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scored:
    """A phone as an aligner found it.

    Attributes:
        name: In ARPABET.
        start: The frame in which it begins.
        stop: The frame after it.
        score: Its likelihood over its frames, as a logarithm.
    """

    name: str
    start: int
    stop: int
    score: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What a text that is said never comes to, by what its aligner makes of right texts.

    Likelihoods are those of the text's phones beside those of any phones, a frame, in the aligners'
    own scale: logarithms to the base 1.0001.

    Attributes:
        window: The least likelihood over 0.6 seconds.
        row: The least mean likelihood of twelve phones in a row.
        unsaid: Phones heard in 0.6 seconds beyond those of the text.
        word: Seconds in which it does not fit that may be a single word, with what of a window lies
            beside it.
    """

    window: float
    row: float
    unsaid: int
    word: float


@dataclass(frozen=True, slots=True)
class Misfit:
    """Where a text is not what is said.

    Attributes:
        second: At which it stops fitting.
        is_small: Whether it may be a single word, said otherwise or left out.
    """

    second: float
    is_small: bool


def misfit(
    text: Sequence[Scored], free: Sequence[Scored], sound: Sound, limits: Limits
) -> Misfit | None:
    """Return where a text does not fit what is said; None where it fits.

    An aligner finds place for any text that is not much longer than the sound. What tells it is how
    likely its phones are beside the likeliest phones of all over the same frames (goodness of
    pronunciation, Witt and Young 2000), how many more of those there are where it is loud, and
    pauses of the text that are as loud as speech.

    Args:
        text: The text's phones, in order.
        free: The likeliest phones, whatever they are; none where nobody tells them.
        sound: The sound.
        limits: Of what is no chance.
    """
    if not text:
        return None
    loudness = sound.loudness()
    loud = loudness > float(np.percentile(loudness, 95)) - _LOUD_DB
    # By where they begin, of what is looked at: a pause, a window, a row of phones.
    found = _loud_pauses(text, loud)
    if free:
        found += [*_unlikely(text, free, limits), *_unsaid(text, free, loud, limits.unsaid)]
    if not found:
        return None
    bad = np.zeros(max(stop for _, stop, _ in found), bool)
    for start, stop, _ in found:
        bad[start:stop] = True
    seconds = np.count_nonzero(bad) * STEP
    return Misfit(min(at for _, _, at in found) * STEP, seconds <= limits.word)


_Span = tuple[int, int, int]
"""First frame, the frame after the last, and the frame from which it does not fit."""


def _unlikely(text: Sequence[Scored], free: Sequence[Scored], limits: Limits) -> list[_Span]:
    """Windows and rows of phones that are far from likely."""
    count = max(text[-1].stop, free[-1].stop)
    behind = (_by_frame(text, count) - _by_frame(free, count))[: text[-1].stop]
    size = min(_WINDOW, len(behind))
    found = _windows(_over_windows(behind, size) / size < limits.window, size)
    said = [phone for phone in text if phone.name != SILENCE and phone.stop > phone.start]
    if len(said) >= _ROW:
        each = np.array([behind[phone.start : phone.stop].mean() for phone in said])
        rows = np.flatnonzero(_over_windows(each, _ROW) / _ROW < limits.row).tolist()
        for row in rows:
            middle = said[row + _ROW // 2].start
            found.append((said[row].start, said[row + _ROW - 1].stop, middle))
    return found


def _unsaid(
    text: Sequence[Scored], free: Sequence[Scored], loud: npt.NDArray[np.bool_], least: int
) -> list[_Span]:
    """Windows in which far more is heard than the text says."""
    beyond = np.zeros(max(text[-1].stop, free[-1].stop) + 1)
    for phones, each in ((text, -1), (free, 1)):
        for phone in phones:
            middle = min((phone.start + phone.stop) // 2, len(loud) - 1)
            if phone.name != SILENCE and (each < 0 or loud[middle]):
                beyond[middle] += each
    size = min(_WINDOW, len(beyond))
    return _windows(_over_windows(beyond, size) > least - 0.5, size)


def _loud_pauses(text: Sequence[Scored], loud: npt.NDArray[np.bool_]) -> list[_Span]:
    """Pauses that are as loud as speech: the text lacks what is said.

    A text of something else has such pauses too: the aligner crams its words into what is left.
    """
    pauses = [phone for phone in text if phone.name == SILENCE]
    return [
        (phone.start, phone.stop, phone.start)
        for phone in pauses
        if np.count_nonzero(loud[phone.start : phone.stop]) * STEP >= _LONG_PAUSE
    ]


def _by_frame(phones: Sequence[Scored], count: int) -> _Array:
    scores = np.zeros(count)
    for phone in phones:
        scores[phone.start : phone.stop] = phone.score / max(phone.stop - phone.start, 1)
    return scores


def _over_windows(values: _Array, size: int) -> _Array:
    """(N - size + 1,) sums over windows; in time that does not grow with their size."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray(sums[size:] - sums[:-size])


def _windows(found: npt.NDArray[np.bool_], size: int) -> list[_Span]:
    """Windows that are meant, by where they begin; what does not fit is in their middle."""
    return [(at, at + size, at + size // 2) for at in np.flatnonzero(found).tolist()]
