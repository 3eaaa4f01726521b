"""When a shot shows what of another performance."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import TimeError, UsageError
from mien.model.transfer_times import TransferTiming, source_positions
from mien.timebase import Clock

SHOT, SOURCE = Clock(Fraction(25), 100), Clock(Fraction(50), 100)
_RATES = st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30), Fraction(60)])


@given(rate=_RATES, frames=st.integers(1, 300), offset=st.integers(-20, 20))
def test_the_same_clock_goes_frame_for_frame(rate: Fraction, frames: int, offset: int) -> None:
    clock = Clock(rate, frames)
    positions = source_positions(TransferTiming(offset=offset), clock, clock)
    np.testing.assert_array_equal(positions, np.arange(frames) - offset)


@given(rate=_RATES, other=_RATES, frames=st.integers(2, 200))
def test_seconds_are_kept_where_rates_differ(rate: Fraction, other: Fraction, frames: int) -> None:
    shot, source = Clock(rate, frames), Clock(other, 400)
    positions = source_positions(TransferTiming(), shot, source)
    times = positions / float(other)
    # Rates that differ by a thousandth count the same frames.
    np.testing.assert_allclose(times, np.arange(frames) / float(rate), atol=2e-3 * frames)


@given(
    start=st.integers(0, 60), length=st.integers(2, 40),
    begin=st.integers(0, 60), part=st.integers(2, 40),
)  # fmt: skip
def test_fit_fills_the_span(start: int, length: int, begin: int, part: int) -> None:
    timing = TransferTiming(
        span=f"{start}:{start + length}", source_span=f"{begin}:{begin + part}", fit=True
    )
    positions = source_positions(timing, SHOT, SOURCE)
    assert len(positions) == length
    assert positions[0] == begin
    assert (np.diff(positions) > 0).all()
    assert positions[-1] < begin + part
    assert positions[-1] + positions[1] - positions[0] == pytest.approx(begin + part, abs=1e-4)


def test_offsets_rates_and_warps() -> None:
    def at(**how: Any) -> list[float]:
        positions = source_positions(TransferTiming(**how), SHOT, SOURCE)
        return [float(positions[frame]) for frame in (0, 25, 50)]

    assert at() == [0, 50, 100]
    assert at(offset="-1s") == [50, 100, 150]
    assert at(offset=25, rate=0.5) == [-25, 0, 25]
    assert at(warp=[("0", "0"), ("1s", "0.5s")]) == [0, 25, 75]
    assert at(warp=[("1s", "0s")]) == [-50, 0, 50]
    assert source_positions(TransferTiming(align_sound=True), SHOT, SOURCE, Fraction(1, 2))[0] == 25


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"fit": True, "rate": 2.0}, "different things"),
        ({"align_sound": True, "offset": 3}, "different things"),
        ({"rate": 0.0}, "0 times"),
        ({"rate": float("nan")}, "nan times"),
    ],
)
def test_contradictions_are_refused(how: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        TransferTiming(**how)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"span": "90:120"}, "The span"),
        ({"source_span": "90:120"}, "The source's span"),
        ({"offset": "soon"}, "no offset"),
        ({"warp": [("0", "9s")]}, "source has 100 frames"),
        ({"warp": [("1s", "0"), ("0", "1s")]}, "backwards"),
    ],
)
def test_times_that_cannot_be_meant_are_refused(how: dict[str, Any], message: str) -> None:
    with pytest.raises((TimeError, UsageError), match=message):
        source_positions(TransferTiming(**how), SHOT, SOURCE)
