"""How far lids are closed, beside how much of a blink is tracked.

Face meshes follow lids late: where half of a blink is tracked, lids are three quarters of their
way. On the blinks of six clips the landmarks that the Face Landmarker sees say so within 0.08 up to
0.65; beyond that it sees no eye more than nine tenths closed (`python -m tests.benchmarks lids`).
`eyeBlink` is what is tracked, so that curves of films and of edits mean the same.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["lids_closed", "lids_tracked"]

_POWER: Final = 2.0
"""The way that is left falls with this power of what is left of the blink."""


def lids_closed(blink: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return how far of their way lids are, where so much of a blink is tracked.

    Args:
        blink: Values of `eyeBlink`, any shape; below 0 lids are open as far as the value says.
    """
    tracked = np.asarray(blink, dtype=np.float64)
    return np.where(tracked < 0, tracked, 1 - (1 - np.clip(tracked, 0, 1)) ** _POWER)


def lids_tracked(closed: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the value of `eyeBlink` where lids are so far of their way; undoes `lids_closed`.

    Args:
        closed: Part of their way, any shape, at most 1; values below 0 stay.
    """
    way = np.asarray(closed, dtype=np.float64)
    return np.where(way < 0, way, 1 - (1 - np.clip(way, 0, 1)) ** (1 / _POWER))
