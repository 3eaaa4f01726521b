"""Settings that the window keeps from one start to the next: an INI file of the user's."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from PySide6.QtCore import QSettings

__all__ = ["config_folder", "settings", "text_list"]


def config_folder() -> Path:
    """Return the user's folder of settings; it need not exist."""
    return platformdirs.user_config_path("mien")


def settings() -> QSettings:
    """Return the remembered settings; each panel keeps its own under a group of its name."""
    return QSettings(str(config_folder() / "desktop.ini"), QSettings.Format.IniFormat)


def text_list(key: str) -> tuple[str, ...]:
    """Return a remembered list of texts; empty when there is none."""
    value = settings().value(key)
    # An INI file holds a list of one text as a text.
    values = [value] if isinstance(value, str) else value
    return tuple(v for v in values if isinstance(v, str)) if isinstance(values, list) else ()
