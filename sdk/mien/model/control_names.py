"""Names of controls as other programs write them: in any case, with marks, with short sides."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from mien.model.controls import NAMES, nearest

__all__ = ["control_named", "folded", "suggested_names"]

_MARKS: Final = re.compile(r"[^0-9a-z]+")


def folded(name: str) -> str:
    """Return a name in small letters, without marks and blanks: `Jaw_Open` becomes `jawopen`."""
    return _MARKS.sub("", name.lower())


def _spellings() -> dict[str, str]:
    spellings = {}
    for name in NAMES:
        spellings[folded(name)] = name
        for side in ("Left", "Right"):
            # jawLeft and mouthLeft are directions: jaw_l is as good as jawLeft there too.
            if name.endswith(side):
                spellings[folded(name.removesuffix(side)) + side[0].lower()] = name
    return spellings


_SPELLINGS: Final = _spellings()


def control_named(text: str) -> str | None:
    """Return the control that a name of another program means, if it means one.

    Args:
        text: `JawOpen`, `jaw_open`, `mouthSmile_L`.
    """
    return _SPELLINGS.get(folded(text))


def suggested_names(names: Iterable[str]) -> str:
    """Return unknown names as a list for people, each with the control that it may mean."""
    listed = []
    for name in names:
        guess = nearest(name, NAMES)
        listed.append(f"{name} (is it {guess}?)" if guess else name)
    return ", ".join(listed)
