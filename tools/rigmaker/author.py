"""What each control is made of: where the learned field may act, and what is authored.

Tracked footage of everyday expressions does not hold every control. Those it lacks are
authored as smooth bumps on the mean face, in the direction in which the muscle pulls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien._math import ease
from mien.model.controls import ARKIT, CONTROLS, INDEX
from rigmaker.spread import distance_to
from rigmaker.topology import SKIN, Indices

Array = npt.NDArray[np.float64]
FLIP = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Bump:
    """A smooth push of the skin.

    Attributes:
        at: Landmarks in the middle of the bump (of the person's left side).
        push: Displacement there at a control's value of 1, canonical units.
        reach: Distance at which it has faded to a third.
    """

    at: tuple[int, ...]
    push: tuple[float, float, float]
    reach: float


BROW_INNER, BROW_MIDDLE, BROW_OUTER = (285, 336), (282, 295), (276, 300)
CORNER = (291, 308)
UPPER_LIP, LOWER_LIP = (0, 37, 267, 11, 12, 13, 312, 82), (17, 84, 314, 16, 15, 14, 317, 87)

AUTHORED: dict[str, tuple[Bump, ...]] = {
    "browDownLeft": (
        Bump((*BROW_INNER, *BROW_MIDDLE), (-0.22, -0.8, 0.1), 1.3),
        Bump((*BROW_OUTER, 283, 293), (-0.1, -0.4, 0.0), 1.2),
    ),
    "cheekPuff": (
        Bump((434, 432, 411, 427), (0.55, -0.05, 0.5), 2.0),
        Bump((206, 426), (0.1, 0.0, 0.3), 1.2),
    ),
    "cheekSquintLeft": (Bump((347, 346, 280, 330), (0.08, 0.5, 0.2), 1.3),),
    "mouthFrownLeft": (Bump(CORNER, (0.35, -0.7, 0.0), 1.1),),
    "mouthFunnel": (
        Bump(CORNER, (-0.5, 0.0, 0.15), 0.8),
        Bump(UPPER_LIP, (0.0, 0.3, 0.45), 0.8),
        Bump(LOWER_LIP, (0.0, -0.4, 0.4), 0.8),
    ),
    "noseSneerLeft": (
        Bump((278, 279, 358), (0.12, 0.45, 0.0), 0.8),
        Bump((437, 420, 360), (0.05, 0.3, 0.1), 0.9),
        Bump((270, 269, 391), (0.0, 0.25, 0.0), 0.8),
    ),
}
"""Controls that the footage lacks or holds too weakly to learn; the right side is the
mirror image of the left."""

LEARNED_PART = {"mouthFrownLeft": 0.8, "mouthFunnel": 0.8}
"""Authored controls that keep so much of what was learned, besides."""

FORWARD: dict[str, float] = {"mouthPucker": 0.6, "mouthShrugUpper": 0.2, "mouthShrugLower": 0.2}
"""Push of the lips towards the camera, which the weak depth of landmarks hides."""

SIDEWAYS_JAW = 1.1
"""Canonical units by which jawLeft and jawRight at 1 move the chin."""
FORWARD_JAW = 0.8
"""Canonical units by which jawForward at 1 moves the chin."""

NO_SKIN = ("tongueOut", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight")
"""Controls without a deformation of the skin."""
BY_GEOMETRY = (
    "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookUpLeft", "eyeLookUpRight", "mouthClose",
)  # fmt: skip
"""Controls whose field `PersonalRig` makes on the person's own face."""


def bumps(mean: Array, pairs: Indices, parts: tuple[Bump, ...], *, both: bool) -> Array:
    """The field (468, 3) of some bumps; on both sides when they are one control."""
    field = np.zeros((SKIN, 3))
    for part in parts:
        away = distance_to(mean, list(part.at)) / part.reach
        field += np.exp(-(away**2))[:, None] * part.push
    if not both:
        return field
    other = field[pairs[:SKIN]] * FLIP
    # Where the two sides overlap they do not add up: a lip goes up once.
    total = np.linalg.norm(field, axis=1) + np.linalg.norm(other, axis=1)
    share = np.linalg.norm(field, axis=1) / np.maximum(total, 1e-9)
    return share[:, None] * field + (1 - share)[:, None] * other


def fade(distance: Array, full: float, none: float) -> Array:
    """1 up to a distance, 0 from another on, smooth between."""
    x = np.clip((distance - full) / (none - full), 0, 1)
    return np.asarray(1 - ease(x))


def supports(mean: Array, groups: dict[str, Indices]) -> Array:
    """(52, 468) where each control may move the skin, 0..1."""
    lips = np.concatenate([groups[name] for name in groups if name.startswith("lips")])
    eyes = np.concatenate([groups[name] for name in groups if "_eye_" in name])
    to_lips, to_eyes = distance_to(mean, lips), distance_to(mean, eyes)
    to_oval = distance_to(mean, groups["oval"])
    # The outline belongs to the head and the jaw, not to the mouth.
    inside = 1 - 0.8 * fade(to_oval, 0.0, 1.2)
    away_from_lids = 1 - fade(to_eyes, 0.25, 1.0)
    found = np.zeros((len(ARKIT), SKIN))
    for row, name in enumerate(ARKIT):
        side = "left" if name.endswith("Left") else "right"
        region = CONTROLS[INDEX[name]].region
        if region == "brows":
            both = np.concatenate([groups["left_brow"], groups["right_brow"]])
            brow = both if name == "browInnerUp" else groups[f"{side}_brow"]
            found[row] = fade(distance_to(mean, brow), 1.0, 3.2) * away_from_lids
        elif region == "eyes":
            eye = np.concatenate([groups[f"{side}_eye_upper"], groups[f"{side}_eye_lower"]])
            found[row] = fade(distance_to(mean, eye), 0.35, 1.1)
            found[row, groups[f"{side}_brow"]] *= 0.2
        elif region == "jaw":
            found[row] = fade(mean[:SKIN, 1], -2.6, -0.8)
        elif region == "mouth":
            found[row] = fade(to_lips, 1.4, 3.8) * inside * (1 - fade(to_eyes, 0.7, 1.7))
        else:
            found[row] = away_from_lids * inside
    return found


def side_share(mean: Array, width: float) -> Array:
    """(468,) part of a two-sided motion that belongs to the person's left."""
    return np.asarray((1 + np.tanh(mean[:SKIN, 0] / width)) / 2)


LEARNED_SPLIT = {"brows": 0.9, "eyes": 0.4, "mouth": 0.9}
"""Width of the change from one side to the other, by region, in canonical units."""


def assemble(learned: Array, mean: Array, pairs: Indices, groups: dict[str, Indices]) -> Array:
    """All fields (52, 468, 3): learned where the footage has them, authored elsewhere.

    The two sides of a control nearly always come together in footage, so that what one
    side does alone is ill told; their sum is well told, and is divided by place.

    Args:
        learned: (52, 468, 3) from regression, left and right mirror images.
        mean: (468, 3).
        pairs: (478,) mirror map.
        groups: Landmarks by feature.
    """
    fields = learned.copy()
    allowed = supports(mean, groups)
    for row, name in enumerate(ARKIT):
        control = CONTROLS[INDEX[name]]
        if control.mirror != name and control.region in LEARNED_SPLIT:
            if name in ("mouthLeft", "mouthRight"):
                continue
            share = side_share(mean, LEARNED_SPLIT[control.region])
            share = share if name.endswith("Left") else 1 - share
            fields[row] = share[:, None] * (learned[row] + learned[ARKIT.index(control.mirror)])
    fields *= allowed[:, :, None]
    lips = np.concatenate([groups[name] for name in groups if name.startswith("lips")])
    forward = fade(distance_to(mean, lips), 0.2, 1.6)
    for name, push in FORWARD.items():
        fields[ARKIT.index(name), :, 2] += push * forward * np.cos(mean[:SKIN, 0] / 4) ** 2
    for name, parts in AUTHORED.items():
        both = not name.endswith("Left")
        field = bumps(mean, pairs, parts, both=both)
        field *= allowed[ARKIT.index(name)][:, None]
        field += LEARNED_PART.get(name, 0.0) * fields[ARKIT.index(name)]
        fields[ARKIT.index(name)] = field
        if not both:
            mirror = ARKIT.index(CONTROLS[INDEX[name]].mirror)
            fields[mirror] = field[pairs[:SKIN]] * FLIP
    for name in NO_SKIN + BY_GEOMETRY:
        fields[ARKIT.index(name)] = 0
    return fields


def jaws(fields: Array, mean: Array, hinge: Array, share: Array) -> None:
    """Write jawLeft, jawRight and jawForward, which go with the jaw as jawOpen does."""
    arm = mean[:SKIN] - hinge
    turn = np.cross([0.0, 1.0, 0.0], arm) / np.abs(arm[152, 2])
    fields[ARKIT.index("jawLeft")] = SIDEWAYS_JAW * share[:, None] * turn
    fields[ARKIT.index("jawRight")] = -SIDEWAYS_JAW * share[:, None] * turn
    fields[ARKIT.index("jawForward")] = FORWARD_JAW * share[:, None] * [0.0, 0.05, 1.0]
