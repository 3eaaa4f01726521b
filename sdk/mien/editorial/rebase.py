"""Relative paths of a cut's media, so that they lead to the same files from another folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import opentimelineio as otio

from mien.editorial.media_refs import RENDERS
from mien.editorial.urls import as_pattern, is_relative_url, path_candidates
from mien.media.sequence import Pattern

__all__ = ["MediaPaths", "Rebase", "clips_of"]

MediaPaths = Literal["relative", "absolute"]
"""How media that a cut names relative to its folder are named in one that is written elsewhere."""
_URLS: Final = ("target_url", "target_url_base")


class Rebase:
    """Relative URLs, as they have to be in a file of another folder.

    Args:
        source: The folder from which they count.
        target: The folder of the file that is written.
        paths: Whether they stay relative, or become absolute.
    """

    def __init__(self, source: Path, target: Path, paths: MediaPaths) -> None:
        self._source = source.resolve()
        self._target = target.resolve()
        self._paths = paths

    @property
    def changes(self) -> bool:
        """Whether any relative URL has to be another one."""
        return self._paths == "absolute" or self._source != self._target

    def url(self, url: str) -> str:
        """Return a URL as it has to be; what is not relative stays as it is.

        Args:
            url: A media reference's URL, or its base.
        """
        if not self.changes or not is_relative_url(url):
            return url
        candidates = path_candidates(url)
        file = next((path for path in candidates if _exists(self._source / path)), None)
        if file is None:
            if "/" not in url:
                return url  # a name alone, of a reel or a file that is nowhere
            file = candidates[0]
        whole = self._source / file
        if self._paths == "absolute":
            moved = _absolute(whole)
        else:
            path = os.path.relpath(whole, self._target).replace(os.sep, "/")
            moved = path if file == candidates[0] else quote(path)
        return f"{moved}/" if url.endswith("/") else moved

    def clip(self, clip: Any) -> None:
        """Change the media references of a clip.

        Args:
            clip: A clip of OpenTimelineIO.
        """
        for key, reference in clip.media_references().items():
            for name in _URLS if key != RENDERS else ():
                url = getattr(reference, name, None)
                if isinstance(url, str):
                    setattr(reference, name, self.url(url))

    def node(self, node: dict[str, Any]) -> None:
        """Change the media references of a clip in JSON, earlier renders excepted.

        Args:
            node: The clip.
        """
        references = {"": node.get("media_reference"), **(node.get("media_references") or {})}
        for key, reference in references.items():
            if key == RENDERS or not isinstance(reference, dict):
                continue
            for name in _URLS:
                if isinstance(reference.get(name), str):
                    reference[name] = self.url(reference[name])


def clips_of(content: Any) -> Iterator[Any]:
    """Return every clip of a cut, whether it is shown or not.

    Args:
        content: A timeline, a composition, or a collection of them.
    """
    if isinstance(content, otio.schema.Clip):
        yield content
    elif isinstance(content, otio.schema.Timeline):
        yield from clips_of(content.tracks)
    elif isinstance(content, (otio.core.Composition, otio.schema.SerializableCollection)):
        for child in content:
            yield from clips_of(child)


def _exists(path: Path) -> bool:
    pattern = as_pattern(path)
    try:
        parsed = None if pattern is None else Pattern.parse(pattern)
        return path.exists() if parsed is None else bool(parsed.numbers())
    except (OSError, ValueError):
        return False


def _absolute(path: Path) -> str:
    whole = Path(os.path.normpath(path))
    if as_pattern(whole) is None:
        return whole.as_uri()
    # Readers of URLs would take %04d for an escaped letter.
    return f"{whole.parent.as_uri()}/{whole.name}"
