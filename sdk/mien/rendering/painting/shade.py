"""Shade that falls on a face in one frame alone: from what is in front of it, above all."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.media.planes import Box
from mien.rendering.geometry.field import Zone, window
from mien.rendering.geometry.fill import fill_holes
from mien.rendering.geometry.tone import luma, per_channel

__all__ = ["Shade", "shade_between"]

_CELL_CM: Final = 0.1
"""Pixels of the small picture on which it is told."""
_SOFT_CM: Final = 0.25
"""Standard deviation of the blur that leaves of it what is light, and not the skin's own."""
_DARK: Final = 0.02
"""R'G'B' that is added to both sides of a ratio: where it is dark no shade is told."""
_SLIGHT: Final = 0.04, 0.16
"""Logarithms of it up to which it is an expression's own, and from which it is shade."""
_LIMITS: Final = -1.5, 0.4
"""Least and greatest logarithm of it: little of a face gets brighter by what is in front."""


class Shade(NamedTuple):
    """A factor on the light of a part of a plate.

    Attributes:
        box: The part, coded pixels.
        gain: (h, w) the factor; 1 on its border.
    """

    box: Box
    gain: FloatArray

    def over(self, zone: Zone) -> FloatArray:
        """Return the factor (h, w) of a zone's pixels; 1 beyond the part."""
        whole = np.ones((zone.height, zone.width), dtype=np.float32)
        box = self.box
        x0, x1 = max(box.x0, zone.x0), min(box.x1, zone.x0 + zone.width)
        y0, y1 = max(box.y0, zone.y0), min(box.y1, zone.y0 + zone.height)
        if x0 < x1 and y0 < y1:
            part = self.gain[y0 - box.y0 : y1 - box.y0, x0 - box.x0 : x1 - box.x0]
            whole[y0 - zone.y0 : y1 - zone.y0, x0 - zone.x0 : x1 - zone.x0] = part
        return whole


def shade_between(
    plate: FloatArray, other: FloatArray, known: FloatArray, box: Box, px_per_cm: float
) -> Shade:
    """Return the shade by which a plate differs from the same face in other frames.

    Args:
        plate: (h, w, 3) a part of the plate.
        other: (h, w, 3) the face in other frames, laid upon it.
        known: (h, w) where both show it.
        box: The part.
        px_per_cm: Pixels in a canonical unit.
    """
    step = max(1, round(_CELL_CM * px_per_cm))
    # Interpolation and wide ranges go below black.
    here, there = (np.maximum(luma(picture), 0) + _DARK for picture in (plate, other))
    ratio = np.log(here / there)
    told = fill_holes(per_channel(np.asarray(ratio, dtype=np.float32)), known, step)[..., 0]
    told = cv2.GaussianBlur(np.ascontiguousarray(told), (0, 0), _SOFT_CM * px_per_cm)
    told -= float((ratio * known).sum() / max(float(known.sum()), 1.0))
    told *= smoothstep(np.abs(told), *_SLIGHT)
    edge = min(round(px_per_cm), box.width // 4, box.height // 4)
    told = np.clip(told, *_LIMITS) * window(box.height, box.width, edge)
    return Shade(box, np.asarray(np.exp(told), dtype=np.float32))
