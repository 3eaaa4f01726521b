"""Arrays out of pickles that cannot be trusted: nothing in the file is ever called.

FLAME heads are published as pickles of Python 2. `pickle_reader` reads the file into inert
notes; of these, NumPy arrays, SciPy's sparse matrices and chumpy's `Ch` and `Select` are
made here, from their bytes and shapes alone, as the packages' `__reduce__` and
`__getstate__` wrote them. A name outside that list ends the reading at once.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien._types import AnyArray
from mien.errors import WeightsError
from mien.weights.pickle_reader import NEW_OBJECT, Note, RefusedError, parse

__all__ = ["LARGEST_FILE", "read_arrays"]

LARGEST_FILE: Final = 1 << 29
"""Bytes of a pickle that is read; the published heads have 53 million."""
MOST_VALUES: Final = 1 << 27
"""Values of an array that is made; a head's largest has six million."""
DEEPEST: Final = 16
"""Notes within notes that an array is made of."""


_REMEDY: Final = "Only files of plain arrays are opened: get the model again from its publisher."
_NUMPY = ("numpy", "numpy.core", "numpy._core")
_ARRAY_CALLS: Final = {f"{room}.multiarray._reconstruct" for room in _NUMPY[1:]}
_BUFFER_CALLS: Final = {f"{room}.numeric._frombuffer" for room in _NUMPY[1:]}
_SCALAR_CALLS: Final = {f"{room}.multiarray.scalar" for room in _NUMPY[1:]}
_DTYPE: Final = "numpy.dtype"
_NDARRAY: Final = "numpy.ndarray"
_ENCODE: Final = "_codecs.encode"
_EMPTY: Final = frozenset(
    f"{room}.{name}"
    for room in ("__builtin__", "builtins")
    for name in ("set", "frozenset", "object", "bytes", "bytearray", "dict", "list", "tuple")
)
_SPARSE: Final = frozenset(
    f"scipy.sparse.{room}{kind}_{form}"
    for kind in ("csc", "csr")
    for form in ("matrix", "array")
    for room in ("", f"{kind}.", f"_{kind}.")
)
_HARMLESS: Final = (
    _ARRAY_CALLS
    | _BUFFER_CALLS
    | _SCALAR_CALLS
    | {_DTYPE, _NDARRAY, _ENCODE, "collections.OrderedDict"}
    | NEW_OBJECT
    | _EMPTY
    | _SPARSE
)
_CHUMPY: Final = "chumpy."
_CH, _SELECT = "chumpy.ch.Ch", "chumpy.reordering.Select"
_DAMAGED_MATRIX: Final = "holds a sparse matrix that is damaged"
_KINDS: Final = "fiub"
"""Kinds of dtype that are arrays of plain numbers."""


