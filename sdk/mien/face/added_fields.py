"""How controls move the skin where they are added to a performance, beside how they are solved.

The rig's fields are learned from what faces do together, and the solver needs them so. What an
editor adds is one control alone: whoever presses their lips in ordinary footage mostly smiles with
it, and an added press would be half a smile; whoever lifts the upper lip mostly speaks, and an
added lift would drop the lower one by as much.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.model.controls import INDEX

__all__ = ["added_changes"]

_CORNERS: Final = (61, 291)
_LIFT, _WIDTH = 0.6, 0.5
"""Part of the rise of the mouth's corners, and of their way outwards, that is the smile's in the
field of pressed lips: by them it was told from a smile worst, and by more than them the lips are
no longer seen to press (`python -m tests.benchmarks asked --only mouthPress`)."""
_ABOVE_CM, _BELOW_CM = 1.3, 2.0
"""How far above and below the line between the corners the skin goes with the mouth."""
_FALL = 0.4
"""Part of the lower lip's fall that is taken out of the field of a lifted upper lip. It is mostly
the jaw's; without more of it the lift is read too little (`asked --only mouthUpperUp`)."""
_PRESS: Final = ("mouthPressLeft", "mouthPressRight")
_UPPER_UP: Final = ("mouthUpperUpLeft", "mouthUpperUpRight")


def added_changes(mean: FloatArray, fields: FloatArray) -> dict[int, FloatArray]:
    """Return what the fields of some controls lack, or have too much, where they are added.

    Args:
        mean: (468, 3) the mean face, in canonical units.
        fields: (59, 468, 3) the rig's fields.

    Returns:
        By column, (468, 3) float32 displacement at a value of 1.
    """
    changes = {INDEX[name]: _without_smile(mean, fields[INDEX[name]]) for name in _PRESS}
    for name in _UPPER_UP:
        changes[INDEX[name]] = _without_fall(fields[INDEX[name]])
    return changes


def _without_fall(field: FloatArray) -> FloatArray:
    """Return what takes the fall of the lower lip out of a field, which lifts all else."""
    change = np.zeros_like(field)
    change[:, 1] = -_FALL * np.minimum(field[:, 1], 0)
    return change


def _without_smile(mean: FloatArray, field: FloatArray) -> FloatArray:
    """Return what takes the lift and the widening of the mouth's corners out of a field."""
    first, last = mean[list(_CORNERS), :2]
    along = np.clip((mean[:, 0] - first[0]) / (last[0] - first[0]), 0, 1)
    away = mean[:, :2] - (first + along[:, None] * (last - first))
    reach = np.where(away[:, 1] > 0, _ABOVE_CM, _BELOW_CM)
    with_mouth = np.exp(-((away[:, 0] / _BELOW_CM) ** 2) - (away[:, 1] / reach) ** 2)
    # A side's own field moves its half of the mouth: what is taken out follows it from the middle.
    corners = field[list(_CORNERS)]
    lift = corners[0, 1] + along * (corners[1, 1] - corners[0, 1])
    width = corners[0, 0] + along * (corners[1, 0] - corners[0, 0])
    change = np.zeros_like(field)
    change[:, 0] = -_WIDTH * with_mouth * width
    change[:, 1] = -_LIFT * with_mouth * lift
    return change
