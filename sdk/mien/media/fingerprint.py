"""Names for the content of files, to find them again after they moved."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["fingerprint"]

_EDGE: Final = 1 << 16


def fingerprint(paths: Sequence[Path]) -> str:
    """Names the content of files: their size, and a hash of their first and last 64 kB.

    Args:
        paths: One movie, or the first and the last image of a sequence.
    """
    digest = hashlib.blake2b(digest_size=8)
    total = 0
    for path in paths:
        size = path.stat().st_size
        total += size
        with path.open("rb") as file:
            digest.update(file.read(_EDGE))
            file.seek(max(0, size - _EDGE))
            digest.update(file.read(_EDGE))
    return f"{total:x}-{digest.hexdigest()}"
