"""Any renderer's session, with what is in front of faces left as it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from mien._types import FloatArray
from mien.model.face import Face
from mien.model.shot import Shot
from mien.progress import Progress, silent
from mien.rendering.base import (
    FacePlan,
    Patch,
    PlateSource,
    Renderer,
    RenderRequest,
    RenderSession,
)
from mien.rendering.occlusion.source import MatteSource, faces_of
from mien.rendering.occlusion.strokes import MatteCorrections
from mien.rendering.occlusion.user_matte import UserMatte

__all__ = ["BehindSession", "open_behind"]


def open_behind(
    renderer: Renderer,
    shot: Shot,
    source: PlateSource,
    *,
    scale: float = 1.0,
    original: Shot | None = None,
) -> RenderSession:
    """Open a renderer on a shot, its faces behind whatever is in front of them.

    Args:
        renderer: The renderer.
        shot: The tracked shot; `shot.occlusion` says how what is in front is found.
        source: The shot's plates.
        scale: Pixels of the plates in a pixel of the original.
        original: The shot as it is stored, where the plates are small upright pictures of it.

    Raises:
        MienError: When a part is missing, or the user's matte cannot be used.
    """
    sources = _sources(shot, source, scale, original or shot)
    strokes = MatteCorrections(shot.occlusion.strokes, shot.media.orientation, scale)
    session = renderer.open(shot, source)
    return BehindSession(session, sources, strokes) if sources or strokes else session


def _sources(shot: Shot, source: PlateSource, scale: float, original: Shot) -> list[MatteSource]:
    """What tells of things in front of a shot's faces; what each finds is added up."""
    if shot.occlusion.matte is not None:
        # The user's word takes the place of what would be looked for.
        return [UserMatte(shot, original)]
    return []


class BehindSession(RenderSession):
    """A session whose patches leave out what is in front of a face.

    Args:
        session: The renderer's session.
        sources: What tells of things in front; what each finds is added up.
        corrections: What the user painted on that.
    """

    def __init__(
        self,
        session: RenderSession,
        sources: Sequence[MatteSource],
        corrections: MatteCorrections | None = None,
    ) -> None:
        self._session = session
        self._sources = sources
        self._corrections = corrections

    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        """Learn what is in front of the faces, then prepare the renderer for those that show."""
        for source in self._sources:
            source.prepare(faces_of(plans), progress)
        self._session.prepare(self._shown(plans), progress)

    def is_prepared(self, plans: Sequence[FacePlan]) -> bool:
        """Tell whether both are done."""
        known = all(source.is_prepared(faces_of(plans)) for source in self._sources)
        return known and self._session.is_prepared(self._shown(plans))

    def _shown(self, plans: Sequence[FacePlan]) -> list[FacePlan]:
        return [plan for plan in plans if not self._hides(plan.face)]

    def _hides(self, face: Face) -> bool:
        return any(source.hides(face) for source in self._sources)

    def warm_up(self, face: Face) -> bool:
        """Learn ahead, of one face."""
        new = [source for source in self._sources if not source.is_prepared([face])]
        for source in new:
            source.prepare([face])
        return self._session.warm_up(face) or bool(new)

    def prepare_frames(self, frames: Sequence[int]) -> None:
        """Pass on which frames are to come."""
        self._session.prepare_frames(frames)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks of the renderer, and of what tells what is in front."""
        return (*self._session.notes, *(note for one in self._sources for note in one.notes))

    def render(self, request: RenderRequest) -> Patch | None:
        """Render a face, and take what is in front of it out of the patch."""
        if self._hides(request.face):
            return None
        matte = self._matte(request)
        if matte is None:
            return self._session.render(request)
        patch = self._session.render(dataclasses.replace(request, occlusion=matte))
        return None if patch is None else _behind(patch, matte)

    def _matte(self, request: RenderRequest) -> FloatArray | None:
        """(H, W) how far anything is in front of a face; None where nothing is."""
        mattes = [one.matte(request.face, request.frame, request.plate) for one in self._sources]
        known = [matte for matte in mattes if matte is not None]
        found = np.asarray(np.maximum.reduce(known)) if len(known) > 1 else next(iter(known), None)
        if not self._corrections:
            return found
        return self._corrections.apply(found, request.face, request.frame)

    def close(self) -> None:
        """Let go of both."""
        for source in self._sources:
            source.close()
        self._session.close()


def _behind(patch: Patch, occlusion: FloatArray) -> Patch:
    """A patch whose mask leaves out what is in front of the face."""
    box = patch.box
    seen = 1 - occlusion[box.y0 : box.y1, box.x0 : box.x1]
    return dataclasses.replace(patch, mask=patch.mask * seen)
