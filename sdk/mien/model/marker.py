"""A marker: a named place on a shot's timeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mien.errors import TimeError, UsageError

__all__ = ["MARKER_COLORS", "Marker"]

MARKER_COLORS: Final = ("amber", "red", "green", "blue", "violet", "gray")


@dataclass(frozen=True, slots=True)
class Marker:
    """A named place on a shot's timeline; there is at most one a frame.

    Attributes:
        frame: The frame.
        name: What it says; may be empty.
        color: One of `MARKER_COLORS`.
    """

    frame: int
    name: str = ""
    color: str = "amber"

    def __post_init__(self) -> None:
        if self.frame < 0:
            raise TimeError(
                f"A marker at frame {self.frame} lies before the shot.", frame=self.frame
            )
        if self.color not in MARKER_COLORS:
            raise UsageError(
                f"'{self.color}' is no colour of a marker.",
                f"Choose one of {', '.join(MARKER_COLORS)}.",
                choices=MARKER_COLORS,
            )
