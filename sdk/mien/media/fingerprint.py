"""Names for the content of files, to find them again after they moved."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Final

from mien.folder_limits import check_path

__all__ = [
    "content_of_fingerprint", "fingerprint", "fingerprint_of_files", "fingerprint_of_stream",
    "sha256_of",
]  # fmt: skip

_EDGE: Final = 1 << 16
_BLOCK: Final = 1 << 20


def fingerprint(paths: Sequence[Path]) -> str:
    """Names the content of files: their size, and a hash of their first and last 64 kB.

    Args:
        paths: One movie, or the first and the last image of a sequence.

    Raises:
        OutsideError: When one is outside the folders that this process keeps to.
    """
    return fingerprint_of_files((path.stat().st_size, _opener(path)) for path in paths)


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    check_path(path)
    return lambda: path.open("rb")


def fingerprint_of_files(files: Iterable[tuple[int, Callable[[], IO[bytes]]]]) -> str:
    """Names the content of files that are opened one by one, as those inside of an archive.

    Args:
        files: Of each its size in bytes, and what opens it.
    """
    digest = hashlib.blake2b(digest_size=8)
    total = 0
    for size, opened in files:
        total += size
        with opened() as file:
            digest.update(file.read(_EDGE))
            file.seek(max(0, size - _EDGE))
            digest.update(file.read(_EDGE))
    return f"{total:x}-{digest.hexdigest()}"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a whole file, in hexadecimal.

    Args:
        path: The file.

    Raises:
        OSError: When it cannot be read.
        OutsideError: When it is outside the folders that this process keeps to.
    """
    check_path(path)
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def fingerprint_of_stream(content: str, stream: int, first: int) -> str:
    """Names one video stream of a movie: what is kept of one is never taken for another's.

    The first film of a file has the name of its content, as it had before mien knew of others.

    Args:
        content: Fingerprint of the file.
        stream: Number of the stream.
        first: Number of the file's first video stream that is no cover.
    """
    return content if stream == first else f"{content}+{stream}"


def content_of_fingerprint(name: str) -> str:
    """The fingerprint of the file of a movie, whichever of its video streams is named."""
    return name.partition("+")[0]
