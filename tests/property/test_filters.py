"""Filters to choose from: what is straight stays, past and future are alike, and edges hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien._types import AnyArray, FloatArray
from mien.signal.filters import Filter, filtered, median, one_euro, savgol
from mien.signal.smooth import smooth

FILTERS = {"savgol": savgol, "median": median, "one-euro": one_euro}
RATES = st.sampled_from([12.5, 24.0, 30.0, 59.94, 120.0])
LENGTHS = st.integers(1, 60)


def signal(length: int, seed: int) -> FloatArray:
    return np.random.default_rng(seed).normal(0, 1, (length, 3)).astype(np.float32)


def run(how: Filter, values: AnyArray, rate: float = 30, **options: object) -> FloatArray:
    given = {"weights": np.ones(len(values), np.float32), "seconds": 0.2}
    valid = options.pop("valid", np.ones(len(values), np.bool_))
    return filtered(values, valid, how, rate=rate, **(given | options))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FILTERS)
@settings(max_examples=20, deadline=None)
@given(length=LENGTHS, rate=RATES, seconds=st.floats(0.01, 2))
def test_what_is_straight_stays(name: str, length: int, rate: float, seconds: float) -> None:
    slope = 0.0 if name == "one-euro" else 0.3  # A low pass bends a line at its ends.
    line = (2 + slope * np.arange(length, dtype=np.float32))[:, None]
    assert np.abs(run(FILTERS[name], line, rate, seconds=seconds) - line).max() < 1e-3


@pytest.mark.parametrize("name", FILTERS)
@settings(max_examples=20, deadline=None)
@given(length=LENGTHS, rate=RATES, seed=st.integers(0, 99))
def test_past_and_future_are_alike(name: str, length: int, rate: float, seed: int) -> None:
    values = signal(length, seed)
    weights = np.random.default_rng(seed).uniform(0, 1, length).astype(np.float32)
    there = run(FILTERS[name], values, rate, weights=weights)
    back = run(FILTERS[name], values[::-1].copy(), rate, weights=weights[::-1].copy())
    assert np.abs(there - back[::-1]).max() < 1e-3


@pytest.mark.parametrize("name", FILTERS)
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 99), cut=st.integers(1, 39))
def test_nothing_reaches_over_gaps_and_cuts(name: str, seed: int, cut: int) -> None:
    values = signal(40, seed)
    other = values.copy()
    other[cut:] += 50
    for options in ({"cuts": (cut,)}, {"valid": np.arange(40) != cut}):
        one, two = (run(FILTERS[name], some, **options) for some in (values, other))
        assert (one[:cut] == two[:cut]).all()
    assert (run(FILTERS[name], values, valid=np.arange(40) != cut)[cut] == values[cut]).all()


@pytest.mark.parametrize("name", FILTERS)
def test_noise_goes_and_no_window_leaves_it(name: str) -> None:
    values = signal(200, 4)
    assert (run(FILTERS[name], values, seconds=1e-3) == values).all()
    assert run(FILTERS[name], values, seconds=0.4).std() < 0.7 * values.std()


@pytest.mark.parametrize("name", FILTERS)
def test_frames_that_were_seen_badly_count_less(name: str) -> None:
    values = np.zeros((41, 1), np.float32)
    values[18:23] = 1
    values += 0.01 * signal(41, 2)[:, :1]
    weights = np.ones(41, np.float32)
    weights[18:23] = 0
    sure, doubted = (
        run(FILTERS[name], values, seconds=0.5, weights=w)[20, 0]
        for w in (weights * 0 + 1, weights)
    )
    assert doubted < 0.75 * sure


def test_the_adaptive_smoother_takes_as_much_as_it_is_asked_to() -> None:
    values = signal(120, 7)
    usual = smooth(values)
    assert smooth(values, strength=1.0).tobytes() == usual.tobytes()
    assert (smooth(values, strength=0.0) == values).all()
    roughness = [
        float(np.abs(np.diff(smooth(values, strength=s), 2, axis=0)).mean()) for s in (0.3, 1, 3)
    ]
    assert roughness[0] > roughness[1] > roughness[2]
    each = smooth(values, strength=np.array([0, 1, 1], np.float32))
    assert (each[:, 0] == values[:, 0]).all()
    assert (each[:, 1:] == usual[:, 1:]).all()
