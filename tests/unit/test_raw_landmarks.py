"""Landmarks as they were tracked: kept small, exact to their grid, and never trusted blindly."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import AnyArray
from mien.model.raw_landmarks import MAX_BYTES_PER_FRAME, RawLandmarks, most_bytes
from tests.profiles import examples

FRAMES = 300
HALF_A_STEP = 1 / 128


@pytest.fixture(scope="module")
def tracked() -> AnyArray:
    """A face of 300 px that moves over a large picture, with the noise of film."""
    rng = np.random.default_rng(1)
    shape = rng.uniform(0, 300, (478, 3))
    path = np.cumsum(rng.normal(0, 1, (FRAMES, 1, 3)), axis=0) + 1500
    noise = rng.normal(0, 0.1, (FRAMES, 478, 3))
    return np.asarray(shape + path + noise, dtype=np.float32)


@pytest.fixture(scope="module")
def seen() -> AnyArray:
    here = np.ones(FRAMES, np.bool_)
    here[[0, 17, 18, 299]] = False
    return here


def pack(landmarks: AnyArray, seen: AnyArray) -> RawLandmarks:
    packed = RawLandmarks.pack(landmarks, seen)
    assert packed is not None
    return packed


def test_they_come_back_to_half_a_step_where_the_face_was_seen(
    tracked: AnyArray, seen: AnyArray
) -> None:
    back = pack(tracked, seen).unpack(seen)
    assert back.dtype == np.float32
    assert np.abs(back - tracked)[seen].max() <= HALF_A_STEP
    assert np.isnan(back[~seen]).all()


def test_at_the_noise_of_film_they_take_about_half_of_what_they_may(
    tracked: AnyArray, seen: AnyArray
) -> None:
    assert len(pack(tracked, seen).data) / seen.sum() < 0.6 * MAX_BYTES_PER_FRAME
    assert MAX_BYTES_PER_FRAME == 2868


def test_packed_again_they_are_the_same(tracked: AnyArray, seen: AnyArray) -> None:
    """Solving again adds no error, however often."""
    first = pack(tracked, seen)
    again = pack(first.unpack(seen), seen)
    assert again.data == first.data


def test_what_is_too_far_or_too_large_is_not_kept(tracked: AnyArray, seen: AnyArray) -> None:
    far = tracked.copy()
    far[5] += 1e6
    assert RawLandmarks.pack(far, seen) is None
    wild = np.random.default_rng(3).uniform(-9000, 9000, tracked.shape).astype(np.float32)
    assert RawLandmarks.pack(wild, seen) is None
    broken = tracked.copy()
    broken[5, 3] = np.nan
    assert RawLandmarks.pack(broken, seen) is None


def test_a_face_that_was_never_seen_keeps_nothing(tracked: AnyArray) -> None:
    nowhere = np.zeros(FRAMES, np.bool_)
    packed = pack(tracked, nowhere)
    assert packed.data == b""
    assert np.isnan(packed.unpack(nowhere)).all()


def test_damage_is_found(tracked: AnyArray, seen: AnyArray) -> None:
    data = pack(tracked, seen).data
    for damaged in (data[:-1], data[:2], data + b"\0", data[:20] + b"\xff" + data[21:]):
        with pytest.raises(ValueError, match="raw landmarks"):
            RawLandmarks(damaged).unpack(seen)
    fewer = seen.copy()
    fewer[40] = False
    with pytest.raises(ValueError, match="raw landmarks"):
        RawLandmarks(data).unpack(fewer)


def test_a_stream_that_unpacks_to_gigabytes_is_cut_short() -> None:
    one = np.zeros(FRAMES, np.bool_)
    one[0] = True
    bomb = zlib.compress(bytes(1 << 26))
    with pytest.raises(ValueError, match="not as many"):
        RawLandmarks(struct.pack("<I", len(bomb)) + bomb).unpack(one)
    assert most_bytes(one) == MAX_BYTES_PER_FRAME


@examples(60)
@given(st.lists(st.floats(-9000, 9000, width=32), min_size=1, max_size=8), st.integers(1, 4))
def test_any_place_comes_back(places: list[float], frames: int) -> None:
    landmarks = np.zeros((frames, 478, 3), np.float32)
    landmarks.reshape(-1)[: len(places)] = places
    landmarks[-1, -1, : min(3, len(places))] = places[:3]
    seen = np.ones(frames, np.bool_)
    assert np.abs(pack(landmarks, seen).unpack(seen) - landmarks).max() <= HALF_A_STEP