def read_arrays(path: Path, keys: Collection[str] | None = None) -> dict[str, AnyArray]:
    """The arrays of a pickled dictionary, without running anything that it holds.

    Sparse matrices come out dense. Entries that are no arrays are left out.

    Args:
        path: The pickle.
        keys: Entries that are wanted; all when None. Arrays of others are not made.

    Raises:
        WeightsError: When it cannot be read, names anything that is no array (the error says
            what), is no dictionary, or is too large.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RefusedError(f"has more than {LARGEST_FILE >> 20} MB")
        root = parse(path.read_bytes(), _harmless)
        if not isinstance(root, dict):
            raise RefusedError("holds no dictionary of arrays")
        found = {}
        for key, value in root.items():
            name = key.decode("latin-1") if isinstance(key, bytes) else key
            if isinstance(name, str) and (keys is None or name in keys):
                array = _array(value)
                if array is not None:
                    found[name] = array
        return found
    except (TypeError, ValueError, OverflowError) as error:
        raise WeightsError(f"{path.name} is damaged: {error}.", _REMEDY, path=path) from error
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be read: {error.strerror}.",
            "Check the file's place and permissions.",
            path=path,
        ) from error
    except RefusedError as error:
        raise WeightsError(f"{path.name} {error}.", _REMEDY, path=path) from error


def _harmless(name: str) -> bool:
    return name in _HARMLESS or name.startswith(_CHUMPY)


def _array(value: Any, depth: int = 0) -> AnyArray | None:
    """The array that a note describes; None when it describes none."""
    if depth > DEEPEST:
        raise RefusedError("holds arrays within arrays without end")
    if not isinstance(value, Note):
        return None
    if value.called in _ARRAY_CALLS or value.called == _NDARRAY:
        return _plain(value.state)
    if value.called in _BUFFER_CALLS:
        return _buffer(value.arguments)
    if value.called in _SCALAR_CALLS and len(value.arguments) == 2:
        kind, data = value.arguments
        return _from_bytes(_bytes(data), _dtype(kind), (), "C")
    if value.called in _SPARSE:
        return _dense(value, depth)
    if value.called in (_CH, _SELECT):
        return _chumpy(value, depth)
    return None


def _plain(state: Any) -> AnyArray:
    """An array from the state that `ndarray.__reduce__` gives."""
    if not isinstance(state, tuple) or len(state) not in (4, 5):
        raise RefusedError("holds an array without its shape")
    shape, kind, columns_first, data = state[-4:]
    return _from_bytes(_bytes(data), _dtype(kind), shape, "F" if columns_first else "C")


def _buffer(arguments: tuple[Any, ...]) -> AnyArray:
    if len(arguments) != 4:
        raise RefusedError("holds an array without its shape")
    data, kind, shape, order = arguments
    return _from_bytes(_bytes(data), _dtype(kind), shape, "F" if order in ("F", b"F") else "C")


def _from_bytes(data: bytes, dtype: np.dtype[Any], shape: Any, order: Any) -> AnyArray:
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise RefusedError("holds an array with a shape that is none")
    size = 1
    for n in shape:
        size *= n
    if size > MOST_VALUES or len(shape) > 8 or size * dtype.itemsize != len(data):
        raise RefusedError(f"holds an array of {size} values in {len(data)} bytes")
    return np.frombuffer(data, dtype).reshape(shape, order=order)


def _dtype(note: Any) -> np.dtype[Any]:
    """A dtype of plain numbers from the note of one: a code, then the order of its bytes."""
    if not isinstance(note, Note) or note.called != _DTYPE or not note.arguments:
        raise RefusedError("holds an array of no known kind")
    code = note.arguments[0]
    code = code.decode("latin-1") if isinstance(code, bytes) else code
    order = note.state[1] if isinstance(note.state, tuple) and len(note.state) > 1 else "="
    order = order.decode("latin-1") if isinstance(order, bytes) else order
    if not isinstance(code, str) or order not in ("<", ">", "|", "="):
        raise RefusedError("holds an array of no known kind")
    if len(code) != 2 or code[0] not in _KINDS or code[1] not in "1248":
        raise RefusedError(f"holds an array of '{code[:20]}', which are no plain numbers")
    return np.dtype(f"{order}{code}")


def _bytes(value: Any) -> bytes:
    """Bytes, also as pickles of protocol 2 write them: as text and the way to encode it."""
    if isinstance(value, Note) and value.called == _ENCODE and value.arguments:
        value = value.arguments[0]
    if isinstance(value, Note) and value.called in _EMPTY and not value.arguments:
        value = b""
    if isinstance(value, str):
        return value.encode("latin-1")
    if not isinstance(value, bytes):
        raise RefusedError("holds an array without its values")
    return value


def _dense(note: Note, depth: int) -> AnyArray:
    """A sparse matrix of SciPy, from its attributes, as a dense array."""
    state = note.state[0] if isinstance(note.state, tuple) and note.state else note.state
    found = _attributes(state)
    shape = found.get("_shape", found.get("shape"))
    if not isinstance(shape, tuple) or len(shape) != 2 or not all(type(n) is int for n in shape):
        raise RefusedError("holds a sparse matrix without its shape")
    if min(shape) < 0 or shape[0] * shape[1] > MOST_VALUES:
        raise RefusedError(f"holds a sparse matrix of {shape[0]} x {shape[1]} values")
    data, inner, ends = (_vector(found.get(key), depth) for key in ("data", "indices", "indptr"))
    columns_first = note.called.rpartition(".")[2].startswith("csc")
    ends = _indices(ends, len(inner) + 1)
    if len(ends) != shape[columns_first] + 1 or ends[0] or ends[-1] != len(inner):
        raise RefusedError(_DAMAGED_MATRIX)
    if len(data) != len(inner) or (np.diff(ends) < 0).any():
        raise RefusedError(_DAMAGED_MATRIX)
    outer = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    rows, columns = (inner, outer) if columns_first else (outer, inner)
    dense = np.zeros(shape)
    np.add.at(dense, (_indices(rows, shape[0]), _indices(columns, shape[1])), data)
    return dense


def _vector(value: Any, depth: int) -> AnyArray:
    array = _array(value, depth + 1)
    if array is None or array.ndim != 1:
        raise RefusedError(_DAMAGED_MATRIX)
    return array


def _indices(values: AnyArray, limit: int) -> npt.NDArray[np.int64]:
    """Whole numbers from 0 to below a limit."""
    if values.dtype.kind not in "iu" or (
        values.size and not (values.min() >= 0 and values.max() < limit)
    ):
        raise RefusedError("takes values from beyond an array's end")
    return values.astype(np.int64)


def _chumpy(note: Note, depth: int) -> AnyArray | None:
    """The array that a `Ch` keeps, or the part of one that a `Select` takes."""
    found = _attributes(note.state)
    if note.called == _CH:
        return _array(found.get("x"), depth + 1)
    source, places = _array(found.get("a"), depth + 1), _array(found.get("idxs"), depth + 1)
    if source is None or places is None:
        return None
    taken = source.reshape(-1)[_indices(places.reshape(-1), source.size)]
    shape = found.get("preferred_shape")
    if not isinstance(shape, tuple):
        return taken
    return _from_bytes(taken.tobytes(), taken.dtype, shape, "C")


def _attributes(state: Any) -> dict[str, Any]:
    if not isinstance(state, dict):
        raise RefusedError("holds an object without its attributes")
    return {
        key.decode("latin-1") if isinstance(key, bytes) else str(key): value
        for key, value in state.items()
    }
