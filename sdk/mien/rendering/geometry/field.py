"""Dense displacement fields from the motion of a mesh.

A field gives, for every pixel of the new picture, how far its content has moved: the pixel
at x shows what the plate shows at x - field(x). It is piecewise linear over the triangles
of the mesh in its new place (so it is the exact inverse of the motion there), sampled on a
grid of cells and blurred lightly, so that no crease of the mesh shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien._math import ease
from mien._types import FloatArray, Int32Array

__all__ = ["Zone", "dense", "remap", "window"]


_SUBCELL = 4
"""Binary digits of a vertex's position inside a cell when triangles are filled."""
_SLIVER = 0.25
"""Triangles of less than this area in cells move as one: their gradient means nothing."""
_BLUR = 1.2
"""Standard deviation of the blur of a field, in cells."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A rectangle of the picture, divided into square cells.

    Attributes:
        x0: Left edge in coded pixels; may lie outside the picture.
        y0: Upper edge.
        columns: Cells across.
        rows: Cells down.
        cell: Pixels along the side of a cell.
    """

    x0: int
    y0: int
    columns: int
    rows: int
    cell: int

    @classmethod
    def around(cls, points: FloatArray, margin: float, cell: int) -> Zone:
        """Return the zone that holds points (N, 2) and a margin in pixels around them."""
        low = np.floor(points.min(axis=0) - margin).astype(int)
        high = np.ceil(points.max(axis=0) + margin).astype(int)
        columns, rows = (-(-(high - low) // cell)).tolist()
        return cls(int(low[0]), int(low[1]), max(columns, 1), max(rows, 1), cell)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.columns * self.cell

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.rows * self.cell

    def pixels(self) -> tuple[FloatArray, FloatArray]:
        """Return columns x and rows y of every pixel, (height, width) each."""
        x = np.arange(self.x0, self.x0 + self.width, dtype=np.float32)
        y = np.arange(self.y0, self.y0 + self.height, dtype=np.float32)
        return np.tile(x, (self.height, 1)), np.tile(y[:, None], (1, self.width))


def dense(zone: Zone, points: FloatArray, motion: FloatArray, triangles: Int32Array) -> FloatArray:
    """Return the field of a moved mesh over a zone.

    Args:
        zone: Where.
        points: (V, 2) vertices in their new place, pixels.
        motion: (V, 2) how far each has moved, pixels.
        triangles: (N, 3) vertices; where triangles overlap the later one is seen.

    Returns:
        (height, width, 2) float32 pixels; 0 outside the mesh.
    """
    # cv2.resize puts the centre of cell i at (i + 1/2) * cell - 1/2 pixels.
    origin = np.array([zone.x0, zone.y0], dtype=np.float32) - 0.5
    grid = (points - origin) / zone.cell - 0.5
    seen = _overlapping(grid, triangles, zone)
    corners, moves = grid[seen], motion[seen]
    labels = np.zeros((zone.rows, zone.columns), dtype=np.int32)
    fixed = np.round(corners * (1 << _SUBCELL)).astype(np.int32)
    for label, polygon in enumerate(fixed, start=1):
        cv2.fillConvexPoly(labels, polygon, label, shift=_SUBCELL)
    slope, start = _affine(corners, moves)
    x = np.arange(zone.columns, dtype=np.float32)
    y = np.arange(zone.rows, dtype=np.float32)[:, None]
    planes = [
        start[:, i].take(labels) + slope[:, 0, i].take(labels) * x + slope[:, 1, i].take(labels) * y
        for i in range(2)
    ]
    field = cv2.merge(planes)
    field = cv2.GaussianBlur(field, (0, 0), _BLUR, borderType=cv2.BORDER_REPLICATE)
    if zone.cell > 1:
        field = cv2.resize(field, (zone.width, zone.height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(field, dtype=np.float32)


def _overlapping(grid: FloatArray, triangles: Int32Array, zone: Zone) -> Int32Array:
    """The triangles whose bounding box meets the zone."""
    a, b, c = triangles.T
    keep = np.ones(len(triangles), dtype=bool)
    for axis, size in ((0, zone.columns), (1, zone.rows)):
        along = grid[:, axis]
        first, second, third = along[a], along[b], along[c]
        keep &= np.maximum(np.maximum(first, second), third) >= 0
        keep &= np.minimum(np.minimum(first, second), third) <= size
    return np.asarray(triangles[keep])


def _affine(corners: FloatArray, moves: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slope (N + 1, 2, 2) and value at the origin (N + 1, 2) of each triangle's motion.

    Entry 0 stands for the outside of the mesh, which does not move.
    """
    edges = corners[:, 1:] - corners[:, :1]
    rises = moves[:, 1:] - moves[:, :1]
    area = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    whole = np.abs(area) < 2 * _SLIVER
    scale = np.where(whole, 0, 1 / np.where(whole, 1, area))[:, None]
    slope = np.zeros((len(corners) + 1, 2, 2), dtype=np.float32)
    slope[1:, 0] = (rises[:, 0] * edges[:, 1, 1:] - rises[:, 1] * edges[:, 0, 1:]) * scale
    slope[1:, 1] = (rises[:, 1] * edges[:, 0, :1] - rises[:, 0] * edges[:, 1, :1]) * scale
    start = np.zeros((len(corners) + 1, 2), dtype=np.float32)
    centre = corners.mean(axis=1)
    start[1:] = moves.mean(axis=1) - np.einsum("ni,nij->nj", centre, slope[1:])
    return slope, start


def remap(picture: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return a picture (h, w, 3) seen at positions x, y (pixels of it), cubic."""
    return np.asarray(
        cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
        dtype=np.float32,
    )


def window(height: int, width: int, edge: int) -> FloatArray:
    """Return (height, width) float32: 1 inside, falling smoothly to 0 over `edge` pixels."""

    def ramp(length: int) -> FloatArray:
        steps = np.arange(length, dtype=np.float32)
        depth = np.clip(np.minimum(steps, steps[::-1]) / max(edge, 1), 0, 1)
        return ease(depth)

    return ramp(height)[:, None] * ramp(width)[None, :]
