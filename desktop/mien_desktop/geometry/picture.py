"""Placement of a picture in the viewer: fitted, zoomed under the pointer, moved. No Qt.

Picture coordinates are those of landmarks: pixels of the upright picture with centres at whole
numbers, so that its top left corner is (-0.5, -0.5). View coordinates are the widget's, in pixels
that do not depend on the display.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray
from mien_desktop.view_state import ViewMode

__all__ = [
    "HIGHEST",
    "LOWEST",
    "Area",
    "Pane",
    "Placement",
    "Sampling",
    "divider",
    "fitted",
    "panes",
    "sampling",
]

Sampling = Literal["exact", "nearest", "smooth", "averaged"]
"""How pixels of a picture become those of the display."""
LOWEST: Final = 0.05
HIGHEST: Final = 32.0
"""Limits of zoom: view pixels a picture pixel."""
_KEPT = 48.0
"""View pixels of the picture that cannot be moved out of sight."""
_NEAREST: Final = 3.0
"""Zoom from which a pixel is shown as the square it is, so that it can be judged."""


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the view in which a picture is shown.

    Attributes:
        left: Left edge.
        top: Upper edge.
        width: Width.
        height: Height.
    """

    left: float
    top: float
    width: float
    height: float

    def __contains__(self, point: tuple[float, float]) -> bool:
        x, y = point
        return 0 <= x - self.left < self.width and 0 <= y - self.top < self.height


@dataclass(frozen=True, slots=True)
class Placement:
    """The placement of a picture, relative to the area that it is shown in.

    Attributes:
        zoom: View pixels a picture pixel.
        left: View coordinate of the picture's left edge.
        top: View coordinate of its upper edge.
    """

    zoom: float
    left: float
    top: float

    def to_view(self, points: npt.ArrayLike) -> DoubleArray:
        """Return the view points of picture points (..., 2)."""
        array = np.asarray(points, dtype=np.float64)
        return (array + 0.5) * self.zoom + (self.left, self.top)

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Return the picture point of a view point."""
        return (x - self.left) / self.zoom - 0.5, (y - self.top) / self.zoom - 0.5

    def zoomed(self, zoom: float, x: float, y: float) -> Placement:
        """Return the placement at another zoom, with the same point of the picture under (x, y)."""
        zoom = min(max(zoom, LOWEST), HIGHEST)
        factor = zoom / self.zoom
        return Placement(zoom, x - (x - self.left) * factor, y - (y - self.top) * factor)

    def moved(self, dx: float, dy: float) -> Placement:
        """Return the placement moved by view pixels."""
        return replace(self, left=self.left + dx, top=self.top + dy)

    def held(self, size: tuple[int, int], area: Area) -> Placement:
        """Return the placement brought back so far that part of the picture stays in sight."""
        width, height = size[0] * self.zoom, size[1] * self.zoom
        return replace(
            self,
            left=min(max(self.left, _KEPT - width), area.width - _KEPT),
            top=min(max(self.top, _KEPT - height), area.height - _KEPT),
        )

    def on_grid(self, ratio: float) -> Placement:
        """Return the placement with its corner on a pixel of the display, so that nothing blurs.

        Args:
            ratio: Pixels of the display a view pixel.
        """
        return replace(
            self, left=round(self.left * ratio) / ratio, top=round(self.top * ratio) / ratio
        )


def fitted(size: tuple[int, int], area: Area) -> Placement:
    """Return the placement of the whole picture, as large as the area allows, in its middle.

    Args:
        size: Width and height of the picture.
        area: Where it is shown.
    """
    zoom = max(min(area.width / size[0], area.height / size[1]), 1e-3)
    return Placement(zoom, (area.width - size[0] * zoom) / 2, (area.height - size[1] * zoom) / 2)


@dataclass(frozen=True, slots=True)
class Pane:
    """A part of the view, and what it shows.

    Attributes:
        area: What the picture's placement is relative to.
        clip: The part of it in which the picture is seen.
        edited: Whether it shows the edit.
        title: What it is called; empty when there is no doubt.
    """

    area: Area
    clip: Area
    edited: bool
    title: str = ""


def panes(
    mode: ViewMode, view: tuple[float, float], size: tuple[int, int], at: float = 0.0
) -> tuple[Pane, ...]:
    """Divide the view into panes.

    Args:
        mode: What is shown.
        view: Width and height of the view.
        size: Width and height of the picture.
        at: Where a wipe divides the view, from the left.
    """
    width, height = view
    whole = Area(0, 0, width, height)
    if mode == "side":
        first, second = _halves(width, height, size)
        return Pane(first, first, False, "Plate"), Pane(second, second, True, "Edit")
    if mode == "wipe":
        left, right = Area(0, 0, at, height), Area(at, 0, width - at, height)
        return Pane(whole, left, False, "Plate"), Pane(whole, right, True, "Edit")
    if mode == "plate":
        return (Pane(whole, whole, False, "Plate"),)
    return (Pane(whole, whole, True),)


def divider(wipe: float, placement: Placement, width: int, view: float) -> float:
    """Return the position of the wipe's divider, on a whole pixel inside the view.

    Args:
        wipe: Where it divides the picture, 0..1 from the left.
        placement: Where the picture lies.
        width: Of the picture.
        view: Width of the view.
    """
    return min(max(float(round(placement.left + wipe * width * placement.zoom)), 0.0), view)


def _halves(width: float, height: float, size: tuple[int, int]) -> tuple[Area, Area]:
    """Return two areas next to each other, or one above the other where pictures are larger so."""
    across = min((width - 1) / 2 / size[0], height / size[1])
    down = min(width / size[0], (height - 1) / 2 / size[1])
    if across >= down:
        half = (width - 1) // 2
        return Area(0, 0, half, height), Area(half + 1, 0, half, height)
    half = (height - 1) // 2
    return Area(0, 0, width, half), Area(0, half + 1, width, half)


def sampling(scale: float) -> Sampling:
    """Choose how to draw a picture, so that it is judged for what it is.

    Args:
        scale: Pixels of the display a pixel of what is drawn.
    """
    if abs(scale - 1) < 1e-6:
        return "exact"
    if scale < 1:
        return "averaged"
    return "nearest" if scale >= _NEAREST else "smooth"
