"""A shot: its media and the faces in it. It holds no pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien.errors import NoFaceError
from mien.model.face import Face
from mien.model.media import MediaInfo
from mien.timebase import Clock

__all__ = ["Shot", "ToolVersions", "main_face"]


@dataclass(frozen=True, slots=True)
class ToolVersions:
    """The versions of the tools that made a shot's faces.

    Attributes:
        tracker: Name of the tracker.
        tracker_version: Version of the tracker's results.
        solver: Version of the solver's results.
    """

    tracker: str
    tracker_version: int
    solver: int

    def __str__(self) -> str:
        return f"tracker {self.tracker} {self.tracker_version}, solver {self.solver}"


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A tracked shot.

    Attributes:
        media: Facts of the media.
        faces: Every person's face, in order of first appearance.
        cuts: First frames of new shots inside the material (hard cuts); never frame 0.
        made_by: Versions of the tools that made the faces; None when that is not known: without
            faces, and in projects of an older mien.
    """

    media: MediaInfo
    faces: tuple[Face, ...]
    cuts: tuple[int, ...] = ()
    made_by: ToolVersions | None = None

    @property
    def clock(self) -> Clock:
        """The shot's clock."""
        return self.media.clock

    def face(self, number: int) -> Face:
        """The face with a number.

        Raises:
            NoFaceError: When the shot has no such face; the message lists those it has.
        """
        for face in self.faces:
            if face.number == number:
                return face
        have = ", ".join(str(face.number) for face in self.faces)
        raise NoFaceError(
            f"{self.media.path.name} has no face {number}.",
            f"Its faces are: {have}." if have else "No face was found in it.",
        )


def main_face(shot: Shot) -> Face:
    """The face that fills most of the shot, over all frames: whom an edit most likely means.

    Raises:
        NoFaceError: When the shot has no face.
    """
    if not shot.faces:
        raise NoFaceError(f"{shot.media.path.name} has no face.", "Track it first.")

    def filled(face: Face) -> float:
        points = face.landmarks[:, :, :2]
        size = np.fmax.reduce(points, axis=1) - np.fmin.reduce(points, axis=1)
        return float(np.nansum(size.prod(axis=1)))

    return max(shot.faces, key=filled)
