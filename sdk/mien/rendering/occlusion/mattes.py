"""All that is known to be in front of the faces of a shot: what is found, and what was painted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien._types import FloatArray
from mien.media.planes import Plate
from mien.model.face import Face
from mien.progress import Progress, silent
from mien.rendering.base import PlateSource
from mien.rendering.occlusion.source import MatteSource
from mien.rendering.occlusion.strokes import MatteCorrections

__all__ = ["MattedPlates", "Mattes"]


class Mattes:
    """What is in front of faces, from several sources.

    Args:
        sources: What tells of things in front; what each finds is added up.
        corrections: What the user painted on that.
    """

    def __init__(
        self, sources: Sequence[MatteSource], corrections: MatteCorrections | None = None
    ) -> None:
        self._sources = tuple(sources)
        self._corrections = corrections
        self._retired: list[MatteSource] = []

    def treat(
        self, sources: Sequence[MatteSource] | None, corrections: MatteCorrections | None
    ) -> None:
        """Let other sources tell what is in front, or the same with other strokes.

        Args:
            sources: The sources; None to keep those there are, with what they learned.
            corrections: What the user painted on that.
        """
        if sources is not None:
            # Another thread may be asking them yet: they are let go of with the others.
            self._retired += self._sources
            self._sources = tuple(sources)
        self._corrections = corrections

    def matte(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
        """Return (H, W) how far anything is in front of a face; None where nothing is.

        Args:
            face: The face.
            frame: Index of the frame.
            plate: Its plate.
        """
        return self._told(self._sources, face, frame, plate)

    def known(self, face: Face, frame: int, plate: Plate) -> tuple[FloatArray | None, bool]:
        """Return what is known to be in front by now, and whether that is all.

        A source that has yet to look through the shot is left out; the rest as in `matte`.
        """
        sources = self._sources
        ready = [one for one in sources if one.is_prepared([face])]
        return self._told(ready, face, frame, plate), len(ready) == len(sources)

    def _told(
        self, sources: Sequence[MatteSource], face: Face, frame: int, plate: Plate
    ) -> FloatArray | None:
        mattes = [source.matte(face, frame, plate) for source in sources]
        known = [matte for matte in mattes if matte is not None]
        found = np.asarray(np.maximum.reduce(known)) if len(known) > 1 else next(iter(known), None)
        if not self._corrections:
            return found
        return self._corrections.apply(found, face, frame)

    def hides(self, face: Face) -> bool:
        """Tell whether a face is covered wholly in every frame."""
        return any(source.hides(face) for source in self._sources)

    def prepare(self, faces: Sequence[Face], progress: Progress = silent) -> bool:
        """Learn of faces what is needed to tell; False when it was known."""
        new = [source for source in self._sources if not source.is_prepared(faces)]
        for source in new:
            source.prepare(faces, progress)
        return bool(new)

    def is_prepared(self, faces: Sequence[Face]) -> bool:
        """Tell whether that has been done."""
        return all(source.is_prepared(faces) for source in self._sources)

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the report."""
        return tuple(note for source in self._sources for note in source.notes)

    def close(self) -> None:
        """Let go of what the sources hold."""
        for source in (*self._sources, *self._retired):
            source.close()
        self._retired.clear()


class MattedPlates:
    """Plates, and what is in front of faces in them; an `OcclusionSource`.

    Args:
        source: The plates.
        mattes: What is in front.

    Attributes:
        asked: Whether anybody has asked for a matte, and may keep what it made of it.
    """

    def __init__(self, source: PlateSource, mattes: Mattes) -> None:
        self._source = source
        self._mattes = mattes
        self.asked = False

    def plate(self, frame: int) -> Plate:
        """Return the plate of a frame."""
        return self._source.plate(frame)

    def occlusion(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
        """Return (H, W) how far anything is in front of a face; None where nothing is."""
        self.asked = True
        return self._mattes.matte(face, frame, plate)
