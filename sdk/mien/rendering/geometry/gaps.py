"""How far the edges of an opening are apart, and lips that stay shut whatever the cheeks do."""

from __future__ import annotations

from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.model.controls import INDEX, sides

__all__ = ["gaps_between", "lips_kept_shut", "part_left"]

_NO_GAP: Final = 0.005
"""Height of an opening, in cm, that is none: towards the corners edges run together."""
_SHUT_CM: Final = 0.06, 0.15
"""Greatest gap of lips that are shut, and of some that are not."""
_PARTED: Final = 0.02, 0.15
"""Amounts of controls that part lips, from which they may part, and do so freely."""
_PARTING: Final = [
    INDEX[name]
    for control in (
        "jawOpen", "jawForward", "mouthFunnel", "mouthLowerDown", "mouthUpperUp", "mouthShrugUpper",
        "noseSneer", "tongueOut",
    )
    for name in (sides(control) or (control,))
]  # fmt: skip


def lips_kept_shut(before: FloatArray, unit: float, delta: FloatArray) -> float:
    """Return how far lips that are shut stay shut, 0..1.

    Lips that smile on people's faces are mostly parted; a smile that is added to lips that are
    shut does not part them, unless the jaw or the lips themselves are asked to.

    Args:
        before: Gaps of the lips in the plate, pixels.
        unit: Pixels in a canonical unit.
        delta: (59,) what is asked for, less what is performed.
    """
    shut = 1 - float(smoothstep(np.float32(before.max() / unit), *_SHUT_CM))
    parting = np.float32(np.maximum(delta[_PARTING], 0).max())
    return shut * (1 - float(smoothstep(parting, *_PARTED)))


def gaps_between(
    points: FloatArray, upper: list[int], lower: list[int], down: FloatArray
) -> FloatArray:
    """Return (2N,) how far edges are apart: under each upper landmark, over each lower one.

    Args:
        points: (V, 2) landmarks, pixels.
        upper: N of them along the upper edge.
        lower: N along the lower one.
        down: (2,) unit vector.
    """
    axes = np.array([[down[1], down[0]], [-down[0], down[1]]], dtype=np.float32)
    top, bottom = points[upper] @ axes, points[lower] @ axes
    if top[0, 0] > top[-1, 0]:
        top[:, 0] *= -1
        bottom[:, 0] *= -1
    (u_top, v_top), (u_bottom, v_bottom) = top.T, bottom.T
    u_top, u_bottom = np.maximum.accumulate(u_top), np.maximum.accumulate(u_bottom)
    under = np.interp(u_top, u_bottom, v_bottom) - v_top
    over = v_bottom - np.interp(u_bottom, u_top, v_top)
    return np.asarray(np.concatenate([under, over]), dtype=np.float32)


def part_left(before: FloatArray, after: FloatArray, unit: float) -> FloatArray:
    """Return the part of gaps, 0..1, that is left of them; 1 where there was next to none.

    Args:
        before: Gaps, pixels.
        after: The same, later.
        unit: Pixels in a canonical unit.
    """
    least = _NO_GAP * unit
    left = (np.maximum(after, 0) + least) / (np.maximum(before, 0) + least)
    return np.asarray(np.clip(left, 0, 1), dtype=np.float32)
