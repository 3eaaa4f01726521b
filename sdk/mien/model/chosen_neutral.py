"""A neutral face that somebody chose for a person: what shows it, and where it was taken from."""

from __future__ import annotations

from dataclasses import dataclass

from mien._types import FloatArray
from mien.model.landmarks import LANDMARKS

__all__ = ["ChosenNeutral"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ChosenNeutral:
    """A person's neutral face as somebody chose it (`mien.set_neutral`): what shows it, and where.

    It is kept with the face, so that the choice outlives a new solve, and frames that are tracked
    again or go to another face.

    Attributes:
        shape: (478, 3) float32, the landmarks there, in canonical space.
        frame: The frame that was named; None where none was.
        picture: Name of the image file that shows it; empty where none does. With neither frame
            nor picture, it is where the shot shows the face at rest (`mien.model.neutral`).
        frames: How many frames it is the middle of.
    """

    shape: FloatArray
    frame: int | None = None
    picture: str = ""
    frames: int = 1

    def __post_init__(self) -> None:
        if self.shape.shape != (LANDMARKS, 3):
            raise ValueError(f"a neutral shape is ({LANDMARKS}, 3), not {self.shape.shape}")

    def __str__(self) -> str:
        """Return where it was taken from, in words."""
        if self.picture:
            return f"as in {self.picture}"
        if self.frame is not None:
            return f"as in frame {self.frame}"
        return f"as at rest, in {self.frames} frames"

    def __repr__(self) -> str:
        return f"ChosenNeutral({self})"
