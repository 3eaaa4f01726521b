"""Resolution of document and view state into what is shown: one pure function.

Panels get a `Resolved` and compare it with the one before; parts that did not change are the
same objects (`is`), because values of the document are shared between its versions and curves
are taken from the answer before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from mien.model.document import Document, Project
from mien.model.edits import Edit, Layer
from mien.model.evaluate import Evaluated, evaluate
from mien.model.face import Face
from mien.model.shot import Shot, main_face
from mien.session.refs import KeyRef, TrackRef
from mien.timebase import FrameRange
from mien_desktop.view_state import ViewState

__all__ = ["AUDITION_LAYER", "Resolved", "resolve"]

AUDITION_LAYER = "(audition)"
"""Name of the layer in which an expression is auditioned; no document has it."""


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """Document and view state brought together: what the window shows.

    Attributes:
        document: The document.
        state: The view state, with what no longer exists taken out.
        project: The current shot with its edits; None when there is none.
        face: The current face; None when the shot has none (yet).
        edit: What is asked of that face.
        edits: What the viewer shows: the shot's edits, and what is auditioned.
        evaluated: Performance and target of the current face, without what is auditioned.
        span: Frames between in and out; the whole shot when they are not set.
    """

    document: Document
    state: ViewState
    project: Project | None = None
    face: Face | None = None
    edit: Edit | None = None
    edits: tuple[Edit, ...] = ()
    evaluated: Evaluated | None = None
    span: FrameRange = field(default_factory=lambda: FrameRange(0, 1))

    @property
    def shot(self) -> Shot | None:
        """The current shot."""
        return self.project.shot if self.project else None

    @property
    def frame_count(self) -> int:
        """Frames of the current shot; 0 without one."""
        return self.project.shot.clock.frame_count if self.project else 0


def resolve(document: Document, state: ViewState, before: Resolved | None = None) -> Resolved:
    """Bring document and view state together.

    Args:
        document: The document.
        state: The view state; what it names need not exist any more.
        before: The last answer, whose parts are used again where nothing changed.
    """
    project = _project(document, state.shot)
    if project is None:
        empty = dataclasses.replace(
            state,
            shot=None,
            frame=0,
            face=None,
            faces=frozenset(),
            keys=frozenset(),
            tracks=frozenset(),
        )
        return Resolved(document, empty)
    face = _face(project, state.face)
    edit = next((e for e in project.edits if face and e.face.number == face.number), None)
    if face is not None and edit is None:
        edit = before.edit if before and _empty_edit(before.edit, face) else Edit(face)
    last = project.shot.clock.frame_count - 1
    keys, tracks = state.keys, state.tracks
    if not (before and before.project is project and before.state.keys is keys
            and before.state.tracks is tracks):  # fmt: skip
        keys, tracks = _existing(project, keys, tracks)
    state = dataclasses.replace(
        state,
        shot=project.id,
        frame=min(max(state.frame, 0), last),
        face=face.number if face else None,
        faces=_selected(project, face, state.faces),
        keys=keys,
        tracks=tracks,
    )
    return Resolved(
        document=document,
        state=state,
        project=project,
        face=face,
        edit=edit,
        edits=_shown(project, face, state.audition, before),
        evaluated=_evaluated(edit, project, before),
        span=project.span or project.shot.clock.all,
    )


def _project(document: Document, shot: str | None) -> Project | None:
    match = next((project for project in document.shots if project.id == shot), None)
    return match or next(iter(document.shots), None)


def _face(project: Project, number: int | None) -> Face | None:
    if not project.shot.faces:
        return None
    match = next((face for face in project.shot.faces if face.number == number), None)
    return match or main_face(project.shot)


def _selected(project: Project, face: Face | None, faces: frozenset[int]) -> frozenset[int]:
    """Return the selected faces that are there; the current one alone where it is not selected."""
    if face is None:
        return frozenset()
    if face.number not in faces:
        return frozenset({face.number})
    return faces & {one.number for one in project.shot.faces}


def _empty_edit(edit: Edit | None, face: Face) -> bool:
    return edit is not None and not edit.layers and edit.face is face


def _existing(
    project: Project, keys: frozenset[KeyRef], tracks: frozenset[TrackRef]
) -> tuple[frozenset[KeyRef], frozenset[TrackRef]]:
    """Return the keys and tracks that the shot still has; the very sets when all exist."""
    if not keys and not tracks:
        return keys, tracks
    selected = {key.track for key in keys} | tracks
    frames = {ref: set[int]() for ref in selected}
    existing = set()
    for edit in project.edits:
        for layer in edit.layers:
            for index, track in enumerate(layer.tracks):
                ref = TrackRef(project.id, edit.face.number, layer.name, index)
                if ref in selected:
                    existing.add(ref)
                    frames[ref] = {key.frame for key in track.keys}
    left = frozenset(key for key in keys if key.frame in frames[key.track])
    lanes = frozenset(tracks & existing)
    return (keys if left == keys else left), (tracks if lanes == tracks else lanes)


def _shown(
    project: Project,
    face: Face | None,
    audition: Sequence[tuple[str, float]],
    before: Resolved | None,
) -> tuple[Edit, ...]:
    if not audition or face is None:
        return project.edits
    if before and before.project is project and before.state.audition == audition:
        return before.edits
    layers = next((e.layers for e in project.edits if e.face.number == face.number), ())
    tried = Edit(face, (*layers, Layer(AUDITION_LAYER)))
    for control, value in audition:
        tried = tried.set(control, value, layer=AUDITION_LAYER)
    others = tuple(edit for edit in project.edits if edit.face.number != face.number)
    return (*others, tried)


def _evaluated(edit: Edit | None, project: Project, before: Resolved | None) -> Evaluated | None:
    if edit is None:
        return None
    kept = before.edit if before else None
    if before and kept and kept.face is edit.face and kept.layers is edit.layers:
        return before.evaluated
    face = edit.face
    return evaluate(face.curves.controls.array, edit.layers, face.valid, project.shot.breaks)
