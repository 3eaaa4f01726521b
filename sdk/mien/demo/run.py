"""The demo: footage, track, edit, render, and pictures of the result."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from mien import api
from mien.demo.figures import before_after, curves_plot, side_by_side
from mien.demo.footage import make_footage
from mien.demo.story import MOMENTS, tell
from mien.errors import MissingDependencyError, OutputError
from mien.face.solve import solve_as
from mien.io.files import written_whole
from mien.model.curves import ControlCurves
from mien.model.evaluate import evaluate
from mien.progress import Progress

__all__ = ["DemoReport", "run_demo"]


@dataclass(frozen=True, slots=True)
class DemoReport:
    """What the demo did.

    Attributes:
        files: Every file it made, with what it is.
        frames: Frames of the footage.
        frames_seen: Frames in which the face was found.
        frames_edited: Frames in which it was changed.
        moments: For every moment of the story its title and frame, and for each of its
            controls the value as filmed, as asked for, and as seen when the result was
            tracked again.
        seconds: Time it took, by stage.
    """

    files: tuple[tuple[Path, str], ...]
    frames: int
    frames_seen: int
    frames_edited: int
    moments: tuple[dict[str, Any], ...]
    seconds: dict[str, float]

    def to_dict(self) -> dict[str, Any]:
        """The report in JSON's types."""
        return {
            "folder": str(self.files[0][0].parent),
            "files": {path.name: what for path, what in self.files},
            "frames": self.frames,
            "frames_seen": self.frames_seen,
            "frames_edited": self.frames_edited,
            "moments": list(self.moments),
            "seconds": self.seconds,
        }


def run_demo(folder: str | Path, *, progress: bool | Progress = True) -> DemoReport:
    """Run the whole job on footage made for it.

    Args:
        folder: Where the results go; made when it is missing. Results of an earlier demo
            are replaced.
        progress: As in `mien.track`.

    Raises:
        MissingDependencyError: When the extra `demo` is not installed.
        OutputError: When the folder cannot be made or written to, or holds other films of
            these names.
    """
    folder = Path(folder)
    _refuse_without_extra()
    _make(folder)
    stage, seconds = _stopwatch()
    with stage("footage"):
        footage = make_footage(folder / "footage.mp4", progress=progress)
    with stage("track"):
        shot = api.track(footage, progress=progress)
        face = api.main_face(shot)
        edit = tell(face)
        api.save_project(shot, folder / "demo.mien", [edit])
    with stage("render"):
        edited = folder / "edited.mp4"
        render = api.render(shot, edited, edits=[edit], overwrite=True, progress=progress)
    with stage("check"):
        # It is the same person: a film that smiles all along tells her neutral face less well.
        seen = api.main_face(api.track(edited, progress=progress))
        achieved = solve_as(seen, face.identity).curves.controls
    asked = evaluate(face.curves.controls.array, edit.layers, face.valid)
    target = ControlCurves(asked.target)
    with stage("pictures"):
        before_after(footage, edited, face, folder / "before-after.png")
        side_by_side(footage, edited, face, folder / "side-by-side.mp4", progress)
        curves_plot(face, target, achieved, folder / "curves.png")
    report = DemoReport(
        files=(
            (folder / "before-after.png", "six moments, as filmed and edited"),
            (folder / "side-by-side.mp4", "as filmed and edited, playing together"),
            (folder / "curves.png", "what was performed, asked for and achieved"),
            (edited, "the edited footage"),
            (footage, "the footage"),
            (folder / "demo.mien", "the project, with its keys"),
            (folder / "report.json", "the figures"),
        ),
        frames=render.frames,
        frames_seen=int(np.count_nonzero(face.confidence)),
        frames_edited=render.frames_edited,
        moments=tuple(_moments(face.curves.controls, target, achieved, face.clock.parse)),
        seconds=seconds,
    )
    with written_whole(folder / "report.json") as file:
        file.write(json.dumps(report.to_dict(), indent=2).encode())
    return report


def _refuse_without_extra() -> None:
    for package in ("skimage", "matplotlib"):
        try:
            found = find_spec(package) is not None
        except ValueError:
            found = False
        if not found:
            raise MissingDependencyError(
                f"The demo needs {package}, which is not installed.",
                'Install it with: pip install "mien[demo]"',
            )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {(error.strerror or str(error)).lower()}.",
            "Choose another with -o.",
            path=folder,
        ) from error
    films = [name for name in ("footage.mp4", "edited.mp4", "side-by-side.mp4")
             if (folder / name).exists()]  # fmt: skip
    if films and not (folder / "demo.mien").exists():
        raise OutputError(
            f"{folder} holds {films[0]}, which may not be an earlier demo's.",
            "Choose another folder with -o, or take the file away.",
            path=folder,
        )


def _stopwatch() -> tuple[Any, dict[str, float]]:
    seconds: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        seconds[name] = round(time.monotonic() - start, 2)

    return stage, seconds


def _moments(
    filmed: ControlCurves, asked: ControlCurves, achieved: ControlCurves, frame_of: Any
) -> Iterator[dict[str, Any]]:
    for moment in MOMENTS:
        frame = frame_of(moment.time)
        yield {
            "title": moment.title,
            "frame": frame,
            "controls": {
                name: {
                    "filmed": round(float(filmed[name][frame]), 3),
                    "asked": round(float(asked[name][frame]), 3),
                    "achieved": round(float(achieved[name][frame]), 3),
                }
                for name in moment.controls
            },
        }
