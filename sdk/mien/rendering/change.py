"""What a face does in one frame and what it is to do, for those who look and those who move."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mien._types import FloatArray

__all__ = ["FaceChange"]


class FaceChange(NamedTuple):
    """The change that is asked of a face in one frame.

    Frames that show a face doing what is asked, and the look of its skin, are told by controls as
    they are tracked (`target`). How far the rig moves the plate's own skin is told by what has to
    be added to the performance (`driven`); the two differ where another performance takes its
    place, see `EditAmounts.from_departure`.

    Attributes:
        source: (59,) controls of the performance.
        target: (59,) controls asked for, as another performance is tracked.
        driven: (59,) controls to which the rig moves the performance.
        departing: (59,) part of the change, 0..1, that takes the performance's place; the rest is
            added to it.
    """

    source: FloatArray
    target: FloatArray
    driven: FloatArray
    departing: FloatArray

    @classmethod
    def added(cls, source: FloatArray, target: FloatArray) -> FaceChange:
        """Return a change of which all is added to the performance."""
        return cls(source, target, target, np.zeros_like(source))
