"""Arrays out of pickles that cannot be trusted: nothing in the file is ever called.

FLAME heads are published as pickles of Python 2. This is a reader of the pickle format, not
an unpickler: every opcode is read here, a name in the file stays a name, a call stays a note
of what was to be called with what, and state stays beside it. Only after the whole file was
read are NumPy arrays, SciPy's sparse matrices and chumpy's `Ch` and `Select` made of such
notes, from their bytes and shapes alone. Names outside that list end the reading at once.

The format is described in CPython's Lib/pickletools.py; what NumPy, SciPy and chumpy write,
in their `__reduce__` and `__getstate__`.
"""

from __future__ import annotations

import pickle
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien.errors import WeightsError

__all__ = ["LARGEST_FILE", "read_arrays"]

LARGEST_FILE: Final = 1 << 29
"""Bytes of a pickle that is read; the published heads have 53 million."""
MOST_STEPS: Final = 1_000_000
"""Opcodes of a file; the published heads have some thousands."""
MOST_VALUES: Final = 1 << 27
"""Values of an array that is made; a head's largest has six million."""
LONGEST_NUMBER: Final = 64
"""Bytes of a whole number."""
DEEPEST: Final = 16
"""Notes within notes that an array is made of."""

Array = npt.NDArray[Any]

_REMEDY: Final = "Only files of plain arrays are opened: get the model again from its publisher."
_NUMPY = ("numpy", "numpy.core", "numpy._core")
_ARRAY_CALLS: Final = {f"{room}.multiarray._reconstruct" for room in _NUMPY[1:]}
_BUFFER_CALLS: Final = {f"{room}.numeric._frombuffer" for room in _NUMPY[1:]}
_SCALAR_CALLS: Final = {f"{room}.multiarray.scalar" for room in _NUMPY[1:]}
_DTYPE: Final = "numpy.dtype"
_NDARRAY: Final = "numpy.ndarray"
_ENCODE: Final = "_codecs.encode"
_NEW_OBJECT: Final = frozenset({"copy_reg._reconstructor", "copyreg._reconstructor"})
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
    | _NEW_OBJECT
    | _EMPTY
    | _SPARSE
)
_CHUMPY: Final = "chumpy."
_CH, _SELECT = "chumpy.ch.Ch", "chumpy.reordering.Select"
_DAMAGED_MATRIX: Final = "holds a sparse matrix that is damaged"
_KINDS: Final = "fiub"
"""Kinds of dtype that are arrays of plain numbers."""


class _RefusedError(Exception):
    """What is wrong with a pickle, in words that end a sentence about it."""


@dataclass(frozen=True, slots=True)
class _Name:
    """Something that the file names; never looked up."""

    name: str


@dataclass(slots=True, eq=False)
class _Note:
    """A call that the file asks for; never made."""

    called: str
    arguments: tuple[Any, ...]
    state: Any = None


_MARK: Final = object()


def read_arrays(path: Path, keys: Collection[str] | None = None) -> dict[str, Array]:
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
            raise _RefusedError(f"has more than {LARGEST_FILE >> 20} MB")
        root = _Reader(path.read_bytes()).read()
        if not isinstance(root, dict):
            raise _RefusedError("holds no dictionary of arrays")
        found = {}
        for key, value in root.items():
            name = key.decode("latin-1") if isinstance(key, bytes) else key
            if isinstance(name, str) and (keys is None or name in keys):
                array = _array(value)
                if array is not None:
                    found[name] = array
        return found
    except (TypeError, ValueError, OverflowError) as error:
        raise WeightsError(f"{path.name} is damaged: {error}.", _REMEDY) from error
    except OSError as error:
        raise WeightsError(
            f"{path} cannot be read: {error.strerror}.", "Check the file's place and permissions."
        ) from error
    except _RefusedError as error:
        raise WeightsError(f"{path.name} {error}.", _REMEDY) from error


