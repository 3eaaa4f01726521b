"""What is asked of the faces, and pictures in which it has been done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.media.frame import Frame
from mien.media.planes import Plate
from mien.model.edits import Edit
from mien.model.face import Face
from mien.model.shot import Shot
from mien.preview.picture import Rgb8, displayed
from mien.rendering.appearance.regions import needs
from mien.rendering.base import FacePlan, Patch, PlateSource
from mien.rendering.compose import compose
from mien.rendering.plans import face_plans
from mien.rendering.warp.renderer import WarpSession, WarpShot

__all__ = ["EvaluatedEdits", "Painter"]


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedEdits:
    """What is asked of the faces of a shot, evaluated.

    Attributes:
        plans: The faces with edits.
        active: (T,) the frames in which anything is asked.
        stamps: (T,) a frame's number changes when what is asked of it does, and never comes
            again; where nothing is asked it is -1.
        last: The last number that was given.
    """

    plans: tuple[FacePlan, ...]
    active: BoolArray
    stamps: npt.NDArray[np.int64]
    last: int = 0

    @classmethod
    def nothing(cls, frames: int) -> EvaluatedEdits:
        """Nothing is asked."""
        return cls((), np.zeros(frames, dtype=bool), np.full(frames, -1, dtype=np.int64))

    def updated(self, shot: Shot, edits: Sequence[Edit]) -> EvaluatedEdits:
        """What edits ask; frames of which the same is asked as before keep their stamps.

        Raises:
            UsageError: When an edit belongs to another shot.
            NoFaceError: When the shot has no such face.
        """
        plans = tuple(face_plans(shot, edits, shot.clock.all))
        active = np.zeros(len(self.active), dtype=bool)
        for plan in plans:
            active |= plan.evaluated.active
        changed = _changed(self.plans, plans, len(active)) | (active != self.active)
        stamps = np.where(changed, self.last + 1, self.stamps)
        return EvaluatedEdits(plans, active, np.where(active, stamps, -1), self.last + 1)


class Painter:
    """Paints the edit into frames of a shot with the warp renderer.

    Args:
        shot: The shot.
        plates: Its plates.
        smalls: Its small pictures.
        scale: Pixels of a small picture in one of the upright picture.
    """

    def __init__(self, shot: Shot, plates: PlateSource, smalls: PlateSource, scale: float) -> None:
        self._facts = shot.media
        self._faces = shot.faces
        self._full = WarpShot(shot, plates)
        self._small = WarpShot(shot, smalls, scale)

    def ready(self, asked: EvaluatedEdits) -> bool:
        """Whether the mouths that move are known, so that `full` need not wait for them."""
        return all(map(self._knows, _talking(asked)))

    def unknown(self, asked: EvaluatedEdits) -> Face | None:
        """The face whose mouth is to be looked for next; None when all are known."""
        for face in (*_talking(asked), *self._faces):
            if not self._knows(face):
                return face
        return None

    def _knows(self, face: Face) -> bool:
        return self._full.is_scanned(face) and self._small.is_scanned(face)

    def look(self, face: Face) -> None:
        """Look through the shot for a face's mouth.

        Raises:
            MediaError: When a frame cannot be read.
        """
        self._full.scan(face)
        self._small.scan(face)

    def full(self, frame: Frame, asked: EvaluatedEdits) -> tuple[Rgb8, Sequence[Patch]]:
        """A frame with the edit in it, as an export has it, and what was painted.

        Raises:
            MediaError: When the shot cannot be looked through.
        """
        for face in _talking(asked):
            self.look(face)
        plate = frame.plate()
        patches = _patches(self._full.session(asked.plans), asked, frame.index, plate)
        if patches:
            frame = frame.with_plate(compose(plate, patches))
        return displayed(frame, self._facts), patches

    def small(self, frame: int, picture: Rgb8, asked: EvaluatedEdits) -> Rgb8:
        """A small picture with the edit in it, without waiting for anything.

        Args:
            frame: Index of the frame.
            picture: The small picture of it; not changed.
            asked: What is asked.
        """
        plate = Plate.from_rgb(picture)
        session = self._small.session(asked.plans, scan=False)
        patches = _patches(session, asked, frame, plate)
        if not patches:
            return picture
        return np.asarray(compose(plate, patches).planes[0]).reshape(picture.shape)

    def mask(self, patches: Sequence[Patch]) -> FloatArray:
        """(H, W) how much of the upright picture patches replace, 0..1."""
        orientation = self._facts.orientation
        coded = np.zeros((orientation.height, orientation.width), dtype=np.float32)
        for patch in patches:
            box = patch.box
            here = coded[box.y0 : box.y1, box.x0 : box.x1]
            np.maximum(here, patch.mask, out=here)
        upright = np.ascontiguousarray(np.rot90(coded, orientation.quarter_turns % 4))
        if upright.shape[::-1] != orientation.upright_size:
            upright = cv2.resize(upright, orientation.upright_size)
        return np.asarray(upright)


def _talking(asked: EvaluatedEdits) -> list[Face]:
    """The faces of which edits need to know more than a frame shows."""
    return [plan.face for plan in asked.plans if needs(plan.evaluated)]


def _patches(session: WarpSession, asked: EvaluatedEdits, frame: int, plate: Plate) -> list[Patch]:
    plans = [plan for plan in asked.plans if plan.evaluated.delta[frame].any()]
    found = [session.render(plan, frame, plate) for plan in plans]
    return [patch for patch in found if patch is not None]


def _changed(before: Sequence[FacePlan], after: Sequence[FacePlan], frames: int) -> BoolArray:
    """(T,) the frames in which another thing is asked of any face."""
    was = {plan.face.number: plan for plan in before}
    now = {plan.face.number: plan for plan in after}
    changed = np.zeros(frames, dtype=bool)
    for number in was.keys() | now.keys():
        pair = [plans[number] for plans in (was, now) if number in plans]
        if len(pair) == 1 or needs(pair[0].evaluated) != needs(pair[1].evaluated):
            # What is known of a region counts once it moves in any frame.
            changed |= pair[-1].evaluated.active
        if len(pair) == 2:
            changed |= (pair[0].evaluated.delta != pair[1].evaluated.delta).any(axis=1)
    return changed
