"""Patches into the plate: only the difference, only inside the mask."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mien.media.planes import Plate
from mien.rendering.base import Patch

__all__ = ["compose"]


def compose(plate: Plate, patches: Sequence[Patch]) -> Plate:
    """A plate with patches in it.

    What is added at every pixel is mask * (patch - plate), in the plate's own pixel format:
    where that is zero, code values stay what they are. Each patch was made from the plate
    itself; where faces overlap, later patches lie over earlier ones.

    Args:
        plate: The plate; not changed.
        patches: Patches in the order of the faces, of this plate.

    Returns:
        A new plate; the given one when there is no patch.
    """
    if not patches:
        return plate
    result = plate.copy()
    for i, patch in enumerate(patches):
        below = result if _overlaps(patch, patches[:i]) else plate
        if not patch.mask.size:
            continue
        # A product with a mask of three channels is one run; a broadcast takes three times as long.
        delta = cv2.merge([patch.mask] * 3) * (patch.rgb - below.rgb(patch.box))
        result.add(patch.box, np.asarray(delta, dtype=np.float32))
    return result


def _overlaps(patch: Patch, others: Sequence[Patch]) -> bool:
    a = patch.box
    return any(
        a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1
        for b in (other.box for other in others)
    )
