"""Dissolves, wipes and fades: where one shot becomes another, and what that means for faces.

Inside a mix two pictures are seen at once, so nobody in it is seen surely. Nobody goes on from one
shot to the other: the middle of a mix is a cut, wherever something would be carried on in time.
Edits fade out before a mix begins and in again after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

import numpy as np

from mien._math import ease
from mien._types import FloatArray
from mien.timebase import FrameRange

__all__ = ["breaks", "middle", "mix_weights", "purity"]

_RAMP_SECONDS: Final = Fraction(1, 5)
"""Time in which an edit goes before a mix, and comes back after it."""

_RAMP_LEAST: Final = 3
"""Frames of it at least."""


def middle(mix: FrameRange) -> int:
    """Return the frame of a mix from which it belongs to the shot that comes."""
    return (mix.start + mix.stop) // 2


def breaks(cuts: Iterable[int], mixes: Iterable[FrameRange]) -> tuple[int, ...]:
    """Return where nothing goes on in time, ascending: cuts, and the middles of mixes.

    Args:
        cuts: First frames of new shots.
        mixes: Spans over which one shot becomes another.
    """
    return tuple(sorted({*cuts, *(middle(mix) for mix in mixes)} - {0}))


def purity(count: int, mixes: Iterable[FrameRange]) -> FloatArray:
    """Return how far each frame shows one shot alone, as if all mixes were even.

    Args:
        count: Frames of the material.
        mixes: Spans over which one shot becomes another.

    Returns:
        (T,) float32: 1 outside of mixes, in them falling to 0 in the middle.
    """
    pure = np.ones(count, np.float32)
    for mix in mixes:
        gone = np.arange(1, len(mix) + 1) / (len(mix) + 1)
        inside = pure[mix.start : mix.stop]
        np.minimum(inside, np.abs(1 - 2 * gone)[: len(inside)], out=inside)
    return pure


def mix_weights(count: int, mixes: Iterable[FrameRange], rate: Fraction | float) -> FloatArray:
    """Return how far edits count beside and in mixes.

    Args:
        count: Frames of the material.
        mixes: Spans over which one shot becomes another.
        rate: Frames a second.

    Returns:
        (T,) float32: 0 in mixes, rising smoothly to 1 in the fifth of a second on either side.
    """
    frames = np.arange(count)
    ramp = max(_RAMP_LEAST, round(_RAMP_SECONDS * Fraction(rate))) + 1
    weights = np.ones(count, np.float32)
    for mix in mixes:
        away = np.maximum(mix.start - frames, frames - mix.stop + 1).clip(0, ramp)
        np.minimum(weights, ease((away / ramp).astype(np.float32)), out=weights)
    return weights
