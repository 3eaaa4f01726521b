"""Commands on performances of others: from a document to a changed one."""

from __future__ import annotations

from mien.model.document import Document
from mien.model.transfer import APPLIED_LAYER, SourcePerformance, Transfer
from mien.session.lookup import change_shot

__all__ = ["apply_performance"]


def apply_performance(
    document: Document,
    shot: str,
    face: int,
    source: SourcePerformance,
    how: Transfer,
    layer: str = APPLIED_LAYER,
) -> Document:
    """Return a document in which a face follows another performance, in layers.

    The document itself comes back where the face does what the source does already.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face.
        source: The performance (`mien.open_performance`).
        how: What is taken of it, and how.
        layer: Name of the layer, which takes the place of one with that name.

    Raises:
        UsageError: When there is no such shot, or what is asked contradicts itself.
        NoFaceError: When the shot has no such face.
        InputError: When nothing of the source can be used, or falls on the shot.
        TimeError: When a time cannot be read or lies outside.
    """
    # Loaded when it is needed: a window opens without media and pictures.
    from mien import api

    before = document.shot(shot)
    after = api.apply(before, source, how, face=face, layer=layer).project
    if after.edit(face) == before.edit(face):
        return document
    return change_shot(document, shot, lambda _: after)
