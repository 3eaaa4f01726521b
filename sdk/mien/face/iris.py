"""Gaze from the irises, relative to the corners of the eyes."""

from __future__ import annotations

from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.face.gaze import FULL_LOOK
from mien.face.rig import Rig

__all__ = ["EyeGeometry"]

FURTHEST: Final = 45.0
"""Degrees: an eyeball turns no further."""
SHUT, OPEN = 0.25, 0.5
"""Parts of the neutral opening below which an iris is not seen, above which it is."""


class EyeGeometry:
    """How far a person's irises stand from straight ahead.

    The iris moves on a sphere: its offset from the middle between the corners, less the
    offset of a straight look, over the eyeball's radius, is the sine of the angle. Radii
    and straight look come with the rig, one for each axis, since tracked irises follow a
    vertical turn less than a sideways one.

    Args:
        rig: The rig.
        identity: (468, 3) the person's neutral face.
    """

    def __init__(self, rig: Rig, identity: FloatArray) -> None:
        self._rest = rig.iris_rest
        self._radius = rig.iris_reach / np.sin(np.radians(FULL_LOOK))
        self._eyes = []
        for side, outward in (("left", 1), ("right", -1)):
            upper, lower = rig.groups[f"{side}_eye_upper"], rig.groups[f"{side}_eye_lower"]
            middle = len(upper) // 2
            lids = (upper[middle - 1 : middle + 2], lower[middle - 1 : middle + 2])
            opening = float((identity[lids[0], 1] - identity[lids[1], 1]).mean())
            self._eyes.append((rig.groups[f"{side}_iris"], upper[[0, -1]], lids, opening, outward))

    def gaze(self, canonical: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the gaze of both eyes.

        Args:
            canonical: (T, 478, 3) tracked points in canonical space.

        Returns:
            (T, 4) degrees: yaw left, yaw right, pitch left, pitch right; and (T, 2) how
            surely each iris was seen, 0 behind shut lids .. 1.
        """
        yaws, pitches, seen = [], [], []
        for iris, corners, (upper, lower), opening, outward in self._eyes:
            offset = canonical[:, iris].mean(axis=1) - canonical[:, corners].mean(axis=1)
            offset = offset[:, :2] - self._rest * [outward, 1]
            sine = np.clip(offset / self._radius, -np.sin(np.radians(FURTHEST)), None)
            angle = np.degrees(np.arcsin(np.minimum(sine, np.sin(np.radians(FURTHEST)))))
            gap = (canonical[:, upper, 1] - canonical[:, lower, 1]).mean(axis=1)
            yaws.append(angle[:, 0])
            pitches.append(angle[:, 1])
            seen.append(np.clip((gap / opening - SHUT) / (OPEN - SHUT), 0, 1))
        return (
            np.stack(yaws + pitches, axis=1).astype(np.float32),
            np.stack(seen, axis=1).astype(np.float32),
        )
