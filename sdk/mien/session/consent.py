"""Commands on consent: from a document to a changed one."""

from __future__ import annotations

from mien.model.consent import Consent
from mien.model.document import Document
from mien.session.lookup import change_shot

__all__ = ["clear_consent", "set_consent"]


def set_consent(document: Document, shot: str, face: int, consent: Consent) -> Document:
    """Return a document in which something permits that a face is edited.

    See `mien.set_consent`.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        consent: What permits it.

    Raises:
        NoFaceError: When there is no such face.
    """
    if document.shot(shot).shot.face(face).consent == consent:
        return document
    from mien import api

    return change_shot(document, shot, lambda project: api.set_consent(project, face, consent))


def clear_consent(document: Document, shot: str, face: int) -> Document:
    """Return a document in which nothing permits that a face is edited.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.

    Raises:
        NoFaceError: When there is no such face.
    """
    if document.shot(shot).shot.face(face).consent is None:
        return document
    from mien import api

    return change_shot(document, shot, lambda project: api.clear_consent(project, face))
