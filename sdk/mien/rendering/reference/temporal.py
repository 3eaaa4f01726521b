"""Time: what is regenerated together, what frames share, and what they are averaged with.

Everything is told from absolute frame numbers and from the edit of the whole shot, never from
which frames are asked for: parts of a shot that are rendered apart are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from mien._types import BoolArray, FloatArray, Int32Array
from mien.model.landmarks import SKIN
from mien.rendering.geometry.topology import EYES, LIPS

__all__ = ["Timing", "noise_field", "temporal_weights"]

_APART = 0.05
"""How far skin may lie apart in two frames, in cm, as a standard deviation, for one to steady
the other: half a millimetre is about a pixel of the square."""
_LEAST = 1e-3
"""Weights below this are none."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Which frames are regenerated, with which others.

    Attributes:
        regenerated: (T,) the frames to be regenerated.
        cuts: First frames of new sections; frames of two sections have nothing in common.
        group: Frames that are regenerated together: those between whole multiples of it. What
            is computed together must not depend on what is asked for, for the last digits of
            a network's result depend on its batch.
        spacing: Every how many frames there is an anchor; 0 for none.
    """

    regenerated: BoolArray
    cuts: tuple[int, ...]
    group: int
    spacing: int

    def together(self, frame: int) -> tuple[int, ...]:
        """The frames that are regenerated together with a frame, ascending, itself included."""
        start = frame // self.group * self.group
        first, last = self._section(frame)
        return self._regenerated_in(max(start, first), min(start + self.group, last))

    def around(self, frame: int, reach: int) -> tuple[int, ...]:
        """The frames within reach that can steady a frame, ascending, itself included."""
        first, last = self._section(frame)
        return self._regenerated_in(max(frame - reach, first), min(frame + reach + 1, last))

    def anchors(self, frame: int) -> tuple[tuple[int, float], ...]:
        """The anchors of a frame and how much each counts, 0..1; together 1.

        Halfway between two anchors both count alike; they fade linearly.
        """
        if not self.spacing:
            return ()
        regenerated = self._regenerated_in(*self._section(frame))
        anchors = [i for i in regenerated if i % self.spacing == 0] or [regenerated[0]]
        before = max((i for i in anchors if i <= frame), default=anchors[0])
        after = min((i for i in anchors if i > frame), default=before)
        if after == before:
            return ((before, 1.0),)
        weight = min(max((frame - before) / (after - before), 0.0), 1.0)
        return ((before, 1 - weight), (after, weight))

    def _section(self, frame: int) -> tuple[int, int]:
        first = max((cut for cut in self.cuts if cut <= frame), default=0)
        return first, min((cut for cut in self.cuts if cut > frame), default=len(self.regenerated))

    def _regenerated_in(self, start: int, stop: int) -> tuple[int, ...]:
        return tuple((start + np.flatnonzero(self.regenerated[start:stop])).tolist())


def temporal_weights(
    frame: int, frames: Sequence[int], reach: int, positions: Callable[[int], FloatArray]
) -> dict[int, float]:
    """How much each frame counts when a frame is averaged over time; together 1.

    A raised cosine over time, as wide before as after, so that nothing lags; frames in which
    the skin lies elsewhere on the head count less, so that nothing smears.

    Args:
        frame: The frame.
        frames: It and its neighbours.
        reach: Frames to either side.
        positions: (468, 2) where the skin lies on the head in a frame, cm.
    """
    here = positions(frame)
    parts = _parts()
    weights = {}
    for other in frames:
        time = (1 + np.cos(np.pi * (other - frame) / (reach + 1))) / 2
        squares = ((positions(other) - here) ** 2).sum(axis=1)
        apart = float(np.sqrt(max(squares[part].mean() for part in parts)))
        weight = float(time * np.exp(-0.5 * (apart / _APART) ** 2))
        if weight > _LEAST:
            weights[other] = weight
    total = sum(weights.values())
    return {other: weight / total for other, weight in weights.items()}


@cache
def _parts() -> tuple[Int32Array, ...]:
    """The face, and the parts of it that can move while the rest is still."""
    everything = np.arange(SKIN, dtype=np.int32)
    rims = (opening.rim for opening in (LIPS, *EYES.values()))
    return everything, *(np.array(rim, dtype=np.int32) for rim in rims)


def noise_field(seed: int, face: int, shape: tuple[int, ...]) -> FloatArray:
    """The noise that a face's frames are made from: one for the whole shot.

    It lies in the square, so it is carried with the head.

    Args:
        seed: The settings' seed.
        face: Number of the face.
        shape: Its shape; the first axis counts fields.
    """
    return np.random.default_rng([seed, face]).standard_normal(shape, dtype=np.float32)
