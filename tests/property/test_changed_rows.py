"""Rows that changed in a plate, sent to whoever has the plate as it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.media.planes import Channel, Layout, Plate
from mien.pipeline.painters.process import ChangedRows, changed_rows, with_rows

YUV = Layout("yuv420p10le", "yuv", 10, (Channel(0), Channel(1), Channel(2)), 1, 1)


def plate(seed: int, height: int = 8) -> Plate:
    noise = np.random.default_rng(seed)
    shapes = [(height, 12), (height // 2, 6), (height // 2, 6)]
    return Plate(YUV, (12, height), [noise.integers(0, 1024, s, np.uint16) for s in shapes])


@given(st.integers(0, 99), st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=6))
def test_what_is_sent_makes_the_same_plate(seed: int, changes: list[tuple[int, int]]) -> None:
    before = plate(seed)
    planes = [np.array(plane) for plane in before.planes]
    for number, row in changes:
        planes[number][row, seed % 6] ^= 1 + row
    after = before.with_planes(planes)
    rows = changed_rows(before, after)
    assert {number for number, _, _ in rows} <= {number for number, _ in changes}
    made = with_rows(before, rows)
    for now, wanted, was in zip(made.planes, after.planes, plate(seed).planes, strict=True):
        assert np.array_equal(now, wanted)
        assert now.dtype == was.dtype
    assert all(map(np.array_equal, before.planes, plate(seed).planes))


def test_every_bit_counts() -> None:
    """A zero and a negative one, and what is no number, which equals nothing."""
    layout = Layout("rgbf32", "rgb", 32, tuple(Channel(0, i, 3) for i in range(3)), floating=True)
    picture = np.zeros((4, 6), np.float32)
    picture[0], picture[3, 1] = np.nan, np.inf
    before = Plate(layout, (2, 4), [picture])
    negative = np.array(picture)
    negative[2, 4] = -0.0
    after = before.with_planes([negative])
    ((number, first, rows),) = changed_rows(before, after)
    assert (number, first, rows.shape) == (0, 2, (1, 6))
    assert with_rows(before, [(number, first, rows)]).planes[0].tobytes() == negative.tobytes()


def test_only_rows_from_the_first_to_the_last_are_sent() -> None:
    before = plate(1)
    planes = [np.array(plane) for plane in before.planes]
    planes[0][2, 3] ^= 1
    planes[0][5, 0] ^= 1
    ((number, first, rows),) = changed_rows(before, before.with_planes(planes))
    assert (number, first, rows.shape) == (0, 2, (4, 12))


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 0, np.zeros((9, 12), np.uint16))],
        [(1, 3, np.zeros((2, 6), np.uint16))],
        [(0, 0, np.zeros((1, 12), np.uint8))],
        [(0, 0, np.zeros((1, 11), np.uint16))],
    ],
)
def test_rows_of_another_plate_are_refused(rows: ChangedRows) -> None:
    with pytest.raises(ValueError, match="rows of"):
        with_rows(plate(1), rows)
