"""Runs of frames: which stretches of a shot something is true of."""

from __future__ import annotations

import numpy as np

from mien._types import BoolArray
from mien.timebase import FrameRange

__all__ = ["frame_runs"]


def frame_runs(frames: BoolArray, apart: int = 0) -> list[FrameRange]:
    """Return the runs of frames of which something is true, in order.

    Args:
        frames: (T,) of which frames it is true.
        apart: Frames between two runs up to which they count as one.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], frames.astype(np.int8), [0]])))
    runs: list[FrameRange] = []
    for first, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if runs and first - runs[-1].stop <= apart:
            runs[-1] = FrameRange(runs[-1].start, stop)
        else:
            runs.append(FrameRange(first, stop))
    return runs
