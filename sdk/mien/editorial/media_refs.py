"""Where the media of a cut are: its references, followed to be read and for nothing else.

The user named the cut, so what it names may be opened to be looked at. Only files are: no
address on a network, and no path that only someone else's machine has. Media that are not
where the cut says are looked for by name beside the cut, as where a folder was moved whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.bundle import Bundle
from mien.editorial.metadata_paths import paths_in
from mien.editorial.times import exact
from mien.editorial.urls import as_pattern, path_candidates, text_of_url
from mien.media.sequence import EXTENSIONS, Pattern
from mien.model.rates import exact_rate
from mien.path_map import spelled_on_disk

__all__ = [
    "RENDERS", "SOURCE", "MediaFinder", "ResolvedMedia", "available_range", "beside",
    "resolve_media", "source_key", "source_reference",
]  # fmt: skip

RENDERS: Final = "mien"
"""Key of the media reference that holds a render."""
SOURCE: Final = "source"
"""Says in a render's metadata by which key the clip names what it was made from."""
_MEDIA: Final = "media"
"""The folder of a bundle's media in it."""
_UNSET_RATE: Final = 1
"""Frames a second of a sequence that OpenTimelineIO writes when nobody said."""


@dataclass(frozen=True, slots=True)
class ResolvedMedia:
    """Media of a clip.

    Attributes:
        path: The file, or the pattern of a sequence; where the cut says when it is not there.
        exists: Whether it is there.
        rate: Frames a second of a sequence, which only the cut knows; None of a movie, and
            where the cut does not say.
        earlier_images: How many images of a sequence lie before the cut's first.
        images: Whether it is a sequence of images, or one.
        first_number: Number of the first image that is there; None of a movie, and where none is.
        written: What the cut says, as a path and no URL.
    """

    path: Path
    exists: bool
    rate: Fraction | None = None
    earlier_images: int = 0
    images: bool = False
    first_number: int | None = None
    written: str = ""


class MediaFinder:
    """Finds the media of a cut's clips, each once however many clips show it.

    Args:
        folder: The folder from which the cut's relative paths count.
        bundle: The bundle that the cut is in, whose own media come first; None without one.
    """

    def __init__(self, folder: Path, bundle: Bundle | None = None) -> None:
        self._folder = folder
        self._bundle = bundle
        self._resolved: dict[tuple[Any, ...], ResolvedMedia | None] = {}

    def find(self, clip: Any, reel: str = "") -> ResolvedMedia | None:
        """Return the media of a clip; None when it names no file and none has its name.

        Its render is never taken for them, though it may have their name, beside the cut.

        Args:
            clip: The clip.
            reel: Name of its tape or card.
        """
        resolved = self._find(clip, reel)
        render = clip.media_references().get(RENDERS)
        if resolved is None or not resolved.exists or render is None:
            return resolved
        made = resolve_media(render, self._folder)
        if made is None or made.path.resolve() != resolved.path.resolve():
            return resolved
        return replace(resolved, exists=False)

    def _find(self, clip: Any, reel: str) -> ResolvedMedia | None:
        reference = source_reference(clip)
        if isinstance(reference, otio.schema.GeneratorReference):
            return None
        key = _identity(reference)
        if key not in self._resolved:
            self._resolved[key] = self._named(reference)
        resolved = self._resolved[key]
        if resolved is not None:
            return resolved
        names = [clip.name, reel, str(getattr(reference, "name", "") or "")]
        path = beside(names, self._folder)
        if path is not None:
            images = path.suffix.lower() in EXTENSIONS
            return ResolvedMedia(path, True, images=images, written=path.name)
        return self._in_metadata(clip, reference)

    def _named(self, reference: Any) -> ResolvedMedia | None:
        """The media that a reference names, those inside of the bundle first."""
        if self._bundle is not None:
            within = resolve_media(reference, self._bundle.path, self._bundle)
            if within is not None and within.exists:
                return within
        return resolve_media(reference, self._folder)

    def _in_metadata(self, clip: Any, reference: Any) -> ResolvedMedia | None:
        """The first file that metadata names and that is there; else the first named."""
        first = None
        for text in (*paths_in(reference.metadata), *paths_in(clip.metadata)):
            resolved = resolve_media(otio.schema.ExternalReference(text), self._folder)
            if resolved is not None and resolved.exists:
                return resolved
            first = first or resolved
        return first


def source_key(clip: Any) -> str:
    """Key of the media that a clip is made from: the active ones, but never an earlier render.

    Where the active ones name nothing, the first of the others that do.
    """
    active = str(clip.active_media_reference_key)
    references = clip.media_references()
    if active != RENDERS and _names_something(references.get(active)):
        return active
    said = None
    if active == RENDERS and references.get(RENDERS) is not None:
        note = references[RENDERS].metadata.get(RENDERS)
        said = note.get(SOURCE) if isinstance(note, Mapping) else None
    keys = [key for key in references if key != RENDERS]
    candidates = [key for key in (said, otio.schema.Clip.DEFAULT_MEDIA_KEY, *keys) if key in keys]
    naming = [key for key in candidates if _names_something(references[key])]
    return str(next(iter([*naming, *candidates]), active))


def source_reference(clip: Any) -> Any:
    """The media that a clip is made from; a missing reference when only a render is left."""
    key = source_key(clip)
    reference = None if key == RENDERS else clip.media_references().get(key)
    return otio.schema.MissingReference() if reference is None else reference


