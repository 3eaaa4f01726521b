"""Two recordings of the same words are laid one on the other."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from mien._types import DoubleArray
from mien.media.sound_alignment import measure_lag, onset_envelope


def talk(seed: int, count: int, noise: float = 0.0) -> DoubleArray:
    """Energy of made speech: syllables of random lengths, and the noise of a room."""
    rng = np.random.default_rng(seed)
    energy = np.full(count, 1e-6)
    at = 5
    while at < count:
        length = int(rng.integers(6, 30))
        energy[at : at + length] += (
            rng.uniform(0.05, 1) * np.hanning(2 * length)[length:][: len(energy[at : at + length])]
        )
        at += length + int(rng.integers(3, 20))
    return np.asarray(energy + noise * np.abs(np.random.default_rng(99).normal(size=count)))


@pytest.mark.parametrize("lag", [-60, 0, 37])
def test_a_lag_is_found(lag: int) -> None:
    whole = talk(1, 600)
    first = onset_envelope(whole[100:400])
    second = onset_envelope(talk(1, 600, noise=0.001)[100 - lag : 420 - lag])
    found = measure_lag(first, second)
    assert found.distinct
    assert abs(found.seconds - Fraction(lag, 100)) <= Fraction(1, 100)


def test_other_words_have_no_distinct_lag() -> None:
    found = measure_lag(onset_envelope(talk(1, 500)), onset_envelope(talk(2, 500)))
    assert not found.distinct


def test_silence_says_nothing() -> None:
    found = measure_lag(onset_envelope(np.zeros(300)), onset_envelope(talk(1, 300)))
    assert (found.correlation, found.distinct) == (0.0, False)
