"""Pickles are read for their arrays and never run."""

from __future__ import annotations

import builtins
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from mien.errors import WeightsError, WriteError
from mien.weights import pickle_reader, unpickle
from mien.weights.flame_file import KEYS, read_flame, write_flame
from mien.weights.unpickle import read_arrays
from tests.flame_heads import made_head, published_pickle


@pytest.fixture(scope="module")
def head() -> dict[str, Any]:
    return made_head()


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_a_published_head_is_read_at_every_protocol(
    protocol: int, head: dict[str, Any], tmp_path: Path
) -> None:
    found = read_flame(published_pickle(head, tmp_path / "head.pkl", protocol))
    for key in KEYS:
        np.testing.assert_array_equal(found[key], head[key])


def test_the_kept_file_holds_the_same_head(head: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "deep" / "flame.npz"
    write_flame(head, path)
    assert [entry.name for entry in path.parent.iterdir()] == ["flame.npz"]
    for key, array in read_flame(path).items():
        np.testing.assert_array_equal(array, head[key])


def test_a_head_that_cannot_be_written_leaves_nothing(head: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WriteError):
        write_flame(head, tmp_path / "file" / "flame.npz")


@pytest.mark.parametrize("form", ["csc", "csr"])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_sparse_matrices_come_out_dense(form: str, kind: str, tmp_path: Path) -> None:
    dense = np.random.default_rng(0).random((5, 30)) * (np.arange(30) % 3 == 0)
    made = getattr(sparse, f"{form}_{kind}")(dense)
    path = _pickled({"J_regressor": made}, tmp_path)
    np.testing.assert_array_equal(read_arrays(path)["J_regressor"], dense)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">f8").reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.array([True, False]),
        np.zeros((0, 3)),
        np.float64(1.5),
        np.array(7, dtype=np.uint16),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_arrays_of_numbers_of_any_order_are_read(array: Any, protocol: int, tmp_path: Path) -> None:
    found = read_arrays(_pickled({"a": array}, tmp_path, protocol))["a"]
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


def test_a_selection_of_chumpy_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = _chumpy(monkeypatch)
    inner, selection = kinds["ch.Ch"](), kinds["reordering.Select"]()
    whole = np.arange(24.0).reshape(2, 3, 4)
    inner.__dict__.update(x=whole, _dirty_vars=set())
    selection.__dict__.update(a=inner, idxs=np.array([0, 5, 23, 7]), preferred_shape=(2, 2))
    found = read_arrays(_pickled({"shapedirs": selection}, tmp_path))
    np.testing.assert_array_equal(found["shapedirs"], [[0, 5], [23, 7]])
    selection.__dict__["idxs"] = np.array([24])
    with pytest.raises(WeightsError, match="beyond"):
        read_arrays(_pickled({"shapedirs": selection}, tmp_path))


def test_entries_that_are_no_arrays_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = _chumpy(monkeypatch)["ch_ops.add"]()
    path = _pickled({"a": np.ones(2), "bs_type": "lrotmin", "posed": other}, tmp_path)
    assert set(read_arrays(path)) == {"a"}
    assert read_arrays(path, keys=("other",)) == {}


