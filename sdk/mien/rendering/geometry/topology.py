"""Which landmarks make which part of the face, and how the warp's mesh is connected.

Contours are runs of MediaPipe face mesh indices. Those of an opening (an eye, the mouth)
come as an upper and a lower run between the same two corners, the one on the left of the
picture first, so that both can be read as height over width.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, Int32Array
from mien.face.rig import load_rig
from mien.model.landmarks import IRISES, LANDMARKS, SKIN

__all__ = [
    "BROWS",
    "EYES",
    "IRIS",
    "LIPS",
    "LIP_SAMPLES",
    "OVAL",
    "SKIN_SAMPLES",
    "Opening",
    "WarpMesh",
    "face_triangles",
    "still_mesh",
    "warp_mesh",
]


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening of the skin, between two corners.

    Attributes:
        upper: Landmarks of the upper edge, corner to corner, left of the picture first.
        lower: Landmarks of the lower edge between the same corners.
    """

    upper: tuple[int, ...]
    lower: tuple[int, ...]

    @property
    def rim(self) -> tuple[int, ...]:
        """The whole edge, once around."""
        return self.upper + self.lower[-2:0:-1]


LIPS: Final = Opening(
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
"""The inner edges of the lips."""

EYES: Final[dict[str, Opening]] = {
    "Right": Opening(
        (33, 246, 161, 160, 159, 158, 157, 173, 133),
        (33, 7, 163, 144, 145, 153, 154, 155, 133),
    ),
    "Left": Opening(
        (362, 398, 384, 385, 386, 387, 388, 466, 263),
        (362, 382, 381, 380, 374, 373, 390, 249, 263),
    ),
}
"""The edges of the lids, by the person's own side."""

IRIS: Final[dict[str, tuple[int, ...]]] = {
    side: tuple(range(LANDMARKS)[group]) for side, group in IRISES.items()
}
"""Centre of the iris, then four points on its edge."""

OVAL: Final[tuple[int, ...]] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The outline of the face, once around from the top of the forehead."""

BROWS: Final[tuple[tuple[int, ...], ...]] = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
"""The outlines of the brows."""

SKIN_SAMPLES: Final = (205, 425, 207, 427, 199, 200, 36, 266)
LIP_SAMPLES: Final = (0, 11, 12, 15, 16, 17, 39, 269, 181, 405, 37, 267, 84, 314)
"""Landmarks on cheeks and chin, and on the red of the lips, to tell their colours by."""


@dataclass(frozen=True, slots=True, eq=False)
class WarpMesh:
    """The mesh that carries the displacement over the picture.

    Vertices are the 468 skin landmarks, then one band vertex for every landmark on the rim
    of an eye (`band_of`), then one ring vertex for every landmark of the oval.

    Attributes:
        skin: (N, 3) triangles of the skin; the eyes and the mouth are holes.
        filled: (M, 3) triangles that close the holes.
        band_of: (B,) landmark that a band vertex follows.
        outward: (B, 468) weights of the skin around a band vertex's landmark, to say which
            way the skin lies.
    """

    skin: Int32Array
    filled: Int32Array
    band_of: Int32Array
    outward: npt.NDArray[np.float32]

    @property
    def vertices(self) -> int:
        """Number of vertices."""
        return SKIN + len(self.band_of) + len(OVAL)

    def without(self, edge: tuple[int, ...]) -> Int32Array:
        """Return (K, 3) triangles of the skin that do not touch an edge, nor the band along it."""
        return np.asarray(self.skin[~_touching(edge)])

    def along(self, edge: tuple[int, ...], other: tuple[int, ...]) -> Int32Array:
        """Return (K, 3) triangles of the skin that touch an edge, or its band, but not another."""
        return np.asarray(self.skin[_touching(edge) & ~_touching(other)])


@cache
def _touching(edge: tuple[int, ...]) -> BoolArray:
    """(N,) which triangles of the skin touch an edge, or the band along it."""
    mesh = warp_mesh()
    band = SKIN + np.flatnonzero(np.isin(mesh.band_of, edge))
    return np.asarray(np.isin(mesh.skin, [*edge, *band]).any(axis=1))


@lru_cache(maxsize=1)
def warp_mesh() -> WarpMesh:
    """Return the mesh's connectivity, from the rig's triangles.

    The skin next to a lid's edge is made to move rigidly with it by an inset row of
    vertices, the band: what stretches when an eye closes is then the lid's smooth skin,
    and not the line of the lashes.
    """
    skin = np.asarray(load_rig().triangles, dtype=np.int32)
    filled = np.concatenate([_fill(opening) for opening in (*EYES.values(), LIPS)])

    band_of = np.array([v for eye in EYES.values() for v in eye.rim], dtype=np.int32)
    outward = np.zeros((len(band_of), SKIN), dtype=np.float32)
    for row, vertex in enumerate(band_of):
        around = np.unique(skin[(skin == vertex).any(axis=1)])
        around = around[~np.isin(around, band_of)]
        outward[row, around] = 1 / max(len(around), 1)
    renumber = np.arange(SKIN, dtype=np.int32)
    renumber[band_of] = SKIN + np.arange(len(band_of), dtype=np.int32)
    parts = [renumber[skin]]
    start = SKIN
    for eye in EYES.values():
        parts.append(_ribbon(np.array(eye.rim), start + np.arange(len(eye.rim))))
        start += len(eye.rim)
    parts.append(_ribbon(np.array(OVAL), start + np.arange(len(OVAL))))
    return WarpMesh(np.concatenate(parts).astype(np.int32), filled, band_of, outward)


@lru_cache(maxsize=1)
def face_triangles() -> Int32Array:
    """Return (N, 3) triangles of the 468 skin landmarks alone, the eyes and the mouth closed."""
    skin = np.asarray(load_rig().triangles, dtype=np.int32)
    return np.asarray(np.concatenate([warp_mesh().filled, skin]), dtype=np.int32)


@lru_cache(maxsize=1)
def still_mesh() -> Int32Array:
    """Return (N, 3) triangles of the closed face and of two rings around its oval.

    Vertices are the 468 skin landmarks, then the inner and the outer ring.
    """
    rings = [SKIN + i * len(OVAL) + np.arange(len(OVAL)) for i in range(2)]
    parts = [
        warp_mesh().filled,
        np.asarray(load_rig().triangles, dtype=np.int32),
        _ribbon(np.array(OVAL), rings[0]),
        _ribbon(rings[0], rings[1]),
    ]
    return np.asarray(np.concatenate(parts), dtype=np.int32)


def _fill(opening: Opening) -> Int32Array:
    """Triangles that close an opening from edge to edge."""
    upper, lower = np.array(opening.upper), np.array(opening.lower)
    triangles = np.concatenate(
        [
            np.stack([upper[:-1], upper[1:], lower[1:]], axis=1),
            np.stack([upper[:-1], lower[1:], lower[:-1]], axis=1),
        ]
    )
    # At the corners, which both edges share, half of them have no area.
    whole = (triangles != np.roll(triangles, 1, axis=1)).all(axis=1)
    return np.asarray(triangles[whole], dtype=np.int32)


def _ribbon(inner: npt.NDArray[np.int64], outer: npt.NDArray[np.int64]) -> Int32Array:
    """Triangles of the closed strip between two loops of equally many vertices."""
    inner_next, outer_next = np.roll(inner, -1), np.roll(outer, -1)
    triangles = np.concatenate(
        [
            np.stack([inner, inner_next, outer_next], axis=1),
            np.stack([inner, outer_next, outer], axis=1),
        ]
    )
    return np.asarray(triangles, dtype=np.int32)
