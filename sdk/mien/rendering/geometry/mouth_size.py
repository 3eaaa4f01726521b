"""A mouth keeps to the sizes and the shape of people's, however much is asked for at once."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.contour import LocalAxes
from mien.rendering.geometry.topology import LIPS

__all__ = ["mouth_size_held"]

_NARROW: Final = 0.7, 0.5
"""Distance of the mouth's inner corners, as a part of what it is when the face is neutral: down to
where it goes as asked, and least. Of twelve people who were filmed two pucker to .5 in a frame of a
hundred; the others stay above .6."""
_WIDE: Final = 1.39, 1.44
"""The same of mouths that are drawn apart: the nine who smile reach 1.24 to 1.41, and
none of them was asked for a grimace."""
_LONG: Final = 0.95, 1.2
"""Height of the opening as a part of the distance of its corners: up to where it goes as asked, and
most. Ten people who speak, laugh and scream reach .4 to .9; yawns are longer."""

_SHIFTED: Final = 0.15, 0.35
"""How far a landmark of the lips may leave its place between their corners, as a part of how far it
is from the nearer one: up to where it does as asked, and most."""

_FACING: Final = 0.5, 0.75
"""The part of its width that a neutral mouth shows from which its size is held, and is wholly."""


def mouth_size_held(
    points: FloatArray,
    moves: FloatArray,
    seam: FloatArray,
    unit: float,
    mouth_width: float,
    spread: FloatArray,
) -> FloatArray:
    """Return (468, 2) what lips that go too far along and apart must move back, pixels.

    What pulls them one way adds up: a pucker with an open jaw out of a grin would leave a slit
    that is higher than wide. Corners go along the mouth, the lower lip goes up. In profile nothing
    is held: what lips do forwards is seen as width there.

    Args:
        points: (V, 2) landmarks in the plate.
        moves: (468, 2) how far they move.
        seam: (11, 2) where this face's lips meet when it is neutral, in the order of `LIPS`.
        unit: Pixels in a canonical unit.
        mouth_width: Distance of the inner corners of this face's mouth when neutral, cm.
        spread: (468, 22) how the skin follows the lips' landmarks; see `lip_spread`.
    """
    # How much shorter the head's turn makes what lies along the mouth.
    shorter = float(np.linalg.norm(seam[-1] - seam[0])) / (unit * mouth_width)
    seen = float(smoothstep(shorter, *_FACING))
    if not seen:
        return np.zeros_like(moves)
    axes = LocalAxes.of_opening(points, LIPS)
    along = seen * _along(points, moves, seam, axes.along)
    sideways = np.asarray((spread @ along)[:, None] * axes.along, dtype=np.float32)
    up = seen * _up(points, moves + sideways, axes, shorter)
    return sideways + np.asarray((spread @ up)[:, None] * axes.down, dtype=np.float32)


def _along(
    points: FloatArray, moves: FloatArray, seam: FloatArray, along: FloatArray
) -> FloatArray:
    """(22,) how far the lips' landmarks are put back along the mouth."""
    edges = [*LIPS.upper, *LIPS.lower]
    first, last = 0, len(LIPS.upper) - 1
    neutral = max(float(np.linalg.norm(seam[-1] - seam[0])), 1e-6)
    was, now = points[edges] @ along, (points[edges] + moves[edges]) @ along
    before, after = (float(at[last] - at[first]) / neutral for at in (was, now))
    # What is narrower or wider in the plate may stay so.
    if after < before:
        held = max(after, min(_level(after, *_NARROW), before))
    else:
        held = min(after, max(_level(after, *_WIDE), before))
    part = (was - was[first]) / max(float(was[last] - was[first]), 1.0)
    width = held * neutral
    now_held = now + (part - 0.5) * (width - after * neutral)
    # Corners that are drawn in faster than what lies between them would be overtaken by it.
    shift = (now_held - now_held[first]) / max(width, 1.0) - part
    room = np.clip(np.minimum(part, 1 - part), 1e-3, None)
    freely, most = (share * room for share in _SHIFTED)
    beyond = np.maximum(np.abs(shift) - freely, 0)
    kept = np.minimum(np.abs(shift), freely) + (most - freely) * np.tanh(beyond / (most - freely))
    now_held += (np.sign(shift) * kept - shift) * width
    return np.asarray(now_held - now, dtype=np.float32)


def _up(points: FloatArray, moves: FloatArray, axes: LocalAxes, shorter: float) -> FloatArray:
    """(22,) how far the lips' landmarks are put back downwards: the lower lip's, by less than 0."""
    upper, lower = list(LIPS.upper), list(LIPS.lower)

    def opening(at: FloatArray) -> tuple[FloatArray, float]:
        width = float((at[upper[-1]] - at[upper[0]]) @ axes.along) / shorter
        return (at[lower] - at[upper]) @ axes.down, max(width, 1.0)

    was, width_was = opening(points)
    now, width = opening(points[: len(moves)] + moves)
    before, after = float(was.max()) / width_was, float(now.max()) / width
    held = min(after, max(_level(after, *_LONG), before))
    push = np.zeros(len(upper) + len(lower), dtype=np.float32)
    push[len(upper) :] = np.maximum(now, 0) * (held / max(after, 1e-6) - 1)
    return push


def _level(size: float, freely: float, most: float) -> float:
    """A size that levels off at the most, beyond what goes as asked."""
    room = most - freely
    return freely + room * math.tanh(max((size - freely) / room, 0.0))
