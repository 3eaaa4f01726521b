"""Any renderer's session, with what is in front of faces left as it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

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
from mien.rendering.occlusion.detected import DetectedMatte
from mien.rendering.occlusion.source import MatteSource, faces_of

__all__ = ["BehindSession", "open_behind"]


def open_behind(
    renderer: Renderer, shot: Shot, source: PlateSource, *, scale: float = 1.0
) -> RenderSession:
    """Open a renderer on a shot, its faces behind whatever is in front of them.

    Args:
        renderer: The renderer.
        shot: The tracked shot; `shot.occlusion` says how what is in front is found.
        source: The shot's plates.
        scale: Pixels of the plates in a pixel of the original.

    Raises:
        MienError: When a part is missing.
    """
    sources = _sources(shot, source, scale)
    if not sources:
        return renderer.open(shot, source)
    return BehindSession(renderer.open(shot, _MattedPlates(source, sources)), sources)


def _sources(shot: Shot, source: PlateSource, scale: float) -> list[MatteSource]:
    """What tells of things in front of a shot's faces; what each finds is added up."""
    return [DetectedMatte(shot, source)] if shot.occlusion.detect else []


class _MattedPlates:
    """Plates, and what is in front of faces in them; an `OcclusionSource`."""

    def __init__(self, source: PlateSource, sources: Sequence[MatteSource]) -> None:
        self._source = source
        self._sources = sources

    def plate(self, frame: int) -> Plate:
        """Return the plate of a frame."""
        return self._source.plate(frame)

    def occlusion(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
        """Return (H, W) how far anything is in front of a face; None where nothing is."""
        return _matte(self._sources, face, frame, plate)


class BehindSession(RenderSession):
    """A session whose patches leave out what is in front of a face."""

    def __init__(self, session: RenderSession, sources: Sequence[MatteSource]) -> None:
        self._session = session
        self._sources = sources

    def prepare(self, plans: Sequence[FacePlan], progress: Progress = silent) -> None:
        """Learn what is in front of the faces, then prepare the renderer."""
        for source in self._sources:
            source.prepare(faces_of(plans), progress)
        self._session.prepare(plans, progress)

    def is_prepared(self, plans: Sequence[FacePlan]) -> bool:
        """Tell whether both are done."""
        known = all(source.is_prepared(faces_of(plans)) for source in self._sources)
        return known and self._session.is_prepared(plans)

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
        matte = _matte(self._sources, request.face, request.frame, request.plate)
        if matte is None:
            return self._session.render(request)
        patch = self._session.render(dataclasses.replace(request, occlusion=matte))
        return None if patch is None else _behind(patch, matte)

    def close(self) -> None:
        """Let go of both."""
        for source in self._sources:
            source.close()
        self._session.close()


def _matte(
    sources: Sequence[MatteSource], face: Face, frame: int, plate: Plate
) -> FloatArray | None:
    """(H, W) how far anything is in front of a face; None where nothing is."""
    mattes = [one.matte(face, frame, plate) for one in sources]
    known = [matte for matte in mattes if matte is not None]
    if not known:
        return None
    return known[0] if len(known) == 1 else np.asarray(np.maximum.reduce(known))


def _behind(patch: Patch, occlusion: FloatArray) -> Patch:
    """A patch whose mask leaves out what is in front of the face."""
    box = patch.box
    seen = 1 - occlusion[box.y0 : box.y1, box.x0 : box.x1]
    return dataclasses.replace(patch, mask=patch.mask * seen)
