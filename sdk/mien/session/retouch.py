"""Commands for everyday jobs on faces: from a document to a changed one."""

from __future__ import annotations

from collections.abc import Callable

from mien import retouch as jobs
from mien.model.document import Document
from mien.model.retouch import RetouchKind, RetouchOptions
from mien.session.lookup import change_shot

__all__ = ["retouch"]


def retouch(
    document: Document,
    shot: str,
    face: int,
    kind: RetouchKind,
    options: RetouchOptions,
    notice: Callable[[str], None] | None = None,
) -> Document:
    """Return a document in which a job is done on a face; see `mien.retouch`.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        kind: `lens`, `hold-eyes`, `remove-blinks`, `blink`, `soften` or `neutralise`.
        options: How it is to be done.
        notice: Called with a line about each thing that was done, or could not be.

    Raises:
        NoFaceError: When there is no such face.
        NothingToDoError: When there is nothing of the kind to do.
        TimeError: When a frame lies outside the shot, or the face is not seen in it.
    """
    return change_shot(
        document,
        shot,
        lambda project: jobs.retouch(project, kind, face, options, notice=notice),
    )
