"""What is said of a cut that was read: of each kind a few in full, then how many more."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Notices", "kind_of"]

_IN_FULL: Final = 5
_VALUE: Final = re.compile(r"'[^']*'|-?\d+(?:[./]\d+)*")
"""What differs between two reasons of a kind: names in quotes, and numbers."""


class Notices:
    """Collects notices in the order of the cut, those of a kind together."""

    def __init__(self, more: str = "{} more {}.") -> None:
        """Begin with nothing said.

        Args:
            more: What is said of those of a kind beyond the first few: their number, the kind.
        """
        self._more = more
        self._kinds: dict[str, dict[str, None]] = {}

    def add(self, kind: str, text: str) -> None:
        """Say something, once.

        Args:
            kind: What is alike of several, as what `12 more events` is followed by.
            text: The line.
        """
        self._kinds.setdefault(kind, {})[text] = None

    def lines(self) -> tuple[str, ...]:
        """All of it, a line each."""
        said: list[str] = []
        for kind, lines in self._kinds.items():
            said += list(lines)[:_IN_FULL]
            if len(lines) > _IN_FULL:
                said.append(self._more.format(len(lines) - _IN_FULL, kind))
        return tuple(said)


def kind_of(reason: str) -> str:
    """A reason without the names and numbers in which it differs from others of its kind."""
    return _VALUE.sub("…", reason)
