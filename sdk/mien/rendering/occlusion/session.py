"""Any renderer's session, with what is in front of faces left as it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

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
from mien.rendering.occlusion.detected import DetectedMatte
from mien.rendering.occlusion.mattes import MattedPlates, Mattes
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
    mattes = Mattes(
        _sources(shot, source, original or shot),
        MatteCorrections(shot.occlusion.strokes, shot.media.orientation, scale),
    )
    if not mattes:
        return renderer.open(shot, source)
    return BehindSession(renderer.open(shot, MattedPlates(source, mattes)), mattes)


def _sources(shot: Shot, source: PlateSource, original: Shot) -> list[MatteSource]:
    """What tells of things in front of a shot's faces."""
    if shot.occlusion.matte is not None:
        # The user's word takes the place of what would be looked for.
        return [UserMatte(shot, original)]
    return [DetectedMatte(shot, source)] if shot.occlusion.detect else []


class BehindSession(RenderSession):
    """A session whose patches leave out what is in front of a face.

    Args:
        session: The renderer's session.
        mattes: What is in front.
    """

    def __init__(self, session: RenderSession, mattes: Mattes) -> None:
        self._session = session
        self._mattes = mattes

    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        """Learn what is in front of the faces, then prepare the renderer for those that show."""
        self._mattes.prepare(faces_of(plans), progress)
        shown = self._shown(plans)
        if shown or not plans:
            self._session.prepare(shown, progress)

    def is_prepared(self, plans: Sequence[FacePlan]) -> bool:
        """Tell whether both are done."""
        if not self._mattes.is_prepared(faces_of(plans)):
            return False
        shown = self._shown(plans)
        return not shown or self._session.is_prepared(shown)

    def _shown(self, plans: Sequence[FacePlan]) -> list[FacePlan]:
        return [plan for plan in plans if not self._mattes.hides(plan.face)]

    def warm_up(self, face: Face) -> bool:
        """Learn ahead, of one face."""
        new = self._mattes.prepare([face])
        return self._session.warm_up(face) or new

    def prepare_frames(self, frames: Sequence[int]) -> None:
        """Pass on which frames are to come."""
        self._session.prepare_frames(frames)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks of the renderer, and of what tells what is in front."""
        return (*self._session.notes, *self._mattes.notes)

    def render(self, request: RenderRequest) -> Patch | None:
        """Render a face, and take what is in front of it out of the patch."""
        if self._mattes.hides(request.face):
            return None
        matte = self._mattes.matte(request.face, request.frame, request.plate)
        if matte is None:
            return self._session.render(request)
        patch = self._session.render(dataclasses.replace(request, occlusion=matte))
        return None if patch is None else _behind(patch, matte)

    def close(self) -> None:
        """Let go of both."""
        self._mattes.close()
        self._session.close()


def _behind(patch: Patch, occlusion: FloatArray) -> Patch:
    """A patch whose mask leaves out what is in front of the face."""
    box = patch.box
    seen = 1 - occlusion[box.y0 : box.y1, box.x0 : box.x1]
    return dataclasses.replace(patch, mask=patch.mask * seen)
