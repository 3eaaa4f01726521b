"""The keyboard map: the keys of every command, and the user's changes of them.

A command's keys work in its scope. While a panel has the focus its own keys come before the
window's; two commands of one scope must not have a key in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from PySide6.QtGui import QKeySequence

from mien_desktop.command import Command
from mien_desktop.settings import settings, text_list

__all__ = ["Keymap", "load_keymap", "normal", "save_keymap"]

_GROUP = "keymap"


def normal(keys: str) -> str:
    """Return keys in one spelling (`ctrl+z` as `Ctrl+Z`); empty when they are none."""
    sequence = QKeySequence.fromString(keys, QKeySequence.SequenceFormat.PortableText)
    text = sequence.toString(QKeySequence.SequenceFormat.PortableText)
    # Qt makes something of unreadable words, which cannot be read again.
    return text if QKeySequence.fromString(text) == sequence and text.isprintable() else ""


@dataclass(frozen=True, eq=False)
class Keymap:
    """Commands and their keys.

    Attributes:
        commands: All commands, in the order of menus.
        changed: By a command's id, the keys that the user gave it instead of its own; an
            empty tuple for none.
    """

    commands: tuple[Command, ...]
    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self, command: Command) -> tuple[str, ...]:
        """Return the keys of a command, in Qt's portable words."""
        return self.changed.get(command.id, command.keys)

    def is_changed(self, command: Command) -> bool:
        """Return whether the user gave it other keys than its own."""
        return command.id in self.changed

    def with_keys(self, command: Command, keys: Iterable[str]) -> Keymap:
        """Return the map with other keys for a command; its own keys again leave no change."""
        new = tuple(dict.fromkeys(key for key in map(normal, keys) if key))
        changed = {id_: kept for id_, kept in self.changed.items() if id_ != command.id}
        if new != tuple(map(normal, command.keys)):
            changed[command.id] = new
        return Keymap(self.commands, changed)

    def taking(self, command: Command, key: str) -> Keymap:
        """Return the map with a key given to a command and taken from those it would clash with."""
        result = self
        for other in self.clashes(command, key):
            left = (k for k in result.keys(other) if normal(k) != normal(key))
            result = result.with_keys(other, left)
        return result.with_keys(command, (*result.keys(command), key))

    def clashes(self, command: Command, key: str) -> tuple[Command, ...]:
        """Return the other commands of the same scope that have a key."""
        spelling = normal(key)
        return tuple(
            other
            for other in self.commands
            if other.id != command.id
            and other.scope == command.scope
            and spelling in map(normal, self.keys(other))
        )

    def shadowed(self, scope: str) -> frozenset[str]:
        """Return the keys that a panel's own commands take while it has the focus."""
        if scope == "window":
            return frozenset()
        return frozenset(
            normal(key)
            for command in self.commands
            if command.scope == scope
            for key in self.keys(command)
        )

    def search(self, text: str) -> tuple[Command, ...]:
        """Return commands whose words, heading or keys hold every word of a text."""
        words = text.lower().split()
        return tuple(c for c in self.commands if all(word in self._haystack(c) for word in words))

    def _haystack(self, command: Command) -> str:
        parts = (command.text, command.group, command.tip, command.scope, *self.keys(command))
        return " ".join(parts).lower()


def load_keymap(commands: Iterable[Command]) -> Keymap:
    """Load the map as the user left it; keys of commands that are no more are forgotten."""
    keymap = Keymap(tuple(commands))
    store = settings()
    store.beginGroup(_GROUP)
    ids = set(store.childKeys())
    changed = {
        command.id: tuple(key for key in map(normal, text_list(f"{_GROUP}/{command.id}")) if key)
        for command in keymap.commands
        if command.id in ids
    }
    return Keymap(keymap.commands, changed)


def save_keymap(keymap: Keymap) -> None:
    """Remember the user's keys."""
    store = settings()
    store.remove(_GROUP)
    for name, keys in keymap.changed.items():
        store.setValue(f"{_GROUP}/{name}", list(keys))
    store.sync()
