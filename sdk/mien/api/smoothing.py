"""How curves are smoothed, chosen face by face; the raw ones stay, so it can be chosen again."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from mien.model.document import Project, tracked_shot_of
from mien.model.shot import Shot
from mien.model.smoothing import Smoothing, SmoothingMethod

__all__ = ["smooth_faces"]

_ShotOrProject = TypeVar("_ShotOrProject", Shot, Project)


def smooth_faces(
    source: _ShotOrProject,
    smoothing: Smoothing | SmoothingMethod = "adaptive",
    face: int | str | None = None,
) -> _ShotOrProject:
    """Smooth the curves of faces otherwise than mien does, from the raw ones; edits stay.

        project = mien.smooth_faces(project, "savgol")
        project = mien.smooth_faces(project, mien.Smoothing(groups=(("gaze", 2.0),)), "Anna")
        project = mien.smooth_faces(project)  # as it was tracked

    Landmarks, which say where in the picture a renderer draws, are not touched.

    Args:
        source: A tracked shot, or a project.
        smoothing: Method and strength, or a method by its name.
        face: Number or name of the face; None for every face.

    Returns:
        The shot, or the project, with the curves smoothed so; it stays so through new solves.

    Raises:
        NoFaceError: When there is no such face, or none at all.
        UsageError: When there is no such method.
    """
    from mien.face.resmoothing import smooth_face

    how = Smoothing(smoothing) if isinstance(smoothing, str) else smoothing
    shot = tracked_shot_of(source)
    numbers = {one.number for one in shot.faces} if face is None else {shot.face(face).number}
    faces = tuple(
        smooth_face(one, how, shot.breaks) if one.number in numbers else one for one in shot.faces
    )
    changed = replace(shot, faces=faces)
    return source.with_faces_of(changed) if isinstance(source, Project) else changed
