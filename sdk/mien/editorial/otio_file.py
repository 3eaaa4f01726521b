"""OpenTimelineIO's own files, those too that hold what this version of it does not know.

OpenTimelineIO refuses a whole file for one object of a schema that only another program has. Here
such an object costs itself only: an item leaves a gap of its length, media a clip without media.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import opentimelineio as otio

from mien.model.listing import list_names

__all__ = ["read_otio"]

_DEEPEST: Final = 4_000
"""Brackets in brackets; a stack in a stack takes four, and 64 of these are shown."""
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.DOTALL)
"""Texts, whose brackets do not count; one that does not end goes on to the end."""
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_AS_ONE_KIND: Final = bytes.maketrans(b"{}", b"[]")
_PIECE: Final = 1 << 20
"""Brackets that are counted at once."""
_SCHEMA: Final = "OTIO_SCHEMA"
_SEVERAL: Final = "media_references"
_OF_SEVERAL: Final = 2
"""Version of a clip from which it may have several references to media."""
_CLIP: Final = re.compile(r"Clip\.(-?\d+)")
_RETIME: Final = re.compile(r"time|warp|speed|retime|freeze", re.IGNORECASE)
_ITEMS: Final = (
    "Clip",
    "Gap",
    "Track",
    "Stack",
    "Transition",
    "Timeline",
    "SerializableCollection",
)
_EFFECTS: Final = ("Effect", "TimeEffect", "LinearTimeWarp", "FreezeFrame")
_MEDIA: Final = (
    "ExternalReference", "MissingReference", "GeneratorReference", "ImageSequenceReference",
)  # fmt: skip

_NO_TIME: Final = {_SCHEMA: "RationalTime.1", "rate": 24.0, "value": 0.0}
_NO_RANGE: Final = {_SCHEMA: "TimeRange.1", "start_time": _NO_TIME, "duration": _NO_TIME}


def read_otio(text: str) -> tuple[Any, tuple[str, ...]]:
    """Return what OpenTimelineIO holds of a file, and what of it is left out.

    Args:
        text: The file, JSON.

    Raises:
        ValueError: When it is no JSON, or no cut; the line is named.
    """
    text = _that_ends_no_process(text)
    try:
        return otio.adapters.read_from_string(text, "otio_json"), ()
    except (ValueError, otio.exceptions.OTIOError) as error:
        mender = _Mender()
        mended = mender.item(json.loads(text), "")
        if not mender.lost:
            raise ValueError(str(error)) from error
        content = otio.adapters.read_from_string(json.dumps(mended), "otio_json")
        return content, mender.notices()


def _that_ends_no_process(text: str) -> str:
    """Return a file without what would end the process in OpenTimelineIO, the same else.

    That is brackets in brackets without end, and clips that say to be of a version in which they
    had one reference to media, and have several (it looks for the one).

    Raises:
        ValueError: When brackets do not end.
    """
    _check_depth(text)
    try:
        with _deep_recursion():
            content = json.loads(text, strict=False)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValueError:
        if _SEVERAL in text:
            raise
        return text
    changed, left = False, [content]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            version = _CLIP.match(str(node.get(_SCHEMA)))
            if version is not None and int(version[1]) < _OF_SEVERAL and _SEVERAL in node:
                node[_SCHEMA] = f"Clip.{_OF_SEVERAL}"
                changed = True
            left.extend(node.values())
        elif isinstance(node, list):
            left.extend(node)
    if not changed:
        return text
    with _deep_recursion():
        return json.dumps(content)


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Let brackets be read that are as deep as they may be; json calls itself for each."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(usual + 2 * _DEEPEST)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def _check_depth(text: str) -> None:
    """Refuse brackets in brackets without end.

    Raises:
        ValueError: When they are.
    """
    if text.count("[") + text.count("{") <= _DEEPEST:
        return
    others = _STRINGS.sub(b"", text.encode(errors="replace"))
    brackets = others.translate(_AS_ONE_KIND, _NO_BRACKETS)
    level = 0
    for first in range(0, len(brackets), _PIECE):
        opening = np.frombuffer(brackets[first : first + _PIECE], np.uint8) == ord("[")
        levels = level + np.cumsum(2 * opening.astype(np.int32) - 1)
        if int(levels.max()) > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST:,} deep")
        level = int(levels[-1])


class _Mender:
    """Takes out of a document what OpenTimelineIO does not know."""

    def __init__(self) -> None:
        self._versions: Mapping[str, int] = otio.core.type_version_map()
        self.lost: dict[str, list[str]] = {}

    def notices(self) -> tuple[str, ...]:
        """A line for every kind of what was taken out."""
        return tuple(f"{kind}: {list_names(names)}." for kind, names in self.lost.items())

    def item(self, node: Any, track: str) -> Any:
        """An item, or a gap of its length where it is of no known kind."""
        kind = self._kind(node)
        if kind not in _ITEMS:
            return self._gap(node, kind, track)
        node = self._current(node, kind)
        if kind == "Timeline":
            return {**node, "tracks": self.item(node.get("tracks"), track)}
        if isinstance(node.get("children"), list):
            inner = str(node.get("name") or track) if kind == "Track" else track
            node["children"] = [self.item(child, inner) for child in node["children"]]
        name = _name(node, track)
        if isinstance(node.get("effects"), list):
            node["effects"] = [self._effect(effect, name) for effect in node["effects"]]
        if isinstance(node.get("markers"), list):
            node["markers"] = [one for one in node["markers"] if self._kind(one) == "Marker"]
        if "media_reference" in node:
            node["media_reference"] = self._media(node["media_reference"], name)
        if isinstance(node.get("media_references"), dict):
            node["media_references"] = {
                key: self._media(value, name) for key, value in node["media_references"].items()
            }
        return node

    def _kind(self, node: Any) -> str:
        schema = node.get(_SCHEMA) if isinstance(node, dict) else None
        return schema.rpartition(".")[0] if isinstance(schema, str) else ""

    def _current(self, node: dict[str, Any], kind: str) -> dict[str, Any]:
        """A node, of the newest version that is known where it is of a newer one."""
        node = dict(node)
        version = str(node[_SCHEMA]).rpartition(".")[2]
        newest = self._versions.get(kind, 1)
        if version.isdigit() and int(version) > newest:
            self._note(f"Written by a newer OpenTimelineIO ({kind}.{version}), read as far as can"
                       " be", str(node.get("name") or kind))  # fmt: skip
            node[_SCHEMA] = f"{kind}.{newest}"
        return node

    def _gap(self, node: Any, kind: str, track: str) -> dict[str, Any]:
        what = f"{kind}, which OpenTimelineIO does not know" if kind else "nothing"
        name = _name(node, track) if isinstance(node, dict) else track or "an item"
        length = node.get("source_range") if isinstance(node, dict) else None
        if not _is_range(length):
            length = None
        shift = "" if length else ", of no length: what follows may be shown too early"
        self._note(f"A gap takes the place of {what}{shift}", name)
        return {_SCHEMA: "Gap.1", "name": name, "source_range": length or _NO_RANGE}

    def _effect(self, node: Any, name: str) -> Any:
        kind = self._kind(node)
        if kind in _EFFECTS:
            return self._current(node, kind)
        retimes = bool(_RETIME.search(kind))
        self._note(f"Effect of a kind that OpenTimelineIO does not know ({kind or 'none'})", name)
        metadata = node.get("metadata") if isinstance(node, dict) else None
        return {
            _SCHEMA: "TimeEffect.1" if retimes else "Effect.1",
            "effect_name": kind,
            "metadata": metadata if isinstance(metadata, dict) else {},
        }

    def _media(self, node: Any, name: str) -> Any:
        kind = self._kind(node)
        if kind in _MEDIA:
            return self._current(node, kind)
        if node is not None:
            self._note(
                f"Media of a kind that OpenTimelineIO does not know ({kind or 'none'})", name
            )
        else:
            self._note("No media named", name)
        fields = node if isinstance(node, dict) else {}
        url = fields.get("target_url")
        kept = {"metadata": fields["metadata"]} if isinstance(fields.get("metadata"), dict) else {}
        if _is_range(fields.get("available_range")):
            kept["available_range"] = fields["available_range"]
        if isinstance(url, str):
            return {_SCHEMA: "ExternalReference.1", "target_url": url, **kept}
        return {_SCHEMA: "MissingReference.1", **kept}

    def _note(self, kind: str, name: str) -> None:
        self.lost.setdefault(kind, []).append(name)


def _name(node: Mapping[str, Any], track: str) -> str:
    name = str(node.get("name") or "an item without a name")
    return f"{name} ({track})" if track else name


def _is_range(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    times = [value.get("start_time"), value.get("duration")]
    return str(value.get(_SCHEMA)).startswith("TimeRange.") and all(
        isinstance(time, dict)
        and isinstance(time.get("rate"), (int, float))
        and isinstance(time.get("value"), (int, float))
        for time in times
    )
