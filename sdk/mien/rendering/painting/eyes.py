"""The eyeball behind the lids: it stays where it is, or turns, while the lids slide over it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.contour import Edges, LocalAxes
from mien.rendering.geometry.field import remap
from mien.rendering.geometry.tone import diffuse, luma

__all__ = ["LASHES", "Eyeball", "eyeball"]

LASHES = 0.08
"""Depth below the upper lid's landmarks, in cm, that still belongs to the lid: its lashes."""
_SHADOW = 0.05
"""Depth below the lashes, in cm, over which their shadow runs out."""
_WATERLINE = 0.03
"""Depth of the lower lid's wet edge, in cm."""
_SHADE = 0.3
"""How much the upper lid darkens the white right under it."""
_FEW = 12
"""Pixels of the white that must be seen to tell its bright part."""
_LIMBUS = 1.1
"""The iris fades into the sclera by this many radii."""
_RINGS = 16
"""Rings by which the hidden part of an iris is known from its seen part."""


@dataclass(frozen=True, slots=True, eq=False)
class Eyeball:
    """What is seen of an eyeball.

    Attributes:
        rgb: (h, w, 3) the eyeball.
        alpha: (h, w) where it is seen between the lids, 0..1.
    """

    rgb: FloatArray
    alpha: FloatArray


def eyeball(
    plate: FloatArray,
    x: FloatArray,
    y: FloatArray,
    frame: LocalAxes,
    before: Edges,
    after: Edges,
    iris: FloatArray,
    gaze: FloatArray,
    unit: float,
) -> Eyeball:
    """The eyeball of one eye after its lids have moved and it has turned.

    Args:
        plate: (h, w, 3) the plate around the eye.
        x: (h, w) pixel columns of the picture.
        y: (h, w) pixel rows.
        frame: Axes of the eye.
        before: The lids in the plate.
        after: The lids in the new picture.
        iris: (5, 2) the iris in the plate, centre first.
        gaze: (2,) how far the iris moves, pixels.
        unit: Pixels in a centimetre of the head.
    """
    u, v = frame.locate(x, y)
    alpha = _between(after, u, v, unit)
    # Lids that only close uncover nothing: what is seen of the eyeball is the plate's own.
    wider = max(
        float((before.upper - after.upper).max()), float((after.lower - before.lower).max())
    )
    if wider < 0.25 and float(np.abs(gaze).max()) < 1 / 64:
        return Eyeball(plate, alpha)
    known = _between(before, u, v, unit)
    centre = iris[0]
    radius = float(np.linalg.norm(iris[1:] - centre, axis=1).mean())
    distance = np.hypot(x - centre[0], y - centre[1])
    ball = smoothstep(distance, _LIMBUS * radius, (_LIMBUS + 0.1) * radius)
    sclera = _sclera(plate, known * ball, unit)
    lid_shadow = smoothstep(v - after.at(u)[0], LASHES * unit, 4 * LASHES * unit)
    sclera *= (1 - (1 - known * ball) * _SHADE * (1 - lid_shadow))[..., None]
    disc = _disc(plate, known, distance, radius)
    shifted = remap(disc, (x - x[0, 0] - gaze[0]), (y - y[0, 0] - gaze[1]))
    there = np.hypot(x - centre[0] - gaze[0], y - centre[1] - gaze[1])
    cover = 1 - smoothstep(there, (_LIMBUS - 0.12) * radius, (_LIMBUS + 0.02) * radius)
    rgb = sclera + cover[..., None] * (shifted - sclera)
    return Eyeball(np.asarray(rgb, dtype=np.float32), alpha)


def _between(lids: Edges, u: FloatArray, v: FloatArray, unit: float) -> FloatArray:
    """How much of the eyeball is seen: 1 between the lids, falling off over lashes and rim."""
    upper, lower = lids.at(u)
    under = smoothstep(v - upper, LASHES * unit - 0.5, (LASHES + _SHADOW) * unit + 0.5)
    over = smoothstep(lower - v, 0.0, 2 * _WATERLINE * unit + 0.5)
    inside = smoothstep(np.minimum(u - lids.start, lids.stop - u), 0.0, 0.1 * unit + 0.5)
    return under * over * inside


def _sclera(plate: FloatArray, known: FloatArray, unit: float) -> FloatArray:
    """The white of the eye everywhere: as seen where it is seen, else as its bright parts are.

    Next to the iris and the lids the white is seen mixed with them, and in the corners it is
    red; only what is at least as bright as the middle one of its pixels is spread.
    """
    brightness = luma(plate)
    seen = brightness[known > 0.5]
    if len(seen) < _FEW:
        return diffuse(plate, known, 0.15 * unit)
    middle = float(np.median(seen))
    filled = diffuse(plate, known * smoothstep(brightness, 0.85 * middle, middle), 0.15 * unit)
    return filled + known[..., None] * (plate - filled)


def _disc(plate: FloatArray, known: FloatArray, distance: FloatArray, radius: float) -> FloatArray:
    """The whole iris: as seen where it is seen, else the mean of its ring."""
    ring = distance * (_RINGS / (1.25 * radius))
    index = np.clip(ring, 0, _RINGS - 1).astype(np.int32)
    weight = known * (ring < _RINGS)
    total = np.bincount(index.ravel(), weight.ravel(), _RINGS)
    means = np.stack(
        [
            np.bincount(index.ravel(), (weight * plate[..., c]).ravel(), _RINGS)
            / np.maximum(total, 1e-6)
            for c in range(3)
        ],
        axis=1,
    )
    seen = np.flatnonzero(total > 0.5)
    if not len(seen):
        return plate
    rings = np.arange(_RINGS)
    table = np.stack([np.interp(rings, seen, means[seen, c]) for c in range(3)], axis=1)
    position = np.clip(ring - 0.5, 0, _RINGS - 1).astype(np.float32)
    lookup = cv2.remap(
        table[None].astype(np.float32),
        position,
        np.zeros_like(position),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(lookup + known[..., None] * (plate - lookup), dtype=np.float32)
