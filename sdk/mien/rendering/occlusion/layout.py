"""The layout in which a face is compared with itself: where a landmark lies whatever it does.

Unlike the layout in which skin is learned it reaches beyond the face's outline, so that what comes
in from the side is seen as it comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np

from mien._types import BoolArray, ByteArray, FloatArray, IndexArray, Int32Array
from mien.media.planes import Box
from mien.model.landmarks import SKIN
from mien.rendering.geometry.field import MeshRaster, Zone, remap
from mien.rendering.geometry.topology import BROWS, EYES, OVAL, face_triangles
from mien.rendering.occlusion.discs import dilated, ellipse

__all__ = ["FURTHER", "FaceLayout"]

_OUTER_LIPS: Final = (
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146,
)  # fmt: skip
"""Landmarks of the outer edge of the lips, once around."""
_FILL: Final = 0.94
"""Part of the layout's side that face and border take up."""
_BORDER: Final = 1.24
"""How far the border around the face reaches, over the outline's distance from its middle."""
_CELL: Final = 2
"""Texels along a cell of the field that brings a picture to the layout."""
_BACK_CELL: Final = 3
"""Pixels along a cell of the field that brings the layout to a picture."""
_EDGE_CELLS: Final = 2
"""Cells at the edge of a mesh that are not relied upon."""
_SHRUNK: Final = 1.3
"""Pixels of the face in a texel from which a picture is blurred first, or it would alias."""
_AVERAGED: Final = 2.0
"""The same from which as many pixels as whole ones are averaged."""
_BLUR: Final = 0.35
"""Standard deviation of that blur, pixels for each pixel in a texel."""
_UNIT: Final = 192.0
"""Side of a layout in which the lengths below, and those of who uses it, are texels."""
_EYE, _MOUTH, _BROW = 5, 3, 7
"""How far around eyes, mouth and brows their look says little: they move, open and shut."""
_BROW_SHARE: Final = 0.9
"""How much less is said by brows than by bare skin."""
FURTHER: Final = 16
"""How far mouth and brows may be from where the tracker has them."""
_RIM, _CORE = 4, 5
"""Distance from the outline from which skin is seen surely, and from which it counts alone."""
_BESIDE: Final = 0.45
"""How much the border around the face is trusted: hair and background move there."""
_REGION: Final = 6
"""Distance over which what is known of one region gives way to what is known of the next."""
_SAMPLE: Final = 2000
"""Texels that stand for all of a face."""
_SOFT: Final = 1.5
"""Standard deviation with which these areas run out."""


