"""Files that metadata name, where a clip itself names none.

Resolve, AYON and Avid keep in metadata where a clip comes from, each in fields of its own. What
looks like the path of a movie or an image is taken for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from mien.media.codecs import CONTAINERS
from mien.media.sequence import EXTENSIONS

__all__ = ["MEDIA_ENDINGS", "paths_in"]

MEDIA_ENDINGS: Final = (
    *CONTAINERS, *EXTENSIONS, ".m4v", ".avi", ".mts", ".m2ts", ".r3d", ".braw",
)  # fmt: skip
"""Endings of files that clips are made of, whether mien reads them or not."""
_OURS: Final = "mien"
_MOST: Final = 2000
"""Values of one clip's metadata that are looked at."""
_DEEPEST: Final = 8
_FOLDERS: Final = ("stagingDir", "staging_dir", "folder", "directory", "dirname")
_FILES: Final = ("files", "file", "filename")


def paths_in(metadata: Any) -> list[str]:
    """Return what looks like paths of media, in the order in which metadata hold them.

    Args:
        metadata: Metadata of a clip or of a media reference.
    """
    left = [_MOST]
    paths: list[str] = []
    for key, value in metadata.items():
        if key != _OURS:
            paths += _walk(value, left, 0)
    return list(dict.fromkeys(paths))


def _walk(value: Any, left: list[int], depth: int) -> Iterator[str]:
    left[0] -= 1
    if left[0] < 0 or depth > _DEEPEST:
        return
    if isinstance(value, str):
        if value.lower().endswith(MEDIA_ENDINGS):
            yield value
    elif isinstance(value, Mapping):
        yield from _of_representation(value)
        for part in value.values():
            yield from _walk(part, left, depth + 1)
    elif hasattr(value, "__iter__"):
        for part in value:
            yield from _walk(part, left, depth + 1)


def _of_representation(value: Mapping[str, Any]) -> Iterator[str]:
    """A folder and the first of the files in it, as pipelines describe what they publish."""
    folder = next((value[name] for name in _FOLDERS if isinstance(value.get(name), str)), None)
    files = next((value[name] for name in _FILES if name in value), None)
    if folder is None or files is None:
        return
    first = files if isinstance(files, str) else next(iter(files), None)
    if isinstance(first, str) and first.lower().endswith(MEDIA_ENDINGS):
        yield f"{folder.rstrip('/')}/{first}"
