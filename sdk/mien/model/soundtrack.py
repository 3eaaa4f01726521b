"""A sound that an output has in place of the shot's own, or beside it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mien.errors import TimeError
from mien.timebase import Clock

__all__ = ["Soundtrack", "sound_start"]

_SECONDS: Final = re.compile(r"\s*([-+]?\d+(?:\.\d*)?)\s*s\s*")


@dataclass(frozen=True, slots=True)
class Soundtrack:
    """A sound for an output.

    Attributes:
        path: A file of sound, or a movie with sound.
        start: Second of the shot at which its first sample is heard; negative to begin inside it.
        keep_own: Whether the shot's own sound follows as a further track, in place of going.

    Raises:
        TimeError: When the start is no finite number.
    """

    path: Path
    start: float = 0.0
    keep_own: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        if not math.isfinite(self.start):
            raise TimeError(f"A sound cannot begin at {self.start} s.", "Give seconds.")


def sound_start(text: str, clock: Clock) -> float:
    """Read the second of a shot at which a sound begins.

    Args:
        text: Seconds, as `2s` or `-0.25s`; or a frame or a timecode of the shot.
        clock: The shot's clock.

    Raises:
        TimeError: When it cannot be read.
    """
    seconds = _SECONDS.fullmatch(text)
    return float(seconds[1]) if seconds else float(clock.seconds(clock.parse(text)))
