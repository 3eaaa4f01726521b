"""The embedded renderer: moves the plate's own pixels, on the CPU, without any weights."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Final

import numpy as np

from mien.blas import one_blas_thread
from mien.model.controls import INDEX, NAMES
from mien.model.face import Face
from mien.model.shot import Shot
from mien.progress import Progress, silent
from mien.rendering.appearance.appearance import Appearance
from mien.rendering.appearance.cache import AppearanceCache
from mien.rendering.appearance.examples import example_faces, example_remarks
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.mouth import MouthAppearance
from mien.rendering.appearance.regions import FaceRegion, needs
from mien.rendering.appearance.scan import face_appearance
from mien.rendering.base import (
    CacheKey,
    FacePlan,
    Patch,
    PlateSource,
    Renderer,
    RenderRequest,
    RenderSession,
)
from mien.rendering.painting.face import FacePainter
from mien.rendering.plans import face_change

__all__ = ["WarpRenderer", "WarpSession"]

_PARTING: Final = ("jawOpen", "mouthLowerDown", "mouthUpperUp", "mouthFunnel")
"""Controls that part the lips, whichever side they are on."""
_PARTS: Final = [i for i, name in enumerate(NAMES) if name.startswith(_PARTING)]
_PARTED: Final = 0.05
"""How far one of them must go beyond the performance for an inside to show."""
_BLINKS: Final = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
_CLOSING, _CLOSED = 0.3, 0.6
"""How far an edit closes an eye for its lid to show, and how far a frame that shows one does."""


class WarpRenderer(Renderer):
    """Warps the plate, layer by layer: skin, lids over eyeballs, lips over a mouth's inside."""

    name = "warp"
    pixels = 12
    concurrent = True
    processes = True
    corrected = True

    def open(self, shot: Shot, source: PlateSource) -> WarpSession:
        """Start work on a shot; see `Renderer.open`."""
        return WarpSession(shot, source)

    def cache_key(self, shot: Shot, plan: FacePlan) -> CacheKey:
        """Return what pixels depend on: a frame's own edit, and the regions that are searched."""
        regions = "+".join(sorted(region.value for region in needs(plan.evaluated)))
        return CacheKey(regions, temporal_radius=0)


class WarpSession(RenderSession):
    """The warp renderer at work on one shot, whatever is asked of its faces.

    The shot is looked through once for each face of which an edit needs more than a frame shows;
    what is painted for one edit after another is what a newly opened session would paint.

    Args:
        shot: The tracked shot.
        source: The shot's plates.
    """

    def __init__(self, shot: Shot, source: PlateSource) -> None:
        self._shot = shot
        self._source = source
        self._painters: dict[int, FacePainter] = {}
        self._appearances: dict[int, Appearance] = {}
        self._needs: dict[int, tuple[FacePlan, frozenset[FaceRegion]]] = {}
        self._cache = AppearanceCache()
        self._scanning = threading.Lock()

    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        """Look through the shot for the regions that move; see `RenderSession.prepare`."""
        for done, plan in enumerate(plans, start=1):
            if self._needed(plan):
                self.warm_up(plan.face)
            progress("prepare", done, len(plans))

    def is_prepared(self, plans: Sequence[FacePlan]) -> bool:
        """Tell whether the regions that move are known."""
        return all(plan.face.number in self._appearances for plan in plans if self._needed(plan))

    @one_blas_thread()
    def warm_up(self, face: Face) -> bool:
        """Look through the shot for how a face looks, where that has not been done."""
        with self._scanning:
            if face.number in self._appearances:
                return False
            painter = self._painter(face)
            known = face_appearance(
                self._shot, painter.tracked, painter.learned, self._source, cache=self._cache
            )
            painter.learn(known.library)
            self._appearances[face.number] = known
            return True

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on what is made up as the shot shows nothing like it."""
        several = len(self._shot.faces) > 1
        remarks = list(example_remarks(self._shot)) if self._needs else []
        for plan, regions in self._needs.values():
            known = self._appearances.get(plan.face.number)
            if known is not None:
                whose = f"{plan.face.name}: " if several else ""
                found = (*known.library.remarks, *_made_up(plan, regions, known))
                remarks += [f"{whose}{remark}" for remark in found]
        if self._cache.problem:
            remarks.append(self._cache.problem)
        return tuple(remarks)

    def render(self, request: RenderRequest) -> Patch | None:
        """Move the face's pixels; see `RenderSession.render`."""
        face, frame, plate = request.face, request.frame, request.plate
        known = self._appearances.get(face.number, Appearance()).only(self._needed(request.plan))
        painter = self._painter(face)
        change = face_change(request.plan, frame)
        bare = painter.uncovered(known, frame, change, plate, request.occlusion)
        patch = painter.patch(known, frame, change, bare.plate, bare.shade)
        patch = painter.turned(frame, change, bare.plate, patch)
        return painter.covered(patch, plate, bare)

    def _painter(self, face: Face) -> FacePainter:
        known = self._painters.get(face.number)
        if known is None:
            examples = example_faces(self._shot, face)
            known = FacePainter(face, self._shot.media.orientation, examples)
            self._painters[face.number] = known
        return known

    def _needed(self, plan: FacePlan) -> frozenset[FaceRegion]:
        """The regions that an edit needs; looked for once in each plan."""
        known = self._needs.get(plan.face.number)
        if known is None or known[0] is not plan:
            known = plan, needs(plan.evaluated)
            self._needs[plan.face.number] = known
        return known[1]


def _made_up(plan: FacePlan, regions: Collection[FaceRegion], known: Appearance) -> list[str]:
    """What an edit asks for that the shot shows nothing like."""
    remarks = []
    if FaceRegion.MOUTH in regions and _opens_unseen(plan, known.mouth):
        remarks.append("no open mouth in this shot: teeth are made up")
    if FaceRegion.LIBRARY in regions and _closes_unseen(plan, known.library):
        remarks.append("no closed eyes in this shot: lids are made up")
    return remarks


def _opens_unseen(plan: FacePlan, mouth: MouthAppearance) -> bool:
    """Whether an edit opens a mouth in a part of the shot that never shows it open."""
    opened = np.flatnonzero((plan.evaluated.delta[:, _PARTS] > _PARTED).any(axis=1))
    return any(mouth.exemplar(frame) is None for frame in opened.tolist())


def _closes_unseen(plan: FacePlan, library: FaceLibrary) -> bool:
    """Whether an edit closes an eye that no frame of a library shows closed."""
    closed = (plan.evaluated.delta[:, _BLINKS] > _CLOSING).any(axis=0)
    if not library.frames:
        return bool(closed.any())
    return bool((closed & (library.controls[:, _BLINKS].max(axis=0) < _CLOSED)).any())