@dataclass(slots=True, eq=False)
class _Reader:
    """Follows a pickle's opcodes over a stack of inert values."""

    data: bytes
    at: int = 0
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def read(self) -> Any:
        """What the pickle holds."""
        for _ in range(MOST_STEPS):
            code = self.take(1)
            if code == pickle.STOP:
                return self.pop()
            step = _STEPS.get(code)
            if step is None:
                raise _RefusedError(f"is no pickle of arrays (code {code!r} at byte {self.at - 1})")
            try:
                step(self)
            except (TypeError, ValueError, struct.error, RecursionError) as error:
                raise _RefusedError(f"is damaged at byte {self.at}") from error
        raise _RefusedError(f"has more than {MOST_STEPS} steps")

    def take(self, count: int) -> bytes:
        if count < 0 or count > len(self.data) - self.at:
            raise _RefusedError("is cut off or is no pickle")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def line(self) -> bytes:
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise _RefusedError("is cut off or is no pickle")
        return self.take(end + 1 - self.at)[:-1]

    def text_line(self) -> str:
        return self.line().decode("ascii")

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise _RefusedError("is damaged: a value is missing")
        return self.stack.pop()

    def top(self) -> Any:
        value = self.pop()
        self.stack.append(value)
        return value

    def since_mark(self) -> list[Any]:
        for i in range(len(self.stack) - 1, -1, -1):
            if self.stack[i] is _MARK:
                values = self.stack[i + 1 :]
                del self.stack[i:]
                return values
        raise _RefusedError("is damaged: a value is missing")

    def remember(self, place: int) -> None:
        self.memo[place] = self.top()

    def recall(self, place: int) -> None:
        if place not in self.memo:
            raise _RefusedError("is damaged: a value is missing")
        self.stack.append(self.memo[place])

    def name(self, room: str, name: str) -> None:
        full = f"{room}.{name}"
        if full not in _HARMLESS and not full.startswith(_CHUMPY):
            raise _RefusedError(f"asks for '{full[:80]}', which is no array")
        self.stack.append(_Name(full))

    def stack_name(self) -> None:
        name, room = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(room, str):
            raise _RefusedError("is damaged: a name is no text")
        self.name(room, name)

    def call(self, called: Any, arguments: Any) -> None:
        if not isinstance(called, _Name) or not isinstance(arguments, tuple):
            raise _RefusedError("calls what is no name")
        if called.name in _NEW_OBJECT and arguments and isinstance(arguments[0], _Name):
            called, arguments = arguments[0], arguments[1:]
        self.stack.append(_Note(called.name, arguments))

    def reduce(self) -> None:
        arguments, called = self.pop(), self.pop()
        self.call(called, arguments)

    def instance(self) -> None:
        called, *arguments = self.since_mark() or [None]
        self.call(called, tuple(arguments))

    def old_instance(self, room: str, name: str) -> None:
        arguments = self.since_mark()
        self.name(room, name)
        self.call(self.pop(), tuple(arguments))

    def build(self) -> None:
        state, made = self.pop(), self.top()
        if not isinstance(made, _Note):
            raise _RefusedError("gives a state to what has none")
        made.state = state

    def put_items(self, pairs: list[Any]) -> None:
        holder = self.top()
        if isinstance(holder, _Note):
            return
        if not isinstance(holder, dict) or len(pairs) % 2:
            raise _RefusedError("is damaged: entries without a dictionary")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if isinstance(key, str | bytes):
                holder[key] = value

    def append_all(self, values: list[Any]) -> None:
        holder = self.top()
        if isinstance(holder, list):
            holder.extend(values)
        elif not isinstance(holder, _Note):
            raise _RefusedError("is damaged: items without a list")

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def tuple_of(self, count: int) -> None:
        values = [self.pop() for _ in range(count)]
        self.stack.append(tuple(reversed(values)))

    def item(self) -> None:
        value, key = self.pop(), self.pop()
        self.put_items([key, value])

    def one_more(self) -> None:
        value = self.pop()
        self.append_all([value])

    def dictionary(self) -> None:
        pairs = self.since_mark()
        self.stack.append({})
        self.put_items(pairs)

    def proto(self) -> None:
        if self.take(1)[0] > pickle.HIGHEST_PROTOCOL:
            raise _RefusedError("is a pickle of a newer kind")


def _integer(text: bytes) -> int | bool:
    if len(text) > LONGEST_NUMBER:
        raise _RefusedError("holds a number that is too long")
    if text in (b"00", b"01"):
        return text == b"01"
    return int(text.rstrip(b"L"))


def _long(data: bytes) -> int:
    if len(data) > LONGEST_NUMBER:
        raise _RefusedError("holds a number that is too long")
    return int.from_bytes(data, "little", signed=True)


def _quoted(text: bytes) -> bytes:
    """The bytes of a string as Python 2 writes it in text."""
    import codecs

    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
        raise _RefusedError("is damaged: a text has no end")
    return codecs.escape_decode(text[1:-1])[0]


