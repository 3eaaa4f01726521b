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
from mien._types import FloatArray, IndexArray, Int32Array

__all__ = ["MeshRaster", "Zone", "dense", "hold_inside", "remap", "window"]


_EDGE = 1e-3
"""How far outside a triangle, in cells, a cell's middle still is in it: none falls between two."""
_SLIVER = 0.25
"""Triangles of less than this area in cells move as one: their gradient means nothing."""
_DRAWN_OUT = 2.0
"""Depth beside a picture's edge that is drawn out, times how far what is there would move: at 2
by four times at most."""
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


@dataclass(frozen=True, slots=True, eq=False)
class MeshRaster:
    """A moved mesh rasterised over a zone: any number of fields are read from it.

    Attributes:
        zone: Where.
        grid: (V, 2) vertices in their new place, cells.
        triangles: (N, 3) vertices of the triangles that meet the zone.
        labels: (rows, columns) one more than the triangle that each cell shows; 0 outside the mesh.
    """

    zone: Zone
    grid: FloatArray
    triangles: Int32Array
    labels: Int32Array

    @classmethod
    def of(cls, zone: Zone, points: FloatArray, triangles: Int32Array) -> MeshRaster:
        """Return the raster of a mesh.

        Args:
            zone: Where.
            points: (V, 2) vertices in their new place, pixels.
            triangles: (N, 3) vertices; where triangles overlap the later one is seen.
        """
        # cv2.resize puts the centre of cell i at (i + 1/2) * cell - 1/2 pixels.
        origin = np.array([zone.x0, zone.y0], dtype=np.float32) - 0.5
        grid = np.asarray((points - origin) / zone.cell - 0.5, dtype=np.float32)
        labels = np.zeros((zone.rows, zone.columns), dtype=np.int32)
        return cls(zone, grid, triangles[:0], labels).under(triangles)

    def under(self, triangles: Int32Array) -> MeshRaster:
        """Return the raster with more triangles (N, 3) of the same vertices laid over it."""
        seen = _overlapping(self.grid, triangles, self.zone)
        labels = self.labels.copy()
        triangle, row, column = _covered(self.grid[seen], self.zone)
        # Where an index comes again, numpy leaves the last value: the later triangle's.
        labels[row, column] = triangle + (len(self.triangles) + 1)
        return MeshRaster(self.zone, self.grid, np.concatenate([self.triangles, seen]), labels)

    def field(self, motion: FloatArray) -> FloatArray:
        """Return the field of the mesh.

        Args:
            motion: (V, 2) how far each vertex has moved, pixels.

        Returns:
            (height, width, 2) float32 pixels; 0 outside the mesh.
        """
        zone, field = self.zone, self.cells(motion)
        if zone.cell > 1:
            field = cv2.resize(field, (zone.width, zone.height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(field, dtype=np.float32)

    def cells(self, values: FloatArray) -> FloatArray:
        """Return (rows, columns, 2) what vertices say (V, 2), in the middle of each cell."""
        zone = self.zone
        table = _affine(self.grid[self.triangles], values[self.triangles])
        x = np.arange(zone.columns, dtype=np.float32)
        y = np.arange(zone.rows, dtype=np.float32)[:, None]
        labels = self.labels.astype(np.intp)
        planes = []
        for i in range(2):
            plane = table[0, i].take(labels)
            plane *= x
            down = table[1, i].take(labels)
            down *= y
            plane += down
            plane += table[2, i].take(labels)
            planes.append(plane)
        rough = cv2.merge(planes)
        smooth = cv2.GaussianBlur(rough, (0, 0), _BLUR, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(smooth, dtype=np.float32)


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
    return MeshRaster.of(zone, points, triangles).field(motion)


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


def _covered(corners: FloatArray, zone: Zone) -> tuple[IndexArray, IndexArray, IndexArray]:
    """The cells whose middle lies in triangles (N, 3, 2): triangle, row and column of each.

    All at once: a call for each triangle would give Python's lock away, and wait to have it back,
    hundreds of times where several threads paint.
    """
    (x, y), (x1, y1), (x2, y2) = corners.transpose(1, 2, 0)
    high = corners[..., 1]
    top = np.maximum(np.ceil(high.min(axis=1) - _EDGE), 0).astype(np.intp)
    bottom = np.minimum(np.floor(high.max(axis=1) + _EDGE), zone.rows - 1).astype(np.intp)
    triangle, row = _expanded(top, bottom)
    # A row of a triangle is cut by the planes that tell how far a point is from each side.
    turn = np.where((x1 - x) * (y2 - y) < (x2 - x) * (y1 - y), -1, 1).astype(np.float32)
    left = np.full(len(triangle), -0.5, dtype=np.float32)
    right = np.full(len(triangle), zone.columns - 0.5, dtype=np.float32)
    height = row.astype(np.float32)
    for (ax, ay), (bx, by) in (((x, y), (x1, y1)), ((x1, y1), (x2, y2)), ((x2, y2), (x, y))):
        length = turn / np.maximum(np.hypot(bx - ax, by - ay), 1e-6)
        across, down = (ay - by) * length, (bx - ax) * length
        flat = np.abs(across) < 1e-6
        slope = np.where(flat, 0, -1 / np.where(flat, 1, across))
        reach = _EDGE - across * ax - down * ay
        crossed = slope[triangle] * (down[triangle] * height + reach[triangle])
        side = across[triangle]
        left = np.where(side >= 1e-6, np.maximum(left, crossed), left)
        right = np.where(side <= -1e-6, np.minimum(right, crossed), right)
    first, last = np.ceil(left).astype(np.intp), np.floor(right).astype(np.intp)
    span, column = _expanded(first, last)
    return triangle[span], row[span], column


def _expanded(first: IndexArray, last: IndexArray) -> tuple[IndexArray, IndexArray]:
    """Which span (N,) each whole number from its first to its last belongs to, and the numbers."""
    count = np.maximum(last - first + 1, 0)
    span = np.repeat(np.arange(len(count)), count)
    number = np.arange(len(span)) - np.repeat(np.cumsum(count) - count - first, count)
    return span, number


def _affine(corners: FloatArray, moves: FloatArray) -> FloatArray:
    """(3, 2, N + 1) both values of each triangle: their slopes along x and y, and at the origin.

    Entry 0 stands for the outside of the mesh, which does not move.
    """
    (x, y), (x1, y1), (x2, y2) = corners.transpose(1, 2, 0)
    first, second, third = moves.transpose(1, 2, 0)
    across, down = (x1 - x, x2 - x), (y1 - y, y2 - y)
    area = across[0] * down[1] - across[1] * down[0]
    whole = np.abs(area) < 2 * _SLIVER
    scale = np.where(whole, 0, 1 / np.where(whole, 1, area))
    rises = (second - first) * scale, (third - first) * scale
    table = np.zeros((3, 2, len(corners) + 1), dtype=np.float32)
    table[0, :, 1:] = rises[0] * down[1] - rises[1] * down[0]
    table[1, :, 1:] = rises[1] * across[0] - rises[0] * across[1]
    level = first + second + third - table[0, :, 1:] * (x + x1 + x2)
    table[2, :, 1:] = (level - table[1, :, 1:] * (y + y1 + y2)) / 3
    return table


def hold_inside(field: FloatArray, zone: Zone, width: int, height: int) -> None:
    """Hold a field back where it would move in what lies beyond a picture's edge.

    Nothing is known of what would come in: the picture beside the edge is drawn out instead, and at
    the edge itself it stays. What moves out of the picture may do so.

    Args:
        field: (h, w, 2) the field; changed.
        zone: Its pixels.
        width: Width of the picture, pixels.
        height: Its height.
    """
    across = np.arange(zone.x0, zone.x0 + zone.width, dtype=np.float32)
    down = np.arange(zone.y0, zone.y0 + zone.height, dtype=np.float32)
    for axis, places, last in ((0, across[None, :], width - 1), (1, down[:, None], height - 1)):
        plane = field[..., axis]
        for sign, depth in ((1, places), (-1, last - places)):
            inward = sign * plane
            near = (inward > 0) & (inward * _DRAWN_OUT > depth)
            if near.any():
                moved = inward[near]
                room = np.broadcast_to(depth, plane.shape)[near]
                part = np.clip(room / (_DRAWN_OUT * moved), 0, 1)
                plane[near] = sign * moved * ease(part)


def remap(picture: FloatArray, x: FloatArray, y: FloatArray | None = None) -> FloatArray:
    """Return a picture (h, w, 3) seen at positions x, y (pixels of it), or both as one, cubic."""
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
