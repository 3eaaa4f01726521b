"""Hint of where a face is, and the shot with the face as it was followed from there; no Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mien.model.document import Document, Project
from mien.model.scaled_shot import with_media
from mien.model.shot import Shot
from mien.timebase import FrameRange
from mien_desktop.faces.late import carried_face

__all__ = ["Box", "Hint", "Point", "with_followed"]

Point = tuple[float, float]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Hint:
    """Request to track a face again, and from where.

    Attributes:
        shot: Id of the shot.
        face: Number of the face; None for one that was missed.
        frame: The frame in which the box was drawn.
        box: Left, top, right, bottom in pixels of the upright picture.
        frames: The frames that are tracked again; None for all between the cuts around `frame`.
    """

    shot: str
    face: int | None
    frame: int
    box: Box
    frames: FrameRange | None


def with_followed(document: Document, before: Project, hint: Hint, followed: Shot) -> Document:
    """Return a document with a face as it was followed; all others are as they are by now.

    Args:
        document: The document; it may have changed since.
        before: The shot when the work began.
        hint: What was asked.
        followed: The shot with the face.

    Returns:
        The very document where the face is no longer there.

    Raises:
        UsageError: When the face was merged, split or tracked again meanwhile.
    """
    project = document.shot(hint.shot)
    shot, numbers = project.shot, {face.number for face in before.shot.faces}
    there = {face.number for face in project.shot.faces}
    followed = with_media(followed, shot.media)
    if hint.face is not None:
        if hint.face not in there:
            return document
        made = carried_face(followed, before, shot, hint.face)
        faces = [made if face.number == hint.face else face for face in shot.faces]
    else:
        made = next(face for face in followed.faces if face.number not in numbers)
        if made.number in there:
            number = max(there) + 1
            made = replace(made, number=number, name=f"face {number}")
        faces = [*shot.faces, made]
    return document.with_shot(project.with_faces_of(replace(shot, faces=tuple(faces))))
