"""The pickle format, read without ever calling anything.

Every opcode is read here: a name in the file stays a name, a call stays a note of what was
to be called with what, and state stays beside it. The format is described in CPython's
Lib/pickletools.py. Reference cycles, shared values and memo numbers cost what they take in
the file, and no more.
"""

from __future__ import annotations

import codecs
import pickle
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["MOST_STEPS", "Note", "RefusedError", "parse"]

MOST_STEPS: Final = 1_000_000
"""Opcodes of a file; the published heads have some thousands."""
LONGEST_NUMBER: Final = 64
"""Bytes of a whole number."""
NEW_OBJECT: Final = frozenset({"copy_reg._reconstructor", "copyreg._reconstructor"})
"""What makes an object of the class that is its first argument."""


class RefusedError(Exception):
    """What is wrong with a pickle, in words that end a sentence about it."""


@dataclass(frozen=True, slots=True)
class _Name:
    """Something that the file names; never looked up."""

    name: str


@dataclass(slots=True, eq=False)
class Note:
    """A call that the file asks for; never made."""

    called: str
    arguments: tuple[Any, ...]
    state: Any = None


_MARK: Final = object()


def parse(data: bytes, allowed: Callable[[str], bool]) -> Any:
    """What a pickle holds, with notes in place of all that would have to be made.

    Args:
        data: The pickle.
        allowed: Whether a full name (`room.name`) may stand in it.

    Returns:
        Numbers, text, bytes, tuples, lists (of sets too), dictionaries and notes.

    Raises:
        RefusedError: When it is damaged, too long, or names what is not allowed.
    """
    return _Reader(data, allowed).read()


@dataclass(slots=True, eq=False)
class _Reader:
    """Follows a pickle's opcodes over a stack of inert values."""

    data: bytes
    allowed: Callable[[str], bool]
    at: int = 0
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def read(self) -> Any:
        for _ in range(MOST_STEPS):
            code = self.take(1)
            if code == pickle.STOP:
                return self.pop()
            step = _STEPS.get(code)
            if step is None:
                raise RefusedError(f"is no pickle of arrays (code {code!r} at byte {self.at - 1})")
            try:
                step(self)
            except (TypeError, ValueError, struct.error, RecursionError) as error:
                raise RefusedError(f"is damaged at byte {self.at}") from error
        raise RefusedError(f"has more than {MOST_STEPS} steps")

    def take(self, count: int) -> bytes:
        if count < 0 or count > len(self.data) - self.at:
            raise RefusedError("is cut off or is no pickle")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def line(self) -> bytes:
        end = self.data.find(b"\n", self.at)
        if end < 0:
            raise RefusedError("is cut off or is no pickle")
        return self.take(end + 1 - self.at)[:-1]

    def text_line(self) -> str:
        return self.line().decode("ascii")

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise RefusedError("is damaged: a value is missing")
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
        raise RefusedError("is damaged: a value is missing")

    def remember(self, place: int) -> None:
        self.memo[place] = self.top()

    def recall(self, place: int) -> None:
        if place not in self.memo:
            raise RefusedError("is damaged: a value is missing")
        self.stack.append(self.memo[place])

    def name(self, room: str, name: str) -> None:
        full = f"{room}.{name}"
        if not self.allowed(full):
            raise RefusedError(f"asks for '{full[:80]}', which is no array")
        self.stack.append(_Name(full))

    def stack_name(self) -> None:
        name, room = self.pop(), self.pop()
        if not isinstance(name, str) or not isinstance(room, str):
            raise RefusedError("is damaged: a name is no text")
        self.name(room, name)

    def call(self, called: Any, arguments: Any) -> None:
        if not isinstance(called, _Name) or not isinstance(arguments, tuple):
            raise RefusedError("calls what is no name")
        if called.name in NEW_OBJECT and arguments and isinstance(arguments[0], _Name):
            called, arguments = arguments[0], arguments[1:]
        self.stack.append(Note(called.name, arguments))

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
        if not isinstance(made, Note):
            raise RefusedError("gives a state to what has none")
        made.state = state

    def put_items(self, pairs: list[Any]) -> None:
        holder = self.top()
        if isinstance(holder, Note):
            return
        if not isinstance(holder, dict) or len(pairs) % 2:
            raise RefusedError("is damaged: entries without a dictionary")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if isinstance(key, str | bytes):
                holder[key] = value

    def append_all(self, values: list[Any]) -> None:
        holder = self.top()
        if isinstance(holder, list):
            holder.extend(values)
        elif not isinstance(holder, Note):
            raise RefusedError("is damaged: items without a list")

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
            raise RefusedError("is a pickle of a newer kind")


def _integer(text: bytes) -> int | bool:
    if len(text) > LONGEST_NUMBER:
        raise RefusedError("holds a number that is too long")
    if text in (b"00", b"01"):
        return text == b"01"
    return int(text.rstrip(b"L"))


def _long(data: bytes) -> int:
    if len(data) > LONGEST_NUMBER:
        raise RefusedError("holds a number that is too long")
    return int.from_bytes(data, "little", signed=True)


def _quoted(text: bytes) -> bytes:
    """The bytes of a string as Python 2 writes it in text."""
    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
        raise RefusedError("is damaged: a text has no end")
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
