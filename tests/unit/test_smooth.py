from __future__ import annotations

import numpy as np

from mien.signal.gaps import bridge, segments
from mien.signal.smooth import smooth


def test_nothing_is_smoothed_across_a_cut() -> None:
    step = np.r_[np.zeros(30), np.ones(30)].astype(np.float32)[:, None]
    step += np.random.default_rng(1).normal(0, 0.3, step.shape).astype(np.float32)
    cut = smooth(step, cuts=(30,))
    assert np.array_equal(cut[:30], smooth(step[:30]))
    assert np.array_equal(cut[30:], smooth(step[30:]))


def test_invalid_frames_are_passed_through() -> None:
    signal = np.random.default_rng(2).normal(size=(40, 2)).astype(np.float32)
    signal[10:14] = np.nan
    valid = ~np.isnan(signal[:, 0])
    result = smooth(signal, valid)
    assert np.isfinite(result[valid]).all()
    assert np.isnan(result[~valid]).all()


def test_each_channel_is_smoothed_by_its_own_noise() -> None:
    still = np.random.default_rng(3).normal(0, 0.1, 200)
    moving = np.sin(np.arange(200) / 5)
    signal = np.stack([still, moving], axis=1).astype(np.float32)
    result = smooth(signal)
    assert result[:, 0].std() < 0.5 * still.std()
    assert np.abs(result[:, 1] - moving).max() < 0.05


def test_windows_keep_their_length_in_seconds() -> None:
    signal = np.random.default_rng(4).normal(size=(400, 1)).astype(np.float32)
    assert smooth(signal, rate=60).std() < smooth(signal, rate=15).std()


def test_any_shape_and_in_place() -> None:
    signal = np.random.default_rng(5).normal(size=(50, 4, 3)).astype(np.float32)
    expected = smooth(signal)
    assert expected.shape == signal.shape
    assert smooth(signal, out=signal) is signal
    assert np.array_equal(signal, expected)


def test_very_short_signals_stay_as_they_are() -> None:
    for length in (0, 1, 2, 3):
        signal = np.arange(length, dtype=np.float32)[:, None]
        assert np.array_equal(smooth(signal), signal)


def test_only_short_gaps_are_bridged() -> None:
    valid = np.array([1, 1, 0, 0, 1, 0, 0, 0, 1, 0], dtype=bool)
    signal = np.where(valid, np.arange(10), 99).astype(np.float32)[:, None]
    bridged = bridge(signal, valid, longest=2)
    assert np.flatnonzero(bridged).tolist() == [2, 3]
    assert signal[:5, 0].tolist() == [0, 1, 2, 3, 4]


def test_segments_break_at_gaps_and_cuts() -> None:
    valid = np.array([0, 1, 1, 0, 1, 1, 1, 0], dtype=bool)
    assert segments(valid, cuts=(5,)) == (slice(1, 3), slice(4, 5), slice(5, 7))
    assert segments(np.zeros(4, dtype=bool)) == ()


def test_a_control_that_rests_at_zero_is_smoothed_where_it_moves() -> None:
    random = np.random.default_rng(6)
    true = 0.5 * np.clip(np.sin(np.arange(200) / 15), 0, None)
    noisy = np.clip(true + random.normal(0, 0.02, 200), 0, None) * (true > 0)
    result = smooth(noisy.astype(np.float32)[:, None])[:, 0]
    active = true > 0.1
    assert np.abs(result - true)[active].mean() < 0.7 * np.abs(noisy - true)[active].mean()


def test_a_clean_step_stays_a_step() -> None:
    step = np.r_[np.zeros(50), np.ones(50)].astype(np.float32)[:, None]
    assert np.array_equal(smooth(step), step)
