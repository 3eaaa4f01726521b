"""A small picture of a face in one layout, whatever it does: what the regions' confidence sees.

Every texel lies at a fixed place of the mean face's skin, and shows the picture where the
landmarks say that place is. Lips that move and heads that turn hold still in it; what is in front
of the face does not fit.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, ByteArray, FloatArray
from mien.face.rig import load_rig
from mien.model.landmarks import SKIN
from mien.tracking.models import Reading

__all__ = ["COLUMNS", "ROWS", "TexelLayout", "texel_layout", "thumbnail"]

ROWS: Final = 40
"""Rows of a thumbnail; a texel is 4 mm of skin."""

COLUMNS: Final = 34
"""Columns of a thumbnail."""

_SOURCE: Final = 96
"""Pixels along each side of the region of which it is made: about two a texel, so that none is
skipped and grain is averaged."""


@dataclass(frozen=True, slots=True, eq=False)
class TexelLayout:
    """Where the texels of a thumbnail lie on a face.

    Attributes:
        skin: (ROWS, COLUMNS) bool, texels that show skin; the others stay black. Eyes and the
            inside of the mouth are no skin.
        vertices: (K, 3) the landmarks around each texel of the skin, in the order of `skin`.
        weights: (K, 3) float32, how much of each of them makes the texel's place.
        positions: (K, 2) float32, the texels' places on the mean face, canonical units.
    """

    skin: BoolArray
    vertices: npt.NDArray[np.intp]
    weights: FloatArray
    positions: FloatArray

    def at(self, points: FloatArray) -> FloatArray:
        """Return where a face's texels are: (..., K, D) of (..., 468 or more, D) landmarks."""
        around = points[..., self.vertices, :]
        return np.asarray(np.einsum("...kvd,kv->...kd", around, self.weights))


@functools.cache
def texel_layout() -> TexelLayout:
    """Return the layout of every thumbnail."""
    rig = load_rig()
    mean = rig.mean[:, :2]
    low, high = mean.min(axis=0), mean.max(axis=0)
    size = max((high[0] - low[0]) / COLUMNS, (high[1] - low[1]) / ROWS)
    middle = (low + high) / 2
    across = middle[0] + (np.arange(COLUMNS) - (COLUMNS - 1) / 2) * size
    down = middle[1] - (np.arange(ROWS) - (ROWS - 1) / 2) * size
    grid = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    corners = mean[rig.triangles].astype(np.float64)
    origin = corners[:, 0]
    sides = np.stack([corners[:, 1] - origin, corners[:, 2] - origin], axis=-1)
    inverse = np.linalg.pinv(sides)
    # (texels, triangles, 2), then the share of the first corner before them.
    part = np.einsum("tij,ntj->nti", inverse, grid[:, None] - origin)
    shares = np.concatenate([1 - part.sum(axis=-1, keepdims=True), part], axis=-1)
    inside = shares.min(axis=-1)
    best = inside.argmax(axis=1)
    found = inside.max(axis=1) >= 0
    rows = np.flatnonzero(found)
    return TexelLayout(
        found.reshape(ROWS, COLUMNS),
        np.asarray(rig.triangles[best[rows]], np.intp),
        shares[rows, best[rows]].astype(np.float32),
        grid[rows].astype(np.float32),
    )


def thumbnail(reading: Reading) -> ByteArray:
    """Return what a reading shows of its face, (K, 3) R'G'B' of the texels of skin."""
    small = cv2.resize(reading.crop, (_SOURCE, _SOURCE), interpolation=cv2.INTER_AREA)
    to_picture = reading.used.to_picture(_SOURCE)
    # A turn and a scale, undone by hand: threaded linear algebra takes longer for so few numbers.
    (cosine, _), (sine, _) = to_picture[:, :2] / (reading.used.side / _SOURCE) ** 2
    x, y = texel_layout().at(reading.points[:SKIN, :2]).T - to_picture[:, 2:]
    across = np.asarray(cosine * x + sine * y, np.float32)
    down = np.asarray(cosine * y - sine * x, np.float32)
    shown = cv2.remap(
        small, across[None], down[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(shown[0])