class _Evil:
    """Unpickles as a call, of a function or of what is built in by that name."""

    def __init__(self, called: Any, *arguments: Any) -> None:
        self._called, self._arguments = called, arguments

    def __reduce__(self) -> Any:
        # Qt for Python puts an import of its own in its place, whenever that is.
        called = self._called
        return (getattr(builtins, called) if isinstance(called, str) else called), self._arguments


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize(
    ("evil", "named"),
    [
        (_Evil(os.system, "touch GOTCHA"), r"(posix|nt)\.system"),
        (_Evil(eval, "open('GOTCHA', 'w')"), r"eval"),
        (_Evil(exec, "open('GOTCHA', 'w')"), r"exec"),
        (_Evil(getattr, _Evil("__import__", "os"), "system"), r"getattr"),
        (_Evil("__import__", "os"), r"__(feature_)?import__"),
        (_Evil(open, "GOTCHA", "w"), r"open"),
        (_Evil(np.load, "GOTCHA", None, True), r"load"),
        (_Evil(np.fromfile, "GOTCHA"), r"fromfile"),
        (_Evil(np.zeros, (1 << 40,)), r"zeros"),
        (_Evil(np.testing.measure, "open('GOTCHA', 'w')"), r"measure"),
        (_Evil(sys.exit, 3), r"sys\.exit"),
        (_Evil(pickle.loads, b"."), r"loads"),
    ],
)
def test_what_would_run_is_refused_by_name(
    evil: _Evil, named: str, protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = _pickled({"v_template": np.ones(3), "weights": evil}, tmp_path, protocol)
    with pytest.raises(WeightsError, match=named):
        read_flame(path)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


_CALLS = {
    "an old instance": b"(S'true'\nios\nsystem\n.",
    "an object": b"(cos\nsystem\nS'true'\no.",
    "a name on the stack": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
    "a dotted name": b"cbuiltins\nobject.__subclasses__\n)R.",
    "a way through an allowed name": b"cnumpy\nndarray.tofile\n(S'x'\ntR.",
    "an extension": b"\x82\x01.",
    "a persistent name": b"Pname\n.",
}


@pytest.mark.parametrize("pickled", _CALLS.values(), ids=_CALLS)
def test_other_ways_to_a_call_are_refused(pickled: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        read_arrays(_written(pickled, tmp_path))


def _array_pickle(shape: bytes, data: bytes = b"S''\n", code: bytes = b"S'f8'\n") -> bytes:
    return (
        b"(dS'a'\ncnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n"
        + shape
        + b"cnumpy\ndtype\n("
        + code
        + b"I0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\n"
        + data
        + b"tbs."
    )


_HUGE = {
    "an array without its bytes": _array_pickle(b"(L1099511627776L\nt"),
    "a shape below zero": _array_pickle(b"(I-1\nt"),
    "a product that overflows": _array_pickle(b"(L4294967296L\nL4294967296L\nt"),
    "an array of objects": _array_pickle(b"(I1\nt", b"(lNa", b"S'O8'\n"),
    "a record": _array_pickle(b"(I1\nt", b"S'12345678'\n", b"S'V8'\n"),
    "a text longer than the file": b"\x80\x04\x8e" + (1 << 62).to_bytes(8, "little") + b".",
    "bytes longer than the file": b"\x80\x03B\xff\xff\xff\xffx.",
    "a long number": b"\x8b\xff\xff\xff\x7f1.",
    "a number of many digits": b"L" + b"9" * 100_000 + b"L\n.",
    "no end": b"\x80\x02}",
    "nothing": b"",
    "a list": b"].",
    "a pop of nothing": b"0000).",
    "a number": b"I1\n.",
}


@pytest.mark.parametrize("pickled", _HUGE.values(), ids=_HUGE)
def test_damage_and_bombs_are_refused(pickled: bytes, tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        read_arrays(_written(pickled, tmp_path))


def test_a_memo_far_away_takes_no_memory(tmp_path: Path) -> None:
    assert read_arrays(_written(b"\x80\x02}r\xff\xff\xff\xff.", tmp_path)) == {}


def test_what_holds_itself_is_no_array(tmp_path: Path) -> None:
    pickled = b"\x80\x02}U\x01acchumpy.ch\nCh\n)\x81q\x00}U\x01xh\x00sbs."
    with pytest.raises(WeightsError, match="without end"):
        read_arrays(_written(pickled, tmp_path))


def test_files_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickle, "LARGEST_FILE", 10)
    with pytest.raises(WeightsError, match="more than"):
        read_arrays(_pickled({"a": np.ones(9)}, tmp_path))
    monkeypatch.undo()
    monkeypatch.setattr(pickle_reader, "MOST_STEPS", 10)
    with pytest.raises(WeightsError, match="steps"):
        read_arrays(_pickled({"a": np.ones(9)}, tmp_path))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"v_template": np.zeros((4, 2))}, "v_template is"),
        ({"v_template": np.zeros(3)}, "3 vertices"),
        ({"shapedirs": np.zeros((907, 3, 100), np.float32)}, "100 directions"),
        ({"posedirs": np.full((907, 3, 36), np.nan)}, "not finite"),
        ({"J_regressor": np.zeros((5, 900))}, "J_regressor is"),
        ({"kintree_table": np.array([[-1, 0, 1, 2, 3], [0, 1, 2, 3, 4]])}, "hang together"),
        ({"weights": np.zeros((907, 5))}, "add up"),
        ({"f": np.array([[0, 1, 907]])}, "triangles"),
        ({"f": np.array([[0.0, 1.0, 2.0]])}, "f holds float64"),
        ({"f": np.zeros((0, 3), dtype=int)}, "triangles"),
    ],
)
def test_what_is_no_head_is_refused(
    changed: dict[str, Any], said: str, head: dict[str, Any], tmp_path: Path
) -> None:
    assert len(head["v_template"]) == 907
    path = tmp_path / "head.npz"
    np.savez(path, **{**head, **changed})
    with pytest.raises(WeightsError, match=said):
        read_flame(path)


def test_missing_parts_and_files_are_named(head: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "head.npz"
    np.savez(path, **{key: head[key] for key in KEYS if key != "posedirs"})
    with pytest.raises(WeightsError, match="posedirs"):
        read_flame(path)
    np.savez(path, **{**head, "f": np.array([None])})
    with pytest.raises(WeightsError, match="cannot be used"):
        read_flame(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WeightsError, match="cannot be used"):
        read_flame(path)
    with pytest.raises(WeightsError, match="cannot be read"):
        read_flame(tmp_path / "none.pkl")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_flame(tmp_path)


def _pickled(content: Any, folder: Path, protocol: int = 2) -> Path:
    return _written(pickle.dumps(content, protocol=protocol), folder)


def _written(data: bytes, folder: Path) -> Path:
    path = folder / "head.pkl"
    path.write_bytes(data)
    return path


def _chumpy(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Classes of chumpy, as far as pickle needs them to write an instance."""
    import types

    made = {}
    monkeypatch.setitem(sys.modules, "chumpy", types.ModuleType("chumpy"))
    for place in ("ch.Ch", "reordering.Select", "ch_ops.add"):
        room, name = place.split(".")
        module = types.ModuleType(f"chumpy.{room}")
        made[place] = type(name, (), {"__module__": module.__name__, "__qualname__": name})
        setattr(module, name, made[place])
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return made
