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
        driven: (59,) controls to which the rig moves the performance, corrections among them.
        departed: (59,) what of the change takes the performance's place; the rest is added to it.
    """

    source: FloatArray
    target: FloatArray
    driven: FloatArray
    departed: FloatArray

    def departed_from(self, performance: FloatArray) -> FloatArray:
        """Return what of the way from another frame's performance (59,) departs from it.

        What lies between the two performances does, and so does what departs from this one; what is
        added to this one is added to the other.

        Args:
            performance: (59,) controls of what the face does in the other frame.
        """
        delta = self.target - performance
        departed = self.source - performance + self.departed
        return np.clip(departed, np.minimum(delta, 0), np.maximum(delta, 0))
