"""Smoothing as a modifier: no lag, nothing across a cut, only what was seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import AnyArray
from mien.model.controls import INDEX, NAMES
from mien.model.edits import ControlTrack, Layer
from mien.model.evaluate import WIDEST_SMOOTHING, evaluate
from mien.model.interpolate import Key
from mien.timebase import FrameRange
from tests.profiles import examples

FRAMES = 60
JAW = INDEX["jawOpen"]
sigmas = st.floats(0.1, 12)


def smoothed(
    jaw: AnyArray,
    *keys: Key,
    valid: AnyArray | None = None,
    cuts: tuple[int, ...] = (),
    span: FrameRange | None = None,
    weight: float = 1.0,
) -> AnyArray:
    source = np.zeros((len(jaw), len(NAMES)), dtype=np.float32)
    source[:, JAW] = jaw
    track = ControlTrack("jawOpen", keys, "smooth", span)
    seen = np.ones(len(jaw), dtype=bool) if valid is None else valid
    return evaluate(source, [Layer("a", (track,), weight)], seen, cuts).target[:, JAW]


def noise(seed: int, frames: int = FRAMES) -> AnyArray:
    return np.random.default_rng(seed).uniform(0.2, 0.8, frames).astype(np.float32)


@given(sigmas, st.floats(0, 0.5), st.floats(-0.008, 0.008), st.integers(0, 9))
def test_straight_lines_stay_what_they_are(
    sigma: float, level: float, slope: float, seed: int
) -> None:
    line = (level + slope * np.arange(FRAMES)).astype(np.float32)
    seen = np.random.default_rng(seed).uniform(size=FRAMES) < 0.8
    got = smoothed(line, Key(0, sigma), valid=seen, cuts=(20, 41))
    np.testing.assert_allclose(got, line, atol=2e-4)


@given(sigmas, sigmas, st.integers(0, 99))
def test_there_is_no_lag(first: float, last: float, seed: int) -> None:
    """Time turned around gives the result turned around."""
    jaw = noise(seed)
    there = smoothed(jaw, Key(0, first, "linear"), Key(FRAMES - 1, last), cuts=(25,))
    back = smoothed(jaw[::-1], Key(0, last, "linear"), Key(FRAMES - 1, first), cuts=(FRAMES - 25,))
    np.testing.assert_allclose(there, back[::-1], atol=2e-4)


@given(sigmas, st.integers(0, 99), st.integers(1, FRAMES - 1))
def test_nothing_crosses_a_cut(sigma: float, seed: int, cut: int) -> None:
    jaw = noise(seed)
    whole = smoothed(jaw, Key(0, sigma), cuts=(cut,))
    parts = [smoothed(part, Key(0, sigma)) for part in (jaw[:cut], jaw[cut:])]
    np.testing.assert_allclose(whole, np.concatenate(parts), atol=1e-6)


@given(sigmas, st.integers(0, 99))
def test_what_was_not_seen_is_not_read(sigma: float, seed: int) -> None:
    jaw = noise(seed)
    seen = np.random.default_rng(seed).uniform(size=FRAMES) < 0.7
    hidden = np.where(seen, jaw, np.nan).astype(np.float32)
    one, other = (smoothed(values, Key(0, sigma), valid=seen) for values in (jaw, hidden))
    assert np.array_equal(one[seen], other[seen])
    assert np.array_equal(one[~seen], jaw[~seen])


def test_it_is_a_gaussian_of_so_many_frames() -> None:
    spike = np.zeros(121, dtype=np.float32)
    spike[60] = 1
    for sigma in (2.0, 5.0):
        got = smoothed(spike, Key(0, sigma))
        at = np.arange(-60, 61)
        bell = np.exp(-(at**2) / (2 * sigma**2))
        bell /= bell.sum()
        np.testing.assert_allclose(got, np.where(bell > 1e-3, bell, got), atol=2e-4)


def test_it_may_vary_and_is_taken_in_part() -> None:
    jaw = noise(3)
    got = smoothed(jaw, Key(0, 0, "hold"), Key(30, 4, "hold"))
    assert np.array_equal(got[:30], jaw[:30])
    assert np.abs(np.diff(got[34:56])).mean() < 0.3 * np.abs(np.diff(jaw[34:56])).mean()
    full, half = (smoothed(jaw, Key(0, 4), weight=weight) for weight in (1.0, 0.5))
    np.testing.assert_allclose(half, (full + jaw) / 2, atol=1e-4)
    spanned = smoothed(jaw, Key(0, 4), span=FrameRange(20, 40))
    assert np.array_equal(spanned[:20], jaw[:20])
    np.testing.assert_allclose(spanned[28:32], full[28:32], atol=1e-4)


@examples(10)
@given(st.floats(-1e9, 1e9))
def test_any_number_can_be_asked_for(sigma: float) -> None:
    jaw = noise(1)
    got = smoothed(jaw, Key(0, sigma))
    assert np.isfinite(got).all()
    assert sigma > 0 or np.array_equal(got, jaw)
    widest = smoothed(jaw, Key(0, WIDEST_SMOOTHING))
    assert sigma < WIDEST_SMOOTHING or np.array_equal(got, widest)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_the_shortest_shots(frames: int) -> None:
    jaw = noise(1, frames)
    got = smoothed(jaw, Key(0, 5.0))
    assert got[0] == jaw[0]
    assert got[-1] == jaw[-1]
