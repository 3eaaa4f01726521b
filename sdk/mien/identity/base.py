"""What every way of telling who a face is can do."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray, FloatArray

__all__ = ["IdentityModel", "cosine", "reduced", "similarity_onto", "usable"]

_LEAST_SIDE: Final = 8.0
"""Pixels of a face's box below which nothing is told of it."""
_IRISES: Final = (468, 473)
_SURROUNDINGS: Final = 1.0
"""What is kept around the landmarks' box, in parts of its longer side."""


class IdentityModel(Protocol):
    """A way of telling who a face is; `mien.choose_identity` gives the best that is installed."""

    @property
    def name(self) -> str:
        """Its name: `arcface`, `dlib-resnet` or `landmarks`."""
        ...

    @property
    def reason(self) -> str:
        """The reason why it was chosen, and what would be better, as sentences for people."""
        ...

    @property
    def sees_pixels(self) -> bool:
        """Whether it looks at pixels, not at the shape of the landmarks alone."""
        ...

    @property
    def same_person(self) -> float:
        """Similarity from which two faces are usually one person's."""
        ...

    def describe(
        self, picture: npt.NDArray[np.uint8], landmarks: npt.ArrayLike
    ) -> FloatArray | None:
        """Describe who a face is.

        Args:
            picture: (H, W, 3) uint8 sRGB, upright.
            landmarks: (478, 2 or 3) mien's landmarks of the face, in pixels of the picture.

        Returns:
            (N,) float32, to be compared with others of the same model alone; None where the
            landmarks are not numbers, not on the picture, or a few pixels apart.

        Raises:
            WeightsError: When the model's file cannot be used.
        """
        ...

    def similarity(self, first: npt.ArrayLike, second: npt.ArrayLike) -> float:
        """Compare two faces that this model described.

        Args:
            first: What `describe` gave of one.
            second: What it gave of the other.

        Returns:
            1 for the same picture, about 0 for strangers (it may be below). The cosine, but for
            `dlib-resnet` 1 - the Euclidean distance, which is what its network was trained for.
        """
        ...


def cosine(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Return the cosine of the angle between two vectors; 1 of equal ones, even of nothing."""
    one, other = (np.asarray(value, dtype=np.float64) for value in (first, second))
    if np.array_equal(one, other):
        return 1.0
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / max(lengths, 1e-12)


def usable(picture: npt.NDArray[np.uint8], landmarks: npt.ArrayLike) -> FloatArray | None:
    """Return a face's landmarks (478, 2) where they lie on the picture; None otherwise."""
    points = np.asarray(landmarks, dtype=np.float32)[:, :2]
    if not np.isfinite(points).all():
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.array(picture.shape[1::-1], dtype=np.float32)
    if (high - low).min() < _LEAST_SIDE or (high <= 0).any() or (low >= size).any():
        return None
    return points


def reduced(
    picture: npt.NDArray[np.uint8], points: FloatArray, apart: float
) -> tuple[npt.NDArray[np.uint8], FloatArray]:
    """Return the surroundings of a face, at most twice as large as a network looks at it.

    Larger faces are averaged down, since the bilinear step that aligns them would skip pixels.

    Args:
        picture: (H, W, 3) uint8 sRGB.
        points: (478, 2) the face's landmarks in its pixels.
        apart: Pixels between the irises of the face that the network looks at.

    Returns:
        The surroundings (h, w, 3) uint8, and the landmarks (478, 2) in them.
    """
    import cv2

    low, high = points.min(axis=0), points.max(axis=0)
    margin = float((high - low).max()) * _SURROUNDINGS
    height, width = picture.shape[:2]
    x0, y0 = (int(max(value - margin, 0)) for value in low)
    x1 = int(min(high[0] + margin + 1, width))
    y1 = int(min(high[1] + margin + 1, height))
    crop = np.ascontiguousarray(picture[y0:y1, x0:x1])
    inside = points - np.array([x0, y0], dtype=np.float32)
    scale = 2 * apart / max(float(np.linalg.norm(points[_IRISES[1]] - points[_IRISES[0]])), 1e-3)
    if scale >= 1:
        return crop, inside
    size = (max(round(crop.shape[1] * scale), 1), max(round(crop.shape[0] * scale), 1))
    small = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
    ratio = np.array([size[0] / crop.shape[1], size[1] / crop.shape[0]], dtype=np.float32)
    return np.asarray(small), np.asarray((inside + 0.5) * ratio - 0.5, dtype=np.float32)


def similarity_onto(points: npt.ArrayLike, template: npt.ArrayLike) -> DoubleArray:
    """Return the similarity (2, 3) that best takes points (N, 2) onto a template (N, 2)."""
    # In the plane, with points as complex numbers, the fit has one line (Umeyama 1991 in 2D).
    seen, wanted = (np.asarray(value, dtype=np.float64) @ (1, 1j) for value in (points, template))
    around, about = seen - seen.mean(), wanted - wanted.mean()
    turn = np.vdot(around, about) / max(np.vdot(around, around).real, 1e-12)
    shift = wanted.mean() - turn * seen.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
