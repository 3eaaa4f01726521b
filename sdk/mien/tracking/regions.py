"""Squares of a picture: upright ones to search for faces, and turned ones that hold a face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import ByteArray, FloatArray

__all__ = ["FACE_MARGIN", "Region", "Roi", "overlap", "tiles", "whole"]

FACE_MARGIN = 1.4
"""Side of a face's region over the height of the face; the least jitter and error of 1.2 to 1.8."""

_TILE_OVERLAP = 0.25
"""Least fraction of a tile that its neighbour repeats, so that no small face is always cut."""


@dataclass(frozen=True, slots=True)
class Region:
    """A square of the picture to look at; it may reach over the picture's edges."""

    x: int
    y: int
    side: int

    def cut(self, picture: ByteArray, size: int) -> ByteArray:
        """Return the region (size, size, 3), black where it lies outside the picture."""
        height, width = picture.shape[:2]
        x0, y0 = max(self.x, 0), max(self.y, 0)
        x1, y1 = min(self.x + self.side, width), min(self.y + self.side, height)
        out = np.zeros((size, size, 3), np.uint8)
        if x1 <= x0 or y1 <= y0:
            return out
        scale = size / self.side
        left, top = round((x0 - self.x) * scale), round((y0 - self.y) * scale)
        wide = min(max(round((x1 - x0) * scale), 1), size - left)
        tall = min(max(round((y1 - y0) * scale), 1), size - top)
        if wide <= 0 or tall <= 0:
            return out
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        out[top : top + tall, left : left + wide] = cv2.resize(
            picture[y0:y1, x0:x1], (wide, tall), interpolation=method
        )
        return out


@dataclass(frozen=True, slots=True)
class Roi:
    """A turned square of the picture that holds one face upright.

    Attributes:
        x: Centre, pixels of the picture.
        y: Centre, pixels of the picture.
        side: Length of a side in pixels.
        roll: Angle by which the head is tilted, radians, clockwise as seen.
    """

    x: float
    y: float
    side: float
    roll: float

    @property
    def box(self) -> FloatArray:
        """(4,) the middle of the region, x0, y0, x1, y1: about the face itself."""
        half = self.side / FACE_MARGIN / 2
        return np.array([self.x - half, self.y - half, self.x + half, self.y + half], np.float32)

    def to_picture(self, size: int) -> npt.NDArray[np.float64]:
        """Return the affine map (2, 3) from the region's pixels, at `size`, to the picture's."""
        scale = self.side / size
        cosine, sine = scale * np.cos(self.roll), scale * np.sin(self.roll)
        turn = np.array([[cosine, -sine], [sine, cosine]])
        shift = np.array([self.x, self.y]) - turn @ np.array([(size - 1) / 2, (size - 1) / 2])
        return np.concatenate([turn, shift[:, None]], axis=1)

    def cut(self, picture: ByteArray, size: int) -> ByteArray:
        """Return the region (size, size, 3); the picture's edge is continued beyond it."""
        to_picture = self.to_picture(size)
        shrink = int(self.side / size)
        if shrink >= 2:
            # Bilinear sampling of a large face would skip pixels, and flicker: area first.
            picture, to_picture = _shrunk(picture, to_picture, shrink, size)
        return np.asarray(
            cv2.warpAffine(
                picture,
                to_picture,
                (size, size),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REPLICATE,
            )
        )


def _shrunk(
    picture: ByteArray, to_picture: npt.NDArray[np.float64], factor: int, region: int
) -> tuple[ByteArray, npt.NDArray[np.float64]]:
    """Return the picture under a region, `factor` times smaller, and the region's map to it."""
    height, width = picture.shape[:2]
    ends = np.array([[0, region, region, 0], [0, 0, region, region], [1, 1, 1, 1]])
    corners = to_picture @ ends
    # Aligned to the grid of the whole picture, so that the same pixels always average.
    low = np.clip(np.floor(corners.min(axis=1) / factor) - 1, 0, None).astype(int) * factor
    high = (np.ceil(corners.max(axis=1) / factor) + 1).astype(int) * factor
    x1, y1 = min(high[0], width // factor * factor), min(high[1], height // factor * factor)
    x0, y0 = min(low[0], x1 - factor), min(low[1], y1 - factor)
    if x0 < 0 or y0 < 0:
        return picture, to_picture
    size = ((x1 - x0) // factor, (y1 - y0) // factor)
    small = cv2.resize(picture[y0:y1, x0:x1], size, interpolation=cv2.INTER_AREA)
    moved = to_picture / factor
    moved[:, 2] -= (np.array([x0, y0]) + (factor - 1) / 2) / factor
    return small, moved


def whole(width: int, height: int) -> Region:
    """Return the square around a whole picture."""
    side = max(width, height)
    return Region((width - side) // 2, (height - side) // 2, side)


def tiles(width: int, height: int, fraction: float, least: int) -> tuple[Region, ...]:
    """Return overlapping squares that cover a picture, in which small faces show; row by row.

    Args:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        fraction: Side of a tile over the picture's short side.
        least: Side of a tile in pixels at least, where the picture is as large.
    """
    side = min(max(round(fraction * min(width, height)), least), min(width, height))

    def starts(length: int) -> list[int]:
        count = int(np.ceil((length - side) / (side * (1 - _TILE_OVERLAP)))) + 1
        return [round(i * (length - side) / max(count - 1, 1)) for i in range(count)]

    return tuple(Region(x, y, side) for y in starts(height) for x in starts(width))


def overlap(a: FloatArray, b: FloatArray) -> float:
    """Return the intersection of two boxes (x0, y0, x1, y1) over the area of the smaller one."""
    size = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    if size.min() <= 0:
        return 0.0
    areas = (a[2:] - a[:2]).prod(), (b[2:] - b[:2]).prod()
    return float(size.prod() / max(min(areas), 1e-6))
