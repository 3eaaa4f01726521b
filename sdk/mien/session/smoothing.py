"""Commands on how curves are smoothed: from a document to a changed one."""

from __future__ import annotations

from mien.model.document import Document
from mien.model.smoothing import Smoothing
from mien.session.lookup import change_shot

__all__ = ["smooth_faces"]


def smooth_faces(
    document: Document, shot: str, smoothing: Smoothing, face: int | None = None
) -> Document:
    """Return a document whose faces are smoothed otherwise; see `mien.smooth_faces`.

    Args:
        document: The document.
        shot: Id of the shot.
        smoothing: Method and strength.
        face: Number of the face; None for every face.

    Raises:
        NoFaceError: When there is no such face.
    """
    faces = document.shot(shot).shot.faces
    chosen = [one for one in faces if face in (None, one.number)]
    if chosen and all(one.smoothing == smoothing for one in chosen):
        return document
    from mien import api

    return change_shot(document, shot, lambda project: api.smooth_faces(project, smoothing, face))
