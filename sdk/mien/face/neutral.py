"""A person's neutral face as somebody chose it: what a few frames or a picture show.

Only what expressions do to skin is taken from the choice: the neutral face that was learned from
the whole shot is moved along the rig's fields until they explain nothing more of the chosen one.
What distinguishes two frames besides (the tracker's noise, its guess at depth) stays out, and so
does where the eyes look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.face.gaze import degrees_to_looks
from mien.face.iris import EyeGeometry
from mien.face.pose import align
from mien.face.rig import load_rig
from mien.model.controls import ARKIT, CONTROLS, INDEX, NAMES
from mien.model.face import Face
from mien.model.landmarks import SKIN

__all__ = ["chosen_identity", "frames_like", "shown_shape"]

_ROUNDS: Final = 12
"""Times that what controls explain is taken into the neutral face; each leaves less of it."""
_MOST: Final = 1.5
"""How far a control's field is followed at most: beyond it is no rest of this person's."""
_NEAR: Final = 3
"""Frames on either side of a chosen one that are looked at with it."""
_SAME: Final = 0.08
"""By how much a control may differ in them for the face to be the same."""
_CAMERA: Final = np.array([1, -1, -1], dtype=np.float32)
_LOOKS: Final = [INDEX[name] for name in ARKIT if name.startswith("eyeLook")]
_SKIN: Final = [
    INDEX[name] for name in ARKIT if not name.startswith("eyeLook") and name != "tongueOut"
]
_WEIGHTS: Final = [INDEX[control.name] for control in CONTROLS if control.unit == "weight"]


def chosen_identity(learned: FloatArray, shape: FloatArray) -> FloatArray:
    """Return a person's neutral face with a chosen expression for zero.

    Args:
        learned: (468, 3) the neutral face as it was learned from the shot.
        shape: (478, 3) canonical landmarks of the face that is to be neutral.

    Returns:
        (468, 3) float32; solved on it, the chosen face has all controls at about 0.
    """
    rig = load_rig()
    prior = np.diag(1 / np.maximum(rig.activity[_SKIN], 0.05) ** 2).astype(np.float64)
    identity = np.asarray(learned, dtype=np.float32)
    taken = np.zeros(len(_SKIN))
    for _ in range(_ROUNDS):
        fields = rig.personal(identity).seen_fields
        own = fields[_SKIN].reshape(len(_SKIN), -1).astype(np.float64)
        gain = rig.noise.solve(own.T)
        canonical = align(identity, shape[None, :SKIN], rig.stiffness).undo(shape[None])
        gaze, visibility = EyeGeometry(rig, identity).gaze(canonical)
        controls = np.zeros((1, len(NAMES)), dtype=np.float32)
        degrees_to_looks(gaze * np.tile(visibility, 2), controls)
        looks = np.tensordot(controls[0, _LOOKS], fields[_LOOKS], 1)
        away = (canonical[0, :SKIN] - identity - looks).reshape(-1).astype(np.float64)
        # Both ways, as no solve does: a brow may rest lower than it was learned to.
        found = np.linalg.solve(own @ gain + prior, away @ gain)
        found = np.clip(taken + found, -_MOST, _MOST) - taken
        taken += found
        identity = identity + np.tensordot(found, own, 1).reshape(SKIN, 3).astype(np.float32)
    return identity


def shown_shape(face: Face, frames: BoolArray) -> FloatArray:
    """Return the landmarks of a face in canonical space, the middle of some frames.

    Args:
        face: A face that is seen in these frames.
        frames: (T,) which frames.

    Returns:
        (478, 3) float32.
    """
    rig = load_rig()
    points = face.landmarks[frames] * _CAMERA
    shape = face.identity + np.tensordot(
        face.curves.controls.array[frames][:, _SKIN],
        rig.personal(face.identity).seen_fields[_SKIN],
        1,
    )
    canonical = align(shape, points[:, :SKIN], rig.stiffness).undo(points)
    return np.asarray(np.median(canonical, axis=0), dtype=np.float32)


def frames_like(face: Face, frame: int, cuts: Sequence[int] = ()) -> BoolArray:
    """Return a frame and those beside it in which the face is the same.

    Args:
        face: A face that is seen in the frame.
        frame: The frame.
        cuts: First frames of new shots; nothing is taken from beyond one.

    Returns:
        (T,) bool.
    """
    controls = face.curves.controls.array[:, _WEIGHTS]
    taken = np.zeros(len(controls), dtype=bool)
    taken[frame] = True
    ends = {0, len(controls), *cuts}
    for step in (-1, 1):
        at = frame
        for _ in range(_NEAR):
            border = at if step < 0 else at + 1
            at += step
            if border in ends or not face.valid[at]:
                break
            if np.abs(controls[at] - controls[frame]).max() > _SAME:
                break
            taken[at] = True
    return taken
