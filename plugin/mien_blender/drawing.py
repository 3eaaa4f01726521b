"""Texts of several lines in Blender's layouts, which cut what is too long."""

from __future__ import annotations

import textwrap
from typing import Any

from .client import ServeError

__all__ = ["draw_error", "draw_lines"]

_SIDEBAR = 34
"""Letters in a line of the sidebar."""


def draw_lines(column: Any, text: str, icon: str, *, width: int = _SIDEBAR) -> None:
    """Draw a text with an icon before its first line."""
    for i, line in enumerate(textwrap.wrap(text, width)):
        column.label(text=line, icon="BLANK1" if i else icon)


def draw_error(layout: Any, error: ServeError, *, width: int = _SIDEBAR) -> None:
    """Draw what is wrong, and what to do about it."""
    box = layout.box().column(align=True)
    box.alert = True
    draw_lines(box, error.cause, "ERROR", width=width)
    draw_lines(box, error.remedy, "BLANK1", width=width)