def available_range(reference: Any) -> Any:
    """Return the range that a reference says its media have; None of none that can be meant.

    Args:
        reference: A media reference.
    """
    known = reference.available_range
    if known is None:
        return None
    try:
        for when in (known.start_time, known.duration):
            exact_rate(when.rate)
            exact(when.value)
    except ValueError:
        return None
    return known


def resolve_media(
    reference: Any, folder: Path, bundle: Bundle | None = None
) -> ResolvedMedia | None:
    """The media that a reference names; None when it names no file.

    Args:
        reference: A media reference.
        folder: The cut's folder.
        bundle: A bundle in which to look, and nowhere else; `folder` is its path then.
    """
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return _sequence(reference, folder, bundle)
    if not isinstance(reference, otio.schema.ExternalReference):
        return None
    named = path_candidates(reference.target_url)
    if not named:
        return None
    written = text_of_url(reference.target_url)
    files = [path for name in named for path in _candidates(name, folder, bundle)]
    resolved = _first_of(tuple(files), _is_file if bundle is None else bundle.is_file)
    pattern = as_pattern(named[0])
    if pattern is not None and not resolved.exists:
        resolved = _images_of(pattern, folder, 0, bundle)
    if resolved.path.suffix.lower() in EXTENSIONS:
        resolved = replace(resolved, images=True)
    return replace(resolved, written=written)


def beside(names: list[str], folder: Path) -> Path | None:
    """The file of one of some names in a folder; for cuts that name clips and no paths."""
    for name in names:
        path = folder / PurePosixPath(name).name
        if name and path.suffix and _is_file(path):
            return path
    return None


def _names_something(reference: Any) -> bool:
    return reference is not None and not isinstance(reference, otio.schema.MissingReference)


def _identity(reference: Any) -> tuple[Any, ...]:
    """What the media of a reference depend on."""
    if isinstance(reference, otio.schema.ImageSequenceReference):
        start = reference.available_range.start_time if reference.available_range else None
        return (
            reference.target_url_base, reference.name_prefix, reference.name_suffix,
            reference.frame_zero_padding, reference.start_frame, reference.rate,
            start and start.rate,
        )  # fmt: skip
    return (getattr(reference, "target_url", None),)


def _candidates(path: Path, folder: Path, bundle: Bundle | None) -> tuple[Path, ...]:
    """Where a file may be that a cut names."""
    if bundle is None:
        return spelled_on_disk(folder / path), spelled_on_disk(folder / path.name)
    # Bundles have their media in one folder, whatever the cut names.
    return folder / path, folder / _MEDIA / path.name


def _sequence(reference: Any, folder: Path, bundle: Bundle | None) -> ResolvedMedia | None:
    bases = path_candidates(reference.target_url_base) or (Path(),)
    if reference.target_url_base and not path_candidates(reference.target_url_base):
        return None
    digits = max(1, reference.frame_zero_padding)
    name = f"{reference.name_prefix}%0{digits}d{reference.name_suffix}"
    if "/" in name or "\\" in name or "\0" in name:
        return None
    each = [_images_of(base / name, folder, reference.start_frame, bundle) for base in bases]
    resolved = next((one for one in each if one.exists), each[0])
    written = text_of_url(reference.target_url_base)
    written = f"{written}{name}" if not written or written[-1] in "/\\" else f"{written}/{name}"
    return replace(resolved, rate=_image_rate(reference), written=written)


def _image_rate(reference: Any) -> Fraction | None:
    """Frames a second of a sequence; None where nobody said."""
    if reference.rate > _UNSET_RATE:
        return exact_rate(reference.rate)
    known = available_range(reference)
    return None if known is None else exact_rate(known.start_time.rate)


def _images_of(pattern: Path, folder: Path, start: int, bundle: Bundle | None) -> ResolvedMedia:
    """The images of a pattern, and how many of them lie before one of some number."""
    numbers: list[int] = []
    candidates = _pattern_candidates(pattern, folder, bundle)
    for path in candidates:
        numbers = _numbers_of(path, bundle)
        if numbers:
            break
    resolved = ResolvedMedia(path, True) if numbers else ResolvedMedia(candidates[0], False)
    early = sum(number < start for number in numbers) if start else 0
    if numbers and start and start < numbers[0]:
        early = start - numbers[0]
    first = numbers[0] if numbers else None
    return replace(resolved, earlier_images=early, images=True, first_number=first)


def _pattern_candidates(pattern: Path, folder: Path, bundle: Bundle | None) -> tuple[Path, ...]:
    if bundle is not None:
        return _candidates(pattern, folder, bundle)
    return (folder / pattern, folder / pattern.parent.name / pattern.name, folder / pattern.name)


def _first_of(paths: tuple[Path, ...], exists: Any) -> ResolvedMedia:
    for path in paths:
        if exists(path):
            return ResolvedMedia(path, True)
    return ResolvedMedia(paths[0], False)


def _numbers_of(path: Path, bundle: Bundle | None) -> list[int]:
    pattern = Pattern.parse(path)
    if pattern is None:
        return []
    if bundle is not None:
        return bundle.numbers(pattern)
    try:
        return pattern.numbers()
    except OSError:
        return []


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
