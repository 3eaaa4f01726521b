"""The last frames of a shot as small pictures, and how each lies between two others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray

__all__ = ["LONGEST", "Blend", "MixWindow", "Unlike", "unlike"]

LONGEST: Final = 104
"""Frames between two pictures that are compared at most: how long a mix can be, and be found."""

_SIZE: Final = (32, 18)
"""Width and height of the pictures that are compared; they tolerate what moves a little."""


_WINDOW: Final = 5
_REACH: Final = 2
"""Side of the places whose structure is compared, and how far each may have moved; in pixels of
the small picture, a thirty-second of the picture's width."""

_TEXTURE: Final = 4.0
"""Spread of values, of 255, from which a place has a structure at all."""

_ALIKE: Final = 0.6
"""Correlation from which two places show the same, under whatever light."""

_FADED: Final = 0.2
"""Contrast, in that of another place, below which a place shows nothing of it any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """Pictures as mixtures of the first and the last of them.

    Attributes:
        fractions: (n,) how far each has gone from the first to the last, by least squares.
        residuals: (n,) what of each is no mixture: its squared distance from the best one, over
            that of the first from the last.
        distance: Root mean square difference of the first from the last, of 255.
    """

    fractions: npt.NDArray[np.float64]
    residuals: npt.NDArray[np.float64]
    distance: npt.NDArray[np.float64]


class MixWindow:
    """The last frames that passed; older ones are forgotten."""

    def __init__(self) -> None:
        self._count = LONGEST + 8
        width, height = _SIZE
        self._rows = np.zeros((self._count, width * height * 3), np.float32)
        self._products = np.zeros((self._count, self._count))
        self._contrasts = np.zeros(self._count)
        self.stop = 0

    @property
    def first(self) -> int:
        """The oldest frame that is still known."""
        return max(0, self.stop - self._count)

    def push(self, thumb: npt.NDArray[np.generic]) -> None:
        """Add the picture (36, 64, 3) of the next frame."""
        place = self.stop % self._count
        picture = thumb.astype(np.float32)
        row = cv2.resize(picture, _SIZE, interpolation=cv2.INTER_AREA).ravel()
        self._rows[place] = row
        # All distances and projections follow from the products of every two pictures.
        products = self._rows @ row
        self._products[place], self._products[:, place] = products, products
        self._contrasts[place] = row.reshape(-1, 3).std(axis=0).max()
        self.stop += 1

    def picture(self, frame: int) -> FloatArray:
        """Return the small picture (18, 32, 3) of a frame that is still known, 0 to 255."""
        width, height = _SIZE
        return np.asarray(self._rows[frame % self._count].reshape(height, width, 3))

    def contrast(self, frame: int) -> float:
        """Return the spread of a frame's values, of 255, in the channel that has most."""
        return float(self._contrasts[frame % self._count])

    def halfway(
        self, firsts: npt.NDArray[np.int64], last: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return how far frames are from the last, and what is half-way between.

        Args:
            firsts: (n,) frames.
            last: A later one.

        Returns:
            (n,) root mean square differences, of 255, and (n,) residuals, as `Blend` has them,
            of the frame in the middle.
        """
        found = self._blend(firsts, last, (firsts + last) // 2)
        return found.distance, found.residuals

    def blend(self, first: int, last: int) -> Blend:
        """Return how the frames from one to another, both included, lie between the two."""
        return self._blend(first, last, np.arange(first, last + 1))

    def _blend(
        self,
        first: npt.NDArray[np.int64] | int,
        last: int,
        frames: npt.NDArray[np.int64],
    ) -> Blend:
        product = self._products
        a, b, f = first % self._count, last % self._count, frames % self._count
        squared = np.maximum(product[a, a] + product[b, b] - 2 * product[a, b], 1e-6)
        from_first = product[f, f] + product[a, a] - 2 * product[f, a]
        along = product[f, b] - product[f, a] - product[a, b] + product[a, a]
        fractions = along / squared
        residuals = np.maximum(from_first / squared - fractions**2, 0)
        return Blend(fractions, residuals, np.sqrt(squared / self._rows.shape[1]))


@dataclass(frozen=True, slots=True)
class Unlike:
    """How much of two pictures the other one does not show, wherever it may have moved.

    Attributes:
        gone: The share of the first picture's area that has a structure which the second lacks.
        new: The same the other way round.
        energy: The share of their squared difference that lies in such places.
    """

    gone: float
    new: float
    energy: float

    @property
    def most(self) -> float:
        """The larger of the two areas."""
        return max(self.gone, self.new)

    @property
    def least(self) -> float:
        """The smaller of them."""
        return min(self.gone, self.new)


def unlike(a: FloatArray, b: FloatArray) -> Unlike:
    """Return how much two small pictures differ in what they show.

    Places are compared by their structure, so that light and shadow make no difference: the
    normalized cross-correlation of small windows, the best of some shifts (Lewis, "Fast
    Normalized Cross-Correlation", 1995).

    Args:
        a: (H, W, 3) values from 0 to 255.
        b: The same of the other picture.
    """
    one, other = _fine(a), _fine(b)
    gone, new = _lacking(one, other), _lacking(other, one)
    squared = ((a - b) ** 2).sum(axis=2)
    energy = float(squared[gone | new].sum() / max(float(squared.sum()), 1e-6))
    return Unlike(float(gone.mean()), float(new.mean()), energy)


def _fine(picture: FloatArray) -> FloatArray:
    """Brightness less its own surroundings' (H, W): what a lamp lights is the same without it."""
    light = picture.mean(axis=2)
    return np.asarray(light - _box(light[None])[0])


def _lacking(picture: FloatArray, other: FloatArray) -> BoolArray:
    """Where a picture (H, W) has a structure that another one has nowhere near."""
    height, width = picture.shape
    side = 2 * _REACH + 1
    padded = np.pad(other, _REACH, mode="edge")
    shifted = np.stack(
        [padded[y : y + height, x : x + width] for y in range(side) for x in range(side)]
    )
    mean, means = _box(picture[None]), _box(shifted)
    spread = np.maximum(_box(picture[None] ** 2) - mean**2, 0)
    spreads = np.maximum(_box(shifted**2) - means**2, 0)
    together = _box(picture[None] * shifted) - mean * means
    alike = together / np.sqrt((spread + 1) * (spreads + 1))
    best = np.where(spreads >= _FADED**2 * spread, alike, -1).max(axis=0)
    return np.asarray((spread[0] > _TEXTURE**2) & (best < _ALIKE))


def _box(pictures: FloatArray) -> FloatArray:
    """Means over the windows around every pixel of pictures (N, H, W)."""
    half = _WINDOW // 2
    padded = np.pad(pictures, ((0, 0), (half + 1, half), (half + 1, half)), mode="edge")
    # The pixel that is too many on one side is the zero before the first sum.
    padded[:, 0], padded[:, :, 0] = 0, 0
    sums = padded.astype(np.float64).cumsum(axis=1).cumsum(axis=2)
    n = _WINDOW
    total = sums[:, n:, n:] - sums[:, :-n, n:] - sums[:, n:, :-n] + sums[:, :-n, :-n]
    return np.asarray(total / n**2, np.float32)
