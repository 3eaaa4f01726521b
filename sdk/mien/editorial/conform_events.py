"""What conform lists hold, whichever their format: renders, at frames of record and source."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from mien.editorial.uses import ClipUse
from mien.jobs.job import ShotResult

__all__ = ["MARKER", "ConformEvent", "ConformList", "Render"]

MARKER: Final = "mien:"
"""Begins the name of every marker."""


@dataclass(frozen=True, slots=True)
class Render:
    """A rendered shot where the cut shows it.

    Attributes:
        result: What became of the shot.
        use: Its clip.
        file_start: Number of the render's first frame by its own timecode.
        first: Number of the same frame in the clip's source time.
    """

    result: ShotResult
    use: ClipUse
    file_start: Fraction
    first: Fraction

    @property
    def name(self) -> str:
        """Name of the shot."""
        return self.result.job.name


@dataclass(frozen=True, slots=True)
class ConformEvent:
    """A render on a list, in whole frames of the list's rate.

    Attributes:
        render: The render.
        record: Number of the frame with which it appears.
        length: How many frames it is shown.
        source: Number of its first frame shown, by the render's own timecode.
        used: How many frames of it are shown.
        drop: Whether its timecode drops numbers.
    """

    render: Render
    record: int
    length: int
    source: int
    used: int
    drop: bool

    @property
    def stop(self) -> int:
        """Record time of the frame after the last."""
        return self.record + self.length


@dataclass(frozen=True, slots=True)
class ConformList:
    """What the lists of an edit hold, whichever their format.

    Attributes:
        title: Its name.
        rate: Frames a second of the record.
        first: Number of the record's first frame.
        drop: Whether record timecode drops numbers.
        layers: Events in the order of the record, none over another of its layer.
    """

    title: str
    rate: Fraction
    first: int
    drop: bool
    layers: tuple[tuple[ConformEvent, ...], ...]

    @property
    def nominal(self) -> int:
        """Whole frames a second by which timecodes count."""
        return -(-self.rate.numerator // self.rate.denominator)
