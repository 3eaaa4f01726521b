"""Curves reduced to few keys stay within the tolerance, whatever they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import DoubleArray
from mien.errors import UsageError
from mien.model.interpolate import sample
from mien.model.key_reduction import reduce_keys

_VALUES = st.lists(
    st.floats(-45, 45, allow_nan=False, width=32) | st.sampled_from([0.0, 0.5, 1.0]),
    min_size=1, max_size=60,
)  # fmt: skip


@given(values=_VALUES, start=st.integers(0, 10_000), tolerance=st.floats(0, 2))
def test_every_frame_is_within_the_tolerance(
    values: list[float], start: int, tolerance: float
) -> None:
    keys = reduce_keys(values, start, tolerance)
    frames = np.arange(start, start + len(values))
    assert np.abs(sample(keys, frames) - values).max() <= tolerance + 1e-6
    placed = [key.frame for key in keys]
    assert placed == sorted(set(placed))
    assert set(placed) <= set(frames.tolist())
    if len(keys) > 1:
        assert (placed[0], placed[-1]) == (start, start + len(values) - 1)


@given(
    ends=st.tuples(*[st.floats(-1, 1) for _ in range(4)]),
    length=st.integers(4, 200),
)
def test_a_cubic_needs_two_keys(ends: tuple[float, ...], length: int) -> None:
    u = np.linspace(0, 1, length + 1)
    cubic: DoubleArray = np.polyval(ends, u)
    assert len(reduce_keys(cubic, 0, 1e-6)) <= 2


def test_one_key_is_enough_for_what_hardly_moves() -> None:
    (key,) = reduce_keys([0.5, 0.51, 0.495], 7, 0.01)
    assert (key.frame, key.interpolation) == (7, "hold")


def test_handles_of_a_smooth_curve_are_in_one_line() -> None:
    keys = reduce_keys(np.sin(np.arange(120) / 6), 0, 0.01)
    assert 5 <= len(keys) <= 26
    for key in keys[1:-1]:
        assert key.handle_in is not None
        assert key.handle_out is not None
        into, out = (h[1] / h[0] for h in (key.handle_in, key.handle_out))
        assert into == pytest.approx(out, abs=2e-3)


@pytest.mark.parametrize(
    ("values", "tolerance"), [([], 0.01), ([np.nan], 0.01), ([0.0], -1), ([0.0], np.inf)]
)
def test_what_cannot_be_meant_is_refused(values: list[float], tolerance: float) -> None:
    with pytest.raises(UsageError):
        reduce_keys(values, 0, tolerance)
