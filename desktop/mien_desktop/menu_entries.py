"""Entries of context menus."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

__all__ = ["add_entry"]


def add_entry(menu: QMenu, text: str, run: Callable[[], object]) -> QAction:
    """Add an entry to a menu and return its action; `run` takes no argument."""
    action = menu.addAction(text)
    # Qt passes the checked state, which no caller here takes.
    action.triggered.connect(lambda: run())
    return action
