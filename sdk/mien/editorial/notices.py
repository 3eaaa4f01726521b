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
        self._kinds: dict[str, dict[str, int]] = {}

    def add(self, kind: str, text: str, *, counted: bool = False) -> None:
        """Say something, once.

        Args:
            kind: What is alike of several, as what `12 more events` is followed by.
            text: The line.
            counted: Whether the line says how often, where it is said again: of things without
                names each is another one.
        """
        lines = self._kinds.setdefault(kind, {})
        lines[text] = lines.get(text, 0) + 1 if counted else 1

    def lines(self) -> tuple[str, ...]:
        """All of it, a line each."""
        said: list[str] = []
        for kind, lines in self._kinds.items():
            said += [
                text if times == 1 else f"{text.removesuffix('.')} ({times} times)."
                for text, times in list(lines.items())[:_IN_FULL]
            ]
            more = sum(list(lines.values())[_IN_FULL:])
            if more:
                said.append(self._more.format(more, kind))
        return tuple(said)


def kind_of(reason: str) -> str:
    """A reason without the names and numbers in which it differs from others of its kind."""
    return _VALUE.sub("…", reason)
