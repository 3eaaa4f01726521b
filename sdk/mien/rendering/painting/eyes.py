"""An eye: the eyeball stays where it is, or turns, while the lids slide over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.contour import Edges, LocalAxes
from mien.rendering.geometry.field import remap
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.tone import blurred, diffuse, luma, per_channel
from mien.rendering.geometry.topology import EYES
from mien.rendering.painting.layer import PaintLayer
from mien.rendering.painting.lids import closed_lid
from mien.rendering.painting.opening import STILL_PX, OpeningView, rim_moves

__all__ = ["EyePainter", "eyeball"]

_LASHES_CM = 0.08
"""Depth below the upper lid's landmarks that still belongs to the lid: its lashes."""
_SHADOW_CM = 0.05
"""Depth below the lashes over which their shadow runs out."""
_WATERLINE_CM = 0.03
"""Depth of the lower lid's wet edge."""
_RIM_CM = 0.3
"""Depth beside the lids in which lashes and lines are seen."""
_OPENED_CM = 0.03, 0.1
"""How far lids open there."""
_CORNER_CM = 0.15, 0.5
"""Depth from an eye's corners that is theirs, and where the white begins."""
_LASHES = 0.6, 0.9
"""Brightness of these, and of the white, as parts of that of the white's middle one."""
_SHADE = 0.3, 0.6
"""How much the upper lid darkens the white right under it, at least and at most."""
_LIT = 0.1, 0.4
"""Part of the white near by that is bright, from which what is not seen is, and is wholly."""
_FEW_PX = 12
"""Pixels of the white that must be seen to tell its bright part."""
_UNCOVERED_PX = 0.25
"""How far lids must open to uncover more of the eyeball."""
_LIMBUS = 1.1
"""The iris fades into the sclera by this many radii."""
_TURNED_PX = STILL_PX, 0.5
"""How far an iris moves that turns, and that does so wholly."""
_WITHIN = 0.75
"""The part of an iris's radius within which nothing of the white is seen."""
_RINGS = 16
"""Rings by which the hidden part of an iris is known from its seen part."""


class EyePainter:
    """Paints one eye; an `OpeningPainter`.

    Args:
        side: The person's own side, a key of `EYES`.
    """

    margin_cm: Final = 0.8

    def __init__(self, side: str) -> None:
        self._side = side
        self.opening = EYES[side]

    def moves(self, motion: FaceMotion) -> bool:
        """Tell whether the lids move, or the eyeball turns."""
        turns = np.abs(motion.gaze[self._side]).max() > STILL_PX
        return bool(turns) or rim_moves(motion, self.opening)

    def axes(self, motion: FaceMotion) -> LocalAxes:
        """Return the axes of the eye in the new picture."""
        return LocalAxes.of_opening(motion.target, self.opening)

    def lower_weight(self, view: OpeningView) -> FloatArray:
        """Return (h, w) how far the skin is that of the lower lid, which the lashes lie over."""
        unit = view.motion.px_per_cm
        top, bottom = view.heights_after
        line = view.v - np.maximum(bottom, top + 0.8 * _LASHES_CM * unit)
        return np.asarray(np.clip(line / max(1.0, 0.04 * unit) + 0.8, 0, 1), dtype=np.float32)

    def layers(self, view: OpeningView, skin: FloatArray) -> Sequence[PaintLayer]:
        """Return the lid that has come down, and the eyeball."""
        lid = closed_lid(view, self._side, skin)
        ball = (eyeball(view, view.motion.iris[self._side], view.motion.gaze[self._side]),)
        return ball if lid is None else (lid, *ball)


