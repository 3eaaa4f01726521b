"""Controls and named expressions that can be keyed, read from `rig.json`.

The file is what `mien serve` answers to `controls`; a test compares the two. It is carried
along so that properties and palette are there before mien is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CONTROLS", "MAX_FACES", "NAMED", "PALETTES", "REGIONS", "Control", "Preset",
           "edit_property", "pairs", "short", "source_property", "words"]  # fmt: skip

MAX_FACES = 10
"""Faces of a strip that have properties; the most that mien tracks unless told otherwise."""


@dataclass(frozen=True)
class Control:
    """One axis of expression.

    Attributes:
        name: The SDK's name, camelCase.
        region: The part of the face that it moves.
        unit: `weight` (0 neutral, 1 full) or `degrees`.
        low: Lowest value of an edit.
        high: Highest value of an edit.
        mirror: The same control on the other side; its own name where there is none.
    """

    name: str
    region: str
    unit: str
    low: float
    high: float
    mirror: str


@dataclass(frozen=True)
class Preset:
    """A named mixture of controls: an expression, a viseme or a word for a feeling.

    Attributes:
        name: The SDK's name.
        kind: `expression`, `viseme` or `feeling`.
        weights: Control to its value at full strength.
        replaces: Whether these values take the place of what the face does; else they are added.
    """

    name: str
    kind: str
    weights: dict[str, float]
    replaces: bool


_DOCUMENT = json.loads(Path(__file__).with_name("rig.json").read_text(encoding="utf-8"))
CONTROLS: dict[str, Control] = {each["name"]: Control(**each) for each in _DOCUMENT["controls"]}
REGIONS: tuple[str, ...] = tuple(dict.fromkeys(c.region for c in CONTROLS.values()))
_PRESETS = [Preset(**each) for each in _DOCUMENT["presets"]]
NAMED: dict[str, Preset] = {p.name: p for p in _PRESETS}
PALETTES: dict[str, tuple[str, ...]] = {
    f"{kind}s".upper(): tuple(p.name for p in _PRESETS if p.kind == kind)
    for kind in ("expression", "viseme", "feeling")
}


def edit_property(face: int, control: str) -> str:
    """Return the name of the strip's property that holds what is added to a control of a face."""
    return f"mien_{face}_{control}"


def source_property(face: int, control: str) -> str:
    """Return the name of the strip's property that holds what the performance does."""
    return f"mien_source_{face}_{control}"


_DIRECTIONS = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
"""These move to a side; they have none."""


def words(name: str) -> str:
    """Return a control's name for people: `mouthSmileLeft` becomes `Mouth Smile L`."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    for side in ("Left", "Right"):
        if text.endswith(f" {side}") and name not in _DIRECTIONS:
            text = text.removesuffix(side) + side[0]
    return text[0].upper() + text[1:]


def short(name: str) -> str:
    """Return a control's name beside others of its region: without the region and the side."""
    if name in _DIRECTIONS:
        return "Sideways"
    text = words(name).split(" ", 1)[1]
    return text.removesuffix(" L").removesuffix(" R")


def pairs(region: str) -> list[tuple[str, ...]]:
    """Return the controls of a region in rows of the panel: both sides, the right first.

    The person's right is on the left in the picture, and so in the panel.
    """
    rows: list[tuple[str, ...]] = []
    for control in CONTROLS.values():
        if control.region != region:
            continue
        if control.mirror == control.name:
            rows.append((control.name,))
        elif control.name.endswith("Left"):
            rows.append((control.mirror, control.name))
    return rows
