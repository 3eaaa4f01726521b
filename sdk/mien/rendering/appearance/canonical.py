"""The canonical layout of a face's skin: where a landmark lies whatever the face does."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mien._types import ByteArray, FloatArray
from mien.rendering.geometry.field import Zone, dense, remap
from mien.rendering.geometry.topology import BROWS, EYES, LIPS, OVAL, face_triangles

__all__ = ["SIZE", "canonical_points", "skin_mask", "swept_masks", "to_canonical"]

SIZE: Final = 224
"""Texels along a side of the layout."""
_FILL: Final = 0.9
"""Part of the side that the face takes up."""
_CELL: Final = 2
"""Texels along a cell of the field that brings a picture to the layout."""
_GROW: Final = 0.02
"""How far around an opening, as a part of the side, there is no skin to rely on."""
_RIM: Final = 0.02
"""Width of the face's rim that is left out, likewise: hair and what is behind come and go there."""
_SOFT: Final = 0.02
"""Width over which the skin's mask runs out, likewise."""
_RISE, _DROP = 0.14, 0.08
"""How far brows come above, and the lower lip below, its landmarks, as a part of the side."""
_ASIDE: Final = 0.045
"""How far they come beside these, likewise."""
_LOWER_LIP: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
"""Its outer edge."""
_HAIR: Final = 0.3
"""How far the look of brows is trusted: what changes there is hair that moves, not shading."""


def canonical_points(identity: FloatArray) -> FloatArray:
    """Return where the landmarks of a neutral face lie in the layout, seen from the front.

    Args:
        identity: (468, 3) the neutral face in canonical space.

    Returns:
        (468, 2) float32 texels.
    """
    flat = identity[:, :2] * np.array([1, -1], dtype=np.float32)
    low, high = flat.min(axis=0), flat.max(axis=0)
    scale = _FILL * SIZE / float((high - low).max())
    return np.asarray((flat - (low + high) / 2) * scale + (SIZE - 1) / 2, dtype=np.float32)


def to_canonical(rgb: FloatArray, points: FloatArray, layout: FloatArray) -> FloatArray:
    """Return a picture of a face brought to the layout.

    Args:
        rgb: (h, w, 3) picture.
        points: (468, 2) landmarks in it, pixels.
        layout: (468, 2) landmarks in the layout, texels.

    Returns:
        (SIZE, SIZE, 3) float32; what lies outside the face means nothing.
    """
    zone = Zone(0, 0, SIZE // _CELL, SIZE // _CELL, _CELL)
    field = dense(zone, layout, layout - points, face_triangles())
    x, y = zone.pixels()
    # A face that is larger in the picture than in the layout would alias.
    shrink = float(np.ptp(points, axis=0).max() / np.ptp(layout, axis=0).max())
    if shrink > 1:
        rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 0.5 * shrink), dtype=np.float32)
    return remap(rgb, x - field[..., 0], y - field[..., 1])


def skin_mask(layout: FloatArray) -> FloatArray:
    """Return (SIZE, SIZE) how far texels are skin: 0 in eyes and mouth and outside the face."""
    face = _filled(layout, OVAL)
    openings = np.zeros_like(face)
    for opening in (*EYES.values(), LIPS):
        openings |= _filled(layout, opening.rim)
    face &= 1 - cv2.dilate(openings, _disc(_GROW))
    face = cv2.erode(face, _disc(_RIM))
    mask = np.clip(2 * _soft(face) - 1, 0, 1)
    brows = np.zeros_like(face)
    for brow in BROWS:
        brows |= cv2.dilate(_filled(layout, brow), _disc(_GROW))
    return np.asarray(mask * (1 - (1 - _HAIR) * _soft(brows)), dtype=np.float32)


def swept_masks(layout: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how far brows, and the lower lip, may come beyond their landmarks.

    Returns:
        (SIZE, SIZE) each.
    """
    brows = [_swept(layout, brow, -_RISE, _ASIDE) for brow in BROWS]
    return np.maximum(*brows), _swept(layout, _LOWER_LIP, _DROP, _GROW)


def _swept(layout: FloatArray, outline: tuple[int, ...], way: float, aside: float) -> FloatArray:
    swept = np.zeros((SIZE, SIZE), dtype=np.uint8)
    corners = layout[list(outline)]
    corners = np.concatenate([corners, corners + np.array([0, way * SIZE], dtype=np.float32)])
    cv2.fillConvexPoly(swept, cv2.convexHull(np.round(corners).astype(np.int32)), 1)
    return _soft(cv2.dilate(swept, _ellipse(aside, _GROW)))


def _filled(layout: FloatArray, outline: tuple[int, ...]) -> ByteArray:
    mask = np.zeros((SIZE, SIZE), dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(layout[list(outline)]).astype(np.int32)], 1)
    return mask


def _disc(radius: float) -> ByteArray:
    return _ellipse(radius, radius)


def _ellipse(across: float, down: float) -> ByteArray:
    size = 2 * round(across * SIZE) + 1, 2 * round(down * SIZE) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, size), dtype=np.uint8)


def _soft(mask: ByteArray) -> FloatArray:
    return np.asarray(
        cv2.GaussianBlur(mask.astype(np.float32), (0, 0), _SOFT * SIZE), dtype=np.float32
    )
