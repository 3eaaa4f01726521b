"""What is fuzzed: files that are whole to begin with, and who reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Target", "put"]


def put(folder: Path, name: str, data: bytes) -> Path:
    """Lay a file into a folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of file.

    Attributes:
        name: What it is called on the command line.
        seeds: Makes whole files by their names in a folder, which may also hold what they refer to.
        read: Reads one, as the command line, the editor or `mien serve` does.
        place: Lays a file into an empty folder, with what goes with it, and says what is read.
        allowed: Events of Python's audit hooks that belong to it.
        bombs: Whether archives that unpack to more than memory has are tried.
    """

    name: str
    seeds: Callable[[Path], Mapping[str, bytes]]
    read: Callable[[Path], object]
    place: Callable[[Path, str, bytes], Path] = put
    allowed: frozenset[str] = frozenset()
    bombs: bool = True
