"""Renderers and curve files to choose from in panels and file browsers: those of the user's mien.

While no server runs, they are those that every mien has.
"""

from __future__ import annotations

import zlib
from typing import Any

from . import server

__all__ = ["curve_pattern", "holds_one_face", "note_renderer", "renderer_items"]

_RENDERERS = (
    ("auto", "Best installed", "The best renderer of your mien"),
    ("warp", "Embedded", "Quick, on the CPU"),
    ("reference", "Reference", "Needs its models"),
)
"""Name, title and description; a scene keeps a choice as its number, so the order stays."""
_CURVE_FORMATS = (
    {"suffixes": [".npz"], "reads": True, "writes": True, "faces": "one"},
    {"suffixes": [".json"], "reads": True, "writes": True, "faces": "many"},
    {"suffixes": [".csv"], "reads": True, "writes": True, "faces": "one"},
)

Item = tuple[str, str, str, str, int]
_shown: dict[tuple[Item, ...], list[Item]] = {}
"""Every list that Blender was given: it keeps no copies of the texts in them."""


def renderer_items(settings: Any, context: Any) -> list[Item]:
    """Return the items of the renderer's list: mien's own, the server's, and the scene's choice.

    Args:
        settings: The scene's `MienSettings`.
        context: Unused; Blender gives it.
    """
    hello = _hello()
    usable = hello.get("renderers")
    summaries = hello.get("renderer_summaries", {})
    own = [name for name, _, _ in _RENDERERS]
    items = []
    for number, (name, title, description) in enumerate(_RENDERERS):
        missing = usable is not None and name != "auto" and name not in usable
        note = "; it cannot be used now, `mien doctor` says why" if missing else ""
        items.append((name, title, description + note, "NONE", number))
    # A choice stays while the server that knows it does not run.
    others = {*(usable or ()), settings.chosen_renderer} - {*own, ""}
    items += [
        (name, name, summaries.get(name, "A renderer of another package"), "NONE", _number(name))
        for name in sorted(others)
    ]
    return _shown.setdefault(tuple(items), items)


def note_renderer(settings: Any, context: Any) -> None:
    """Keep the name of the renderer that was chosen, by which it is known without a server."""
    settings.chosen_renderer = settings.renderer


def curve_pattern(*, writes: bool) -> str:
    """Return the pattern of curve files for a file browser.

    Args:
        writes: Whether a file is to be written, or else read.
    """
    use = "writes" if writes else "reads"
    endings = [suffix for one in _curve_formats() if one[use] for suffix in one["suffixes"]]
    # Formats may share an ending.
    return ";".join(f"*{ending}" for ending in dict.fromkeys(endings))


def holds_one_face(suffix: str) -> bool:
    """Return whether curve files with an ending hold one face, and not all of a shot."""
    return any(suffix.lower() in one["suffixes"] and one["faces"] == "one"
               for one in _curve_formats())  # fmt: skip


def _curve_formats() -> Any:
    return _hello().get("curve_formats", _CURVE_FORMATS)


def _hello() -> dict[str, Any]:
    """Return how the running server introduced itself; nothing while none runs."""
    client = server.current()
    return {} if client is None else client.hello


def _number(name: str) -> int:
    """Return the number under which a scene keeps a renderer of another package."""
    return len(_RENDERERS) + zlib.crc32(name.encode()) % (2**31 - 1 - len(_RENDERERS))
