"""What a face does, smoothed: as mien does it, or by a method and strength that were chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.face.gaze import GAZE_COLUMNS, degrees_to_looks
from mien.face.pose import angles, nearest_rotations
from mien.model.controls import ARKIT, CONTROLS, HEAD, INDEX
from mien.model.smoothing import USUAL_SMOOTHING, Smoothing
from mien.signal.filters import Filter, filtered, median, one_euro, savgol
from mien.signal.smooth import smooth

__all__ = ["HeadMotion", "Smoother", "coarseness"]

TRANSLATION_NOISE: Final = 0.012
"""Canonical units: trackers jitter by no more, however a head shakes. So with the others."""
SCALE_NOISE: Final = 0.002
"""Part of the scale."""
ROTATION_NOISE: Final = 0.003
"""Radians."""
WEIGHT_NOISE: Final = 0.05
GAZE_NOISE: Final = 2.0
"""Degrees."""
FINE_PX_PER_UNIT: Final = 12.0
"""Pixels per canonical unit (a face 200 tall) below which jitter grows with coarseness."""

_WEIGHTS: Final = [
    INDEX[name] for name in ARKIT if not name.startswith("eyeLook") and name != "tongueOut"
]
_HEAD: Final = [INDEX[name] for name in HEAD]
_CONTROL_NOISE: Final = np.array(
    [GAZE_NOISE if control.unit == "degrees" else WEIGHT_NOISE for control in CONTROLS],
    dtype=np.float32,
)
_FILTERS: Final[dict[str, Filter]] = {"savgol": savgol, "median": median, "one-euro": one_euro}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HeadMotion:
    """What a face does, frame by frame.

    Attributes:
        controls: (T, 59).
        rotation: (T, 3, 3) from canonical to camera axes.
        scale: (T,) pixels per canonical unit.
        translation: (T, 2) or (T, 3) pixels.
    """

    controls: FloatArray
    rotation: FloatArray
    scale: FloatArray
    translation: FloatArray


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Smoother:
    """How the curves of a face are smoothed.

    Attributes:
        valid: (T,) frames with values.
        rate: Frames a second.
        cuts: First frames of new shots; nothing is smoothed across one.
        coarse: How many times as much as usual the tracker jitters (`coarseness`).
        how: The method, and its strength.
        weights: (T,) how much frames count, 0..1; None for all alike.
    """

    valid: BoolArray
    rate: float
    cuts: Sequence[int] = ()
    coarse: float = 1.0
    how: Smoothing = USUAL_SMOOTHING
    weights: FloatArray | None = None

    def smoothed(self, raw: HeadMotion) -> HeadMotion:
        """Return a motion smoothed."""
        size = float(np.median(raw.scale[self.valid])) if self.valid.any() else 1.0
        head = self.how.strength_of("head")
        rotation = nearest_rotations(self._values(raw.rotation, ROTATION_NOISE, head))
        strengths = np.array(self.how.strengths(), np.float32)
        controls = self._values(raw.controls, _CONTROL_NOISE, strengths)
        controls[:, _WEIGHTS] = np.clip(controls[:, _WEIGHTS], 0, 1)
        controls[:, _HEAD] = angles(rotation)
        degrees_to_looks(controls[:, list(GAZE_COLUMNS)], controls)
        return HeadMotion(
            controls,
            rotation,
            self._values(raw.scale, SCALE_NOISE * size, head),
            self._values(raw.translation, TRANSLATION_NOISE * size, head),
        )

    def _values(
        self, values: FloatArray, noise: float | FloatArray, strength: float | FloatArray
    ) -> FloatArray:
        if self.how.method == "none":
            return values.copy()
        if self.how.method == "adaptive":
            return smooth(
                values, self.valid, rate=self.rate, cuts=self.cuts,
                most=self.coarse * noise, strength=strength,
            )  # fmt: skip
        result = np.array(values, dtype=np.float32)
        flat = result.reshape(len(result), -1)
        each = np.broadcast_to(np.asarray(strength, np.float32), flat.shape[1:])
        weights = np.ones(len(flat), np.float32) if self.weights is None else self.weights
        for value in np.unique(each[each > 0]):
            some = np.flatnonzero(each == value)
            flat[:, some] = filtered(
                flat[:, some], self.valid, _FILTERS[self.how.method],
                weights=weights, seconds=float(value) * self.how.window, rate=self.rate,
                cuts=self.cuts,
            )  # fmt: skip
        return result


def coarseness(scale: FloatArray, valid: BoolArray) -> float:
    """Return how many times as much as usual a tracker jitters on a face of this size."""
    if not valid.any():
        return 1.0
    return max(1.0, FINE_PX_PER_UNIT / float(np.median(scale[valid])))
