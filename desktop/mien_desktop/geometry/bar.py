"""A whole shot over the width of a bar: frames and pixels, and stretches of frames. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien._types import BoolArray

__all__ = ["Bar", "runs"]


@dataclass(frozen=True, slots=True)
class Bar:
    """All frames of a shot over a width.

    Attributes:
        frames: Frames of the shot; at least 1.
        width: Pixels.
    """

    frames: int
    width: float

    def edge(self, frame: float) -> float:
        """Return the left edge of a frame."""
        return frame * self.width / self.frames

    def frame(self, x: float) -> int:
        """Return the frame that a pixel belongs to, within the shot."""
        return min(max(int(x * self.frames / self.width), 0), self.frames - 1)


def runs(flags: BoolArray) -> list[tuple[int, int]]:
    """Return the stretches (start, stop) of a (T,) array in which it is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