def _utf8(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")


Step = Callable[[_Reader], object]

_STEPS: Final[dict[bytes, Step]] = {
    pickle.PROTO: _Reader.proto,
    pickle.FRAME: lambda r: r.take(8),
    pickle.MARK: lambda r: r.push(_MARK),
    pickle.POP: lambda r: r.stack.pop() if r.stack else None,
    pickle.POP_MARK: lambda r: r.since_mark(),
    pickle.DUP: lambda r: r.push(r.top()),
    pickle.NONE: lambda r: r.push(None),
    pickle.NEWTRUE: lambda r: r.push(True),
    pickle.NEWFALSE: lambda r: r.push(False),
    pickle.INT: lambda r: r.push(_integer(r.line())),
    pickle.LONG: lambda r: r.push(_integer(r.line())),
    pickle.BININT: lambda r: r.push(r.number("<i")),
    pickle.BININT1: lambda r: r.push(r.number("<B")),
    pickle.BININT2: lambda r: r.push(r.number("<H")),
    pickle.LONG1: lambda r: r.push(_long(r.take(r.number("<B")))),
    pickle.LONG4: lambda r: r.push(_long(r.take(r.number("<i")))),
    pickle.FLOAT: lambda r: r.push(float(r.line())),
    pickle.BINFLOAT: lambda r: r.push(struct.unpack(">d", r.take(8))[0]),
    pickle.STRING: lambda r: r.push(_quoted(r.line())),
    pickle.BINSTRING: lambda r: r.push(r.take(r.number("<i"))),
    pickle.SHORT_BINSTRING: lambda r: r.push(r.take(r.number("<B"))),
    pickle.BINBYTES: lambda r: r.push(r.take(r.number("<I"))),
    pickle.SHORT_BINBYTES: lambda r: r.push(r.take(r.number("<B"))),
    pickle.BINBYTES8: lambda r: r.push(r.take(r.number("<Q"))),
    pickle.BYTEARRAY8: lambda r: r.push(r.take(r.number("<Q"))),
    pickle.UNICODE: lambda r: r.push(r.line().decode("raw-unicode-escape")),
    pickle.BINUNICODE: lambda r: r.push(_utf8(r.take(r.number("<I")))),
    pickle.SHORT_BINUNICODE: lambda r: r.push(_utf8(r.take(r.number("<B")))),
    pickle.BINUNICODE8: lambda r: r.push(_utf8(r.take(r.number("<Q")))),
    pickle.EMPTY_TUPLE: lambda r: r.push(()),
    pickle.TUPLE1: lambda r: r.tuple_of(1),
    pickle.TUPLE2: lambda r: r.tuple_of(2),
    pickle.TUPLE3: lambda r: r.tuple_of(3),
    pickle.TUPLE: lambda r: r.push(tuple(r.since_mark())),
    pickle.EMPTY_LIST: lambda r: r.push([]),
    pickle.LIST: lambda r: r.push(r.since_mark()),
    pickle.APPEND: _Reader.one_more,
    pickle.APPENDS: lambda r: r.append_all(r.since_mark()),
    pickle.EMPTY_SET: lambda r: r.push([]),
    pickle.ADDITEMS: lambda r: r.append_all(r.since_mark()),
    pickle.FROZENSET: lambda r: r.push(r.since_mark()),
    pickle.EMPTY_DICT: lambda r: r.push({}),
    pickle.DICT: _Reader.dictionary,
    pickle.SETITEM: _Reader.item,
    pickle.SETITEMS: lambda r: r.put_items(r.since_mark()),
    pickle.GLOBAL: lambda r: r.name(r.text_line(), r.text_line()),
    pickle.STACK_GLOBAL: _Reader.stack_name,
    pickle.REDUCE: _Reader.reduce,
    pickle.NEWOBJ: _Reader.reduce,
    pickle.INST: lambda r: r.old_instance(r.text_line(), r.text_line()),
    pickle.OBJ: _Reader.instance,
    pickle.BUILD: _Reader.build,
    pickle.PUT: lambda r: r.remember(int(_integer(r.line()))),
    pickle.BINPUT: lambda r: r.remember(r.number("<B")),
    pickle.LONG_BINPUT: lambda r: r.remember(r.number("<I")),
    pickle.MEMOIZE: lambda r: r.remember(len(r.memo)),
    pickle.GET: lambda r: r.recall(int(_integer(r.line()))),
    pickle.BINGET: lambda r: r.recall(r.number("<B")),
    pickle.LONG_BINGET: lambda r: r.recall(r.number("<I")),
}


def _array(value: Any, depth: int = 0) -> Array | None:
    """The array that a note describes; None when it describes none."""
    if depth > DEEPEST:
        raise _RefusedError("holds arrays within arrays without end")
    if not isinstance(value, _Note):
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


def _plain(state: Any) -> Array:
    """An array from the state that `ndarray.__reduce__` gives."""
    if not isinstance(state, tuple) or len(state) not in (4, 5):
        raise _RefusedError("holds an array without its shape")
    shape, kind, columns_first, data = state[-4:]
    return _from_bytes(_bytes(data), _dtype(kind), shape, "F" if columns_first else "C")


def _buffer(arguments: tuple[Any, ...]) -> Array:
    if len(arguments) != 4:
        raise _RefusedError("holds an array without its shape")
    data, kind, shape, order = arguments
    return _from_bytes(_bytes(data), _dtype(kind), shape, "F" if order in ("F", b"F") else "C")


def _from_bytes(data: bytes, dtype: np.dtype[Any], shape: Any, order: Any) -> Array:
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise _RefusedError("holds an array with a shape that is none")
    size = 1
    for n in shape:
        size *= n
    if size > MOST_VALUES or len(shape) > 8 or size * dtype.itemsize != len(data):
        raise _RefusedError(f"holds an array of {size} values in {len(data)} bytes")
    return np.frombuffer(data, dtype).reshape(shape, order=order)


def _dtype(note: Any) -> np.dtype[Any]:
    """A dtype of plain numbers from the note of one: a code, then the order of its bytes."""
    if not isinstance(note, _Note) or note.called != _DTYPE or not note.arguments:
        raise _RefusedError("holds an array of no known kind")
    code = note.arguments[0]
    code = code.decode("latin-1") if isinstance(code, bytes) else code
    order = note.state[1] if isinstance(note.state, tuple) and len(note.state) > 1 else "="
    order = order.decode("latin-1") if isinstance(order, bytes) else order
    if not isinstance(code, str) or order not in ("<", ">", "|", "="):
        raise _RefusedError("holds an array of no known kind")
    if len(code) != 2 or code[0] not in _KINDS or code[1] not in "1248":
        raise _RefusedError(f"holds an array of '{code[:20]}', which are no plain numbers")
    return np.dtype(f"{order}{code}")


def _bytes(value: Any) -> bytes:
    """Bytes, also as pickles of protocol 2 write them: as text and the way to encode it."""
    if isinstance(value, _Note) and value.called == _ENCODE and value.arguments:
        value = value.arguments[0]
    if isinstance(value, _Note) and value.called in _EMPTY and not value.arguments:
        value = b""
    if isinstance(value, str):
        return value.encode("latin-1")
    if not isinstance(value, bytes):
        raise _RefusedError("holds an array without its values")
    return value


def _dense(note: _Note, depth: int) -> Array:
    """A sparse matrix of SciPy, from its attributes, as a dense array."""
    state = note.state[0] if isinstance(note.state, tuple) and note.state else note.state
    found = _attributes(state)
    shape = found.get("_shape", found.get("shape"))
    if not isinstance(shape, tuple) or len(shape) != 2 or not all(type(n) is int for n in shape):
        raise _RefusedError("holds a sparse matrix without its shape")
    if min(shape) < 0 or shape[0] * shape[1] > MOST_VALUES:
        raise _RefusedError(f"holds a sparse matrix of {shape[0]} x {shape[1]} values")
    data, inner, ends = (_vector(found.get(key), depth) for key in ("data", "indices", "indptr"))
    columns_first = note.called.rpartition(".")[2].startswith("csc")
    ends = _indices(ends, len(inner) + 1)
    if len(ends) != shape[columns_first] + 1 or ends[0] or ends[-1] != len(inner):
        raise _RefusedError(_DAMAGED_MATRIX)
    if len(data) != len(inner) or (np.diff(ends) < 0).any():
        raise _RefusedError(_DAMAGED_MATRIX)
    outer = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    rows, columns = (inner, outer) if columns_first else (outer, inner)
    dense = np.zeros(shape)
    np.add.at(dense, (_indices(rows, shape[0]), _indices(columns, shape[1])), data)
    return dense


def _vector(value: Any, depth: int) -> Array:
    array = _array(value, depth + 1)
    if array is None or array.ndim != 1:
        raise _RefusedError(_DAMAGED_MATRIX)
    return array


def _indices(values: Array, limit: int) -> npt.NDArray[np.int64]:
    """Whole numbers from 0 to below a limit."""
    if values.dtype.kind not in "iu" or (
        values.size and not (values.min() >= 0 and values.max() < limit)
    ):
        raise _RefusedError("takes values from beyond an array's end")
    return values.astype(np.int64)


def _chumpy(note: _Note, depth: int) -> Array | None:
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
        raise _RefusedError("holds an object without its attributes")
    return {
        key.decode("latin-1") if isinstance(key, bytes) else str(key): value
        for key, value in state.items()
    }
