"""What can be chosen of the benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mien.errors import UsageError

__all__ = ["MOST_FRAMES", "NOTHING", "QualityOptions"]

NOTHING: Final = "nothing"
"""What stands among the renderers for the plate as it was filmed."""
MOST_FRAMES: Final = 240
"""Frames of a clip that are used when none are named."""


@dataclass(frozen=True, slots=True)
class QualityOptions:
    """What is measured, and by what.

    Attributes:
        renderers: Names of renderers; the plate as it was filmed is measured beside them.
        frames: Span of a clip that is used, as typed; its first 240 frames when None.
        cut: Where take A ends and take B begins, as typed; the middle when None.
        pairs: Frames of take A that are edited, at most.
        face: Number or name of the face; the one that fills most of the clip when None.
        identity: Name of an identity model; the best that is installed when None.
        landmarker: A Face Landmarker file of MediaPipe's, whose landmarks are used in place of
            mien's own tracker's.
        strips: Folder for pictures to look at: as filmed, each edit, the truth.
        overwrite: Whether strips of that name may be replaced.
    """

    renderers: tuple[str, ...] = ("auto",)
    frames: str | None = None
    cut: str | None = None
    pairs: int = 8
    face: int | str | None = None
    identity: str | None = None
    landmarker: Path | None = None
    strips: Path | None = None
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.pairs < 1:
            raise UsageError(f"{self.pairs} pairs cannot be measured.", "Ask for 1 at least.")
        if not self.renderers:
            raise UsageError("No renderer was named.", "Name one, as warp, or leave it to auto.")
