"""Functions that the operators share."""

from __future__ import annotations

from typing import Any

from . import jobs
from .client import ServeError
from .compat import Scene, Strip, sequencer_scene
from .jobs import Task
from .migration import newer
from .state import active_face

__all__ = ["Result", "begin", "complain", "on_media", "on_tracked", "target"]

Result = set[str]


def target(context: Any) -> tuple[Scene, Strip]:
    """Return the sequencer's scene and its active strip."""
    scene = sequencer_scene(context)
    return scene, scene.sequence_editor.active_strip


def on_media(context: Any) -> bool:
    """Return whether a movie or image strip is active and nothing is under way for it.

    What is linked from another .blend can be looked at, but nothing is kept of a change. What a
    newer version of the extension has stored is left alone.
    """
    scene = sequencer_scene(context)
    if scene is None or scene.library is not None:
        return False
    editor = scene.sequence_editor
    strip = editor.active_strip if editor is not None else None
    if strip is None or strip.type not in ("MOVIE", "IMAGE") or newer(strip) is not None:
        return False
    return not strip.mien.identifier or jobs.running(strip.mien.identifier) is None


def on_tracked(context: Any) -> bool:
    """Return whether such a strip has tracked faces."""
    return on_media(context) and active_face(target(context)[1]) is not None


def begin(operator: Any, task: Task) -> Result:
    """Start a task; in background its outcome is reported at once."""
    jobs.start(task)
    if task.finished:
        operator.report({"INFO"}, task.outcome)
    return {"FINISHED"}


def complain(operator: Any, error: ServeError) -> Result:
    """Report an error with its cause and remedy."""
    operator.report({"ERROR"}, str(error))
    return {"CANCELLED"}
