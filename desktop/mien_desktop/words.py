"""Words of the window for things that have a name in the SDK."""

from __future__ import annotations

import re
from functools import cache

from mien.model.action_units import ACTION_UNITS
from mien.model.presets import PRESETS
from mien.model.unit_curves import UNIT_NAMES

__all__ = ["count", "short_title", "title", "unit_controls", "unit_name"]


_LIDS = "eyeBlink"
"""What drives 43 and 45: closed eyes, and blinks."""


def unit_name(unit: str) -> str:
    """Return what a curve of an action unit is called: `AU12` is the lip corner puller."""
    number = int(unit.removeprefix("AU"))
    return "blink" if number == 45 else ACTION_UNITS[number].name


def unit_controls(unit: str) -> str:
    """Return the titles of the controls that an action unit follows, the first ones first."""
    number = int(unit.removeprefix("AU"))
    names = [_LIDS] if number == 45 else [name for name, _ in ACTION_UNITS[number].weights]
    return ", ".join(title(name) for name in names)


@cache
def title(name: str) -> str:
    """Return a control's, an expression's or a viseme's name as a person writes it.

    `mouthSmileLeft` is `Mouth smile left`; the visemes `PP` and `kk` stay what they are.
    """
    if name in PRESETS and PRESETS[name].kind == "viseme":
        return name
    if name in UNIT_NAMES:
        return f"{name} {unit_name(name)}"
    name = name.replace("+", " and ")  # two feelings at once
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return words[:1].upper() + words[1:].lower()


def short_title(name: str) -> str:
    """Return a title in short: `Mouth smile R`; `Mouth right` is a direction and stays."""
    words = title(name).split(" ")
    if len(words) > 2 and words[-1] in ("left", "right"):
        words[-1] = words[-1][0].upper()
    return " ".join(words)


def count(number: int, thing: str) -> str:
    """Return a number of things in words: `1 key`, `3 keys`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
