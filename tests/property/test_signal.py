"""What smoothing promises, whatever the signal."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mien._types import AnyArray
from mien.signal.gaps import bridge, segments
from mien.signal.smooth import noise_level, smooth
from tests.profiles import examples

SEEDS = st.integers(0, 2**32 - 1)
LENGTHS = st.integers(1, 120)


def noise(seed: int, length: int, channels: int = 3) -> AnyArray:
    return np.random.default_rng(seed).normal(0, 1, (length, channels)).astype(np.float32)


@given(st.floats(-100, 100), st.floats(-2, 2), LENGTHS)
def test_lines_stay_lines(start: float, slope: float, length: int) -> None:
    line = (start + slope * np.arange(length, dtype=np.float32))[:, None].astype(np.float32)
    assert np.allclose(smooth(line), line, atol=1e-3)


@given(SEEDS, LENGTHS)
@examples(40)
def test_time_may_run_backwards(seed: int, length: int) -> None:
    signal = noise(seed, length)
    assert np.allclose(smooth(signal[::-1])[::-1], smooth(signal), atol=1e-5)


@given(SEEDS, st.integers(30, 120))
@examples(40)
def test_noise_shrinks_and_nothing_overshoots(seed: int, length: int) -> None:
    signal = noise(seed, length)
    result = smooth(signal)
    assert result.std() < 0.8 * signal.std()
    reach = 0.1 * np.ptp(signal, axis=0)
    assert (result <= signal.max(axis=0) + reach).all()
    assert (result >= signal.min(axis=0) - reach).all()


@given(SEEDS, st.integers(3, 5), st.floats(0.55, 1.0), st.floats(0.002, 0.02))
@examples(60)
def test_a_blink_keeps_its_depth(seed: int, frames: int, depth: float, sigma: float) -> None:
    signal = np.zeros((90, 1), dtype=np.float32)
    signal[40 : 40 + frames] = depth
    signal[[39, 40 + frames]] = depth / 2
    tracked = signal + sigma * noise(seed, 90, 1)
    closed = smooth(tracked)[40 : 40 + frames]
    assert closed.mean() >= 0.9 * tracked[40 : 40 + frames].mean()
    assert closed.max() >= 0.9 * depth


@given(SEEDS, st.floats(0.01, 10))
@examples(30)
def test_the_noise_is_measured_under_motion(seed: int, sigma: float) -> None:
    motion = 30 * np.sin(np.arange(800) / 40)[:, None]
    found = noise_level((motion * sigma + sigma * noise(seed, 800)).astype(np.float32))
    assert np.allclose(found, sigma, rtol=0.35)


@given(SEEDS, st.integers(4, 60), st.integers(1, 12))
@examples(60)
def test_bridges_are_straight_and_never_cross_a_cut(seed: int, length: int, longest: int) -> None:
    random = np.random.default_rng(seed)
    valid = random.random(length) < 0.6
    cuts = tuple(np.flatnonzero(random.random(length) < 0.1).tolist())
    signal = random.normal(size=(length, 2)).astype(np.float32)
    filled = np.where(valid[:, None], signal, np.nan).astype(np.float32)
    bridged = bridge(filled, valid, longest, cuts)
    assert not (bridged & valid).any()
    assert np.array_equal(filled[valid], signal[valid])
    assert np.isnan(filled[~valid & ~bridged]).all()
    second = np.abs(np.diff(filled, n=2, axis=0)).max(axis=1)
    inside = bridged[1:-1] & bridged[:-2] & bridged[2:]
    assert (second[inside] < 1e-4).all()
    for run in segments(bridged):
        assert run.stop - run.start <= longest
        assert not any(run.start <= cut <= run.stop for cut in cuts)


@given(SEEDS, st.integers(1, 60))
@examples(60)
def test_segments_cover_what_is_valid_once(seed: int, length: int) -> None:
    random = np.random.default_rng(seed)
    valid = random.random(length) < 0.7
    cuts = tuple(np.flatnonzero(random.random(length) < 0.1).tolist())
    count = np.zeros(length, dtype=int)
    for run in segments(valid, cuts):
        count[run] += 1
        assert not any(run.start < cut < run.stop for cut in cuts)
    assert np.array_equal(count, valid.astype(int))