@dataclass(frozen=True, eq=False)
class FaceLayout:
    """Texels of one person's face, seen from the front.

    Attributes:
        identity: (468, 3) the person's neutral face in canonical space.
        size: Texels along a side.
    """

    identity: FloatArray
    size: int

    @property
    def unit(self) -> float:
        """Texels in the unit of lengths."""
        return self.size / _UNIT

    @cached_property
    def points(self) -> FloatArray:
        """(468 + B, 2) where landmarks and the border around them lie, texels."""
        flat = _bordered(self.identity[:, :2] * np.array([1, -1], dtype=np.float32))
        low, high = flat.min(axis=0), flat.max(axis=0)
        scale = _FILL * self.size / float((high - low).max())
        middle = (low + high) / 2
        return np.asarray((flat - middle) * scale + (self.size - 1) / 2, dtype=np.float32)

    @cached_property
    def face(self) -> BoolArray:
        """(S, S) the face inside its outline."""
        return self._filled(OVAL) > 0

    @cached_property
    def sample(self) -> IndexArray:
        """Some texels of the face, which stand for all; counted row after row."""
        every = np.flatnonzero(self.face)
        return every[:: max(1, len(every) // _SAMPLE)]

    @cached_property
    def known(self) -> BoolArray:
        """(S, S) the face and the border around it."""
        whole = self._filled(tuple(range(SKIN, SKIN + len(OVAL))))
        # A field is blurred over a few cells at the edge of its mesh, and means nothing there.
        return np.asarray(cv2.erode(whole, ellipse(_EDGE_CELLS * _CELL), borderValue=0) > 0)

    @cached_property
    def core(self) -> FloatArray:
        """(S, S) 0..1, the face well inside its outline."""
        return self._within(_CORE)

    @cached_property
    def trust(self) -> FloatArray:
        """(S, S) 0..1, how much texels say: skin all, the border less."""
        return np.where(self.known, np.maximum(self._within(_RIM), _BESIDE), 0).astype(np.float32)

    @cached_property
    def moving(self) -> FloatArray:
        """(S, S) 0..1, how little the look of eyes, mouth and brows says."""
        mask = np.zeros((self.size, self.size), dtype=np.float32)
        parts = [(eye.rim, _EYE, 1.0) for eye in EYES.values()]
        parts += [(_OUTER_LIPS, _MOUTH, 1.0), *((brow, _BROW, _BROW_SHARE) for brow in BROWS)]
        for outline, grow, share in parts:
            area = cv2.dilate(self._filled(outline), ellipse(grow * self.unit))
            np.maximum(mask, np.float32(share) * area, out=mask)
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), _SOFT * self.unit), dtype=np.float32)

    @cached_property
    def wandering(self) -> tuple[FloatArray, FloatArray]:
        """(S, S) 0 or 1, where brows, and mouth, may be: further than a tracker follows."""
        brows = np.maximum.reduce([self._filled(brow) for brow in BROWS])
        brows, lips = (
            dilated(area, FURTHER * self.unit) for area in (brows, self._filled(_OUTER_LIPS))
        )
        return brows.astype(np.float32), lips.astype(np.float32)

    def by_region(self, values: FloatArray) -> FloatArray:
        """Return a map of what is known of regions, blended between them.

        Args:
            values: (4,) of `REGIONS`.

        Returns:
            (S, S) float32.
        """
        # A product of matrices this small takes several threads longer than one.
        found = np.zeros((self.size, self.size), dtype=np.float32)
        for value, share in zip(values.tolist(), self._shares, strict=True):
            if value:
                found += np.float32(value) * share
        return found

    @cached_property
    def _shares(self) -> FloatArray:
        """(4, S, S) how near texels are to each of `REGIONS`; 1 in sum."""
        y, x = np.mgrid[: self.size, : self.size].astype(np.float32)
        near = []
        for outlines in (
            [eye.rim for eye in EYES.values()],
            list(BROWS),
            [_OUTER_LIPS],
            # Chin and jaw, from ear to ear.
            [(58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288)],
        ):
            points = np.concatenate([self.points[list(outline)] for outline in outlines])
            away = (x[None] - points[:, 0, None, None]) ** 2 + (
                y[None] - points[:, 1, None, None]
            ) ** 2
            near.append(1 / (away.min(axis=0) + (_REGION * self.unit) ** 2) ** 2)
        shares = np.stack(near)
        return np.asarray(shares / shares.sum(axis=0), dtype=np.float32)

    @cached_property
    def lower(self) -> FloatArray:
        """(S,) of every row 0..1, how far it is of the lower face: 1 from the nose's tip down."""
        # The bridge between the eyes, the tip of the nose.
        top, below = float(self.points[6, 1]), float(self.points[2, 1])
        rows = np.arange(self.size, dtype=np.float32)
        return np.asarray(np.clip((rows - top) / (below - top), 0, 1), dtype=np.float32)

    def bring(self, rgb: FloatArray, points: FloatArray) -> FloatArray:
        """Return a picture of the face brought to the layout.

        Args:
            rgb: (h, w, 3) picture.
            points: (468, 2) landmarks in it, pixels.

        Returns:
            (S, S, 3) float32; what lies outside face and border means nothing.
        """
        extent = float(np.ptp(points, axis=0).max() / np.ptp(self.points[:SKIN], axis=0).max())
        if extent >= _AVERAGED:
            # A large face is averaged first: quicker than a blur, and does not alias either.
            # A picture may hold no more than a sliver of it.
            step = max(1, min(int(extent), *rgb.shape[:2]))
            rgb = np.asarray(
                cv2.resize(rgb, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
            )
            points = ((points + 0.5) / step - 0.5).astype(np.float32)
        elif extent > _SHRUNK:
            rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), _BLUR * extent), dtype=np.float32)
        field = self._raster.field(self.points - _bordered(points))[: self.size, : self.size]
        x, y = (axis[: self.size, : self.size] for axis in self._raster.zone.pixels())
        return remap(rgb, x - field[..., 0], y - field[..., 1])

    def take_back(
        self, maps: list[tuple[FloatArray, float]], points: FloatArray, box: Box
    ) -> list[FloatArray]:
        """Return maps of the layout as they lie in a picture.

        Args:
            maps: Maps (S, S) or (S, S, C), each with the value beyond what the layout knows.
            points: (468, 2) landmarks in the picture, pixels.
            box: The part of the picture that is wanted.
        """
        cell = _BACK_CELL
        zone = Zone(box.x0, box.y0, -(-box.width // cell), -(-box.height // cell), cell)
        there = _bordered(points)
        raster = MeshRaster.of(zone, there, _triangles())
        field = raster.field(there - self.points)
        x, y = (
            np.ascontiguousarray((axis - field[..., i])[: box.height, : box.width])
            for i, axis in enumerate(zone.pixels())
        )
        inside = cv2.erode((raster.labels > 0).astype(np.uint8), ellipse(_EDGE_CELLS))
        inside = cv2.resize(
            inside,
            (zone.width, zone.height),
            interpolation=cv2.INTER_NEAREST,
        )
        outside = (inside[: box.height, : box.width] == 0).view(np.uint8)
        found = []
        for values, beyond in maps:
            moved = cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            every = cv2.merge([outside] * moved[0, 0].size).reshape(moved.shape)
            np.copyto(moved, beyond, where=every.view(bool))
            found.append(moved)
        return found

    def facing(self, rotation: FloatArray) -> FloatArray:
        """Return (S, S) how far skin faces the camera: 1 straight, 0 from the side.

        Args:
            rotation: (3, 3) how the head is turned.
        """
        towards = (self._normals @ rotation.T)[:, 2]
        towards = np.concatenate([towards, towards[list(OVAL)]]).astype(np.float32)
        cells = self._raster.cells(np.stack([towards, towards], axis=1))[..., 0]
        whole = cv2.resize(cells, None, fx=_CELL, fy=_CELL)
        return np.asarray(whole[: self.size, : self.size])

    @cached_property
    def _raster(self) -> MeshRaster:
        cells = -(-self.size // _CELL)
        return MeshRaster.of(Zone(0, 0, cells, cells, _CELL), self.points, _triangles())

    @cached_property
    def _normals(self) -> FloatArray:
        """(468, 3) directions in which the skin of the neutral face points."""
        a, b, c = (self.identity[face_triangles()[:, i]] for i in range(3))
        normals = np.zeros_like(self.identity)
        for i in range(3):
            np.add.at(normals, face_triangles()[:, i], np.cross(b - a, c - a))
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + np.float32(1e-9)
        # Out of the head, however the triangles are wound.
        return np.asarray(normals * np.sign(normals[:, 2].mean()), dtype=np.float32)

    def _filled(self, outline: tuple[int, ...]) -> ByteArray:
        mask = np.zeros((self.size, self.size), dtype=np.uint8)
        cv2.fillPoly(mask, [np.round(self.points[list(outline)]).astype(np.int32)], 1)
        return mask

    def _within(self, distance: float) -> FloatArray:
        inside = cv2.erode(
            self.face.astype(np.uint8), ellipse(distance * self.unit), borderValue=0
        ).astype(np.float32)
        return np.asarray(cv2.GaussianBlur(inside, (0, 0), _SOFT * self.unit), dtype=np.float32)


def _bordered(points: FloatArray) -> FloatArray:
    """(468 + B, 2) landmarks (468, 2) and the border around them."""
    outline: FloatArray = points[list(OVAL)]
    middle = outline.mean(axis=0)
    border = middle + np.float32(_BORDER) * (outline - middle)
    return np.asarray(np.concatenate([points, border]), dtype=np.float32)


def _triangles() -> Int32Array:
    """(N, 3) triangles of the border, and over them those of the face."""
    inner, count = np.array(OVAL), len(OVAL)
    here, there = np.arange(count), (np.arange(count) + 1) % count
    border = [
        np.stack([inner[here], inner[there], SKIN + there], axis=1),
        np.stack([inner[here], SKIN + there, SKIN + here], axis=1),
    ]
    return np.asarray(np.concatenate([*border, face_triangles()]), dtype=np.int32)
