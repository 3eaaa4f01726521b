"""Name the faces of a shot."""

from __future__ import annotations

from typing import TypeVar

from mien.model.document import Project
from mien.model.shot import Shot

__all__ = ["rename_face"]

_ShotOrProject = TypeVar("_ShotOrProject", Shot, Project)


def rename_face(source: _ShotOrProject, face: int | str, name: str) -> _ShotOrProject:
    """Give a face of a shot another name, by which it can be asked for everywhere.

        shot = mien.rename_face(shot, 1, "Anna")
        edit = mien.Edit(shot.face("Anna"))

    Args:
        source: A tracked shot, or a project, whose edits stay.
        face: Number or name of the face.
        name: What it is to be called: one line, no number, and no other face's name.

    Returns:
        The shot, or the project, with it.

    Raises:
        NoFaceError: When the shot has no such face.
        UsageError: When the face cannot have the name.
    """
    if isinstance(source, Project):
        return source.with_faces_of(source.shot.with_face_name(face, name))
    return source.with_face_name(face, name)
