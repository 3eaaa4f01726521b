"""An upper lip is raised no further than people raise it, however much is asked for at once."""

from __future__ import annotations

from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.rendering.geometry.contour import LocalAxes
from mien.rendering.geometry.topology import LIPS

__all__ = ["upper_lip_held"]

_FREELY_CM, _MOST_CM = 0.5, 0.8
"""How far the upper lip is raised above where this face's lips rest, up to where it goes as asked,
and at most: in ten clips of ten people it is by 0.5 to 0.8 in the frames in which it is highest. A
smile, a laugh and a sneer raise it each, and a lip that is up already is not raised again."""
_TAPER: Final = 0.5
"""The power of a half sine from corner to corner: at the corners smiles have their own way."""


def upper_lip_held(
    points: FloatArray, moves: FloatArray, seam: FloatArray, unit: float, spread: FloatArray
) -> FloatArray:
    """Return (468, 2) what an upper lip that is raised too far must move back, pixels.

    Args:
        points: (V, 2) landmarks in the plate.
        moves: (468, 2) how far they move.
        seam: (11, 2) where this face's lips meet when it is neutral, in the order of `LIPS`.
        unit: Pixels in a canonical unit.
        spread: (468, 22) how the skin follows the lips' landmarks; see `lip_spread`.
    """
    down = LocalAxes.of_opening(points, LIPS).down
    upper = list(LIPS.upper)
    before = (seam - points[upper]) @ down / unit
    after = before - moves[upper] @ down / unit
    room = _MOST_CM - _FREELY_CM
    beyond = np.maximum(after - _FREELY_CM, 0)
    held = np.minimum(after, _FREELY_CM) + room * np.tanh(beyond / room)
    # One that is higher in the plate may stay there.
    excess = np.maximum(after - np.maximum(held, before), 0)
    taper = np.sin(np.linspace(0, np.pi, len(upper))) ** _TAPER
    push = np.zeros(spread.shape[1], dtype=np.float32)
    push[: len(upper)] = taper * excess * unit
    return np.asarray((spread @ push)[:, None] * down, dtype=np.float32)
