"""Reads small files whole, and none that are far too large to be what they should."""

from __future__ import annotations

from pathlib import Path

__all__ = ["read_small"]


def read_small(path: Path, most: int) -> str:
    """Return the text of a small file that anybody may have written, UTF-8.

    Args:
        path: The file.
        most: Bytes that it may have.

    Raises:
        OSError: When it cannot be read.
        ValueError: When it has more bytes, or is no text.
    """
    with path.open("rb") as file:
        text = file.read(most + 1)
    if len(text) > most:
        raise ValueError(f"{path.name} has more than {most >> 20} MiB")
    return text.decode()
