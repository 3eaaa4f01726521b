"""Paths as projects keep them: relative to the project's folder, in the words of any system."""

from __future__ import annotations

import os
from pathlib import Path, PurePath

__all__ = ["path_text", "relative"]


def path_text(path: PurePath) -> str:
    """Return a path as JSON holds it."""
    # JSON is Unicode, file names need not be: such media are found by their content.
    return path.as_posix().encode(errors="replace").decode()


def relative(path: Path, folder: Path) -> PurePath:
    """Return a path from a folder on; as it is, where that is on another drive of Windows."""
    try:
        return PurePath(os.path.relpath(path.absolute(), folder.absolute()))
    except ValueError:
        return path.absolute()
