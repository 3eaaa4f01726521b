"""What is said of a list that was read: of each kind a few in full, then how many more."""

from __future__ import annotations

from typing import Final

__all__ = ["Notices"]

_IN_FULL: Final = 5


class Notices:
    """Collects notices in the order of the list."""

    def __init__(self) -> None:
        self._kinds: dict[str, list[str]] = {}

    def add(self, kind: str, text: str) -> None:
        """Say something.

        Args:
            kind: What is alike of several, as what `12 more events` is followed by.
            text: The line.
        """
        lines = self._kinds.setdefault(kind, [])
        if text not in lines:
            lines.append(text)

    def lines(self) -> tuple[str, ...]:
        """All of it, a line each."""
        said: list[str] = []
        for kind, lines in self._kinds.items():
            said += lines[:_IN_FULL]
            if len(lines) > _IN_FULL:
                said.append(f"{len(lines) - _IN_FULL} more events {kind}.")
        return tuple(said)
