"""Entries of context menus."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

__all__ = ["add_entry"]


def add_entry(menu: QMenu, text: str, run: Callable[[], object], why_not: str = "") -> QAction:
    """Add an entry to a menu and return its action.

    Args:
        menu: The menu.
        text: The entry's words.
        run: What it does; takes no argument.
        why_not: Why it cannot be done now, which its tooltip says; empty when it can.
    """
    action = menu.addAction(text)
    if why_not:
        action.setEnabled(False)
        action.setToolTip(why_not)
        menu.setToolTipsVisible(True)
    # Qt passes the checked state, which no caller here takes.
    action.triggered.connect(lambda: run())
    return action
