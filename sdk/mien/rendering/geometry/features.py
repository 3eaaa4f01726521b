"""What the look of a face depends on, as numbers, and the frames that one can learn from."""

from __future__ import annotations

from typing import Final

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.face.pose import angles
from mien.model.controls import CONTROLS
from mien.model.face import WEAK, Face
from mien.model.landmarks import SKIN
from mien.model.occlusion import REGIONS

__all__ = ["clear_frames", "features", "open_frames"]

_FULL_GAZE, _FULL_TURN = 30.0, 30.0
"""Degrees of gaze and of the head's turn that count as much as a control from 0 to 1."""
_KEPT: Final = [
    i
    for i, control in enumerate(CONTROLS)
    if control.region != "head" and not control.name.startswith("eyeLook")
]
"""Controls that are features: gaze tells what looks tell, and a head offset is no expression."""
_UNIT: Final = np.array(
    [1 / _FULL_GAZE if CONTROLS[i].region == "gaze" else 1.0 for i in _KEPT], dtype=np.float32
)
_SPEED_CM: Final = 0.25
"""How far skin may move from frame to frame before the picture is blurred by it, cm."""
_SLOWER: Final = 0.6
"""Part of the frames, the slowest ones, that is kept however fast all of them are."""


def features(controls: FloatArray, rotation: FloatArray) -> FloatArray:
    """Return what the look of a face depends on: controls, and how the head is turned.

    Args:
        controls: (T, 59) controls.
        rotation: (T, 3, 3) the head's rotation.

    Returns:
        (T, F) float32, a full expression, look or turn of 30 degrees counting 1.
    """
    turned = angles(rotation) / np.float32(_FULL_TURN)
    joined = np.concatenate([controls[:, _KEPT] * _UNIT, turned], axis=1)
    return np.asarray(joined, dtype=np.float32)


def open_frames(face: Face, region: str | None = None) -> BoolArray:
    """Return (T,) whether nothing is known to be in front of a face, or of one region of it.

    Args:
        face: The face.
        region: One of `REGIONS`; all of them when None.
    """
    seen = face.region_confidence
    if seen is None:
        return np.ones(len(face.valid), dtype=bool)
    part = seen.min(axis=1) if region is None else seen[:, REGIONS.index(region)]
    return np.asarray(part >= WEAK)


def clear_frames(face: Face) -> BoolArray:
    """Return (T,) whether a frame shows the face itself, sharp enough to be learned from."""
    clear = face.valid & ~face.weak
    clear &= np.isfinite(face.landmarks).all(axis=(1, 2))
    if len(clear) < 3 or not clear.any():
        return clear
    steps = np.linalg.norm(np.diff(face.landmarks[:, :SKIN, :2], axis=0), axis=2).mean(axis=1)
    steps = np.nan_to_num(steps / np.maximum(face.curves.pose.scale[1:], 1e-6), nan=np.inf)
    fastest = np.maximum(np.append(steps, steps[-1]), np.insert(steps, 0, steps[0]))
    usual = float(np.quantile(fastest[clear], _SLOWER))
    return np.asarray(clear & (fastest <= max(usual, _SPEED_CM)))
