"""Any renderer's session, with what is in front of faces left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.media.planes import Plate
from mien.model.controls import HEAD, INDEX
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
from mien.rendering.occlusion.glasses.matte import GlassesMatte
from mien.rendering.occlusion.mattes import MattedPlates, Mattes
from mien.rendering.occlusion.source import MatteSource, faces_of
from mien.rendering.occlusion.strokes import MatteCorrections
from mien.rendering.occlusion.user_matte import UserMatte

__all__ = ["BehindSession", "open_behind", "treat_again"]

_HEAD: Final = [INDEX[name] for name in HEAD]


def open_behind(
    renderer: Renderer,
    shot: Shot,
    source: PlateSource,
    *,
    scale: float = 1.0,
    original: Shot | None = None,
) -> BehindSession:
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
    plates = MattedPlates(source, mattes)
    try:
        return BehindSession(renderer.open(shot, plates), mattes, plates)
    except BaseException:
        mattes.close()
        raise


def treat_again(
    session: BehindSession,
    before: Shot,
    shot: Shot,
    source: PlateSource,
    *,
    scale: float = 1.0,
    original: Shot | None = None,
) -> None:
    """Treat what is in front of a shot's faces in another way; the renderer keeps what it learned.

    Args:
        session: A session of `open_behind` that keeps no mattes; other threads may be using it.
        before: The shot as it was treated before.
        shot: The same shot with another `occlusion`; the rest as in `open_behind`.
        source: The shot's plates.
        scale: Pixels of the plates in a pixel of the original.
        original: The shot as it is stored.

    Raises:
        MienError: When the user's matte cannot be used; all stays as it was.
    """
    old, new = before.occlusion, shot.occlusion
    # Strokes lie on top of all sources.
    same = replace(old, strokes=()) == replace(new, strokes=())
    sources = None if same else _sources(shot, source, original or shot)
    strokes = MatteCorrections(new.strokes, shot.media.orientation, scale)
    session.mattes.treat(sources, strokes)


def _sources(shot: Shot, source: PlateSource, original: Shot) -> list[MatteSource]:
    """What tells of things in front of a shot's faces."""
    if shot.occlusion.matte is not None:
        # The user's word takes the place of what would be looked for.
        return [UserMatte(shot, original), *_glasses(shot, source, look=False)]
    if not shot.occlusion.detect:
        return _glasses(shot, source, look=False)
    return [DetectedMatte(shot, source), *_glasses(shot, source, look=True)]


def _glasses(shot: Shot, source: PlateSource, *, look: bool) -> list[MatteSource]:
    """What tells of glasses: of all faces that may wear some, or of those that are said to."""
    wanted = ("yes", "auto") if look else ("yes",)
    faces = {f.number for f in shot.faces if shot.occlusion.wears_glasses(f.number) in wanted}
    return [GlassesMatte(shot, source, faces)] if faces else []


class BehindSession(RenderSession):
    """A session whose patches leave out what is in front of a face.

    Args:
        session: The renderer's session.
        mattes: What is in front.
        plates: The plates that the renderer was opened with.

    Attributes:
        mattes: What is in front.
    """

    def __init__(
        self, session: RenderSession, mattes: Mattes, plates: MattedPlates | None = None
    ) -> None:
        self._session = session
        self._plates = plates
        self.mattes = mattes

    @property
    def keeps_mattes(self) -> bool:
        """Whether the renderer has asked for mattes itself, and may keep what it made of them."""
        return self._plates is not None and self._plates.asked

    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        """Learn what is in front of the faces, then prepare the renderer for those that show."""
        self.mattes.prepare(faces_of(plans), progress)
        shown = self._shown(plans)
        if shown or not plans:
            self._session.prepare(shown, progress)

    def is_prepared(self, plans: Sequence[FacePlan]) -> bool:
        """Tell whether both are done."""
        if not self.mattes.is_prepared(faces_of(plans)):
            return False
        shown = self._shown(plans)
        return not shown or self._session.is_prepared(shown)

    def _shown(self, plans: Sequence[FacePlan]) -> list[FacePlan]:
        return [plan for plan in plans if not self.mattes.hides(plan.face)]

    def warm_up(self, face: Face) -> bool:
        """Learn ahead, of one face."""
        new = self.mattes.prepare([face])
        return self._session.warm_up(face) or new

    def prepare_frames(self, frames: Sequence[int]) -> None:
        """Pass on which frames are to come."""
        self._session.prepare_frames(frames)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks of the renderer, and of what tells what is in front."""
        return (*self._session.notes, *self.mattes.notes)

    def render(self, request: RenderRequest) -> Patch | None:
        """Render a face, and take what is in front of it out of the patch."""
        if self.mattes.hides(request.face):
            return None
        matte = self.mattes.matte(request.face, request.frame, request.plate, _turned(request))
        if matte is None:
            return self._session.render(request)
        patch = self._session.render(replace(request, occlusion=matte))
        return None if patch is None else _behind(patch, matte)

    def front(self, face: Face, frame: int, plate: Plate) -> tuple[FloatArray | None, bool]:
        """Return what is in front of a face in a frame; nothing is rendered, nothing learned.

        Args:
            face: The face, in the size of the session's shot.
            frame: Index of the frame.
            plate: Its plate.

        Returns:
            (H, W) float32 of the plate, 0..1, None where nothing is; and whether that is all, or
            the shot has yet to be looked through.
        """
        return self.mattes.known(face, frame, plate)

    def close(self) -> None:
        """Let go of both."""
        self.mattes.close()
        self._session.close()


def _turned(request: RenderRequest) -> float:
    """Degrees by which a request turns the head."""
    return float(np.abs(request.delta[_HEAD]).max())


def _behind(patch: Patch, occlusion: FloatArray) -> Patch:
    """A patch whose mask leaves out what is in front of the face."""
    box = patch.box
    seen = 1 - occlusion[box.y0 : box.y1, box.x0 : box.x1]
    return replace(patch, mask=patch.mask * seen)
