"""What the window calls things that have a name in the SDK."""

from __future__ import annotations

import re

__all__ = ["count", "title"]


def title(name: str) -> str:
    """A control's, an expression's or a viseme's name as a person writes it.

    `mouthSmileLeft` is `Mouth smile left`; `viseme_PP` stays what it is.
    """
    if "_" in name:
        return name
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return words[:1].upper() + words[1:].lower()


def count(number: int, thing: str) -> str:
    """So many of something: `1 key`, `3 keys`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
