"""How one recording of sound lies in time to another of the same words or moments.

Both are heard as onsets: how fast the loudness of a hundredth of a second rises, by the logarithm
of its energy, less the average around. The lag is the peak of the normalized cross-correlation of
the onsets (Knapp and Carter 1976 on time delays by correlation), counted over what both have.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import correlate

from mien._types import DoubleArray
from mien.errors import InputError
from mien.media.audio import AudioTrack, open_track
from mien.model.media import MediaInfo

__all__ = ["ENVELOPE_RATE", "SoundLag", "measure_lag", "onset_envelope", "sound_lag"]

ENVELOPE_RATE: Final = 100
"""Values of an envelope in a second."""
_LEAST_OVERLAP: Final = 0.5
"""Part of the shorter sound that both must have in common."""
_LEAST_PEAK: Final = 0.65
"""Correlation of the onsets below which sounds are not of the same words: those of different test
clips reach 0.61 at some lag, the same words heard by two microphones 0.9."""
_DISTINCT: Final = 1.15
"""How much higher the peak is than any that is elsewhere."""
_ELSEWHERE: Final = 0.25
"""Seconds from a peak at which another one starts."""
_QUIET: Final = 1e-4
"""Energy, as a part of the loudest, below which nothing is told from silence."""


@dataclass(frozen=True, slots=True)
class SoundLag:
    """How one sound lies to another.

    Attributes:
        seconds: By how much what is heard in the first comes later in the second.
        correlation: Of the onsets there, up to 1.
        runner_up: The highest correlation at any other lag.
    """

    seconds: Fraction
    correlation: float
    runner_up: float

    @property
    def distinct(self) -> bool:
        """Whether there is one lag at which the sounds go together."""
        return self.correlation >= max(_LEAST_PEAK, _DISTINCT * self.runner_up)


def sound_lag(shot: MediaInfo, source: MediaInfo) -> Fraction:
    """Return by how many seconds what is heard in a shot comes later in another clip.

    Args:
        shot: Facts of the shot's media.
        source: Facts of the other's.

    Raises:
        InputError: When one has no sound, or the sounds do not go together at one lag alone.
    """
    lag = measure_lag(_heard(shot), _heard(source))
    if not lag.distinct:
        raise InputError(
            f"The sounds of {shot.path.name} and {source.path.name} cannot be aligned: no lag is"
            f" distinct (correlation {lag.correlation:.2f}, elsewhere {lag.runner_up:.2f}).",
            "Give an offset, or a curve of times.",
        )
    return lag.seconds


def measure_lag(first: DoubleArray, second: DoubleArray) -> SoundLag:
    """Compare two envelopes at every lag.

    Args:
        first: (N,) onsets, `ENVELOPE_RATE` a second.
        second: (M,) others.

    Returns:
        The lag at which they go best together; no correlation where one of them says nothing.
    """
    nothing = SoundLag(Fraction(0), 0.0, 0.0)
    if len(first) < ENVELOPE_RATE // 2 or len(second) < ENVELOPE_RATE // 2:
        return nothing
    ones, others = np.ones_like(first), np.ones_like(second)
    common = correlate(others, ones, method="fft").round()
    product = correlate(second, first, method="fft")
    energy = correlate(others, first**2, method="fft") * correlate(second**2, ones, method="fft")
    enough = common >= _LEAST_OVERLAP * min(len(first), len(second))
    if not enough.any() or not energy.max() > 0:
        return nothing
    sure = enough & (energy > 1e-6 * energy.max())
    score = np.where(sure, product / np.sqrt(np.where(sure, energy, 1)), -1.0)
    best = int(np.argmax(score))
    elsewhere = np.abs(np.arange(len(score)) - best) > _ELSEWHERE * ENVELOPE_RATE
    other = float(score[elsewhere].max()) if elsewhere.any() else 0.0
    seconds = Fraction(best - (len(first) - 1), ENVELOPE_RATE)
    return SoundLag(seconds, float(score[best]), max(other, 0.0))


def onset_envelope(energy: DoubleArray) -> DoubleArray:
    """Return how fast sound gets louder, less the average around.

    Args:
        energy: (N,) mean squares of samples, `ENVELOPE_RATE` a second.

    Returns:
        (N,) onsets; all 0 of silence.
    """
    loudest = float(energy.max(initial=0))
    if loudest <= 0:
        return np.zeros_like(energy)
    level = gaussian_filter1d(np.log(energy / loudest + _QUIET), 0.02 * ENVELOPE_RATE)
    rise = np.maximum(np.gradient(level), 0)
    return np.asarray(rise - gaussian_filter1d(rise, 0.5 * ENVELOPE_RATE))


def _heard(media: MediaInfo) -> DoubleArray:
    """The onsets of a clip's sound, from its first frame on."""
    track = open_track(media)
    if track is None:
        raise InputError(
            f"{media.path.name} has no sound to align by.", "Give an offset, or a curve of times."
        )
    try:
        return onset_envelope(_energy(track, media))
    finally:
        track.close()


def _energy(track: AudioTrack, media: MediaInfo) -> DoubleArray:
    """(N,) mean square of each hundredth of a second while there are pictures."""
    bins = max(1, round(float(media.clock.duration) * ENVELOPE_RATE))
    total, counts = np.zeros(bins), np.zeros(bins)
    step = track.rate / ENVELOPE_RATE
    for start, samples in track.blocks():
        where = ((start + np.arange(len(samples))) // step).astype(np.int64)
        inside = (where >= 0) & (where < bins)
        if not inside.any():
            continue
        squares = (samples[inside].astype(np.float64) ** 2).mean(axis=1)
        low = int(where[inside][0])
        here = where[inside] - low
        part = slice(low, low + int(here[-1]) + 1)
        total[part] += np.bincount(here, squares)
        counts[part] += np.bincount(here)
    return np.asarray(total / np.maximum(counts, 1))
