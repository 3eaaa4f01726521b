"""Commands on what is neutral for a person: from a document to a changed one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mien.model.document import Document
from mien.session.lookup import change_shot

__all__ = ["reset_neutral", "set_neutral"]


def set_neutral(
    document: Document,
    shot: str,
    face: int,
    frame: int | None = None,
    image: Path | None = None,
    notice: Callable[[str], None] | None = None,
) -> Document:
    """Return a document in which something is neutral for a person; see `mien.set_neutral`.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        frame: The frame in which it is neutral.
        image: A picture of the person in its place; with neither, the face at rest.
        notice: Called with a line about each thing that is doubtful.

    Raises:
        NoFaceError: When there is no such face, or none in the picture.
        TimeError: When the face is not seen in that frame.
        NothingToDoError: When the landmarks as they were tracked were not kept.
    """
    # Loaded when it is needed: a window opens without media and pictures.
    from mien import api

    return change_shot(
        document,
        shot,
        lambda project: api.set_neutral(
            project, face, frame=frame, image=image, notice=notice, progress=False
        ),
    )


def reset_neutral(document: Document, shot: str, face: int) -> Document:
    """Return a document in which a person's neutral face is learned; see `mien.reset_neutral`."""
    from mien import api

    return change_shot(
        document, shot, lambda project: api.reset_neutral(project, face, progress=False)
    )
