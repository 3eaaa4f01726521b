"""All that is known to be in front of the faces of a shot: what is found, and what was painted."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.media.planes import Plate
from mien.model.face import Face
from mien.progress import Progress, silent
from mien.rendering.base import PlateSource
from mien.rendering.occlusion.source import MatteSource
from mien.rendering.occlusion.strokes import MatteCorrections

__all__ = ["MattedPlates", "Mattes"]

_TURNED: Final = 3.0
"""Degrees of an edit's turn of the head from which what is worn on it is not held any more."""


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
        self._users = 0
        self._counting = threading.Lock()

    def treat(
        self, sources: Sequence[MatteSource] | None, corrections: MatteCorrections | None
    ) -> None:
        """Let other sources tell what is in front, or the same with other strokes.

        Args:
            sources: The sources; None to keep those there are, with what they learned.
            corrections: What the user painted on that.
        """
        if sources is not None:
            # Another thread may be asking them yet: whoever is the last lets go of them.
            with self._using():
                self._retired += self._sources
                self._sources = tuple(sources)
        self._corrections = corrections

    @contextmanager
    def _using(self) -> Iterator[None]:
        """Keep the sources that there are open until all who use any are done."""
        with self._counting:
            self._users += 1
        try:
            yield
        finally:
            retired: list[MatteSource] = []
            with self._counting:
                self._users -= 1
                if not self._users:
                    retired, self._retired = self._retired, []
            for source in retired:
                source.close()

    def matte(self, face: Face, frame: int, plate: Plate, turned: float = 0.0) -> FloatArray | None:
        """Return (H, W) how far anything is in front of a face; None where nothing is.

        Args:
            face: The face.
            frame: Index of the frame.
            plate: Its plate.
            turned: Degrees by which an edit turns the head: what is worn on it turns along.
        """
        with self._using():
            return self._told(self._sources, face, frame, plate, turned)

    def known(self, face: Face, frame: int, plate: Plate) -> tuple[FloatArray | None, bool]:
        """Return what is known to be in front by now, and whether that is all.

        A source that has yet to look through the shot is left out; the rest as in `matte`.
        """
        with self._using():
            sources = self._sources
            ready = [one for one in sources if one.is_prepared([face])]
            return self._told(ready, face, frame, plate), len(ready) == len(sources)

    def _told(
        self,
        sources: Sequence[MatteSource],
        face: Face,
        frame: int,
        plate: Plate,
        turned: float = 0.0,
    ) -> FloatArray | None:
        kept = 1 - float(smoothstep(turned, 0.0, _TURNED))
        mattes = []
        for source in sources:
            matte = source.matte(face, frame, plate) if kept or not source.on_head else None
            if matte is not None and source.on_head and kept < 1:
                matte = matte * np.float32(kept)
            mattes.append(matte)
        known = [matte for matte in mattes if matte is not None]
        found = np.asarray(np.maximum.reduce(known)) if len(known) > 1 else next(iter(known), None)
        if not self._corrections:
            return found
        return self._corrections.apply(found, face, frame)

    def hides(self, face: Face) -> bool:
        """Tell whether a face is covered wholly in every frame."""
        # An eraser says that something of it is to be seen after all.
        if self._corrections is not None and self._corrections.erases(face):
            return False
        return any(source.hides(face) for source in self._sources)

    def prepare(self, faces: Sequence[Face], progress: Progress = silent) -> bool:
        """Learn of faces what is needed to tell; False when it was known."""
        with self._using():
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
