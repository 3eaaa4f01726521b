"""The faces in a frame, as tracked and as edited; kept while nothing moves."""

from __future__ import annotations

import numpy as np

from mien._types import FloatArray
from mien.face.deform import personal_rig
from mien.model.edits import Edit
from mien.model.evaluate import Evaluated, evaluate
from mien.model.face import Face
from mien_desktop.geometry.faces import FaceShape, shape_of
from mien_desktop.resolve import Resolved

__all__ = ["FaceShapes"]


class FaceShapes:
    """Shapes of all faces of the current shot, and the values of their controls."""

    def __init__(self) -> None:
        self._made_for: dict[bool, tuple[Resolved, int]] = {}
        self._shapes: dict[bool, tuple[FaceShape, ...]] = {}
        self._evaluated: dict[int, tuple[Edit, Evaluated]] = {}

    def shapes(self, now: Resolved, frame: int, *, edited: bool) -> tuple[FaceShape, ...]:
        """Return the faces in a frame.

        Args:
            now: What the window shows.
            frame: The frame, one of the current shot.
            edited: Whether they are where the edit moves them.
        """
        before = self._made_for.get(edited)
        if before is None or before[1] != frame or not _same(now, before[0]):
            self._shapes[edited] = self._made(now, frame, edited=edited)
        self._made_for[edited] = now, frame
        return self._shapes[edited]

    def target(self, now: Resolved, face: Face, frame: int) -> FloatArray:
        """Return (59,) target controls of a face in a frame; the performance without an edit."""
        edit = next((edit for edit in now.edits if edit.face.number == face.number), None)
        if edit is None:
            return np.asarray(face.curves.controls.array[frame])
        edited = self._edited(now, edit)
        return np.asarray(edited.source[frame] + edited.delta[frame])

    def shown(self, now: Resolved, face: Face, frame: int) -> FloatArray:
        """Return (59,) the controls that a face is moved to in a frame, as renders move it.

        A performance that takes another's place departs from it gently; see `added_change`.
        """
        edit = next((edit for edit in now.edits if edit.face.number == face.number), None)
        edited = None if edit is None else self._edited(now, edit)
        if edited is None or edited.departed is None:
            return self.target(now, face, frame)
        asked = personal_rig(face).added_of(edited.delta[frame], edited.departed[frame])
        return np.asarray(edited.source[frame] + asked)

    def _made(self, now: Resolved, frame: int, *, edited: bool) -> tuple[FaceShape, ...]:
        if now.shot is None or frame >= now.frame_count:
            return ()
        shapes = (
            shape_of(face, frame, self.shown(now, face, frame) if edited else None)
            for face in now.shot.faces
        )
        return tuple(shape for shape in shapes if shape is not None)

    def _edited(self, now: Resolved, edit: Edit) -> Evaluated:
        face, cuts = edit.face, now.shot.breaks if now.shot else ()
        if edit is now.edit and now.evaluated is not None:
            return now.evaluated
        kept = self._evaluated.get(face.number)
        if kept is not None and kept[0].face is face and kept[0].layers is edit.layers:
            return kept[1]
        edited = evaluate(face.curves.controls.array, edit.layers, face.valid, cuts)
        self._evaluated[face.number] = edit, edited
        return edited


def _same(now: Resolved, before: Resolved) -> bool:
    return now.shot is before.shot and now.edits is before.edits
