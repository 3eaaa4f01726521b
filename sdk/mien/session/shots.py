"""Commands on shots, their markers and their span: from a document to a changed one."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mien.errors import UsageError
from mien.model.document import Document, Project
from mien.model.edits import Edit
from mien.model.marker import Marker
from mien.model.renderer_settings import RendererSettings
from mien.model.settings import ReferenceSettings
from mien.model.shot import Example, Shot
from mien.session.lookup import change_shot, check_frame
from mien.timebase import FrameRange

__all__ = [
    "add_marker",
    "add_shot",
    "move_marker",
    "move_shot",
    "remove_marker",
    "remove_shot",
    "rename_face",
    "rename_marker",
    "rename_shot",
    "replace_shot",
    "set_examples",
    "set_reference",
    "set_settings",
    "set_span",
]


def add_shot(document: Document, project: Project | Shot, index: int | None = None) -> Document:
    """Return a document with a shot more.

    Args:
        document: The document.
        project: The shot; it is given an id of its own when its id is taken.
        index: Its index in the list; None for the end.
    """
    added = Project(project) if isinstance(project, Shot) else project
    if any(old.id == added.id for old in document.shots):
        added = replace(added, id="")
    # At the end first, so that the shots that are there keep their ids.
    longer = Document((*document.shots, added))
    return longer if index is None else move_shot(longer, longer.shots[-1].id, index)


def remove_shot(document: Document, shot: str) -> Document:
    """Return a document without a shot."""
    return document.without_shot(shot)


def move_shot(document: Document, shot: str, index: int) -> Document:
    """Return a document with a shot at another index of the list."""
    moved = document.shot(shot)
    shots = [project for project in document.shots if project is not moved]
    shots.insert(max(0, index), moved)
    return Document(tuple(shots))


def rename_shot(document: Document, shot: str, name: str) -> Document:
    """Return a document with another name for a shot; empty for that of its media."""
    return change_shot(document, shot, lambda project: replace(project, name=name.strip()))


def replace_shot(document: Document, shot: str, tracked: Shot) -> Document:
    """Return a document with a shot tracked, or tracked again.

    What is asked of faces that are no longer there is let go; the shot's examples, and what is
    said of things in front of the others, stay.

    Args:
        document: The document.
        shot: Id of the shot.
        tracked: The shot with its faces, of the same frames.

    Raises:
        UsageError: When it has another number of frames.
    """
    project = document.shot(shot)
    frames, found = project.shot.clock.frame_count, tracked.clock.frame_count
    if frames != found:
        raise UsageError(
            f"{project.title} has {frames} frames, and what was tracked {found}.",
            "Add it as another shot.",
        )
    numbers = {face.number for face in tracked.faces}
    edits = tuple(
        Edit(tracked.face(edit.face.number), edit.layers)
        for edit in project.edits
        if edit.face.number in numbers
    )
    occlusion = project.shot.occlusion.of_faces(numbers)
    kept = tracked.with_examples(project.shot.examples).with_occlusion(occlusion)
    return document.with_shot(replace(project, shot=kept, edits=edits, online=True))


def set_examples(document: Document, shot: str, examples: Sequence[Example]) -> Document:
    """Return a document with other material of a shot's people, in place of what it had.

    Args:
        document: The document.
        shot: Id of the shot.
        examples: The examples, tracked; see `mien.set_examples`.
    """

    def given(project: Project) -> Project:
        return replace(project, shot=project.shot.with_examples(examples))

    return change_shot(document, shot, given)


def rename_face(document: Document, shot: str, face: int, name: str) -> Document:
    """Return a document with another name for a face.

    Raises:
        NoFaceError: When the shot has no such face.
        UsageError: When the name is empty, a number, or another face's.
    """
    project = document.shot(shot)
    return document.with_shot(project.with_faces_of(project.shot.with_face_name(face, name)))


def add_marker(
    document: Document, shot: str, frame: int, name: str = "", color: str = "amber"
) -> Document:
    """Return a document with a marker more; one at that frame is replaced.

    Raises:
        TimeError: When the frame lies outside the shot.
        UsageError: When there is no such colour.
    """
    check_frame(document, shot, frame)
    marker = Marker(frame, name, color)

    def added(project: Project) -> Project:
        others = [old for old in project.markers if old.frame != frame]
        markers = sorted([*others, marker], key=lambda m: m.frame)
        return replace(project, markers=tuple(markers))

    return change_shot(document, shot, added)


def move_marker(document: Document, shot: str, frame: int, to: int) -> Document:
    """Return a document with a marker at another frame; one there is replaced.

    Raises:
        UsageError: When there is no marker at `frame`.
        TimeError: When `to` lies outside the shot.
    """
    marker = _marker(document, shot, frame)
    moved = remove_marker(document, shot, frame)
    return add_marker(moved, shot, to, marker.name, marker.color)


def rename_marker(
    document: Document, shot: str, frame: int, name: str, color: str | None = None
) -> Document:
    """Return a document with another name, or colour, of a marker.

    Raises:
        UsageError: When there is no marker at that frame, or no such colour.
    """
    marker = _marker(document, shot, frame)
    return add_marker(document, shot, frame, name, color or marker.color)


def remove_marker(document: Document, shot: str, frame: int) -> Document:
    """Return a document without a marker.

    Raises:
        UsageError: When there is none at that frame.
    """
    gone = _marker(document, shot, frame)
    return change_shot(
        document,
        shot,
        lambda project: replace(
            project, markers=tuple(m for m in project.markers if m is not gone)
        ),
    )


def set_span(document: Document, shot: str, span: FrameRange | None) -> Document:
    """Return a document with other in and out points of a shot; None for all of it.

    Raises:
        TimeError: When the span is empty or lies outside the shot.
    """
    return change_shot(document, shot, lambda project: replace(project, span=span))


def set_settings(
    document: Document,
    shot: str,
    renderer: str,
    settings: RendererSettings | Mapping[str, Any] | None,
) -> Document:
    """Return a document with other settings of one renderer for a shot.

    Args:
        document: The document.
        shot: Id of the shot.
        renderer: The renderer's name.
        settings: Its settings; None for its defaults.

    Raises:
        UsageError: When a setting is wrong; see `Project.with_settings`.
    """
    return change_shot(document, shot, lambda project: project.with_settings(renderer, settings))


def set_reference(document: Document, shot: str, settings: ReferenceSettings | None) -> Document:
    """Return a document with other settings of the reference renderer; `set_settings` now."""
    warnings.warn(
        "set_reference is called set_settings now, and takes any renderer's.",
        DeprecationWarning,
        stacklevel=2,
    )
    return set_settings(document, shot, ReferenceSettings.renderer, settings)


def _marker(document: Document, shot: str, frame: int) -> Marker:
    for marker in document.shot(shot).markers:
        if marker.frame == frame:
            return marker
    raise UsageError(f"There is no marker at frame {frame}.")
