"""The files that a cut names, named so that they are found from another folder too."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import opentimelineio as otio

from mien.editorial.clip_edits import asset_path, rename_assets
from mien.editorial.finder import clip_reel
from mien.editorial.media_refs import (
    RENDERS,
    MediaFinder,
    ResolvedMedia,
    resolve_media,
    source_key,
)  # fmt: skip
from mien.editorial.urls import as_pattern, is_relative_url, path_candidates
from mien.errors import InputError
from mien.media.sequence import Pattern

__all__ = ["MediaPaths", "Rebase", "clips_of"]

MediaPaths = Literal["relative", "absolute"]
"""How media that a cut names relative to its folder are named in one that is written elsewhere."""
_URLS: Final = ("target_url", "target_url_base")
_OF_ANY_REFERENCE: Final = ("metadata", "name", "available_range", "available_image_bounds")
_OLD_CLIP: Final = "Clip.1"


class Rebase:
    """Names of files, as they have to be in a cut of another folder.

    Relative ones are changed; so are media that were found elsewhere than the cut says - beside
    it, by the clip's name, by metadata - and would not be found so from the new folder. Projects
    and curve files may only be named inside the folder of a cut: where they lie outside the new
    one their names stay, and `outside` says from which folders they count.

    Args:
        source: The folder from which media count.
        target: The folder of the file that is written.
        paths: Whether media stay relative, or become absolute.
        edits: The folders from which projects and curve files count.
    """

    def __init__(
        self, source: Path, target: Path, paths: MediaPaths, edits: Sequence[Path] = ()
    ) -> None:
        self._source = source.resolve()
        self._target = target.resolve()
        self._paths = paths
        self._edits = tuple(folder.resolve() for folder in edits)
        self._before, self._after = MediaFinder(self._source), MediaFinder(self._target)
        self._outside: dict[Path, None] = {}

    @property
    def changes(self) -> bool:
        """Whether any URL has to be another one."""
        return self._paths == "absolute" or self._source != self._target

    @property
    def outside(self) -> tuple[Path, ...]:
        """Folders of projects and curve files that the new cut may not name."""
        return tuple(self._outside)

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
        """Change the files that a clip names.

        Args:
            clip: A clip of OpenTimelineIO.
        """
        for holder in (clip, *clip.effects):
            rename_assets(holder.metadata, self._asset)
        if not self.changes:
            return
        main = source_key(clip)
        main = otio.schema.Clip.DEFAULT_MEDIA_KEY if main == RENDERS else main
        references = {
            key: one for key, one in clip.media_references().items() if key != RENDERS
        }  # fmt: skip
        reel = clip_reel(clip)
        before = {key: resolve_media(one, self._source) for key, one in references.items()}
        before[main] = self._before.find(clip, reel)
        relative = {key for key, one in references.items() if is_relative_url(_url(one))}
        for reference in references.values():
            for name in _URLS:
                url = getattr(reference, name, None)
                if isinstance(url, str):
                    setattr(reference, name, self.url(url))
        for key, media in before.items():
            if media is None or not media.exists:
                continue
            if key == main:
                after = self._after.find(clip, reel)
            else:
                after = resolve_media(references[key], self._target)
            whole = self._paths == "absolute" and key in relative
            if not _same(after, media) or (whole and not _names(references[key], media)):
                self._name(clip, key, media)

    def node(self, node: dict[str, Any], clip: Any) -> None:
        """Change the files that a clip in JSON names, and nothing else of it.

        Args:
            node: The clip as it was read.
            clip: The clip as `clip` has changed it.
        """
        for holder in (node, *(node.get("effects") or ())):
            rename_assets(holder.get("metadata"), self._asset)
        if not self.changes:
            return
        old = node["OTIO_SCHEMA"] == _OLD_CLIP
        for key, reference in clip.media_references().items():
            if key == RENDERS:
                continue
            if old:
                holder, field = node, "media_reference"
            else:
                holder, field = node.setdefault("media_references", {}), key
            written = _rewritten(holder.get(field), reference)
            if written is not None:
                holder[field] = written

    def name(self, clip: Any, key: str, path: Path) -> None:
        """Name media in a clip where they are now.

        Args:
            clip: A clip of OpenTimelineIO.
            key: Key of its reference to them.
            path: The file, or the pattern of images.
        """
        self._name(clip, key, ResolvedMedia(path, True))

    def _name(self, clip: Any, key: str, media: ResolvedMedia) -> None:
        """Name media in a clip where they are."""
        references = dict(clip.media_references())
        for path in self._spellings(media.path):
            named = _with_path(references.get(key), path)
            if _same(resolve_media(named, self._target), media):
                active = clip.active_media_reference_key
                clip.set_media_references(
                    {**references, key: named}, active if active in references else key
                )
                return

    def _spellings(self, path: Path) -> Iterator[str]:
        """Ways to name a file, the best first: readers differ on what they take for escaped."""
        if self._paths == "relative":
            relative = os.path.relpath(path, self._target).replace(os.sep, "/")
            yield _quoted(relative, as_pattern(path) is not None)
            yield relative
        yield _absolute(path)
        yield str(path)

    def _asset(self, name: str, kind: str) -> str:
        """The name of a project or a curve file."""
        try:
            file = asset_path(name, kind, self._edits)
        except (InputError, ValueError, OSError):
            return name
        if not file.is_file():
            return name
        here = (self._target / name).resolve()
        if here == file.resolve() and here.is_relative_to(self._target):
            return name
        if file.resolve().is_relative_to(self._target):
            return os.path.relpath(file, self._target).replace(os.sep, "/")
        folders = (one for one in self._edits if file == one / name)
        self._outside.update(dict.fromkeys(folders))
        return name


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


def _url(reference: Any) -> str:
    return next((str(getattr(reference, name, None) or "") for name in _URLS
                 if hasattr(reference, name)), "")  # fmt: skip


def _same(one: ResolvedMedia | None, other: ResolvedMedia) -> bool:
    return one is not None and one.exists and one.path.resolve() == other.path.resolve()


def _names(reference: Any, media: ResolvedMedia) -> bool:
    """Whether a reference itself says where media are, by a whole path."""
    url = _url(reference)
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return media.path.parent in path_candidates(url)
    return any((as_pattern(path) or path) == media.path for path in path_candidates(url))


def _with_path(reference: Any, path: str) -> Any:
    """A reference to the same media at another place; to a file where it was to none."""
    folder, slash, name = path.rpartition("/")
    if isinstance(reference, otio.schema.ImageSequenceReference):
        digits = max(1, reference.frame_zero_padding)
        if name == f"{reference.name_prefix}%0{digits}d{reference.name_suffix}":
            moved = reference.deepcopy()
            moved.target_url_base = f"{folder}/" if slash else ""
            return moved
    if isinstance(reference, otio.schema.ExternalReference):
        moved = reference.deepcopy()
        moved.target_url = path
        return moved
    if reference is None:
        return otio.schema.ExternalReference(path)
    made = otio.schema.ExternalReference(path, reference.available_range)
    made.name = reference.name
    made.metadata.update(reference.metadata)
    return made


def _rewritten(old: Any, reference: Any) -> Any:
    """The JSON of a reference with the URL that it has now; None where it has no other."""
    kind = reference.schema_name()
    if isinstance(old, dict) and str(old.get("OTIO_SCHEMA", "")).partition(".")[0] == kind:
        urls = {name: getattr(reference, name, None) for name in _URLS}
        changed = {
            name: url
            for name, url in urls.items()
            if isinstance(url, str) and url != (old.get(name) or "")
        }
        return {**old, **changed} if changed else None
    if kind != "ExternalReference":
        return None
    made = json.loads(reference.to_json_string())
    kept = old if isinstance(old, dict) else {}
    return {**made, **{name: kept[name] for name in _OF_ANY_REFERENCE if name in kept}}


def _quoted(path: str, pattern: bool) -> str:
    # Readers of URLs would take %04d for an escaped letter.
    folder, slash, name = path.rpartition("/")
    return f"{quote(folder)}{slash}{name if pattern else quote(name)}"


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
