"""A sound that an output has in place of the shot's own, or beside it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mien.errors import TimeError

if TYPE_CHECKING:
    from mien._types import PathLike
    from mien.timebase import Clock

__all__ = ["Soundtrack"]

_FINEST: Final = 1_000_000
"""Parts of a second that a start is told to."""
_SECONDS: Final = re.compile(r"\s*([-+]?\d+(?:\.\d*)?)\s*s\s*")


@dataclass(frozen=True, slots=True)
class Soundtrack:
    """A sound for an output.

    Attributes:
        path: A file of sound, or a movie with sound.
        start: When its first sample is heard, of a movie what is heard with its first picture:
            seconds of the shot, negative to begin inside the sound; or a time as people type it,
            `2s`, a frame or a timecode.
        keep_own: Whether the shot's own sound follows as a further track, in place of going.

    Raises:
        TimeError: When the start is a number, and not finite.
    """

    path: Path
    start: float | str = 0.0
    keep_own: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        if not isinstance(self.start, str) and not math.isfinite(self.start):
            raise TimeError(f"A sound cannot begin at {self.start} s.", "Give seconds.")

    @classmethod
    def of(cls, sound: Soundtrack | PathLike | None) -> Soundtrack | None:
        """Return a sound that may be the path of one that begins with the shot."""
        return sound if sound is None or isinstance(sound, Soundtrack) else cls(Path(sound))

    def absolute(self) -> Soundtrack:
        """Return the same with a path that holds in any folder."""
        return replace(self, path=self.path.absolute())

    def to_dict(self) -> dict[str, Any]:
        """Return it in JSON's types: `path`, `start` and `keep_own`."""
        return {"path": str(self.path), "start": self.start, "keep_own": self.keep_own}

    def begins(self, clock: Clock) -> Fraction:
        """Return the second of a shot at which it begins.

        Args:
            clock: The shot's clock.

        Raises:
            TimeError: When the start cannot be read.
        """
        if not isinstance(self.start, str):
            return Fraction(self.start).limit_denominator(_FINEST)
        seconds = _SECONDS.fullmatch(self.start)
        return Fraction(seconds[1]) if seconds else clock.seconds(clock.parse(self.start))
