"""A part of a plate as renderers look at it: its colours, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien._types import FloatArray
from mien.media.planes import Box, Plate
from mien.rendering.geometry.field import Zone, remap

__all__ = ["PlateCrop"]

_LOOKS = 5
"""Pixels along the side of a square whose mean colour is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class PlateCrop:
    """A part of a plate.

    Attributes:
        rgb: (h, w, 3) R'G'B'.
        corner: (2,) column and row of its first pixel in the plate.
    """

    rgb: FloatArray
    corner: FloatArray

    @classmethod
    def of(cls, plate: Plate, box: Box) -> PlateCrop:
        """Return the part of a plate in a box, which must lie inside it."""
        return cls(plate.rgb(box), np.array([box.x0, box.y0], dtype=np.float32))

    def sample(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Return the colours (h, w, 3) at positions of the plate, cubic between its pixels.

        Args:
            x: (h, w) columns; beyond the crop its border goes on.
            y: (h, w) rows.
        """
        return remap(
            self.rgb,
            (x - self.corner[0]).astype(np.float32),
            (y - self.corner[1]).astype(np.float32),
        )

    def pixels(self, zone: Zone) -> FloatArray:
        """Return the colours (h, w, 3) of a zone's pixels; beyond the crop its border goes on."""
        columns, rows = self._places(zone)
        height, width = self.rgb.shape[:2]
        across = np.clip(columns, 0, width - 1).astype(np.intp)
        down = np.clip(rows, 0, height - 1).astype(np.intp)
        return np.asarray(self.rgb[down[:, None], across])

    def moved(self, zone: Zone, field: FloatArray) -> FloatArray:
        """Return the colours (h, w, 3) of a zone's pixels when their content has moved.

        Args:
            zone: The pixels.
            field: (h, w, 2) how far, as `MeshRaster.field` tells.
        """
        columns, rows = self._places(zone)
        at = -field
        at[..., 0] += columns
        at[..., 1] += rows[:, None]
        return remap(self.rgb, at)

    def _places(self, zone: Zone) -> tuple[FloatArray, FloatArray]:
        """Columns (w,) and rows (h,) of a zone's pixels in the crop."""
        return (
            np.arange(zone.width, dtype=np.float32) + (np.float32(zone.x0) - self.corner[0]),
            np.arange(zone.height, dtype=np.float32) + (np.float32(zone.y0) - self.corner[1]),
        )

    def around(self, points: FloatArray, radius: float) -> FloatArray:
        """Return the mean colours (N, 3) of the pixels around points (N, 2) of the plate.

        Args:
            points: Positions in the plate.
            radius: Half the side of the square that is looked at, pixels.
        """
        steps = np.linspace(-radius, radius, _LOOKS, dtype=np.float32)
        offsets = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 1, 2)
        looks = self.nearest((points + offsets).reshape(-1, 2))
        return np.asarray(looks.reshape(len(offsets), -1, 3).mean(axis=0), dtype=np.float32)

    def nearest(self, points: FloatArray) -> FloatArray:
        """Return the colours (N, 3) of the pixels nearest to points (N, 2) of the plate.

        Points outside the crop count as lying on its border.
        """
        height, width = self.rgb.shape[:2]
        pixels = np.round(points - self.corner).astype(int)
        pixels = np.clip(pixels, 0, [width - 1, height - 1])
        return np.asarray(self.rgb[pixels[:, 1], pixels[:, 0]])
