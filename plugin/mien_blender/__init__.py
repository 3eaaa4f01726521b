"""mien for Blender: facial expressions in video, keyed as F-curves in the sequencer.

Standard library and bpy only; the work is done by `mien serve` of the user's own mien.
"""

from __future__ import annotations

import bpy

from . import jobs, ops_edit, ops_shots, panel, preview, server, settings, state

_CLASSES = (server.MienPreferences, *ops_shots.CLASSES, *ops_edit.CLASSES, *panel.CLASSES)


def _before_load(*_: object) -> None:
    """What was under way was for the file that is left."""
    jobs.stop_all()
    preview.forget()


def register() -> None:
    """Called by Blender when the extension is enabled."""
    state.register()
    settings.register()
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    panel.register()
    preview.start_overlay()
    bpy.app.handlers.load_pre.append(bpy.app.handlers.persistent(_before_load))


def unregister() -> None:
    """Called by Blender when it is disabled, and at its end."""
    bpy.app.handlers.load_pre.remove(_before_load)
    jobs.stop_all()
    preview.stop_overlay()
    server.disconnect()
    panel.unregister()
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
    settings.unregister()
    state.unregister()
