"""Whether this process decodes media itself, or asks another one."""

from __future__ import annotations

import functools
import inspect
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from mien.model.media import MediaInfo

if TYPE_CHECKING:
    from mien.media.apart.process import DecodingProcess

__all__ = [
    "abandon_decoding",
    "apart",
    "decode_apart",
    "decode_here",
    "decoding_apart",
    "decoding_process",
]

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")

_lock = threading.Lock()
_process: DecodingProcess | None = None


def decode_apart() -> None:
    """Have all media decoded by another process from now on, which is started at once."""
    from mien.media.apart.process import DecodingProcess

    global _process
    with _lock:
        if _process is None:
            _process = DecodingProcess()
            _process.start()


def decode_here() -> None:
    """Decode media in this process again; the other one ends."""
    global _process
    with _lock:
        process, _process = _process, None
    if process is not None:
        process.close()


@contextmanager
def decoding_apart() -> Iterator[None]:
    """Have media decoded by another process inside the block, for a program of one thread."""
    if _process is not None:
        yield
        return
    decode_apart()
    try:
        yield
    finally:
        decode_here()


def abandon_decoding() -> None:
    """End what the other process decodes now, where there is one: a program that closes."""
    process = _process
    if process is not None:
        process.abandon()


def decoding_process() -> DecodingProcess | None:
    """Return the process that decodes for this one; None where this one does it itself."""
    return _process


def apart(function: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
    """Have a function that opens media carried out by the decoding process, where there is one.

    It gives plain values, and takes them and these: `progress`, which may stop it by raising, and
    `cancelled`, which tells whether to give up. Relative paths are taken from where this one is.
    Frames that are in memory already stay there.
    """
    signature = inspect.signature(function)
    target = f"{function.__module__}:{function.__qualname__}"

    @functools.wraps(function)
    def call(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:
        process = _process
        if process is None or any(map(_in_memory, args)):
            return function(*args, **kwargs)
        given: dict[str, Any] = dict(signature.bind(*args, **kwargs).arguments)
        for name, value in given.items():
            if isinstance(value, Path) or (name == "path" and isinstance(value, str)):
                given[name] = Path(os.getcwd(), value)
        answer: _Answer = process.call(target, given)
        return answer

    return call


def _in_memory(value: object) -> bool:
    return isinstance(value, MediaInfo) and value.kind == "memory"