def eyeball(view: OpeningView, iris: FloatArray, gaze: FloatArray) -> PaintLayer:
    """Return what is seen of an eyeball after its lids have moved and it has turned.

    Args:
        view: The eye.
        iris: (5, 2) the iris in the plate, centre first.
        gaze: (2,) how far the iris moves, pixels.
    """
    before, after, u, v = view.before, view.after, view.u, view.v
    plate, x, y, unit = view.plate, view.x, view.y, view.motion.px_per_cm
    alpha = _between(after, view.heights_after, u, v, unit)
    # Lids that only close uncover nothing: what is seen of the eyeball is the plate's own.
    wider = max(
        float((before.upper - after.upper).max()), float((after.lower - before.lower).max())
    )
    if wider < _UNCOVERED_PX and float(np.abs(gaze).max()) < STILL_PX:
        return PaintLayer(plate, alpha)
    known = _between(before, view.heights_before, u, v, unit)
    centre = iris[0]
    radius = float(np.linalg.norm(iris[1:] - centre, axis=1).mean())
    distance = np.hypot(x - centre[0], y - centre[1])
    ball = smoothstep(distance, _LIMBUS * radius, (_LIMBUS + 0.1) * radius)
    left = _left_behind(view)
    beside = np.maximum(left, 1 - smoothstep(distance, 1.3 * radius, 1.6 * radius))
    # The corners are dark by themselves.
    corner = np.minimum(u - before.start, before.stop - u)
    middle = smoothstep(corner, *(depth * unit for depth in _CORNER_CM))
    turned = float(smoothstep(np.float32(np.abs(gaze).max()), *_TURNED_PX))
    # Where the iris stays, so does what lies around it.
    bright = middle * smoothstep(distance, (1.1 - turned) * radius, (1.6 - turned) * radius)
    sclera = _sclera(plate, known * ball, beside * middle, bright, unit)
    lid_shadow = smoothstep(v - view.heights_after[0], _LASHES_CM * unit, 4 * _LASHES_CM * unit)
    brightness = luma(plate)
    dark = _shade(view, brightness, known * ball) * _lid_seen(view, brightness, known * ball)
    shade = np.asarray((1 - known * ball) * dark * (1 - lid_shadow), dtype=np.float32)
    sclera *= per_channel(1 - shade)
    disc = _disc(plate, known, distance, radius)
    shifted = remap(disc, (x - x[0, 0] - gaze[0]), (y - y[0, 0] - gaze[1]))
    moved = np.hypot(x - centre[0] - gaze[0], y - centre[1] - gaze[1])
    cover = 1 - smoothstep(moved, (_LIMBUS - 0.12) * radius, (_LIMBUS + 0.02) * radius)
    rgb = PaintLayer(shifted, cover).over(sclera)
    if turned >= 1:
        return PaintLayer(rgb, alpha)
    # An iris that stays has its own soft edge, which is neither its disc nor the white.
    edge = known * (1 - left) * (1 - smoothstep(distance, 1.3 * radius, 1.6 * radius))
    return PaintLayer(rgb + per_channel((1 - turned) * edge) * (plate - rgb), alpha)


def _between(
    lids: Edges, heights: tuple[FloatArray, FloatArray], u: FloatArray, v: FloatArray, unit: float
) -> FloatArray:
    """How much of the eyeball is seen: 1 between the lids, falling off over lashes and rim."""
    upper, lower = heights
    under = smoothstep(v - upper, _LASHES_CM * unit - 0.5, (_LASHES_CM + _SHADOW_CM) * unit + 0.5)
    over = smoothstep(lower - v, 0.0, 2 * _WATERLINE_CM * unit + 0.5)
    inside = smoothstep(np.minimum(u - lids.start, lids.stop - u), 0.0, 0.1 * unit + 0.5)
    return under * over * inside


def _left_behind(view: OpeningView) -> FloatArray:
    """(h, w) how far what is seen beside the lids are lashes and lines of lids that open."""
    unit, v = view.motion.px_per_cm, view.v
    (top, bottom), (new_top, new_bottom) = view.heights_before, view.heights_after
    opened = np.where(v - top < bottom - v, top - new_top, new_bottom - bottom)
    depth = np.minimum(v - top, bottom - v)
    beside = 1 - smoothstep(depth, 0.5 * _RIM_CM * unit, _RIM_CM * unit)
    return np.asarray(beside * smoothstep(opened, *(way * unit for way in _OPENED_CM)))


