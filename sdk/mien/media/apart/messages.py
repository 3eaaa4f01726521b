"""What a program and processes beside it say to each other: values, with pixels behind them.

What is asked comes from this program, and is a pickle like any other. What is answered comes from a
process that a stranger's file may have led astray: it is a pickle too, of which nothing is loaded
but plain values, arrays of numbers, pictures and mien's errors. That keeps what went wrong there
from going on here; it is no wall against a process that somebody has taken over.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

import numpy as np

from mien.media.apart.arrays import packed_array
from mien.media.apart.pictures import packed
from mien.media.exr import ExrPicture
from mien.media.frame import MoviePicture

__all__ = ["Readable", "Writable", "read_answer", "read_question", "send", "widen"]

_HEAD: Final = struct.Struct("<QI")
_LENGTH: Final = struct.Struct("<Q")
_MOST: Final = 8 << 30
"""Bytes of one message, beyond which it is taken for a damaged one."""
_PIPE: Final = 1 << 20
"""Bytes that a pipe holds; with 64 KB of them a large picture takes twice as long."""
_SET_SIZE: Final = 1031
"""F_SETPIPE_SZ of Linux."""

_VALUES: Final = {
    "builtins": {"frozenset", "range"},
    "fractions": {"Fraction"},
    "mien.media.frame": {"Frame"},
    "mien.model.media": {"ColorTags", "MediaInfo", "Orientation", "StreamInfo"},
    "mien.speech.sound": {"Sound"},
    "mien.timebase": {"Clock", "Timecode"},
    "pathlib": {"Path", "PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath"},
    "pathlib._local": {"Path", "PosixPath", "PurePosixPath", "PureWindowsPath", "WindowsPath"},
    "mien.media.apart.pictures": {"exr_picture", "movie_picture"},
    "mien.media.apart.arrays": {"array_of", "number_of"},
}
"""What an answer may be made of, by module."""


class Readable(Protocol):
    """The end of a pipe that bytes come out of."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill a buffer as far as there is something; 0 when nothing comes any more."""
        ...


class Writable(Protocol):
    """The end of a pipe that bytes go into."""

    def write(self, data: memoryview, /) -> int | None:
        """Write as much as there is room for, and tell how much."""
        ...


def send(pipe: Writable, message: object) -> None:
    """Send a message.

    Raises:
        OSError: When nobody reads it.
    """
    buffers: list[pickle.PickleBuffer] = []
    head = io.BytesIO()
    _Pickler(head, protocol=5, buffer_callback=buffers.append).dump(message)
    raw = [buffer.raw() for buffer in buffers]
    lengths = b"".join(_LENGTH.pack(one.nbytes) for one in raw)
    start = _HEAD.pack(head.tell(), len(raw)) + lengths + head.getbuffer()
    for part in (memoryview(start), *raw):
        while part:
            part = part[pipe.write(part) or 0 :]


def read_question(pipe: Readable) -> Any:
    """Read a message of whoever started this process.

    Raises:
        EOFError: When none comes any more.
    """
    return _read(pipe, pickle.Unpickler)


def read_answer(pipe: Readable) -> tuple[int, str, Any]:
    """Read a message of a process beside this one, of which nothing but values is loaded.

    Returns:
        The number of the question, the kind of answer, and what it says.

    Raises:
        EOFError: When none comes any more, or one that cannot be meant.
    """
    try:
        number, kind, value = _read(pipe, _Values)
        if not (isinstance(number, int) and isinstance(kind, str)):
            raise EOFError("an answer to no question")
        return number, kind, value
    except EOFError:
        raise
    except Exception as error:
        # What a process says that has been led astray may be anything.
        raise EOFError(f"an answer that cannot be read: {error}") from error


def widen(pipe: int) -> None:
    """Let a pipe hold more than usual, where the system can."""
    try:
        import fcntl
    except ImportError:
        return
    with suppress(OSError):
        fcntl.fcntl(pipe, _SET_SIZE, _PIPE)


def _read(pipe: Readable, unpickler: Callable[..., pickle.Unpickler]) -> Any:
    size, count = _HEAD.unpack(_exactly(pipe, _HEAD.size))
    lengths = [
        length for (length,) in _LENGTH.iter_unpack(_exactly(pipe, count * _LENGTH.size))
    ] if count else []  # fmt: skip
    if size + sum(lengths) > _MOST:
        raise EOFError("a message larger than any")
    head = _exactly(pipe, size)
    buffers = [_exactly(pipe, length) for length in lengths]
    return unpickler(io.BytesIO(head), buffers=buffers).load()


def _exactly(pipe: Readable, size: int) -> memoryview:
    if size > _MOST:
        raise EOFError("a message larger than any")
    # Not a bytearray, which would be written full of zeros first.
    rest = whole = np.empty(size, dtype=np.uint8).data
    while rest:
        got = pipe.readinto(rest)
        if not got:
            raise EOFError
        rest = rest[got:]
    return whole


class _Values(pickle.Unpickler):
    """Loads values and mien's errors, and refuses all else."""

    def find_class(self, module: str, name: str) -> Any:
        known = name in _VALUES.get(module, ())
        if not known and module == "mien.errors":
            known = name.isidentifier() and name.endswith("Error")
        if not known:
            raise pickle.UnpicklingError(f"{module}.{name} is no value")
        return super().find_class(module, name)


class _Pickler(pickle.Pickler):
    """Sends pictures as their pixels."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, (ExrPicture, MoviePicture)):
            return packed(value)
        if isinstance(value, (np.ndarray, np.generic)):
            return packed_array(value)
        return NotImplemented
