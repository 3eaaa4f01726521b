"""The skin's new look on its moved pixels: creases and shading that go with an expression."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mien._types import FloatArray
from mien.model.landmarks import SKIN
from mien.rendering.geometry.field import Zone, dense
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.topology import OVAL, face_triangles

__all__ = ["ratio_in_picture"]

_FAR: Final = 4096
"""Pixels by which the picture is shifted, so that what lies outside the face reads no texel."""
_RIM_CM: Final = 0.5
"""Width of the face's rim where the field runs out, and no texel may be read."""


def ratio_in_picture(
    canvas: Zone, motion: FaceMotion, ratio: FloatArray, layout: FloatArray
) -> FloatArray:
    """Return (h, w, 3) by what the pixels of a canvas are multiplied; 1 outside the face.

    Args:
        canvas: The pixels.
        motion: How the face moves.
        ratio: (S, S, 3) the factors in the canonical layout.
        layout: (468, 2) landmarks in it, texels.
    """
    shifted = Zone(canvas.x0 - _FAR, canvas.y0 - _FAR, canvas.columns, canvas.rows, canvas.cell)
    points = motion.target[:SKIN] - np.float32(_FAR)
    field = dense(shifted, points, points - layout, face_triangles())
    x, y = shifted.pixels()
    change = cv2.remap(
        ratio - 1, x - field[..., 0], y - field[..., 1], cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT, borderValue=0,
    )  # fmt: skip
    return np.asarray(1 + change * _well_inside(canvas, motion)[..., None], dtype=np.float32)


def _well_inside(canvas: Zone, motion: FaceMotion) -> FloatArray:
    """(h, w) 1 in the face, running out to 0 before its outline; made small and enlarged."""
    corner = np.array([canvas.x0, canvas.y0], dtype=np.float32)
    outline = (motion.target[list(OVAL)] - corner) / canvas.cell
    face = np.zeros((canvas.rows, canvas.columns), dtype=np.uint8)
    cv2.fillPoly(face, [np.round(outline).astype(np.int32)], 1)
    rim = max(1.0, _RIM_CM * motion.px_per_cm / canvas.cell)
    soft = cv2.GaussianBlur(face.astype(np.float32), (0, 0), rim / 2)
    inside = np.clip(2.2 * soft - 1.2, 0, 1)
    size = (canvas.width, canvas.height)
    return np.asarray(cv2.resize(inside, size, interpolation=cv2.INTER_LINEAR), dtype=np.float32)
