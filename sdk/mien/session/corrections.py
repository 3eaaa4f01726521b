"""Commands on landmarks put right by hand: from a document to a changed one."""

from __future__ import annotations

from collections.abc import Sequence

from mien.model.corrections import DEFAULT_FALLOFF, CorrectionGroup, LandmarkCorrection
from mien.model.document import Document
from mien.session.lookup import change_shot

__all__ = ["correct_landmarks", "remove_corrections", "set_corrections"]


def correct_landmarks(
    document: Document,
    shot: str,
    face: int,
    frame: int,
    group: CorrectionGroup,
    dx: float,
    dy: float,
    falloff: int | tuple[int, int] = DEFAULT_FALLOFF,
) -> Document:
    """Return a document in which landmarks are moved; see `mien.correct_landmarks`.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        frame: The frame.
        group: Which landmarks.
        dx: Pixels of the upright picture to the right, from where they are now.
        dy: The same, down.
        falloff: Frames before and after over which it fades.

    Raises:
        NoFaceError: When there is no such face.
        TimeError: When the face is not there in that frame.
    """
    if not (dx or dy):
        return document
    # Loaded when it is needed: a window opens without media and pictures.
    from mien import api

    return change_shot(
        document,
        shot,
        lambda project: api.correct_landmarks(project, face, frame, group, dx, dy, falloff=falloff),
    )


def set_corrections(
    document: Document, shot: str, face: int, corrections: Sequence[LandmarkCorrection]
) -> Document:
    """Return a document in which a face has these corrections; see `mien.set_corrections`."""
    if tuple(corrections) == document.shot(shot).shot.face(face).corrections:
        return document
    from mien import api

    return change_shot(
        document, shot, lambda project: api.set_corrections(project, face, corrections)
    )


def remove_corrections(
    document: Document,
    shot: str,
    face: int | None = None,
    frame: int | None = None,
    group: CorrectionGroup | None = None,
) -> Document:
    """Return a document without some corrections; see `mien.remove_corrections`.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face; None for every face.
        frame: Only those of this frame.
        group: Only those of this group.

    Raises:
        NothingToDoError: When there is no such correction.
    """
    from mien import api

    return change_shot(
        document,
        shot,
        lambda project: api.remove_corrections(project, face, frame=frame, group=group),
    )
