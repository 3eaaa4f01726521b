"""An edited shot for tests of reports: rendered once a session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import mien
from tests.footage import made_once

__all__ = ["FRAMES", "EditedShot", "edited_project", "edited_shot"]

FRAMES = 24
"""Frames of the footage that are rendered."""


@dataclass(frozen=True)
class EditedShot:
    """The files of an edited shot.

    Attributes:
        original: The footage.
        project: Its project, with an edit of frames 10 to 20.
        lossless: Its first frames, edited, in FFV1.
        lossy: The same in H.264.
    """

    original: Path
    project: Path
    lossless: Path
    lossy: Path


def edited_project(original: Path, tracked: Path, path: Path) -> mien.Project:
    """Save a project of tracked footage with an edit of frames 10 to 20, and return it."""
    project = mien.load_project(tracked, media=original)
    edit = mien.Edit(project.shot.faces[0])
    for control in ("jawOpen", "browInnerUp"):
        edit = edit.key(control, 9, 0).key(control, 14, 0.6).key(control, 20, 0)
    project = replace(project, edits=(edit,))
    mien.save_project(project, path)
    return project


def edited_shot(original: Path, tracked: Path, factory: pytest.TempPathFactory) -> EditedShot:
    """Return an edited shot; whichever worker needs it first renders it."""

    def make(folder: Path) -> None:
        folder.mkdir()
        project = edited_project(original, tracked, folder / "shot.mien")
        for name in ("lossless.mkv", "lossy.mp4"):
            mien.render(
                project, folder / name, frames=f"0:{FRAMES}", progress=False,
                lossless=name.startswith("lossless"), renderer="warp",
            )  # fmt: skip

    folder = made_once(factory, "edited-shot", make)
    return EditedShot(original, folder / "shot.mien", folder / "lossless.mkv", folder / "lossy.mp4")
