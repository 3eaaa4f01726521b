"""How far edits move a face: a control at 1 does what people do at their most, and no more.

The rig's fields are learned from ordinary footage and go on in a straight line to a value of 1,
which for some controls is beyond any face: the field of `mouthFrown` drops the corners by a sixth
of the mouth's width, and no tracked face drops them by more than a twelfth. The solver needs the
line as it is. What is *added* to a performance follows a curve instead, which rises as steeply as
the rig's emphasis says and levels off at the most that was seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.model.controls import INDEX, sides

__all__ = ["LEAST", "MOST", "EditAmounts"]

MOST: Final[Mapping[str, float]] = MappingProxyType(
    {
        "browDown": 0.8,
        "browInnerUp": 1.25,
        "browOuterUp": 1.25,
        "eyeSquint": 0.8,
        "eyeWide": 0.5,
        "jawLeft": 0.9,
        "jawRight": 0.9,
        "mouthDimple": 0.8,
        "mouthFrown": 0.38,
        "mouthFunnel": 1.1,
        "mouthLowerDown": 1.0,
        "mouthPress": 0.9,
        "mouthPucker": 1.9,
        "mouthShrugLower": 0.7,
        "mouthShrugUpper": 0.9,
        "mouthSmile": 1.2,
        "mouthStretch": 0.8,
        "mouthUpperUp": 1.3,
    }
)
"""Value of a control at which its field moves the skin as far as people do at their most, by
name without side; of others it is the emphasis. Measured on landmarks of nine clips, against each
person's median: corners of the mouth drop by 7 % of its width, lids open by a quarter of the eye,
brows rise by 10 % of the distance of the eyes' outer corners and fall by 7 %, a smile widens the
mouth by a third and a pucker narrows it by two fifths."""

LEAST: Final[Mapping[str, float]] = MappingProxyType({"eyeBlink": -0.05})
"""Value below which a control takes nothing more away, by name without side: an eye that does not
blink is open, and to open it further is what `eyeWide` is for."""

STEEPEST: Final = 2.0
"""No curve begins more than so many times as steep as the line to its most."""
BEYOND: Final = 0.3
"""Steepness beyond a value of 1, in parts of that line: edits may go a little further."""


class EditAmounts:
    """The curves along which added controls move the skin.

    Args:
        emphasis: (59,) float32, how much further than a real expression the skin has to be moved
            so that what is seen rises by what was asked; see `Rig`.
    """

    def __init__(self, emphasis: FloatArray) -> None:
        self._most = np.array(emphasis, dtype=np.float32)
        self._least = np.full_like(self._most, -np.inf)
        for limits, values in ((self._most, MOST), (self._least, LEAST)):
            for name, value in values.items():
                limits[[INDEX[side] for side in sides(name) or ()]] = value
        steep = emphasis / np.maximum(self._most, 1e-6)
        self._power = np.clip(steep, 1.0, STEEPEST).astype(np.float32)

    def reached(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return the controls to which an edit moves the skin, (59,) in units of the rig's fields.

        Args:
            source: (59,) controls of the performance.
            target: (59,) controls of what is asked for. Less than the performance is what it
                says; more is never further than people go, or than the performance is already.
        """
        target = np.maximum(target, np.minimum(source, self._least))
        added = np.maximum(target - source, 0)
        within = 1 - (1 - np.minimum(added, 1)) ** self._power
        beyond = BEYOND * np.maximum(added - 1, 0)
        moved = np.minimum(target, source) + self._most * (within + beyond)
        return np.asarray(np.minimum(moved, np.maximum(source, self._most * (1 + beyond))))

    def limited(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Return what is asked for (59,), held to what people do, unemphasised.

        Args:
            source: (59,) controls of the performance, which may be beyond it already.
            target: (59,) controls of what is asked for.
        """
        most, least = np.maximum(source, self._most), np.minimum(source, self._least)
        return np.asarray(np.clip(target, least, most))
