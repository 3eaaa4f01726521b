"""The steps of the tour, and the demo shot that it is taken on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import platformdirs

from mien.progress import Progress
from mien_desktop.editor_window import EditorWindow
from mien_desktop.tour import TourStep

__all__ = ["tour_steps"]

_FRAMES = 75
"""Of the demo shot: long enough to play, short enough to be tracked while one reads on."""


def tour_steps(window: EditorWindow) -> tuple[TourStep, ...]:
    """Return the four steps."""
    return (
        TourStep(
            "1  Drop a clip here",
            "Any movie or image sequence with a face in it, or a .mien project. To begin with,"
            " take the demo shot: three seconds, made on your machine.",
            window.viewer,
            "Use the demo shot",
            partial(_open_demo, window),
        ),
        TourStep(
            "2  Track the faces",
            "mien looks for every face and for what it does, frame by frame. The window stays"
            " yours meanwhile; Jobs shows what is going on.",
            window.panels.bottom,
            "Track faces",
            window.track,
        ),
        TourStep(
            "3  Change the expression",
            "Move a slider, or pull at the face in the picture: each change sets a key at the"
            " playhead. Under Expressions, point at one to try it and click to apply it.",
            window.panels.right,
        ),
        TourStep(
            "4  Play, compare, export",
            "Space plays, J K L shuttle; 1 to 4 show the edit, the plate, a wipe, or both. Ctrl+Z"
            " takes anything back, Ctrl+E exports, F1 lists every key.",
            window.transport,
        ),
    )


def _open_demo(window: EditorWindow) -> None:
    """Make the demo shot where the user's data are, once, and add it."""
    path = platformdirs.user_data_path("mien") / "demo" / "demo.mp4"
    workspace = window.workspace

    def report(stage: str, done: int, total: int) -> None:
        words = f"Making the demo shot: {round(100 * done / total)} %"
        workspace.later(lambda: workspace.said.emit(words))

    window.background.run(
        partial(_made, path, report), lambda made: window.documents.add_media([made])
    )


def _made(path: Path, report: Progress) -> Path:
    if not path.exists():
        from mien.demo.footage import make_footage

        path.parent.mkdir(parents=True, exist_ok=True)
        make_footage(path, frames=_FRAMES, progress=report)
    return path
