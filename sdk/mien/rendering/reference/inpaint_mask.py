"""Where pixels have to be regenerated, and where the plate's own can be moved.

Skin that merely moves keeps the plate's own pixels, at the plate's own resolution. What has to
be made anew is told from the motion of the face alone: skin that is drawn out or folded, lids
that come down over an eyeball, the inside of a mouth that opens. In between, skin that bends
catches light differently: it keeps its pixels and takes their shading from the regenerated face.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mien._math import smoothstep
from mien._types import FloatArray, Int32Array
from mien.rendering.geometry.field import Zone, dense
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.topology import EYES, LIPS, OVAL, Opening, warp_mesh
from mien.rendering.reference.crop import Crop

__all__ = ["InpaintMask", "inpaint_mask_of"]

_CELLS = 128
"""Cells of the maps' grid along the side of a square."""
_STRETCH = 1.35, 1.9
"""Factor by which skin is drawn out or pressed together: from which its own pixels begin to
look wrong, and from which they do."""
_OPENING = 0.06, 0.3
"""Change in the height of the mouth, cm: from which its inside begins to be regenerated, and
from which it is wholly."""
_CLOSING = 0.15, 0.5
"""Change of an eye's opening, as a part of it, likewise for its lids."""
_BENDING = 0.03, 0.2
"""Motion of the skin, cm, over which its shading begins to follow the regenerated face."""
_RIM = 0.08
"""How far beyond an opening's edge, cm, what is regenerated reaches and runs out."""
_SHIFT = 4
"""Binary digits of a contour's position inside a pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class InpaintMask:
    """Maps over the square of one frame, each (N, N) float32, 0..1.

    Attributes:
        made: How far a pixel has to be regenerated.
        shaded: How far its shading may follow the regenerated face.
        face: 1 on the face, 0 around it.
    """

    made: FloatArray
    shaded: FloatArray
    face: FloatArray


def inpaint_mask_of(motion: FaceMotion, crop: Crop) -> InpaintMask:
    """What a motion asks to be regenerated.

    Args:
        motion: How the face moves, coded pixels.
        crop: The square.
    """
    source, target = crop.locate(motion.source), crop.locate(motion.target)
    unit = motion.px_per_cm / crop.scale
    mesh = warp_mesh()
    zone = Zone(0, 0, _CELLS, _CELLS, max(1, -(-crop.size // _CELLS)))
    moved = np.linalg.norm(target - source, axis=1) / unit
    per_vertex = np.stack([_strained(source, target), smoothstep(moved, *_BENDING)], axis=1).astype(
        np.float32
    )
    drawn = dense(zone, target, per_vertex, mesh.skin)[: crop.size, : crop.size]
    made, shaded = np.clip(drawn[..., 0], 0, 1), np.clip(drawn[..., 1], 0, 1)
    for part in (
        _mouth(source, target, unit, crop.size),
        *_eyes(motion, source, target, crop.size),
    ):
        made = np.maximum(made, _feathered(part, _RIM * unit))
    face = _feathered(_filled(target[list(OVAL)], crop.size), 2 * _RIM * unit)
    # Only what moves is composited: where the mesh is still there is nothing to regenerate.
    return InpaintMask(
        np.asarray(made, np.float32), np.asarray(shaded * (1 - made), np.float32), face
    )


def _strained(source: FloatArray, target: FloatArray) -> FloatArray:
    """(V,) how far the skin around each vertex is drawn out, pressed together or folded."""
    triangles = warp_mesh().skin
    before, after = _edges(source, triangles), _edges(target, triangles)
    area = before[:, 0, 0] * before[:, 1, 1] - before[:, 0, 1] * before[:, 1, 0]
    # A triangle that is seen edge-on says nothing of how it is drawn out.
    seen = np.abs(area) > 0.02 * np.abs(before).max(axis=(1, 2)) ** 2
    gradient = np.zeros_like(before)
    gradient[seen] = np.linalg.solve(before[seen], after[seen])
    folded = np.linalg.det(gradient) <= 0
    values = np.linalg.svd(gradient, compute_uv=False)
    worst = np.maximum(values[:, 0], 1 / np.maximum(values[:, 1], 1e-3))
    need = np.where(folded, 1, smoothstep(worst, *_STRETCH))
    weight = np.where(seen, np.abs(area), 0)
    total, share = np.zeros(len(source)), np.full(len(source), 1e-6)
    for corner in range(3):
        np.add.at(total, triangles[:, corner], weight * need)
        np.add.at(share, triangles[:, corner], weight)
    return np.asarray(total / share, dtype=np.float32)


def _edges(points: FloatArray, triangles: Int32Array) -> npt.NDArray[np.float64]:
    """(N, 2, 2) two edges of every triangle."""
    corners = np.asarray(points, dtype=np.float64)[triangles]
    return np.asarray(corners[:, 1:] - corners[:, :1])


def _mouth(source: FloatArray, target: FloatArray, unit: float, size: int) -> FloatArray:
    change = abs(_height(target, LIPS) - _height(source, LIPS)) / unit
    return float(smoothstep(change, *_OPENING)) * _filled(target[list(LIPS.rim)], size)


def _eyes(
    motion: FaceMotion, source: FloatArray, target: FloatArray, size: int
) -> list[FloatArray]:
    """Lids over what was eyeball, and eyeball where there were lids.

    What stays open stays the warp's, for no coefficient says where an eye looks.
    """
    parts = []
    for side, eye in EYES.items():
        before, after = _height(source, eye), _height(target, eye)
        amount = float(smoothstep(abs(after - before) / max(before, after, 1e-3), *_CLOSING))
        if amount:
            was, now = (_filled(points[list(eye.rim)], size) for points in (source, target))
            looks = float(
                smoothstep(np.linalg.norm(motion.gaze[side]) / motion.px_per_cm, 0.05, 0.2)
            )
            opened = 1 - looks if after > before else 0.0
            parts.append(amount * np.maximum(was * (1 - now), opened * now))
    return parts


def _height(points: FloatArray, opening: Opening) -> float:
    """Mean distance of an opening's edges."""
    upper, lower = points[list(opening.upper)], points[list(opening.lower)]
    return float(np.linalg.norm(upper - lower, axis=1).mean())


def _filled(outline: FloatArray, size: int) -> FloatArray:
    """(size, size) 1 inside an outline (N, 2)."""
    inside = np.zeros((size, size), dtype=np.float32)
    fixed = np.round(outline * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(inside, [fixed], 1.0, shift=_SHIFT)
    return inside


def _feathered(part: FloatArray, width: float) -> FloatArray:
    """A part, and a soft edge of a width in pixels around it."""
    reach = max(1, round(width))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    grown = cv2.dilate(part, kernel)
    return np.asarray(cv2.GaussianBlur(grown, (0, 0), max(width / 2, 0.5)), dtype=np.float32)
