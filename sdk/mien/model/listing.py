"""Names in a row, for reprs that stay short."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["list_names"]

_SHOWN: Final = 4
"""Names that are shown of a longer list."""


def list_names(names: Iterable[str]) -> str:
    """Join the different names of a list by commas; of a long list, its beginning.

    Args:
        names: The names, in order.
    """
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - _SHOWN} more" if len(unique) > _SHOWN else ""
    return ", ".join(unique[:_SHOWN]) + more
