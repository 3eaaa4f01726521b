"""What the scripts that run inside Blender share. The extension is installed by then."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

MODULE = os.environ["MIEN_EXTENSION"]
"""Full name of the installed extension's module."""


def extension(name: str) -> Any:
    """A module of the installed extension."""
    return importlib.import_module(f"{MODULE}.{name}")


compat, server = extension("compat"), extension("server")


def add_clip(scene: Any, name: str, path: Path, *, channel: int, start: int) -> Any:
    """A movie strip, made active, in a scene of 30 frames a second."""
    scene.render.fps = 30
    strip = compat.strip_collection(scene).new_movie(
        name=name, filepath=str(path), channel=channel, frame_start=start
    )
    scene.sequence_editor.active_strip = strip
    return strip


def strip_named(scene: Any, name: str) -> Any:
    """A strip by its name, made active."""
    strip = next(s for s in compat.all_strips(scene) if s.name == name)
    scene.sequence_editor.active_strip = strip
    return strip


def told(facts: dict[str, Any]) -> None:
    """Print what was measured, and end: some Blenders hang in their own exit."""
    server.disconnect()
    print("FACTS " + json.dumps(facts), flush=True)
    sys.stderr.flush()
    os._exit(0)


def refused(operator: Any, **parameters: object) -> str:
    """Why an operator refuses: its cause and remedy."""
    try:
        answer = operator(**parameters)
    except RuntimeError as error:
        return str(error)
    raise AssertionError(f"it was not refused: {answer}")
