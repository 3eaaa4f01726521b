"""Where the media of a cut are: its references, followed to be read and for nothing else.

The user named the cut, so what it names may be opened to be looked at. Only files are: no
address on a network, and no path that only someone else's machine has. Media that are not
where the cut says are looked for by name beside the cut, as where a folder was moved whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import opentimelineio as otio

from mien.editorial.times import exact_rate
from mien.media.sequence import Pattern

__all__ = [
    "RENDERS", "SOURCE", "ResolvedMedia", "beside", "resolve_media", "source_key",
    "source_reference",
]  # fmt: skip

RENDERS: Final = "mien"
"""Key of the media reference that holds a render."""
SOURCE: Final = "source"
"""Says in a render's metadata by which key the clip names what it was made from."""
_NUMBER = re.compile(r"%0\d+d[^/]*$")


@dataclass(frozen=True, slots=True)
class ResolvedMedia:
    """Media of a clip.

    Attributes:
        path: The file, or the pattern of a sequence; where the cut says when it is not there.
        exists: Whether it is there.
        rate: Frames a second of a sequence, which only the cut knows; None of a movie.
        earlier_images: How many images of a sequence lie before the cut's first.
    """

    path: Path
    exists: bool
    rate: Fraction | None = None
    earlier_images: int = 0


def source_key(clip: Any) -> str:
    """Key of the media that a clip is made from: the active ones, but never an earlier render."""
    active = str(clip.active_media_reference_key)
    references = clip.media_references()
    if active != RENDERS or references.get(RENDERS) is None:
        return active
    note = references[RENDERS].metadata.get(RENDERS)
    said = note.get(SOURCE) if isinstance(note, Mapping) else None
    keys = [key for key in references if key != RENDERS]
    default = otio.schema.Clip.DEFAULT_MEDIA_KEY
    return next((key for key in (said, default, *keys) if key in keys), active)


def source_reference(clip: Any) -> Any:
    """The media that a clip is made from; a missing reference when only a render is left."""
    key = source_key(clip)
    reference = None if key == RENDERS else clip.media_references().get(key)
    return otio.schema.MissingReference() if reference is None else reference


def resolve_media(reference: Any, folder: Path) -> ResolvedMedia | None:
    """The media that a reference names; None when it names no file.

    Args:
        reference: A media reference.
        folder: The cut's folder.
    """
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return _sequence(reference, folder)
    if not isinstance(reference, otio.schema.ExternalReference):
        return None
    named = _path(reference.target_url)
    if named is None:
        return None
    if Pattern.parse(named) is not None:
        return _first_of(_pattern_candidates(named, folder), _has_images)
    return _first_of((folder / named, folder / named.name), _is_file)


def beside(names: list[str], folder: Path) -> Path | None:
    """The file of one of some names in a folder; for cuts that name clips and no paths."""
    for name in names:
        path = folder / PurePosixPath(name).name
        if name and path.suffix and _is_file(path):
            return path
    return None


def _path(url: str) -> Path | None:
    """The path of a url, as it is meant on this machine; None on another."""
    if not url or "\0" in url:
        return None
    if "\\" in url or PureWindowsPath(url).drive:
        # Nothing of a Windows path but its name means anything here.
        return Path(PureWindowsPath(url).name or url)
    parts = urlsplit(url)
    if parts.scheme == "":
        return Path(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    if not parts.path:
        return None
    # The number in shot.%04d.exr is no escaped character, though it looks like one.
    number = _NUMBER.search(parts.path)
    if number is None:
        return Path(unquote(parts.path))
    return Path(unquote(parts.path[: number.start()]) + number[0])


def _sequence(reference: Any, folder: Path) -> ResolvedMedia | None:
    base = _path(reference.target_url_base)
    digits = max(1, reference.frame_zero_padding)
    name = f"{reference.name_prefix}%0{digits}d{reference.name_suffix}"
    if base is None or "/" in name or "\\" in name:
        return None
    resolved = _first_of(_pattern_candidates(base / name, folder), _has_images)
    pattern = Pattern.parse(resolved.path)
    numbers = pattern.numbers() if pattern is not None and resolved.exists else []
    early = reference.start_frame - numbers[0] if numbers else 0
    return ResolvedMedia(resolved.path, resolved.exists, exact_rate(reference.rate), early)


def _pattern_candidates(pattern: Path, folder: Path) -> tuple[Path, ...]:
    return (folder / pattern, folder / pattern.parent.name / pattern.name, folder / pattern.name)


def _first_of(paths: tuple[Path, ...], exists: Any) -> ResolvedMedia:
    for path in paths:
        if exists(path):
            return ResolvedMedia(path, True)
    return ResolvedMedia(paths[0], False)


def _has_images(path: Path) -> bool:
    pattern = Pattern.parse(path)
    try:
        return pattern is not None and bool(pattern.numbers())
    except OSError:
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
