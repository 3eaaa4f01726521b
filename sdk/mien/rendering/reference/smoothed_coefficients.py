"""Coefficients that are read off pictures when they are needed, and steadied over time.

What is smoothed over a whole shot depends on the whole shot: two frames of it would cost as much
as all. Here a frame is smoothed over what lies within a second of it and over nothing else, so
that it is the same whatever else is rendered, and only what is near has to be read.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.model.curves import FLAME_SIZE
from mien.model.shot import Shot
from mien.signal.gaps import bridge
from mien.signal.smooth import smooth

__all__ = ["SmoothedCoefficients"]

_AROUND = 1.0
"""Seconds to either side over which a frame is smoothed, and its noise is told."""
_TOGETHER = 32
"""Frames read at once, those between whole multiples: going back and forth in a movie costs
decoding, and what goes through a network together must not depend on who asks."""


class SmoothedCoefficients:
    """Readings of the frames of a shot, smoothed, in whatever order they are asked for.

    Args:
        read: Reads frames (n of them): (n, 55).
        seen: (T,) the frames that can be read.
        shot: Their shot.
        bridged: Whether short gaps are filled; else frames that cannot be read are 0.
    """

    def __init__(
        self,
        read: Callable[[list[int]], FloatArray],
        seen: BoolArray,
        shot: Shot,
        *,
        bridged: bool,
    ) -> None:
        self._read = read
        self._seen = seen
        self._unread = seen.copy()
        self._raw = np.zeros((len(seen), FLAME_SIZE), dtype=np.float32)
        self._cuts = shot.breaks
        self._rate = float(shot.clock.rate)
        self._reach = max(1, round(_AROUND * self._rate))
        self._bridged = bridged

    def at(self, frame: int) -> FloatArray:
        """(55,) what is read of a frame, smoothed."""
        start, stop = max(0, frame - self._reach), frame + self._reach + 1
        self._look(start, min(stop, len(self._seen)))
        raw, valid = self._raw[start:stop].copy(), self._seen[start:stop]
        cuts = [cut - start for cut in self._cuts]
        if self._bridged:
            valid = valid | bridge(raw, valid, self._reach, cuts)
        smoothed = smooth(raw, valid, rate=self._rate, cuts=cuts)
        return np.asarray(smoothed[frame - start], dtype=np.float32)

    def _look(self, start: int, stop: int) -> None:
        """Read what is not yet read of some frames, and what is read with them."""
        for first in range(start // _TOGETHER * _TOGETHER, stop, _TOGETHER):
            part = slice(first, first + _TOGETHER)
            frames = (first + np.flatnonzero(self._unread[part])).tolist()
            if frames:
                self._raw[frames] = self._read(frames)
                self._unread[frames] = False
