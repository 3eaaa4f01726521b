"""Pictures of a face brought over one another and compared.

The truth is brought over the plate by the similarity that takes the landmarks that expressions
hardly move onto those of the plate, and gets the mean and spread of the plate's colours over the
face (Reinhard et al., "Color Transfer between Images", 2001, in R'G'B'), so that neither a step
aside nor a lamp counts as an error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.face.rig import load_rig
from mien.identity.base import similarity_onto

__all__ = [
    "SIDE",
    "FaceCrop",
    "eye_distance",
    "grown_face",
    "moved",
    "psnr",
    "region_landmarks",
    "ssim",
]

SIDE: Final = 256
"""Pixels along each side of what is compared, whatever the size of the clip."""
_SURROUNDINGS: Final = 1.5
"""Side of the square that is compared, over the longer side of the landmarks' box."""
_STILL: Final = (6, 168, 197, 195, 33, 133, 362, 263, 127, 356, 234, 454, 162, 389)
"""Landmarks that expressions hardly move: bridge of the nose, corners of the eyes, temples."""
_OUTER_CORNERS: Final = (33, 263)
_SSIM_SIGMA: Final = 1.5
_SSIM_FLOORS: Final = (0.01**2, 0.03**2)
"""Window and constants of Wang et al., "Image Quality Assessment", 2004."""
_AWAY: Final = 0.5
"""How far from the face a pixel is away from it, in distances of the eyes."""
_MOST_PSNR: Final = 100.0
"""Decibels at which equal pictures are put."""

_GROUPS: Final = {
    "eyes": ("left_eye_upper", "left_eye_lower", "right_eye_upper", "right_eye_lower"),
    "brows": ("left_brow", "right_brow"),
    "nose": ("nose",),
    "mouth": ("lips_inner_upper", "lips_inner_lower", "lips_outer_upper", "lips_outer_lower"),
    "outline": ("oval",),
}


def _landmarks_of(names: tuple[str, ...]) -> npt.NDArray[np.intp]:
    groups = load_rig().groups
    together = np.concatenate([groups[name] for name in names])
    return np.asarray(np.unique(together), dtype=np.intp)


def region_landmarks() -> dict[str, npt.NDArray[np.intp]]:
    """Return the landmarks of each region of the face, by its name."""
    return {name: _landmarks_of(groups) for name, groups in _GROUPS.items()}


