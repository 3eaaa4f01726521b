"""A folder of files that can be made again: listed, cleared, and bounded in size."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mien.media.atomic_write import remove_all_stale

__all__ = ["CacheEntry", "CacheFolder"]

_CLOCKS_DIFFER: Final = 3600.0
"""Seconds by which the clock of a disk on a network may be ahead."""


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """A file in a cache.

    Attributes:
        path: The file.
        size: Bytes.
        used: When it was written or last read, seconds since 1970; 0 where that is to come, as
            after a clock was set back.
    """

    path: Path
    size: int
    used: float


class CacheFolder:
    """Base of what keeps files in a folder of the user's cache.

    Args:
        folder: The folder; it need not be there yet.
        suffix: Ending of its files.

    Attributes:
        folder: The folder.
    """

    def __init__(self, folder: Path, suffix: str) -> None:
        self.folder = folder
        self._suffix = suffix

    def entries(self) -> list[CacheEntry]:
        """Return what is kept, the longest unused first."""
        kept, now = [], time.time() + _CLOCKS_DIFFER
        with suppress(OSError):
            for path in self.folder.glob(f"*{self._suffix}"):
                with suppress(OSError):
                    facts = path.stat()
                    used = facts.st_mtime if facts.st_mtime <= now else 0.0
                    kept.append(CacheEntry(path, facts.st_size, used))
        return sorted(kept, key=lambda entry: entry.used)

    def clear(self) -> int:
        """Remove all that is kept; returns how many bytes that were.

        Raises:
            OSError: When a file cannot be removed.
        """
        freed = 0
        self._remove_stale()
        for entry in self.entries():
            entry.path.unlink(missing_ok=True)
            freed += entry.size
        return freed

    def prune(self, most: int) -> None:
        """Remove what was unused for longest, until no more bytes are kept; the newest stays."""
        self._remove_stale()
        kept = self.entries()
        total = sum(entry.size for entry in kept)
        for entry in kept[:-1]:
            if total <= most:
                return
            with suppress(OSError):
                entry.path.unlink(missing_ok=True)
                total -= entry.size

    def _remove_stale(self) -> None:
        """Remove what killed processes left: of media that nobody opens again nobody else does."""
        with suppress(OSError):
            remove_all_stale(self.folder)
