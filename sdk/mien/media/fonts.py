"""A font for what is written on pictures."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont

__all__ = ["find_font"]


@functools.lru_cache(maxsize=32)
def find_font(size: int, *, bold: bool = False, basic: bool = False) -> FreeTypeFont | ImageFont:
    """Return a font: DejaVu Sans, which Matplotlib brings, or Pillow's own without it.

    Pillow's own has not even the umlauts.

    Args:
        size: Height of a line's letters, descenders included, in pixels.
        bold: Whether strokes are thick.
        basic: Whether letters are set one by one, and so the same whatever else is installed; other
            layout joins those of Arabic and such, where its library is there.
    """
    from PIL import ImageFont as Fonts

    home = importlib.util.find_spec("matplotlib")
    if home is not None and home.origin is not None:
        name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
        file = Path(home.origin).parent / "mpl-data" / "fonts" / "ttf" / name
        if file.is_file():
            return Fonts.truetype(file, size, layout_engine=Fonts.Layout.BASIC if basic else None)
    return Fonts.load_default(size)
