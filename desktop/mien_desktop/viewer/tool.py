"""Protocol of what the left button can do in the picture beside pulling and painting."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from mien_desktop.geometry.picture import Placement

__all__ = ["PictureTool"]

Point = tuple[float, float]


class PictureTool(Protocol):
    """A tool in the hand; places are pixels of the upright picture."""

    def put_away(self) -> None:
        """Pull at handles again."""

    def cursor(self) -> Qt.CursorShape:
        """Return the shape of the pointer."""

    def hover(self, at: Point, zoom: float) -> None:
        """Note where the pointer is.

        Args:
            at: Where.
            zoom: View pixels a pixel of the picture.
        """

    def begin(self, at: Point, zoom: float) -> bool:
        """Take hold of what is there; return whether there is anything."""

    def move(self, at: Point) -> None:
        """Go on with what was begun."""

    def finish(self, *, keep: bool = True) -> None:
        """End it: as one step, or as if nothing had been begun."""

    def paint(self, painter: QPainter, placement: Placement, within: QRectF) -> None:
        """Paint it over the picture.

        Args:
            painter: Where; its origin is that of the picture's area.
            placement: How the picture lies in the area.
            within: What words are to stay inside of.
        """
