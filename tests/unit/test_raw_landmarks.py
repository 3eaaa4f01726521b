"""Landmarks as they were tracked: kept small, exact to their grid, and never trusted blindly."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien._types import AnyArray
from mien.model.raw_landmarks import MAX_BYTES_PER_FRAME, RawLandmarks, most_bytes

FRAMES = 300
HALF_A_STEP = 1 / 128


@pytest.fixture(scope="module")
def smoothed() -> AnyArray:
    """A face of 300 px that moves over a large picture."""
    rng = np.random.default_rng(1)
    shape = rng.uniform(0, 300, (478, 3))
    path = np.cumsum(rng.normal(0, 3, (FRAMES, 1, 3)), axis=0) + 1500
    return np.asarray(shape + path, dtype=np.float32)


@pytest.fixture(scope="module")
def tracked(smoothed: AnyArray) -> AnyArray:
    noise = np.random.default_rng(2).normal(0, 0.3, smoothed.shape)
    return np.asarray(smoothed + noise, np.float32)


@pytest.fixture(scope="module")
def seen() -> AnyArray:
    here = np.ones(FRAMES, np.bool_)
    here[[0, 17, 18, 299]] = False
    return here


def pack(tracked: AnyArray, smoothed: AnyArray, seen: AnyArray) -> RawLandmarks:
    packed = RawLandmarks.pack(tracked, smoothed, seen)
    assert packed is not None
    return packed


def test_they_come_back_to_half_a_step_where_the_face_was_seen(
    tracked: AnyArray, smoothed: AnyArray, seen: AnyArray
) -> None:
    packed = pack(tracked, smoothed, seen)
    back = packed.unpack(smoothed, seen)
    assert back.dtype == np.float32
    assert np.abs(back - tracked)[seen].max() <= HALF_A_STEP
    assert np.isnan(back[~seen]).all()


def test_they_take_a_third_of_what_they_may_at_film_noise(
    tracked: AnyArray, smoothed: AnyArray, seen: AnyArray
) -> None:
    packed = pack(tracked, smoothed, seen)
    assert len(packed.data) / seen.sum() < 0.5 * MAX_BYTES_PER_FRAME
    assert MAX_BYTES_PER_FRAME == 2868


def test_kept_again_beside_other_smoothed_ones_they_are_the_same(
    tracked: AnyArray, smoothed: AnyArray, seen: AnyArray
) -> None:
    """Solving again adds no error, however often."""
    first = pack(tracked, smoothed, seen).unpack(smoothed, seen)
    other = np.asarray(smoothed + 0.37, np.float32)
    again = pack(first, other, seen).unpack(other, seen)
    assert np.array_equal(first, again, equal_nan=True)


def test_what_is_too_far_or_too_large_is_not_kept(smoothed: AnyArray, seen: AnyArray) -> None:
    far = smoothed.copy()
    far[5] += 1e6
    assert RawLandmarks.pack(far, smoothed, seen) is None
    wild = np.random.default_rng(3).uniform(-2000, 2000, smoothed.shape).astype(np.float32)
    assert RawLandmarks.pack(wild, smoothed, seen) is None
    broken = smoothed.copy()
    broken[5, 3] = np.nan
    assert RawLandmarks.pack(broken, smoothed, seen) is None


def test_a_face_that_was_never_seen_keeps_nothing(smoothed: AnyArray) -> None:
    nowhere = np.zeros(FRAMES, np.bool_)
    packed = pack(smoothed, smoothed, nowhere)
    assert packed.data == b""
    assert np.isnan(packed.unpack(smoothed, nowhere)).all()


def test_damage_is_found(tracked: AnyArray, smoothed: AnyArray, seen: AnyArray) -> None:
    data = pack(tracked, smoothed, seen).data
    for damaged in (data[:-1], data[:2], data + b"\0", data[:20] + b"\xff" + data[21:]):
        with pytest.raises(ValueError, match="raw landmarks"):
            RawLandmarks(damaged).unpack(smoothed, seen)
    fewer = seen.copy()
    fewer[40] = False
    with pytest.raises(ValueError, match="raw landmarks"):
        RawLandmarks(data).unpack(smoothed, fewer)


def test_a_stream_that_unpacks_to_gigabytes_is_cut_short(smoothed: AnyArray) -> None:
    one = np.zeros(FRAMES, np.bool_)
    one[0] = True
    bomb = zlib.compress(bytes(1 << 26))
    with pytest.raises(ValueError, match="not as many"):
        RawLandmarks(struct.pack("<I", len(bomb)) + bomb).unpack(smoothed, one)
    assert most_bytes(one) == MAX_BYTES_PER_FRAME


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_offset_comes_back(data: st.DataObject) -> None:
    place = data.draw(st.floats(-5000, 5000, width=32))
    offsets = data.draw(st.lists(st.floats(-900, 900, width=32), min_size=1, max_size=8))
    smoothed = np.full((1, 478, 3), place, np.float32)
    tracked = smoothed.copy()
    tracked.reshape(-1)[: len(offsets)] += np.array(offsets, np.float32)
    seen = np.ones(1, np.bool_)
    packed = RawLandmarks.pack(tracked, smoothed, seen)
    assert packed is not None
    assert np.abs(packed.unpack(smoothed, seen) - tracked).max() <= HALF_A_STEP
