"""Words of the window for things that have a name in the SDK."""

from __future__ import annotations

import re
from functools import cache

from mien.model.presets import PRESETS

__all__ = ["count", "short_title", "title"]


@cache
def title(name: str) -> str:
    """Return a control's, an expression's or a viseme's name as a person writes it.

    `mouthSmileLeft` is `Mouth smile left`; the visemes `PP` and `kk` stay what they are.
    """
    if name in PRESETS and PRESETS[name].kind == "viseme":
        return name
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
