"""What painters of parts of a face answer with: colours, and where they cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien._types import FloatArray
from mien.rendering.geometry.tone import per_channel

__all__ = ["PaintLayer"]


@dataclass(frozen=True, slots=True, eq=False)
class PaintLayer:
    """Colours to be laid over a picture.

    Attributes:
        rgb: (h, w, 3) R'G'B', or (3,) where it is one colour.
        alpha: (h, w) how far they cover, 0..1.
    """

    rgb: FloatArray
    alpha: FloatArray

    def over(self, below: FloatArray) -> FloatArray:
        """Return a picture (h, w, 3) with the layer laid over it."""
        return np.asarray(below + per_channel(self.alpha) * (self.rgb - below), dtype=np.float32)
