"""Commands of menus, keys and buttons, under one name each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Command", "Scope"]

Scope = Literal["window", "viewer", "timeline", "curves", "controls"]
"""Where a command's keys work: everywhere, or while a panel has the focus."""


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """A command of the user's.

    Attributes:
        id: Names it in the keyboard map, as `keys.delete`.
        text: The words of menus and of the list of keys.
        run: Does it.
        keys: Its keys in Qt's portable words (`Ctrl+Shift+Z`), which the user may change.
        group: Heading under which menus and the list of keys show it.
        scope: Where its keys work.
        tip: More words, for a tooltip; `text` when empty.
        checked: For what can be on or off, whether it is on.
        enabled: Whether it can be done now; always when None.
        why: Tells why it cannot be done now, empty when it can, for what users will wonder about:
            menus show it, and `run` says it to whoever pressed the key.
        words: The words of menus now, where they change (`Undo Move 3 keys`).
    """

    id: str
    text: str
    run: Callable[[], None]
    keys: tuple[str, ...] = ()
    group: str = "General"
    scope: Scope = "window"
    tip: str = ""
    checked: Callable[[], bool] | None = None
    enabled: Callable[[], bool] | None = None
    why: Callable[[], str] | None = None
    words: Callable[[], str] | None = None
