"""Any renderer's session, with what is in front of faces left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mien._types import FloatArray
from mien.media.planes import Plate
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

__all__ = ["BehindSession", "open_behind", "treat_again"]


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
    sources = _sources(shot, source, scale, original or shot)
    strokes = MatteCorrections(shot.occlusion.strokes, shot.media.orientation, scale)
    session = renderer.open(shot, source)
    return BehindSession(session, sources, strokes)


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
        session: A session of `open_behind`; other threads may be rendering with it.
        before: The shot as it was treated before.
        shot: The same shot with another `occlusion`; the rest as in `open_behind`.
        source: The shot's plates.
        scale: Pixels of the plates in a pixel of the original.
        original: The shot as it is stored.

    Raises:
        MienError: When the user's matte cannot be used; all stays as it was.
    """
    old, new = before.occlusion, shot.occlusion
    # Strokes lie on top of all sources, but a matte that covers a face asks for its erasers.
    same = new.matte is None and replace(old, strokes=()) == replace(new, strokes=())
    sources = None if same else _sources(shot, source, scale, original or shot)
    strokes = MatteCorrections(new.strokes, shot.media.orientation, scale)
    session.treat(sources, strokes)


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
        self._sources = tuple(sources)
        self._corrections = corrections
        self._retired: list[MatteSource] = []

    def treat(
        self, sources: Sequence[MatteSource] | None, corrections: MatteCorrections | None
    ) -> None:
        """Let other sources tell what is in front, or the same with other strokes.

        Args:
            sources: The sources; None to keep those there are.
            corrections: What the user painted on that.
        """
        if sources is not None:
            # Another thread may be asking them yet: they are let go of with the session.
            self._retired += self._sources
            self._sources = tuple(sources)
        self._corrections = corrections

    def front(self, face: Face, frame: int, plate: Plate) -> tuple[FloatArray | None, bool]:
        """Return what is in front of a face in a frame, without rendering anything.

        Args:
            face: The face, in the size of the session's shot.
            frame: Index of the frame.
            plate: Its plate.

        Returns:
            (H, W) float32 of the plate, 0..1, None where nothing is; and whether that is all: a
            source that has yet to look through the shot is left out.
        """
        ready = [one for one in self._sources if one.is_prepared([face])]
        whole = len(ready) == len(self._sources)
        return self._told(ready, face, frame, plate), whole

    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        """Learn what is in front of the faces, then prepare the renderer for those that show."""
        for source in self._sources:
            source.prepare(faces_of(plans), progress)
        shown = self._shown(plans)
        if shown or not plans:
            self._session.prepare(shown, progress)

    def is_prepared(self, plans: Sequence[FacePlan]) -> bool:
        """Tell whether both are done."""
        if not all(source.is_prepared(faces_of(plans)) for source in self._sources):
            return False
        shown = self._shown(plans)
        return not shown or self._session.is_prepared(shown)

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
        patch = self._session.render(replace(request, occlusion=matte))
        return None if patch is None else _behind(patch, matte)

    def _matte(self, request: RenderRequest) -> FloatArray | None:
        """(H, W) how far anything is in front of a face; None where nothing is."""
        return self._told(self._sources, request.face, request.frame, request.plate)

    def _told(
        self, sources: Sequence[MatteSource], face: Face, frame: int, plate: Plate
    ) -> FloatArray | None:
        mattes = [one.matte(face, frame, plate) for one in sources]
        known = [matte for matte in mattes if matte is not None]
        found = np.asarray(np.maximum.reduce(known)) if len(known) > 1 else next(iter(known), None)
        if not self._corrections:
            return found
        return self._corrections.apply(found, face, frame)

    def close(self) -> None:
        """Let go of both."""
        for source in (*self._sources, *self._retired):
            source.close()
        self._retired.clear()
        self._session.close()


def _behind(patch: Patch, occlusion: FloatArray) -> Patch:
    """A patch whose mask leaves out what is in front of the face."""
    box = patch.box
    seen = 1 - occlusion[box.y0 : box.y1, box.x0 : box.x1]
    return replace(patch, mask=patch.mask * seen)
