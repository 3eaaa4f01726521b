"""What a face does in a picture, by the rig or by SMIRK, and how far two of them are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.errors import MissingDependencyError, WeightsError
from mien.face.gaze import GAZE_COLUMNS
from mien.model.controls import ARKIT, INDEX

__all__ = [
    "Expressions", "Performed", "expression_distance", "gaze_distance", "open_smirk",
    "pose_distance",
]  # fmt: skip

_SKIN: Final = [
    INDEX[name] for name in ARKIT if not name.startswith("eyeLook") and name != "tongueOut"
]
"""Controls that landmarks of the skin tell."""
_BLINKS: Final = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])
_SHUT: Final = 0.6
"""Blink from which nothing is said of where an eye looks."""
_HEAD: Final = [INDEX[name] for name in ("headYaw", "headPitch", "headRoll")]


@dataclass(frozen=True, slots=True, eq=False)
class Performed:
    """What a face does in one picture.

    Attributes:
        controls: (59,) by the rig.
        flame: (55,) by SMIRK; None where it is not installed.
    """

    controls: FloatArray
    flame: FloatArray | None


class Expressions:
    """Reads what one person does in pictures.

    Args:
        identity: (468, 3) the person's neutral face.
        smirk: SMIRK's encoder; None to go by the rig.
    """

    def __init__(self, identity: FloatArray, smirk: Any | None) -> None:
        self._identity = identity
        self._smirk = smirk

    def read(
        self, pictures: list[npt.NDArray[np.uint8]], landmarks: list[FloatArray]
    ) -> list[Performed]:
        """Read pictures, each by itself.

        Args:
            pictures: (H, W, 3) uint8 sRGB each.
            landmarks: (478, 3) in their pixels.
        """
        from mien.face.solve import solve_landmarks

        points = np.stack(landmarks).astype(np.float32)
        count = len(points)
        # Every picture is a shot of its own: nothing is settled by its neighbours.
        curves = solve_landmarks(
            points, np.ones(count, np.bool_), self._identity, cuts=tuple(range(1, count))
        )
        flame: list[FloatArray | None] = [None] * count
        if self._smirk is not None:
            from mien.face.smirk import crop

            crops = np.stack([crop(p, at) for p, at in zip(pictures, landmarks, strict=True)])
            flame = list(self._smirk.coefficients(crops))
        return [Performed(curves.controls.array[k], flame[k]) for k in range(count)]


def expression_distance(one: Performed, other: Performed) -> float:
    """Return the mean distance of the coefficients: SMIRK's where there are any, else the rig's."""
    if one.flame is not None and other.flame is not None:
        return float(np.abs(one.flame - other.flame).mean())
    return float(np.abs(one.controls[_SKIN] - other.controls[_SKIN]).mean())


def pose_distance(one: Performed, other: Performed) -> float:
    """Return the mean distance of yaw, pitch and roll of two heads, radians."""
    return float(np.radians(np.abs(one.controls[_HEAD] - other.controls[_HEAD])).mean())


def gaze_distance(one: Performed, other: Performed) -> float | None:
    """Return the angle between the looks of open eyes in degrees; None where all are shut."""
    first, second = one.controls, other.controls
    angles = []
    for side, blink in enumerate(_BLINKS):
        if max(float(first[blink]), float(second[blink])) < _SHUT:
            one_ray, other_ray = (
                _ray(face[GAZE_COLUMNS[side]], face[GAZE_COLUMNS[side + 2]])
                for face in (first, second)
            )
            angles.append(float(np.degrees(np.arccos(np.clip(one_ray @ other_ray, -1, 1)))))
    return float(np.mean(angles)) if angles else None


def open_smirk() -> tuple[Any | None, str]:
    """Return SMIRK's encoder, or None where it is not installed; and what expressions go by."""
    try:
        from mien.face.smirk import Smirk

        return Smirk.load(), "SMIRK's 55 coefficients (flame2020)"
    except WeightsError:
        raise
    except MissingDependencyError as error:
        lacks = f"as SMIRK cannot be used: {error.cause}"
        return None, f"the rig's {len(_SKIN)} controls of the skin, {lacks}"


def _ray(yaw: float, pitch: float) -> npt.NDArray[np.float64]:
    """(3,) the direction of a look given in degrees."""
    across, up = np.radians(float(yaw)), np.radians(float(pitch))
    return np.array([np.sin(across) * np.cos(up), np.sin(up), np.cos(across) * np.cos(up)])
