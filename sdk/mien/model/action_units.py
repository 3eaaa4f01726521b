"""Action units: the muscles' movements of the Facial Action Coding System, in mien's controls.

The units, their numbers and the five letters of their intensities are those of the system's
manual (Ekman, Friesen & Hager 2002, Facial Action Coding System). Which controls a unit moves is
mien's mapping: the ARKit blendshapes were named after what muscles do, so most are one to one.

    1 inner brow raiser     browInnerUp                 17 chin raiser        mouthShrugLower
    2 outer brow raiser     browOuterUp                 18 lip pucker         mouthPucker
    4 brow lowerer          browDown                    20 lip stretcher      mouthStretch
    5 upper lid raiser      eyeWide                     22 lip funneler       mouthFunnel
    6 cheek raiser          cheekSquint                 23 lip tightener      mouthPress, rolls
    ...

A formula writes a face as coders do: `1C 4B L14D 64B`, units with a letter from A (a trace) to E
(the most), `L` or `R` before those of one side only, the person's own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from mien.errors import UsageError
from mien.model.controls import sides

__all__ = ["ACTION_UNITS", "GRADES", "ActionUnit", "face_of_formula"]

GRADES: Final[dict[str, float]] = {"A": 0.12, "B": 0.27, "C": 0.45, "D": 0.7, "E": 1.0}
"""What share of a unit's most each letter stands for: trace, slight, marked, severe, maximum."""

_OF_MOST: Final = {
    "mouthFunnel": 0.26, "mouthLowerDown": 0.4, "mouthPress": 0.21, "mouthStretch": 0.19,
    "mouthUpperUp": 0.58, "noseSneer": 0.42,
}  # fmt: skip
"""Value of a control, without its side, at which a unit's E is reached; 1 of others. Alone these
controls go further than in a face that feels something, in which several units pull at one lip."""

_EASE: Final = {"browInnerUp": 0.86, "browOuterUp": 0.86, "eyeBlink": 0.5}
"""Of a control of which half does more than half, without its side: the power of what is left to
the most, so that a coder's letters stay shares of the way that the skin moves."""

_TERM = re.compile(r"(?P<side>[LR]?)(?P<number>\d+)(?P<grade>[A-E])")


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """One movement of the Facial Action Coding System.

    Attributes:
        number: Its number there.
        name: Its name there.
        weights: Control, without its side where it has two, to its value at the unit's most.
    """

    number: int
    name: str
    weights: tuple[tuple[str, float], ...]


def _unit(number: int, name: str, **weights: float) -> ActionUnit:
    return ActionUnit(number, name, tuple(weights.items()))


ACTION_UNITS: Final[dict[int, ActionUnit]] = {
    unit.number: unit
    for unit in (
        _unit(1, "inner brow raiser", browInnerUp=1.0),
        _unit(2, "outer brow raiser", browOuterUp=1.0),
        _unit(4, "brow lowerer", browDown=1.0),
        _unit(5, "upper lid raiser", eyeWide=1.0),
        _unit(6, "cheek raiser", cheekSquint=1.0, eyeSquint=0.25),
        _unit(7, "lid tightener", eyeSquint=1.0),
        _unit(9, "nose wrinkler", noseSneer=1.0),
        _unit(10, "upper lip raiser", mouthUpperUp=1.0),
        _unit(12, "lip corner puller", mouthSmile=1.0),
        _unit(14, "dimpler", mouthDimple=1.0),
        _unit(15, "lip corner depressor", mouthFrown=1.0),
        _unit(16, "lower lip depressor", mouthLowerDown=1.0),
        _unit(17, "chin raiser", mouthShrugLower=1.0, mouthShrugUpper=0.25),
        _unit(18, "lip pucker", mouthPucker=1.0),
        _unit(20, "lip stretcher", mouthStretch=1.0),
        _unit(22, "lip funneler", mouthFunnel=1.0),
        _unit(23, "lip tightener", mouthPress=0.5, mouthRollUpper=0.35, mouthRollLower=0.35),
        _unit(24, "lip pressor", mouthPress=1.0),
        _unit(25, "lips part", mouthLowerDown=0.35, mouthUpperUp=0.2),
        _unit(26, "jaw drop", jawOpen=0.4),
        _unit(27, "mouth stretch", jawOpen=0.85),
        _unit(28, "lip suck", mouthRollUpper=0.8, mouthRollLower=0.8),
        _unit(29, "jaw thrust", jawForward=1.0),
        _unit(32, "lip bite", mouthRollLower=0.9, mouthUpperUp=0.25, jawOpen=0.08),
        _unit(34, "cheek puff", cheekPuff=1.0),
        _unit(43, "eyes closed", eyeBlink=1.0),
        _unit(61, "eyes turn left", gazeYaw=25.0),
        _unit(62, "eyes turn right", gazeYaw=-25.0),
        _unit(63, "eyes up", gazePitch=20.0),
        _unit(64, "eyes down", gazePitch=-25.0),
    )
}
"""The units that mien's controls can do, by number."""


def face_of_formula(formula: str) -> dict[str, float]:
    """Turn a formula of action units into values of controls.

    Args:
        formula: Units with letters, as in `1C 4B L14D`; several that move one control add up, to
            its most.

    Returns:
        Sided control to value; weights from 0 to 1, gaze in degrees.

    Raises:
        UsageError: When a term cannot be read, or mien has no such unit.
    """
    values: dict[str, float] = {}
    for term in formula.split():
        match = _TERM.fullmatch(term)
        if match is None or int(match["number"]) not in ACTION_UNITS:
            raise UsageError(
                f"'{term}' is no action unit that mien can do.",
                "Write a number and a letter from A to E, as in 12C; "
                f"the numbers are {', '.join(map(str, ACTION_UNITS))}.",
            )
        for control, weight in ACTION_UNITS[int(match["number"])].weights:
            for side in sides(control) or ():
                if not (match["side"] and side.endswith(_OTHER[match["side"]])):
                    values[side] = values.get(side, 0.0) + weight * GRADES[match["grade"]]
    # Two units of one control, as 26 and 27 of the jaw, are one movement: it has one most.
    return {
        name: round(value if name.startswith("gaze") else _weight(name, min(value, 1.0)), 4)
        for name, value in values.items()
    }


def _weight(side: str, share: float) -> float:
    """The value of a control that does a share, 0..1, of its unit's most."""
    name = side.removesuffix("Left").removesuffix("Right")
    eased = 1.0 - math.pow(1.0 - share, _EASE.get(name, 1.0))
    return _OF_MOST.get(name, 1.0) * eased


_OTHER: Final = {"L": "Right", "R": "Left"}
