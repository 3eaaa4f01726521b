"""Menu entries for the selected keys."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu

from mien_desktop.keyframes.editing import EASE_NAMES, INTERPOLATION_NAMES, KeyEditing
from mien_desktop.menu_entries import add_entry

__all__ = ["fill_key_menu"]


def fill_key_menu(menu: QMenu, keys: KeyEditing) -> None:
    """Add everything that can be done with the selected keys to a menu."""
    for kind, text in INTERPOLATION_NAMES.items():
        add_entry(menu, text, partial(keys.interpolate, kind))
    eases = menu.addMenu("Ease presets")
    for ease, text in EASE_NAMES.items():
        add_entry(eases, text, partial(keys.ease, ease))
    menu.addSeparator()
    add_entry(menu, "Cut", keys.cut)
    add_entry(menu, "Copy", keys.copy)
    add_entry(menu, "Duplicate at the playhead", keys.duplicate)
    add_entry(menu, "Delete", keys.delete)
