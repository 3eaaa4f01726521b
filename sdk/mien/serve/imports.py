"""The curves of a file as a layer of edits."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mien.errors import InputError, UnknownControlError
from mien.io.curves_reader import read_controls
from mien.io.project import Project
from mien.model.controls import GAZE, HEAD
from mien.model.edits import Edit, Layer
from mien.serve.edits import sampled_track
from mien.serve.messages import ImportCurvesParams

__all__ = ["imported"]


def imported(project: Project, params: ImportCurvesParams) -> tuple[Edit, list[str], list[int]]:
    """The edit of a face with the curves of a file in a layer.

    Over gaps in the file the values run straight; what lies beyond the shot is left out.

    Returns:
        The edit, the controls that were taken, and the frames that they reach.

    Raises:
        InputError: When the file cannot be used, or nothing of it falls on the shot.
        UnknownControlError: When a control that was asked for is not in the file.
    """
    face = project.shot.face(params.face)
    curves = read_controls(Path(params.path), params.source_face).controls
    wanted = params.controls
    if wanted is None:
        wanted = [name for name in curves if name not in HEAD and name not in GAZE]
    for name in wanted:
        if name not in curves:
            raise UnknownControlError(
                f"{Path(params.path).name} has no control '{name}'.",
                f"It has {', '.join(curves)}.",
            )
    frames = project.shot.clock.frame_count
    tracks, span = [], [frames, 0]
    for name in wanted:
        values = curves[name][: max(0, frames - params.at)]
        there = np.flatnonzero(np.isfinite(values))
        if not len(there):
            continue
        first, last = int(there[0]), int(there[-1])
        whole = np.interp(np.arange(first, last + 1), there, values[there])
        start = params.at + first
        tracks.append(sampled_track(name, start, whole, frames, mode="replace"))
        span = [min(span[0], start), max(span[1], params.at + last + 1)]
    if not tracks:
        raise InputError(
            f"Nothing of {Path(params.path).name} falls on the shot's frames.",
            "Let it begin earlier (`at`), or take another file.",
        )
    edit = project.edit(face.number).with_layer(Layer(params.layer, tuple(tracks)))
    return edit, [track.control for track in tracks], span
