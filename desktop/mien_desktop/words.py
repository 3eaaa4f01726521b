"""What the window calls things that have a name in the SDK."""

from __future__ import annotations

import re
from functools import cache

from mien.model.presets import PRESETS

__all__ = ["count", "title"]


@cache
def title(name: str) -> str:
    """A control's, an expression's or a viseme's name as a person writes it.

    `mouthSmileLeft` is `Mouth smile left`; the visemes `PP` and `kk` stay what they are.
    """
    if name in PRESETS and PRESETS[name].kind == "viseme":
        return name
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return words[:1].upper() + words[1:].lower()


def count(number: int, thing: str) -> str:
    """So many of something: `1 key`, `3 keys`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
