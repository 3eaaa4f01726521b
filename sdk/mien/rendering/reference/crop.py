"""Where the networks look: a square that follows the head, and nothing but the head.

The published adapters were trained on faces aligned as in FFHQ (Karras et al. 2019): a square
through the middles of the eyes and the corners of the mouth. Here these points are not the
tracked ones but those of the person's *neutral* face under the smoothed head pose. So the
square moves with the skull and with nothing else: it does not react to an expression, nor to
an edit, nor to the noise of a landmark. What is still in the face is still in the square,
which is what makes it a frame of reference for everything that is steadied over time.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.media.orient import to_coded
from mien.media.planes import Box, Plate
from mien.model.face import Face
from mien.model.media import Orientation
from mien.model.shot import Shot
from mien.rendering.geometry.topology import EYES
from mien.rendering.reference.align import ffhq_quad
from mien.signal.smooth import smooth

__all__ = ["Affine", "Crop", "CropPath", "resample"]

Affine = npt.NDArray[np.float64]
"""(2, 3): what x, y and 1 are multiplied by."""

_MOUTH = (61, 291)
"""Outer corners of the mouth, left of the picture first."""
_MARGIN = 2
"""Pixels around a box that interpolation may read."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """The square of one frame: N x N pixels laid over the coded picture.

    Attributes:
        size: N.
        matrix: (2, 3) float64, from pixels of the square to coded pixels; pixel centres lie
            at whole numbers in both.
    """

    size: int
    matrix: Affine

    @property
    def scale(self) -> float:
        """Coded pixels to a pixel of the square (the square root of the area's ratio)."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    @property
    def inverse(self) -> Affine:
        """(2, 3) from coded pixels to pixels of the square."""
        return np.asarray(cv2.invertAffineTransform(self.matrix), dtype=np.float64)

    def locate(self, points: FloatArray) -> FloatArray:
        """Coded points (N, 2) in pixels of the square."""
        inverse = self.inverse
        return np.asarray(points @ inverse[:, :2].T + inverse[:, 2], dtype=np.float32)

    def take(self, picture: FloatArray, corner: tuple[int, int] = (0, 0)) -> FloatArray:
        """The square (N, N, ...) of a part of the picture, without aliasing.

        Args:
            picture: (h, w) or (h, w, C) float32; what lies beyond its border is its
                mirror image.
            corner: Coded pixel of its first pixel.
        """
        matrix = np.array(self.matrix, dtype=np.float64)
        matrix[:, 2] -= corner
        return resample(picture, matrix, (self.size, self.size))

    def of_plate(self, plate: Plate) -> FloatArray:
        """The square (N, N, 3) of a plate, R'G'B' as the plate gives it."""
        box = self.box(plate)
        return self.take(plate.rgb(box), (box.x0, box.y0))

    def box(self, plate: Plate) -> Box:
        """The part of a plate that the square is read from; a pixel of it at least."""
        edge = np.array([-0.5, self.size - 0.5])
        corners = np.array([[x, y] for x in edge for y in edge])
        reach = _MARGIN + self.scale
        quad = corners @ self.matrix[:, :2].T + self.matrix[:, 2]
        low = np.floor(quad.min(axis=0) - reach).astype(int)
        high = np.ceil(quad.max(axis=0) + reach).astype(int) + 1
        x0, y0 = (int(np.clip(v, 0, n - 1)) for v, n in zip(low, _size(plate), strict=True))
        x1, y1 = (int(np.clip(v, 1, n)) for v, n in zip(high, _size(plate), strict=True))
        return Box(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1))

    def lay(self, square: FloatArray, box: Box) -> FloatArray:
        """A square (N, N, ...) as it lies over a box of coded pixels, without aliasing.

        Beyond the square its border goes on.
        """
        matrix = np.array(self.inverse, dtype=np.float64)
        matrix[:, 2] += matrix[:, :2] @ np.array([box.x0, box.y0])
        return resample(square, matrix, (box.width, box.height), cv2.BORDER_REPLICATE)


class CropPath:
    """The squares of one face over a shot.

    Args:
        face: The face.
        shot: Its shot.
        size: Pixels along the side of a square: the networks' resolution.
    """

    def __init__(self, face: Face, shot: Shot, size: int) -> None:
        self.size = size
        self._orientation: Orientation = shot.media.orientation
        self._track = _track(face, shot)

    def at(self, frame: int) -> Crop:
        """The square of a frame in which the face is valid."""
        x, y, size, angle = (float(v) for v in self._track[frame])
        across = np.exp(size) * np.array([np.cos(angle), np.sin(angle)])
        down = np.array([-across[1], across[0]])
        # The centres of the square's first pixel, and of those beside and below it.
        first = np.array([x, y]) + (1 / self.size - 1) * (across + down)
        step = 2 / self.size
        upright = np.stack([first, first + step * self.size * across,
                            first + step * self.size * down])  # fmt: skip
        origin, right, below = np.asarray(to_coded(self._orientation, upright), np.float64)
        columns = [(right - origin) / self.size, (below - origin) / self.size, origin]
        return Crop(self.size, np.stack(columns, axis=1))


def resample(
    picture: FloatArray,
    matrix: Affine,
    size: tuple[int, int],
    border: int = cv2.BORDER_REFLECT_101,
) -> FloatArray:
    """A picture seen through an affine map, without aliasing.

    Where the new picture is coarser, it is made finer by whole times and averaged over
    areas; where it is finer, it is interpolated with cubics.

    Args:
        picture: (h, w) or (h, w, C) float32.
        matrix: (2, 3) from pixels of the new picture to pixels of this one.
        size: Width and height of the new picture.
        border: What lies beyond the picture, as OpenCV's border type.
    """
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    finer = max(1, int(np.ceil(scale - 0.05)))
    inner = np.array(matrix, dtype=np.float64)
    if finer > 1:
        inner[:, 2] += inner[:, :2].sum(axis=1) * (0.5 / finer - 0.5)
        inner[:, :2] /= finer
    seen = cv2.warpAffine(
        picture, inner, (size[0] * finer, size[1] * finer),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=border,
    )  # fmt: skip
    if finer > 1:
        seen = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
    return np.asarray(seen, dtype=np.float32)


def _track(face: Face, shot: Shot) -> FloatArray:
    """(T, 4) middle x, y, logarithm of half the side, angle of every frame's square, upright."""
    eyes = [face.identity[list(EYES[side].rim)].mean(axis=0) for side in ("Right", "Left")]
    points = np.stack([*eyes, *face.identity[list(_MOUTH)]])
    track = np.zeros((len(face.valid), 4), dtype=np.float64)
    for frame in np.flatnonzero(face.valid):
        track[frame] = _square(face.curves.pose.project(int(frame), points))
    track[face.valid, 3] = np.unwrap(track[face.valid, 3])
    return smooth(
        track.astype(np.float32), face.valid, rate=float(shot.clock.rate), cuts=shot.breaks
    )


def _square(points: FloatArray) -> tuple[float, float, float, float]:
    """FFHQ's square of the eyes' middles and the mouth's corners, (4, 2) upright pixels."""
    landmarks = np.zeros((68, 2))
    landmarks[36:42], landmarks[42:48], landmarks[[48, 54]] = points[0], points[1], points[2:]
    corners = ffhq_quad(landmarks)
    x, y = corners.mean(axis=0)
    across = (corners[3] - corners[0]) / 2
    half = max(float(np.hypot(*across)), 1e-3)
    return float(x), float(y), float(np.log(half)), float(np.arctan2(across[1], across[0]))


def _size(plate: Plate) -> tuple[int, int]:
    return plate.width, plate.height
