"""The contract of what tells a session that something is in front of a face."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from mien._types import FloatArray
from mien.media.planes import Plate
from mien.model.face import Face
from mien.progress import Progress, silent
from mien.rendering.base import FacePlan

__all__ = ["MatteSource", "faces_of"]


class MatteSource(ABC):
    """Tells how far something is in front of a face, frame by frame.

    What it says of a frame depends on the shot and on the face alone, never on an edit nor on
    which frames were asked for before, so that parts of a shot that are rendered apart agree.
    It is used by several threads at once.
    """

    @abstractmethod
    def matte(self, face: Face, frame: int, plate: Plate) -> FloatArray | None:
        """Return how far every pixel of a plate shows something in front of a face.

        Args:
            face: The face, in the size of the session's shot.
            frame: Index of the frame.
            plate: Its plate; not changed.

        Returns:
            (H, W) float32 of the plate, 0..1; None where nothing is in front.
        """

    def prepare(self, faces: Sequence[Face], progress: Progress = silent) -> None:  # noqa: B027
        """Learn of faces what is needed to tell, looking through the shot."""

    def is_prepared(self, faces: Sequence[Face]) -> bool:
        """Tell whether that has been done."""
        return True

    def hides(self, face: Face) -> bool:
        """Tell whether all of a face is known to be behind something, in every frame.

        Then nothing of it is rendered. Asked after `prepare`.
        """
        return False

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks for the report."""
        return ()

    def close(self) -> None:  # noqa: B027 - nothing by default
        """Let go of what it holds."""


def faces_of(plans: Sequence[FacePlan]) -> list[Face]:
    """Return the faces of plans."""
    return [plan.face for plan in plans]
