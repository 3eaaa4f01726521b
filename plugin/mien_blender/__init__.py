"""mien for Blender: facial expressions in video, keyed as F-curves in the sequencer.

Standard library and bpy only; the work is done by `mien serve` of the user's own mien.
"""

from __future__ import annotations

import bpy

from . import (
    jobs,
    migration,
    ops_edit,
    ops_performance,
    ops_shots,
    panel,
    preview,
    server,
    settings,
    state,
)

_CLASSES = (
    server.MienPreferences,
    *ops_shots.CLASSES,
    *ops_edit.CLASSES,
    *ops_performance.CLASSES,
    *panel.CLASSES,
)


def _before_load(*_: object) -> None:
    """Stop what was under way for the file that is left."""
    jobs.stop_all()
    preview.forget()


def register() -> None:
    """Register the extension; called by Blender when it is enabled."""
    state.register()
    settings.register()
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    panel.register()
    preview.start_overlay()
    migration.register()
    bpy.app.handlers.load_pre.append(bpy.app.handlers.persistent(_before_load))


def unregister() -> None:
    """Unregister the extension; called by Blender when it is disabled, and at its end."""
    bpy.app.handlers.load_pre.remove(_before_load)
    migration.unregister()
    jobs.stop_all()
    preview.stop_overlay()
    server.disconnect()
    panel.unregister()
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
    settings.unregister()
    state.unregister()