def _shade(view: OpeningView, brightness: FloatArray, known: FloatArray) -> float:
    """How much the upper lid darkens the white right under it, as the plate shows it."""
    unit = view.motion.px_per_cm
    depth = view.v - view.heights_before[0]
    under = brightness[(known > 0.5) & (depth < 2.5 * _LASHES_CM * unit)]
    white = brightness[known > 0.5]
    if not len(under) or len(white) < _FEW_PX:
        return _SHADE[0]
    bright = max(float(np.percentile(white, 75)), 1e-3)
    darker = float(np.clip(1 - np.median(under) / bright, *_SHADE))
    # A few pixels tell it by chance.
    told = float(smoothstep(np.float32(len(under)), _FEW_PX / 2, 2 * _FEW_PX))
    return _SHADE[0] + told * (darker - _SHADE[0])


def _lid_seen(view: OpeningView, brightness: FloatArray, known: FloatArray) -> float:
    """How far the plate has a lid where the upper one is tracked, and not more of the white.

    There is no shadow under an edge that is none: it would be drawn across the eye.
    """
    unit = view.motion.px_per_cm
    above = view.heights_before[0] - view.v
    third = (view.before.stop - view.before.start) / 3
    middle = (view.u > view.before.start + third) & (view.u < view.before.stop - third)
    edge = brightness[middle & (above > 0) & (above < _LASHES_CM * unit + 0.5)]
    white = brightness[known > 0.5]
    if len(edge) < _FEW_PX or len(white) < _FEW_PX:
        return 1.0
    ratio = float(np.median(edge)) / max(float(np.median(white)), 1e-3)
    return 1 - float(smoothstep(np.float32(ratio), *_LASHES))


def _sclera(
    plate: FloatArray, known: FloatArray, beside: FloatArray, bright: FloatArray, unit: float
) -> FloatArray:
    """The white of the eye everywhere: as seen where it is seen, else as its bright parts are.

    Next to the iris and the lids the white is seen mixed with them, and in the corners it is
    red; only what is at least as bright as the middle one of its pixels is spread. What is dark
    beside the lids and the iris goes with them: left where it was, it would be drawn across the
    white. Where it is not `bright` it goes on as it is: the white would outline a dark corner.
    """
    brightness = luma(plate)
    seen = brightness[known > 0.5]
    around = diffuse(plate, known, 0.15 * unit)
    if len(seen) < _FEW_PX:
        return around
    level = float(np.median(seen))
    white = known * smoothstep(brightness, 0.85 * level, level)
    filled = diffuse(plate, white, 0.15 * unit)
    # What lies beside nothing but dark is in the shade itself.
    near = [blurred(one, 0.15 * unit) for one in (white, known)]
    bright = bright * smoothstep(near[0] / np.maximum(near[1], 1e-3), *_LIT)
    filled = around + per_channel(bright) * (filled - around)
    lashes = beside * (1 - smoothstep(brightness, *(part * level for part in _LASHES)))
    return filled + per_channel(known * (1 - lashes)) * (plate - filled)


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
    # An iris ends no brighter than it is: what is, is the white, or what shines on it.
    inner = int(_RINGS * _WITHIN / 1.25)
    brightness = np.maximum(luma(table), 1e-3)
    table *= np.minimum(1, brightness[inner] / brightness)[:, None] ** (rings > inner)[:, None]
    position = np.clip(ring - 0.5, 0, _RINGS - 1).astype(np.float32)
    lookup = cv2.remap(
        table[None].astype(np.float32),
        position,
        np.zeros_like(position),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(lookup + per_channel(known) * (plate - lookup), dtype=np.float32)
