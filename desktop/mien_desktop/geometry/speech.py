"""Places of words and phones on the time axis, and the sound behind them; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from mien._types import DoubleArray, FloatArray
from mien.model.speech import SILENCE, Speech, Word
from mien_desktop.geometry.axis import Axis

__all__ = [
    "VoiceMark", "frame_at", "loudness_columns", "mark_at", "second_at", "shows_phones", "word_at",
]  # fmt: skip

_READABLE = 13.0
"""Pixels that a phone has on average when phones are shown in place of words."""
_GRIP = 5.0
"""Pixels to either side of a phone's edge in which it can be taken."""
_STEP = 0.01
"""Seconds from one value of loudness to the next."""
_SILENT = -60.0
"""Decibels below full scale at which the waveform is a line."""


@dataclass(frozen=True, slots=True)
class VoiceMark:
    """A part of what is said, under the pointer.

    Attributes:
        kind: The edge of a phone, a phone, or a word.
        index: Which phone, or which word.
        part: Which edge of the phone.
    """

    kind: Literal["edge", "phone", "word"]
    index: int
    part: Literal["start", "stop"] = "start"


def frame_at(edges: DoubleArray, second: float) -> float:
    """Return the time of a second of the shot in frames, with its fraction; also beyond its ends.

    Args:
        edges: (T + 1,) seconds at which the frames begin, and the last ends.
        second: The second.
    """
    last = len(edges) - 1
    if last < 1:
        return 0.0
    mean = (edges[-1] - edges[0]) / last
    if second < edges[0]:
        return float((second - edges[0]) / mean)
    if second > edges[-1]:
        return float(last + (second - edges[-1]) / mean)
    return float(np.interp(second, edges, np.arange(last + 1)))


def second_at(edges: DoubleArray, frame: float) -> float:
    """Return the second of the shot at a time in frames, 0 being the edge of the first."""
    return float(np.interp(frame, np.arange(len(edges)), edges))


def shows_phones(speech: Speech, pixels: float) -> bool:
    """Return whether phones are shown, rather than words.

    Args:
        speech: What is said.
        pixels: Pixels a second.
    """
    spoken = speech.spoken
    if not spoken:
        return False
    mean = sum(phone.seconds for phone in spoken) / len(spoken)
    return not speech.words or mean * pixels >= _READABLE


def word_at(speech: Speech, time: float) -> tuple[int, Word] | None:
    """Return the word that is said at a time of the sound, and which it is."""
    words = enumerate(speech.words)
    return next(((i, word) for i, word in words if word.start <= time < word.stop), None)


def mark_at(speech: Speech, time: float, pixels: float) -> VoiceMark | None:
    """Return what lies at a time of the sound: an edge first, then a phone or a word.

    Args:
        speech: What is said.
        time: Seconds from the sound's first sample.
        pixels: Pixels a second.
    """
    if not shows_phones(speech, pixels):
        word = word_at(speech, time)
        return None if word is None else VoiceMark("word", word[0])
    phones = [(i, phone) for i, phone in enumerate(speech.phones) if phone.name != SILENCE]
    under = [(i, phone) for i, phone in phones if phone.start <= time < phone.stop]
    best: tuple[float, VoiceMark] | None = None
    for index, phone in under or phones:
        # A phone that is hardly wider than its edges can be taken in its middle, too.
        slack = min(_GRIP / pixels, phone.seconds / 3) if under else _GRIP / pixels
        sides: tuple[tuple[Literal["start", "stop"], float], ...] = (
            ("start", phone.start), ("stop", phone.stop),
        )  # fmt: skip
        for part, edge in sides:
            away = abs(time - edge)
            if away <= slack and (best is None or away < best[0]):
                best = away, VoiceMark("edge", index, part)
    if best is not None:
        return best[1]
    return VoiceMark("phone", under[0][0]) if under else None


def loudness_columns(
    axis: Axis, edges: DoubleArray, start: float, loudness: FloatArray
) -> tuple[DoubleArray, DoubleArray]:
    """Return how loud a sound is in every column of pixels in view in which it is heard.

    Args:
        axis: The axis.
        edges: (T + 1,) seconds at which the frames begin, and the last ends.
        start: Second of the shot at which the sound begins.
        loudness: (N,) dB below full scale, every 10 ms.

    Returns:
        (M,) pixels from the left of the axis, and (M,) heights, 0..1.
    """
    frames = len(edges) - 1
    left, right = max(axis.edge(0), 0.0), min(axis.edge(frames), axis.width)
    xs = np.arange(np.floor(left), np.ceil(max(right, left)) + 1, dtype=np.float64)
    times = np.interp(axis.first + xs / axis.scale, np.arange(frames + 1), edges)
    bins = np.floor((times - start) / _STEP).astype(np.int64)
    heard = (bins >= 0) & (bins < len(loudness))
    xs, bins = xs[heard], bins[heard]
    if len(bins) < 2:
        return np.zeros(0), np.zeros(0)
    # Where two columns fall into one value, reduceat gives both that value.
    most = np.maximum.reduceat(loudness[: bins[-1] + 1], bins)
    return xs, np.clip((most.astype(np.float64) - _SILENT) / -_SILENT, 0, 1)
