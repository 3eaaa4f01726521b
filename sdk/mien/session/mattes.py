"""Commands on what is in front of the faces of a shot: from a document to a changed one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mien.errors import UsageError
from mien.model.document import Document, Project
from mien.model.occlusion import MatteStroke, Occlusion
from mien.session.lookup import change_shot
from mien.timebase import FrameRange

__all__ = ["add_stroke", "clear_strokes", "remove_stroke", "set_occlusion", "set_stroke"]


def set_occlusion(document: Document, shot: str, occlusion: Occlusion) -> Document:
    """Return a document in which things in front of a shot's faces are treated otherwise.

    Args:
        document: The document.
        shot: Id of the shot.
        occlusion: How they are treated; its matte is not looked at, which
            `mien.check_occlusion_matte` does.

    Raises:
        NoFaceError: When a stroke is for a face that the shot does not have.
        TimeError: When a stroke lies outside the shot.
    """
    return _change(document, shot, lambda _: occlusion)


def add_stroke(document: Document, shot: str, stroke: MatteStroke) -> Document:
    """Return a document with a stroke more, on top of those that were painted before.

    Raises:
        NoFaceError: When the shot does not have its face.
        TimeError: When it lies outside the shot.
    """
    return _change(document, shot, lambda old: replace(old, strokes=(*old.strokes, stroke)))


def set_stroke(document: Document, shot: str, index: int, stroke: MatteStroke) -> Document:
    """Return a document with a stroke in place of another, as when its span is dragged.

    Args:
        document: The document.
        shot: Id of the shot.
        index: Which of `shot.occlusion.strokes` it replaces.
        stroke: The stroke.

    Raises:
        UsageError: When there is no stroke of that index.
        NoFaceError: When the shot does not have its face.
        TimeError: When it lies outside the shot.
    """

    def put(old: Occlusion) -> Occlusion:
        _check_index(old, index)
        strokes = list(old.strokes)
        strokes[index] = stroke
        return replace(old, strokes=tuple(strokes))

    return _change(document, shot, put)


def remove_stroke(document: Document, shot: str, index: int) -> Document:
    """Return a document without one of a shot's strokes.

    Args:
        document: The document.
        shot: Id of the shot.
        index: Which of `shot.occlusion.strokes`.

    Raises:
        UsageError: When there is no stroke of that index.
    """

    def removed(old: Occlusion) -> Occlusion:
        _check_index(old, index)
        return replace(old, strokes=old.strokes[:index] + old.strokes[index + 1 :])

    return _change(document, shot, removed)


def clear_strokes(
    document: Document, shot: str, face: int | None = None, span: FrameRange | None = None
) -> Document:
    """Return a document without a shot's strokes.

    Args:
        document: The document.
        shot: Id of the shot.
        face: Number of the face whose strokes go; None for every face's.
        span: Frames; strokes that are for any of them go. None for all.
    """

    def goes(stroke: MatteStroke) -> bool:
        if face is not None and stroke.face != face:
            return False
        return span is None or (stroke.span.start < span.stop and span.start < stroke.span.stop)

    def cleared(old: Occlusion) -> Occlusion:
        return replace(old, strokes=tuple(one for one in old.strokes if not goes(one)))

    return _change(document, shot, cleared)


def _change(document: Document, shot: str, change: Callable[[Occlusion], Occlusion]) -> Document:
    """A document with what a shot carries of occluders changed; itself where nothing differs."""
    old = document.shot(shot).shot.occlusion
    new = change(old)
    if new == old:
        return document

    def given(project: Project) -> Project:
        return replace(project, shot=project.shot.with_occlusion(new))

    return change_shot(document, shot, given)


def _check_index(occlusion: Occlusion, index: int) -> None:
    count = len(occlusion.strokes)
    if not 0 <= index < count:
        raise UsageError(
            f"There is no stroke {index} on the matte.",
            f"It has {count}, counted from 0." if count else "None was painted.",
        )
