"""Evaluated edits, and pictures of a shot with them painted in."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter1d

from mien._types import BoolArray, FloatArray
from mien.media.frame import Frame
from mien.media.orient import turn
from mien.media.planes import Plate
from mien.model.edits import Edit
from mien.model.evaluate import Evaluated
from mien.model.shot import Shot
from mien.pipeline import known_gains, with_gains
from mien.preview.picture import Rgb8, displayed
from mien.rendering.base import (
    CacheKey,
    FacePlan,
    Patch,
    PlateSource,
    Renderer,
)
from mien.rendering.occlusion.session import BehindSession, open_behind, treat_again
from mien.rendering.patches import edit_plate
from mien.rendering.plans import face_plans
from mien.rendering.registry import get_renderer
from mien.rendering.scaled import ScaledShot

__all__ = ["EvaluatedEdits", "Painter"]


@dataclass(frozen=True, slots=True, eq=False)
class EvaluatedEdits:
    """The edits of a shot's faces, evaluated, with a number for what each frame depends on.

    Attributes:
        plans: The faces with edits.
        keys: What the pixels of each plan depend on.
        active: (T,) the frames in which anything is asked.
        stamps: (T,) a frame's number changes when its pixels may, and never comes again; where
            nothing is asked it is -1.
        last: The last number that was given.
    """

    plans: tuple[FacePlan, ...]
    keys: tuple[CacheKey, ...]
    active: BoolArray
    stamps: npt.NDArray[np.int64]
    last: int = 0

    @classmethod
    def nothing(cls, frames: int) -> EvaluatedEdits:
        """Return the edits of a shot of which nothing is asked."""
        return cls((), (), np.zeros(frames, dtype=bool), np.full(frames, -1, dtype=np.int64))

    def updated(self, shot: Shot, edits: Sequence[Edit], renderer: Renderer) -> EvaluatedEdits:
        """Evaluate other edits; frames whose pixels stay what they were keep their numbers.

        Raises:
            UsageError: When an edit belongs to another shot.
            NoFaceError: When the shot has no such face.
            MissingDependencyError: When the renderer lacks a part.
        """
        # Amounts as the last export of this face found them; a slider does not wait for more.
        plans = tuple(
            with_gains(plan, known_gains(shot, plan, renderer))
            for plan in face_plans(shot, edits, shot.clock.all)
        )
        keys = tuple(renderer.cache_key(shot, plan) for plan in plans)
        active = np.zeros(len(self.active), dtype=bool)
        for plan in plans:
            active |= plan.evaluated.active
        changed = self._changed(plans, keys) | (active != self.active)
        stamps = np.where(changed, self.last + 1, self.stamps)
        return EvaluatedEdits(plans, keys, active, np.where(active, stamps, -1), self.last + 1)

    def touched(self, frames: BoolArray) -> EvaluatedEdits:
        """Return the same edits, (T,) frames of which have other pixels by now."""
        stamps = np.where(frames & self.active, self.last + 1, self.stamps)
        return replace(self, stamps=stamps, last=self.last + 1)

    def _changed(self, plans: Sequence[FacePlan], keys: Sequence[CacheKey]) -> BoolArray:
        """(T,) the frames in which other pixels are asked of any face."""
        before = {p.face.number: (p, k) for p, k in zip(self.plans, self.keys, strict=True)}
        after = {p.face.number: (p, k) for p, k in zip(plans, keys, strict=True)}
        changed = np.zeros(len(self.active), dtype=bool)
        for number in before.keys() | after.keys():
            old, new = before.get(number), after.get(number)
            for side in (old, new):
                if side is not None and (old is None or new is None or old[1] != new[1]):
                    changed |= side[0].evaluated.active
            if old is not None and new is not None:
                differs = _differs(old[0].evaluated, new[0].evaluated)
                changed |= _within(differs, new[1].temporal_radius)
        return changed


def _differs(old: Evaluated, new: Evaluated) -> BoolArray:
    """(T,) the frames in which other changes are asked, or the same ones of another kind."""
    differs = (old.delta != new.delta).any(axis=1)
    none = np.zeros_like(new.delta)
    for was, now in ((old.departed, new.departed), (old.gained, new.gained)):
        if was is not None or now is not None:
            was, now = (none if one is None else one for one in (was, now))
            differs |= (was != now).any(axis=1)
    return np.asarray(differs)


class Painter:
    """Paints edits into frames of a shot, and drafts of them into its small pictures.

    Small pictures follow a slider, so a renderer that is too slow for that leaves them to the
    warp renderer.

    Args:
        shot: The shot.
        plates: Its plates.
        smalls: Its small pictures.
        scale: Pixels of a small picture in one of the upright picture.
        renderer: Makes the pixels of full size.
    """

    def __init__(
        self,
        shot: Shot,
        plates: PlateSource,
        smalls: PlateSource,
        scale: float,
        renderer: Renderer,
    ) -> None:
        self._shot = shot
        self._plates, self._smalls = plates, smalls
        self._renderer = renderer
        self._drafts = get_renderer("warp") if renderer.costly else renderer
        self._scaled = ScaledShot(shot, scale)
        self._full: BehindSession | None = None
        self._small: BehindSession | None = None
        self._treated = shot
        self._opening = threading.Lock()
        self._one_at_a_time: AbstractContextManager[object] = (
            nullcontext() if renderer.concurrent else threading.RLock()
        )

    def treat(self, shot: Shot) -> bool:
        """Treat what is in front of faces as another value of the same shot says.

        Returns:
            False when the renderer keeps more of that than it can be told to forget.
        """
        with self._opening:
            if self._renderer.costly or (self._full is not None and self._full.keeps_mattes):
                return False
            self._shot = shot
            return True

    def ready(self, edits: EvaluatedEdits) -> bool:
        """Tell whether edits are prepared, so that `full` need not wait."""
        if not edits.plans:
            return True
        full, small = self._sessions()
        return full.is_prepared(edits.plans) and small.is_prepared(self._small_plans(edits))

    def prepare(self, edits: EvaluatedEdits) -> bool:
        """Prepare one thing that edits need, or, when they lack nothing, may need later.

        Returns:
            False when nothing is left.

        Raises:
            MienError: When the shot cannot be read, or a part is missing.
        """
        full, small = self._sessions()
        for plan in edits.plans:
            if not (full.is_prepared([plan]) and small.is_prepared([self._scaled.plan(plan)])):
                self._prepare([plan])
                return True
        for face in self._shot.faces:
            with self._one_at_a_time:
                learned = full.warm_up(face)
                if small.warm_up(self._scaled.face(face)) or learned:
                    return True
        return False

    def full(self, frame: Frame, edits: EvaluatedEdits) -> tuple[Rgb8, Sequence[Patch]]:
        """Paint a frame with its edit, as an export has it.

        Returns:
            The picture, and the patches in it.

        Raises:
            MienError: When the shot cannot be looked through, or a part is missing.
        """
        plate = frame.plate()
        self._prepare(edits.plans)
        with self._one_at_a_time:
            edited, patches = edit_plate(self._sessions()[0], edits.plans, frame.index, plate)
        if edited is not plate:
            frame = frame.with_plate(edited)
        return displayed(frame, self._shot.media), patches

    def small(self, frame: int, picture: Rgb8, edits: EvaluatedEdits) -> Rgb8:
        """Paint a small picture with its edit, without waiting for anything.

        Args:
            frame: Index of the frame.
            picture: The small picture of it; not changed.
            edits: The edits.
        """
        plate = Plate.from_rgb(picture)
        session, plans = self._sessions()[1], self._small_plans(edits)
        with self._one_at_a_time:
            edited, patches = edit_plate(
                session, plans, frame, plate, scale=self._scaled.scale, quality="draft"
            )
        return np.asarray(edited.planes[0]).reshape(picture.shape) if patches else picture

    def mask(self, patches: Sequence[Patch]) -> FloatArray:
        """Return (H, W) how much of the upright picture patches replace, 0..1."""
        orientation = self._shot.media.orientation
        coded = np.zeros((orientation.height, orientation.width), dtype=np.float32)
        for patch in patches:
            box = patch.box
            here = coded[box.y0 : box.y1, box.x0 : box.x1]
            np.maximum(here, patch.mask, out=here)
        return self._upright(coded)

    def _upright(self, coded: FloatArray) -> FloatArray:
        """Return a mask of the coded picture as one of the upright picture."""
        orientation = self._shot.media.orientation
        upright = turn(orientation, coded)
        if upright.shape[::-1] != orientation.upright_size:
            upright = cv2.resize(upright, orientation.upright_size)
        return np.asarray(upright)

    def front(self, frame: Frame, number: int) -> tuple[FloatArray | None, bool]:
        """Return what is in front of a face in a frame, edited or not.

        Args:
            frame: The frame.
            number: The face's number.

        Returns:
            (H, W) float32 of the upright picture, 0..1, None where nothing is; and whether that
            is all, or the shot has yet to be looked through.

        Raises:
            MienError: When a part is missing, or the user's matte cannot be used.
        """
        session, face = self._sessions()[0], self._shot.face(number)
        with self._one_at_a_time:
            coded, whole = session.front(face, frame.index, frame.plate())
        return (None if coded is None else self._upright(coded)), whole

    def close(self) -> None:
        """Let go of what the renderers hold."""
        for session in (self._full, self._small):
            if session is not None:
                session.close()
        self._full = self._small = None

    def _prepare(self, plans: Sequence[FacePlan]) -> None:
        full, small = self._sessions()
        with self._one_at_a_time:
            if not full.is_prepared(plans):
                full.prepare(plans)
            scaled = [self._scaled.plan(plan) for plan in plans]
            if not small.is_prepared(scaled):
                small.prepare(scaled)

    def _small_plans(self, edits: EvaluatedEdits) -> list[FacePlan]:
        return [self._scaled.plan(plan) for plan in edits.plans]

    def _sessions(self) -> tuple[BehindSession, BehindSession]:
        """The sessions for full and for small pictures, opened when they are first needed."""
        with self._opening:
            if self._full is None or self._small is None:
                scaled = self._scaled
                scaled.treat(self._shot)
                full = open_behind(self._renderer, self._shot, self._plates)
                try:
                    self._small = open_behind(
                        self._drafts,
                        scaled.shot,
                        self._smalls,
                        scale=scaled.scale,
                        original=self._shot,
                    )
                except BaseException:
                    full.close()
                    raise
                self._full = full
                self._treated = self._shot
            elif self._treated is not self._shot:
                self._treat_again(self._full, self._small)
            return self._full, self._small

    def _treat_again(self, full: BehindSession, small: BehindSession) -> None:
        before, now, scaled = self._treated, self._shot, self._scaled
        scaled.treat(now)
        # The small one first: where a matte cannot be used both stay as they were.
        treat_again(small, before, scaled.shot, self._smalls, scale=scaled.scale, original=now)
        try:
            treat_again(full, before, now, self._plates)
        except BaseException:
            scaled.treat(before)
            treat_again(small, now, scaled.shot, self._smalls, scale=scaled.scale, original=before)
            raise
        self._treated = now


def _within(frames: BoolArray, radius: int | None) -> BoolArray:
    """(T,) the frames that lie within a radius of some; all for no bound, if there are any."""
    if radius == 0 or not frames.any():
        return frames
    if radius is None:
        return np.ones_like(frames)
    return np.asarray(maximum_filter1d(frames, 2 * radius + 1, mode="constant"))
