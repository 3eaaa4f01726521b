"""The controls: named axes of expression that people can read and key.

The 52 ARKit blendshapes in camelCase, gaze per eye and head offsets in degrees. A weight
of 0 is neutral and 1 the full expression; edits may go beyond, to the limits here.

Left and right are the person's own. Positive yaw turns towards the person's left (to the
right in the picture), positive pitch looks up, positive roll tips the top of the head
towards the person's left (clockwise in the picture).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["ARKIT", "CONTROLS", "GAZE", "HEAD", "INDEX", "NAMES", "Control", "nearest", "sides"]

Region = Literal["brows", "eyes", "cheeks", "nose", "jaw", "mouth", "tongue", "gaze", "head"]
Unit = Literal["weight", "degrees"]


@dataclass(frozen=True, slots=True)
class Control:
    """One axis of expression.

    Attributes:
        name: The name, camelCase.
        region: The part of the face that it moves.
        unit: Weight (0 neutral, 1 full) or degrees.
        low: Lowest value an edit may reach; of the head, the farthest it may turn back.
        high: Highest value an edit may reach; of the head, the farthest it may turn.
        mirror: The same control on the other side; its own name where there is none.
    """

    name: str
    region: Region
    unit: Unit
    low: float
    high: float
    mirror: str


_REGIONS: Final[dict[Region, str]] = {
    "brows": "browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight",
    "cheeks": "cheekPuff cheekSquintLeft cheekSquintRight",
    "eyes": "eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight eyeLookInLeft"
    " eyeLookInRight eyeLookOutLeft eyeLookOutRight eyeLookUpLeft eyeLookUpRight"
    " eyeSquintLeft eyeSquintRight eyeWideLeft eyeWideRight",
    "jaw": "jawForward jawLeft jawOpen jawRight",
    "mouth": "mouthClose mouthDimpleLeft mouthDimpleRight mouthFrownLeft mouthFrownRight"
    " mouthFunnel mouthLeft mouthLowerDownLeft mouthLowerDownRight mouthPressLeft"
    " mouthPressRight mouthPucker mouthRight mouthRollLower mouthRollUpper"
    " mouthShrugLower mouthShrugUpper mouthSmileLeft mouthSmileRight mouthStretchLeft"
    " mouthStretchRight mouthUpperUpLeft mouthUpperUpRight",
    "nose": "noseSneerLeft noseSneerRight",
    "tongue": "tongueOut",
    "gaze": "gazeYawLeft gazeYawRight gazePitchLeft gazePitchRight",
    "head": "headYaw headPitch headRoll",
}
_DEGREES: Final[dict[Region, float]] = {"gaze": 45.0, "head": 10.0}
"""Limits of edits. A head is turned from where it is, so its limit counts from there; beyond
10 degrees a face moved without its hair and neck no longer looks right."""
WEIGHT_LOW: Final = -1.0
"""Edits may push a control below neutral, which takes away what the performance has."""
WEIGHT_HIGH: Final = 1.5


def _mirror(name: str) -> str:
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(side):
            return name[: -len(side)] + other
    return name


def _control(name: str, region: Region) -> Control:
    if region in _DEGREES:
        limit = _DEGREES[region]
        return Control(name, region, "degrees", -limit, limit, _mirror(name))
    return Control(name, region, "weight", WEIGHT_LOW, WEIGHT_HIGH, _mirror(name))


CONTROLS: Final[tuple[Control, ...]] = tuple(
    _control(name, region) for region, names in _REGIONS.items() for name in names.split()
)
"""Every control; the position here is its column in every array of controls."""

NAMES: Final[tuple[str, ...]] = tuple(control.name for control in CONTROLS)
INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(NAMES)}
GAZE: Final[tuple[str, ...]] = tuple(_REGIONS["gaze"].split())
HEAD: Final[tuple[str, ...]] = tuple(_REGIONS["head"].split())
ARKIT: Final[tuple[str, ...]] = tuple(n for n in NAMES if n not in GAZE and n not in HEAD)


def sides(name: str) -> tuple[str, ...] | None:
    """Return the controls that a name addresses: itself, or both sides when it names none.

    Args:
        name: `mouthSmileLeft`, or `mouthSmile` for both sides.

    Returns:
        One or two control names; None when there is no such control.
    """
    if name in INDEX:
        return (name,)
    both = (f"{name}Left", f"{name}Right")
    # `mouth` and `jaw` are not pairs: mouthLeft moves the mouth to the left.
    if name not in ("mouth", "jaw") and all(side in INDEX for side in both):
        return both
    return None


def nearest(name: str, candidates: tuple[str, ...]) -> str | None:
    """Return the candidate that a mistyped name most likely meant, if any comes near."""
    folded = {candidate.lower(): candidate for candidate in reversed(candidates)}
    matches = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return folded[matches[0]] if matches else None