@dataclass(frozen=True, slots=True, eq=False)
class FaceCrop:
    """A square of a plate's face, in which edit and truth are compared with the plate.

    Attributes:
        x: Left edge in pixels of the picture; it may lie outside.
        y: Top edge.
        side: Pixels along each side.
        onto: (2, 3) from pixels of the real frame to pixels of the plate's picture.
        face: (256, 256) bool, where the face is, of the plate or of the truth.
        colour: (2, 3) the factor and the offset that give the truth the plate's colours.
    """

    x: int
    y: int
    side: int
    onto: npt.NDArray[np.float64]
    face: BoolArray
    colour: FloatArray

    @classmethod
    def of(
        cls,
        plate: npt.NDArray[np.uint8],
        plate_points: FloatArray,
        real: npt.NDArray[np.uint8],
        real_points: FloatArray,
    ) -> FaceCrop:
        """Return the square around a face of the plate, and how the real frame is brought there.

        Args:
            plate: (H, W, 3) uint8 sRGB.
            plate_points: (478, 2) landmarks in its pixels.
            real: (H, W, 3) uint8 sRGB, the frame that shows the truth.
            real_points: (478, 2) landmarks in its pixels.
        """
        still = list(_STILL)
        onto = similarity_onto(real_points[still], plate_points[still])
        true_points = moved(real_points, onto)
        points = np.concatenate([plate_points, true_points])
        low, high = points.min(axis=0), points.max(axis=0)
        side = max(int(np.ceil(float((high - low).max()) * _SURROUNDINGS)), 16)
        x, y = (int(value) for value in np.rint((low + high) / 2 - side / 2))
        blank = cls(x, y, side, onto, np.ones((SIDE, SIDE), np.bool_), np.ones((2, 3), np.float32))
        oval = load_rig().groups["oval"]
        outlines = [blank.points_inside(one)[oval] for one in (plate_points, true_points)]
        mask = np.zeros((SIDE, SIDE), np.uint8)
        hull = cv2.convexHull(np.rint(np.concatenate(outlines)).astype(np.int32))
        cv2.fillConvexPoly(mask, hull, 1)
        face = mask > 0
        ours, theirs = blank.cut(plate)[face], blank.warped(real)[face]
        gain = ours.std(axis=0) / np.maximum(theirs.std(axis=0), 1)
        colour = np.stack([gain, ours.mean(axis=0) - gain * theirs.mean(axis=0)])
        return cls(x, y, side, onto, face, colour.astype(np.float32))

    def cut(self, picture: npt.NDArray[np.uint8]) -> FloatArray:
        """Return the square (256, 256, 3) float32 0..255 of a picture in the plate's pixels."""
        return self._cut(picture, np.array([[1.0, 0, -self.x], [0, 1, -self.y]]))

    def warped(self, real: npt.NDArray[np.uint8]) -> FloatArray:
        """Return a real frame over the square, in its own colours."""
        onto = self.onto - np.array([[0.0, 0, self.x], [0, 0, self.y]])
        return self._cut(real, onto)

    def truth(self, real: npt.NDArray[np.uint8]) -> FloatArray:
        """Return the truth (256, 256, 3) float32 0..255: a real frame in the plate's colours."""
        coloured = self.warped(real) * self.colour[0] + self.colour[1]
        return np.asarray(np.clip(coloured, 0, 255), dtype=np.float32)

    def points_inside(self, points: FloatArray) -> FloatArray:
        """Return landmarks (N, 2) of the plate's picture in pixels of the square."""
        corner = np.array([self.x, self.y], dtype=np.float32)
        return np.asarray((points - corner + 0.5) * (SIDE / self.side) - 0.5, dtype=np.float32)

    def _cut(self, picture: npt.NDArray[np.uint8], onto: npt.NDArray[np.float64]) -> FloatArray:
        square = cv2.warpAffine(
            picture, onto, (self.side, self.side), flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        method = cv2.INTER_AREA if self.side > SIDE else cv2.INTER_CUBIC
        resized = cv2.resize(square, (SIDE, SIDE), interpolation=method)
        return np.asarray(resized, dtype=np.float32)


def moved(points: FloatArray, onto: npt.NDArray[np.float64]) -> FloatArray:
    """Return points (N, 2) moved by an affine map (2, 3)."""
    return np.asarray(points @ onto[:, :2].T + onto[:, 2], dtype=np.float32)


def eye_distance(points: FloatArray) -> float:
    """Return the pixels between the outer corners of the eyes of landmarks (478, 2)."""
    first, second = _OUTER_CORNERS
    return max(float(np.linalg.norm(points[first] - points[second])), 1.0)


def psnr(picture: FloatArray, truth: FloatArray, where: BoolArray) -> float:
    """Return the peak signal to noise ratio in decibels of pictures 0..255; 100 of equal ones."""
    error = float(np.mean((picture[where] - truth[where]).astype(np.float64) ** 2))
    return _MOST_PSNR if error == 0 else min(10 * math.log10(255**2 / error), _MOST_PSNR)


def ssim(picture: FloatArray, truth: FloatArray, where: BoolArray) -> float:
    """Return the mean structural similarity of luma of pictures 0..255 (Wang et al. 2004)."""
    one, other = (_luma(value) for value in (picture, truth))

    def blur(values: FloatArray) -> FloatArray:
        return np.asarray(cv2.GaussianBlur(values, (11, 11), _SSIM_SIGMA))

    mean_one, mean_other = blur(one), blur(other)
    spread_one = blur(one * one) - mean_one**2
    spread_other = blur(other * other) - mean_other**2
    common = blur(one * other) - mean_one * mean_other
    low, high = _SSIM_FLOORS
    above = (2 * mean_one * mean_other + low) * (2 * common + high)
    below = (mean_one**2 + mean_other**2 + low) * (spread_one + spread_other + high)
    return float((above / below)[where].mean())


def grown_face(shape: tuple[int, ...], *landmarks: FloatArray) -> BoolArray:
    """Return where (H, W) the face of a picture is, and half a distance of the eyes around it.

    Args:
        shape: Shape of the picture, (H, W, ...).
        landmarks: (478, 2) each: the face before and after.
    """
    mask = np.zeros(shape[:2], np.uint8)
    hull = cv2.convexHull(np.rint(np.concatenate(landmarks)).astype(np.int32))
    cv2.fillConvexPoly(mask, hull, 1)
    far = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(far <= _AWAY * eye_distance(landmarks[0]))


def _luma(picture: FloatArray) -> FloatArray:
    """(h, w) 0..1, by the weights of BT.709."""
    weights = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    return np.asarray(picture @ weights / 255, dtype=np.float32)
