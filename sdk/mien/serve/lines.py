"""Lines of a stream, of bounded length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO

__all__ = ["TOO_LONG", "read_lines"]

TOO_LONG = None
"""Stands for a line that was longer than is read; its rest was passed over."""
_CHUNK = 1 << 16


def read_lines(source: IO[bytes], limit: Callable[[], int]) -> Iterator[bytes | None]:
    """The lines of a stream, without their ends; empty ones are left out.

    Memory is bounded by the limit, however long a line is.

    Args:
        source: A buffered stream.
        limit: Says how many bytes the next line may have.
    """
    while True:
        most = limit()
        line = source.readline(most + 1)
        if not line:
            return
        if len(line) > most and not line.endswith(b"\n"):
            while line and not line.endswith(b"\n"):
                line = source.readline(_CHUNK)
            yield TOO_LONG
        elif line.strip():
            yield line.rstrip(b"\r\n")
