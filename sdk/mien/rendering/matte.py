"""The mask of what a render changes, as a picture: for those who go on in another program."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien.media.planes import Plate
from mien.rendering.base import Patch

__all__ = ["matte"]


def matte(plate: Plate, patches: Sequence[Patch]) -> Plate:
    """How much of every pixel was taken from patches: black none, white all.

    Args:
        plate: The plate; not changed.
        patches: Its patches; where they overlap, what is taken adds up as of layers
            (Porter & Duff 1984, "over").

    Returns:
        A grey plate in the same pixel format.
    """
    result = plate.black()
    for patch in patches:
        below = result.rgb(patch.box)
        delta = patch.mask[..., None] * (1 - below)
        result.add(patch.box, np.asarray(delta, dtype=np.float32))
    return result
