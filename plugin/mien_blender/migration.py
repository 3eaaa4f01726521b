"""Migration of what other versions of the extension have stored in a .blend.

Every strip that holds something of mien says by a number how that is stored. An older strip is
brought up to date step by step, when its file is loaded, when its scene is appended, and at the
latest before anything is done with it. A newer one is left alone: nothing of it is written, so
that the version that made it finds all that it stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import bpy

from .compat import Strip, all_strips
from .problems import RefusedError

__all__ = ["SCHEMA", "bring_up_to_date", "newer", "register", "stamp", "unregister"]

SCHEMA = 2
"""Schema of what this version stores; 1 is that of files from before there was a number."""


def stamp(strip: Strip) -> None:
    """Note that what is stored of a strip is stored in this version's way."""
    if strip.mien.schema != SCHEMA:
        strip.mien.schema = SCHEMA


def newer(strip: Strip) -> RefusedError | None:
    """Return why a strip is left alone, if a newer version has stored it; else None."""
    if strip.mien.schema <= SCHEMA:
        return None
    return RefusedError(
        f"'{strip.name}' was last edited with a newer mien extension (schema"
        f" {strip.mien.schema}; this one knows {SCHEMA}).",
        "Update the extension to edit it; until then nothing of its edit is changed.",
    )


def bring_up_to_date(strip: Strip) -> None:
    """Bring what an older version has stored of a strip up to this version, step by step."""
    mien = strip.mien
    # Strips that mien never touched have neither, and stay as they are.
    if not (mien.identifier or mien.source):
        return
    for schema in range(max(mien.schema, 1), SCHEMA):
        _STEPS[schema](mien)
        mien.schema = schema + 1


def _name_render_number(mien: Any) -> None:
    """Keep the number of the last render under a name that says so."""
    number = mien.get("version")
    if number is not None:
        del mien["version"]
    if isinstance(number, int):
        mien.render_number = number


_STEPS: dict[int, Callable[[Any], None]] = {1: _name_render_number}
"""By the schema from which it leads to the next one, a step."""


def _after_load(*_: object) -> None:
    """Bring all strips of the file up to date; linked scenes belong to other files."""
    for scene in bpy.data.scenes:
        if scene.library is None:
            for strip in all_strips(scene):
                bring_up_to_date(strip)


# Before 4.3 nobody tells of appended scenes: their strips wait until something is done with them.
_HANDLERS = ("load_post", "blend_import_post")


def register() -> None:
    """Migrate files that are loaded, and scenes that are appended, from now on."""
    handler = bpy.app.handlers.persistent(_after_load)
    for name in _HANDLERS:
        if hasattr(bpy.app.handlers, name):
            getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    """Stop migrating."""
    for name in _HANDLERS:
        if hasattr(bpy.app.handlers, name):
            getattr(bpy.app.handlers, name).remove(_after_load)
