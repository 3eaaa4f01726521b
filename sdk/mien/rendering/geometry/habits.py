"""How one person's features move with the controls, where that differs from the rig.

The rig is learned from many people. What the tracked landmarks of a shot show beyond it is told
as a smooth function of what the face does and of how it is turned. An edit follows the person's
own habits as far as the shot shows them, and the rig beyond.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.face.pose import angles
from mien.face.rig import PersonalRig
from mien.face.seen_lids import without_rises
from mien.model.controls import INDEX
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.rendering.geometry.features import clear_frames, features
from mien.rendering.geometry.regression import SmoothFunction

__all__ = ["Habits"]

_SIDES: Final = "left", "right"
_LIDS: Final = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
_MOST_FRAMES: Final = 200
"""Frames that are learned from at most."""
_FEWEST_FRAMES: Final = 12
"""Frames from which there is something to learn."""
_NOISE: Final = 1.0
"""See `SmoothFunction.through`."""


class Habits:
    """The departure of one person's features from the rig.

    Args:
        face: The face.
        rig: The rig on this face.
    """

    def __init__(self, face: Face, rig: PersonalRig) -> None:
        clear = np.flatnonzero(clear_frames(face))
        if len(clear) > _MOST_FRAMES:
            spread = np.linspace(0, len(clear) - 1, _MOST_FRAMES).round().astype(int)
            clear = clear[spread]
        self._function: SmoothFunction | None = None
        if len(clear) < _FEWEST_FRAMES:
            return
        pose, controls = face.curves.pose, face.curves.controls.array[clear]
        beyond = np.stack(
            [
                (face.landmarks[frame, :SKIN, :2] - pose.project(frame, rig.shape(row)))
                @ _upright(pose.rotation[frame])
                / pose.scale[frame]
                for frame, row in zip(clear.tolist(), controls, strict=True)
            ]
        )
        blinks = np.clip(controls[:, _LIDS], 0, 1)
        beyond = without_rises(beyond, blinks, np.stack([rig.brow_rises[side] for side in _SIDES]))
        self._function = SmoothFunction.through(
            features(controls, pose.rotation[clear]),
            beyond.reshape(len(clear), -1).astype(np.float64),
            _NOISE,
        )

    def beyond_rig(
        self, source: FloatArray, target: FloatArray, rotation: FloatArray
    ) -> tuple[FloatArray, float]:
        """Return what a change of the performance moves more than the rig, and how far to go by it.

        Args:
            source: (59,) controls of the performance.
            target: (59,) controls asked for.
            rotation: (3, 3) how the head is turned.

        Returns:
            (468, 2) float32 canonical units in the upright picture, y down, and 0..1 how well the
            shot shows that change.
        """
        if self._function is None:
            return np.zeros((SKIN, 2), dtype=np.float32), 0.0
        ends = features(np.stack([source, target]), np.stack([rotation, rotation]))
        moved, known = self._function.difference(ends[0], ends[1])
        return moved.reshape(SKIN, 2) @ _upright(rotation).T, known


def _upright(rotation: FloatArray) -> FloatArray:
    """(2, 2) what takes row vectors of a picture to one in which the head is not rolled."""
    roll = float(np.radians(angles(rotation[None])[0, 2]))
    cosine, sine = np.cos(roll), np.sin(roll)
    return np.array([[cosine, -sine], [sine, cosine]], dtype=np.float32)
