"""How far edits move a face: a control at 1 does what people do at their most, and no more.

The rig's fields are learned from ordinary footage and go on in a straight line to a value of 1,
which for some controls is beyond any face: the field of `mouthFrown` drops the corners by a sixth
of the mouth's width, and no tracked face drops them by more than a twelfth. The solver needs the
line as it is. What is *added* to a performance follows a curve instead: half of a control is what
an eye that knows nothing of mien takes for half, and 1 is the most that people do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.model.controls import INDEX, sides
from mien.model.lids import lids_closed

__all__ = ["BEYOND", "HALF", "LEAST", "MOST", "EditAmounts"]

MOST: Final[Mapping[str, float]] = MappingProxyType(
    {
        "browDown": 0.8,
        "browInnerUp": 1.2,
        "browOuterUp": 1.2,
        "eyeBlink": 1.0,
        "eyeSquint": 0.8,
        "eyeWide": 0.5,
        "jawLeft": 0.9,
        "jawRight": 0.9,
        "mouthDimple": 0.8,
        "mouthFrown": 0.38,
        "mouthFunnel": 1.77,
        "mouthLowerDown": 1.36,
        "mouthPress": 1.68,
        "mouthPucker": 1.9,
        "mouthShrugLower": 0.7,
        "mouthShrugUpper": 0.9,
        "mouthSmile": 1.2,
        "mouthStretch": 1.66,
        "mouthUpperUp": 1.5,
        "noseSneer": 1.9,
    }
)
"""Value of a control at which its field moves the skin as far as people do at their most, by
name without side; of others it is the emphasis. Measured on landmarks of nine clips, against each
person's median: corners of the mouth drop by 7 % of its width, lids open by a quarter of the eye,
brows rise by 10 % of the distance of the eyes' outer corners and fall by 7 %, a smile widens the
mouth by a third and a pucker narrows it by two fifths. Of a funnel, a stretch, pressed lips, bared
teeth and a sneer ordinary footage has weak ones only: there it is what six faces, moved step by
step, bear without looking made."""

HALF: Final[Mapping[str, float]] = MappingProxyType(
    {
        "browDown": 0.62,
        "browInnerUp": 0.97,
        "browOuterUp": 0.97,
        "eyeBlink": float(lids_closed(0.5)),
        "eyeSquint": 0.68,
        "eyeWide": 0.42,
        "jawLeft": 0.64,
        "jawRight": 0.64,
        "mouthDimple": 0.6,
        "mouthFrown": 0.33,
        "mouthFunnel": 1.63,
        "mouthLowerDown": 1.17,
        "mouthPress": 1.5,
        "mouthPucker": 1.08,
        "mouthShrugLower": 0.52,
        "mouthShrugUpper": 0.64,
        "mouthSmile": 0.78,
        "mouthStretch": 1.53,
        "mouthUpperUp": 1.2,
        "noseSneer": 1.4,
    }
)
"""The same of a control at 0.5, of all that are in `MOST`. Where the Face Landmarker reads a
control on real faces it is about what the landmarker takes for 0.5 in a render, six clips' mean,
and about nine tenths of the most where that is less (`python -m tests.benchmarks asked`)."""

LEAST: Final[Mapping[str, float]] = MappingProxyType({"eyeBlink": -0.05})
"""Value below which a control takes nothing more away, by name without side: an eye that does not
blink is open, and to open it further is what `eyeWide` is for."""

GENTLY: Final = 0.6, 1.0
"""How far what takes a performance's place goes from it before it follows the curves of what is
added, and how steeply it begins: as the rig's fields. Curves that begin five times as steep as what
they stand for would make of what one performance does a little otherwise than another something
that neither does; one take that re-enacts another is nearest to it so (`python -m tests.benchmarks
reenact`)."""

BEYOND: Final = 0.3
"""Steepness beyond a value of 1, in parts of that line: edits may go a little further."""


_HALVINGS: Final = 24
"""Halvings of what lies between two values until they are one in single precision."""
_LIDS: Final = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]


class EditAmounts:
    """The curves along which added controls move the skin.

    Args:
        emphasis: (59,) float32, how much further than a real expression the skin has to be moved
            so that what is seen rises by what was asked; see `Rig`. It rules where nothing is said
            of a control here, in a straight line.
    """

    def __init__(self, emphasis: FloatArray) -> None:
        self._most = np.array(emphasis, dtype=np.float32)
        self._least = np.full_like(self._most, -np.inf)
        self._power = np.ones_like(self._most)
        self._curved = np.zeros(len(self._most), dtype=bool)
        powers = {name: _power(HALF[name], most) for name, most in MOST.items()}
        for limits, values in ((self._most, MOST), (self._least, LEAST), (self._power, powers)):
            for name, value in values.items():
                limits[_columns(name)] = value
        for name in MOST:
            self._curved[_columns(name)] = True
        # Lids go as real ones do, whatever asks for it.
        self._gently = self._curved.copy()
        self._gently[_LIDS] = False

    def moved(self, added: FloatArray) -> FloatArray:
        """Return how far added controls move the skin, (..., 59) in units of the rig's fields.

        Args:
            added: (..., 59) what is added to a performance; below 0 it moves nothing.
        """
        added = np.maximum(added, 0)
        within = 1 - (1 - np.minimum(added, 1)) ** self._power
        beyond = BEYOND * np.maximum(added - 1, 0)
        return np.asarray(self._most * (within + beyond), dtype=np.float32)

    def added(self, moved: FloatArray) -> FloatArray:
        """Return what has to be added, (..., 59), to move the skin so far; undoes `moved`.

        Args:
            moved: (..., 59) how far, in units of the rig's fields.
        """
        share = np.maximum(moved, 0) / np.maximum(self._most, 1e-6)
        within = 1 - (1 - np.minimum(share, 1)) ** (1 / self._power)
        return np.asarray(within + np.maximum(share - 1, 0) / BEYOND, dtype=np.float32)

    def from_departure(self, departure: FloatArray) -> FloatArray:
        """Return what has to be added, (..., 59), for what departs from a performance.

        Args:
            departure: (..., 59) how far another performance is from the one that was filmed,
                both as they are tracked.
        """
        until, steep = GENTLY
        slope = np.maximum(self._most * self._power, 1e-6)
        begins = np.where(self._gently, np.minimum(steep / slope, 1), 1)
        share = begins + (1 - begins) * np.clip(departure / until, 0, 1)
        added = self.added(self.moved(departure) * share)
        within = self._gently & (departure > 0) & (departure < until)
        return np.asarray(np.where(within, added, departure), dtype=np.float32)

    def to_departure(self, added: FloatArray) -> FloatArray:
        """Return how far from a performance comes to what is added; undoes `from_departure`.

        Args:
            added: (..., 59) what is added.
        """
        low = np.asarray(added, dtype=np.float32)
        high = np.maximum(low, GENTLY[0])
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            less = self.from_departure(middle) < added
            low, high = np.where(less, middle, low), np.where(less, high, middle)
        within = self._gently & (added > 0) & (added < GENTLY[0])
        return np.asarray(np.where(within, high, added), dtype=np.float32)

    def reached(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return the controls to which an edit moves the skin, (59,) in units of the rig's fields.

        Args:
            source: (59,) controls of the performance.
            target: (59,) controls of what is asked for. Less than the performance is what it
                says; more is never further than people go, or than the performance is already. Lids
                go as real ones do either way (`mien.model.lids`).
        """
        target = self.above_least(source, target)
        moved = np.minimum(target, source) + self.moved(target - source)
        furthest = self._most * (1 + BEYOND * np.maximum(target - source - 1, 0))
        reached = np.minimum(moved, np.maximum(source, furthest))
        reached[_LIDS] = _lids_moved(source[_LIDS], target[_LIDS])
        return np.asarray(reached)

    def limited(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return what is asked for (59,) as a real face does it: along the curves, unemphasised.

        Args:
            source: (59,) controls of the performance, which may be beyond it already.
            target: (59,) controls of what is asked for.
        """
        target = self.above_least(source, target)
        held = np.minimum(target, np.maximum(source, self._most))
        return np.asarray(np.where(self._curved, self.reached(source, target), held))

    def above_least(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return what is asked for (59,), no less than what takes nothing more away.

        Args:
            source: (59,) controls of the performance, which may be below it already.
            target: (59,) controls of what is asked for.
        """
        return np.asarray(np.maximum(target, np.minimum(source, self._least)))


def _lids_moved(source: FloatArray, target: FloatArray) -> FloatArray:
    """Where lids are moved to, in units of the rig's fields.

    They close the part of what is left of the eye that real lids close of it, and open by as much
    as these open, wherever they were tracked.
    """
    was, asked = lids_closed(source), lids_closed(target)
    left = np.maximum(1 - was, 1e-6)
    closed = source + (1 - source) * (asked - was) / left
    return np.where(target > source, np.minimum(closed, 1), source + asked - was)


def _columns(name: str) -> list[int]:
    return [INDEX[side] for side in sides(name) or ()]


def _power(half: float, most: float) -> float:
    """The power of a curve 1 - (1 - x)^p that has come as far as `half` at 0.5, of `most` at 1."""
    return math.log(1 - half / most) / math.log(0.5)
