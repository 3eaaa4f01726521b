"""An `.otio` file with media references added, and not a letter of the rest changed.

OTIO reads numbers to within a unit in the last place, brings old schemas up to date and may
be older than the file. What is written through it is the same cut, but not the same file; so
the references go into the file's own JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import opentimelineio as otio

from mien.editorial.rebase import Rebase

__all__ = ["with_references"]

_INDENT: Final = 4
_OLD_CLIP: Final = "Clip.1"
"""The schema of clips with one media reference."""
_CLIP: Final = "Clip.2"


def with_references(
    text: bytes, content: Any, changed: Sequence[Any], key: str, moved: Rebase | None = None
) -> bytes | None:
    """The text of a file, with one media reference more on some of its clips.

    Args:
        text: The file as it was read, UTF-8.
        content: What OTIO made of it, with the references added.
        changed: The clips to which they were.
        key: Key of the references.
        moved: Changes names of files, where the text goes to another folder; it has changed
            those of `content`.

    Returns:
        The text; None when it is not what OTIO read, as when clips are written otherwise.
    """
    try:
        document = json.loads(text)
        pairs = list(_paired(content, document))
        ours = {id(clip) for clip in changed}
        done = 0
        for clip, node in pairs:
            if moved is not None:
                moved.node(node, clip)
            if id(clip) in ours:
                _add(node, clip, key)
                done += 1
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    if done < len(ours):
        return None
    try:
        return json.dumps(document, indent=_INDENT, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        # Half of a pair of surrogates can only be written as it came, escaped.
        return json.dumps(document, indent=_INDENT).encode()


def _paired(item: Any, node: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The clips of a cut with their JSON."""
    if isinstance(item, otio.schema.Clip):
        yield item, node
    elif isinstance(item, otio.schema.Timeline):
        yield from _paired(item.tracks, node["tracks"])
    elif isinstance(item, (otio.core.Composition, otio.schema.SerializableCollection)):
        for child, part in zip(item, node["children"], strict=True):
            yield from _paired(child, part)


def _add(node: dict[str, Any], clip: Any, key: str) -> None:
    default = otio.schema.Clip.DEFAULT_MEDIA_KEY
    if node["OTIO_SCHEMA"] == _OLD_CLIP:
        node["OTIO_SCHEMA"] = _CLIP
        own = node.pop("media_reference", None)
        node["media_references"] = {default: own or _json(clip, default)}
    node.setdefault("media_references", {})[key] = _json(clip, key)
    node["active_media_reference_key"] = clip.active_media_reference_key


def _json(clip: Any, key: str) -> Any:
    return json.loads(clip.media_references()[key].to_json_string())
