"""Whatever is done to a pickle of a head, it is read as arrays or refused."""

from __future__ import annotations

import contextlib
import tempfile
from functools import lru_cache
from pathlib import Path

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from mien.errors import WeightsError
from mien.weights.flame_file import read_flame
from mien.weights.unpickle import read_arrays
from tests.flame_heads import made_head, published_pickle
from tests.profiles import examples


@lru_cache(maxsize=6)
def _small(protocol: int) -> bytes:
    """A head's pickle with few vertices, so that its opcodes are not lost among its values."""
    head = {key: np.asarray(array) for key, array in made_head().items()}
    few = 4
    head |= {key: head[key][:few] for key in ("v_template", "posedirs", "weights", "f")}
    head |= {"shapedirs": head["shapedirs"][:few, :, :2], "J_regressor": np.eye(5, few)}
    with tempfile.TemporaryDirectory() as folder:
        return published_pickle(head, Path(folder) / "head.pkl", protocol).read_bytes()


_changes = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8
)


@examples(300)
@given(st.integers(0, 5), _changes, st.floats(0, 1))
def test_damaged_pickles(protocol: int, changes: list[tuple[float, int]], kept: float) -> None:
    data = bytearray(_small(protocol))
    for place, value in changes:
        data[int(place * len(data))] = value
    _read(bytes(data))
    _read(bytes(data[: int(kept * len(data))]))


@examples(300)
@given(st.binary(max_size=200))
@example(b"\x80\x02}U\x01aU\x01bs.")
@example(b"(((((((((.")
def test_any_bytes(data: bytes) -> None:
    _read(data)


def _read(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "head.pkl"
        path.write_bytes(data)
        try:
            found = read_arrays(path)
        except WeightsError:
            pass
        else:
            assert all(array.dtype.kind in "fiub" for array in found.values())
        with contextlib.suppress(WeightsError):
            read_flame(path)
