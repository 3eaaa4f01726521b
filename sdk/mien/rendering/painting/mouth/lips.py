"""Where lips part, and up to where what lies behind them is seen."""

from __future__ import annotations

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.contour import Edges
from mien.rendering.geometry.mouth import Cavity
from mien.rendering.geometry.tone import luma

__all__ = ["cover_remains", "opening_depth", "parted"]

_CLOSED_CM, _PARTED_CM = (0.30, 0.60), (0.10, 0.30)
"""Heights of an opening from which lips may not touch and surely do not, and by how much they part
before an inside begins to be seen, and is."""
_END = 0.3
"""The part of an opening's length over which an end is rounded that does not taper."""
_RIM_CM = 0.15
"""How far out a lip's tracked inner edge may lie from where its teeth end."""
_MIXED_CM = 0.025
"""How far what is no lip's is mixed with what is."""
_TOOTH_LIKE, _DARK = (1.10, 1.30), (0.78, 0.95)
"""Brightness over that of the lips from which it is a tooth's, and up to which it is the dark's."""
_GREY = 0.40, 0.70
"""Redness over that of the lips up to which it is a tooth's, likewise."""
_LEAST_RED = 0.15
"""Redness that lips have at least, as a part of their red."""
_FEATHER_PX = 0.6
"""Standard deviation of the blur of what is told by single pixels."""
_NEGLIGIBLE_WEIGHT = 1 / 256
"""A weight that makes no difference."""


def parted(before: Cavity, after: Cavity) -> float:
    """Return how far an inside is seen at all, 0..1.

    Lips that touch are tracked a little apart. While they part by no more than that, both show
    what they show in the plate: their own line of contact.

    Args:
        before: The mouth in the plate.
        after: The mouth in the new picture.
    """
    closed = 1 - smoothstep(before.gap, *_CLOSED_CM)
    return 1 - float(closed * (1 - smoothstep(after.gap - before.gap, *_PARTED_CM)))


def opening_depth(edges: Edges, u: FloatArray, v: FloatArray) -> FloatArray:
    """Return (h, w) how far inside an opening pixels lie, pixels; negative outside.

    Where the head is turned, lips may be cut off by their own outline before they meet: such an
    end is round.

    Args:
        edges: The edges of the opening.
        u: (h, w) pixels along it.
        v: (h, w) pixels downwards.
    """
    upper, lower = edges.at(u)
    half, middle = (lower - upper) / 2, (lower + upper) / 2
    heights = (edges.lower - edges.upper) / 2
    samples = round(_END * len(heights))
    width = max(_END * (edges.stop - edges.start), 1e-6)
    from_start, to_stop = u - edges.start, edges.stop - u
    for end, distance in ((heights[:samples], from_start), (heights[-samples:], to_stop)):
        # An ellipse through the end; lips that run together lie within it anyhow.
        near = np.clip(distance / width, 0, 1)
        half = np.where(near < 1, np.minimum(half, end.max() * np.sqrt(near * (2 - near))), half)
    beside = np.minimum(from_start, to_stop)
    return np.asarray(np.minimum(half - np.abs(v - middle), beside), dtype=np.float32)


def cover_remains(
    alpha: FloatArray,
    skin: FloatArray,
    depth: FloatArray,
    lip: FloatArray,
    before: Cavity,
    after: Cavity,
) -> FloatArray:
    """Return (h, w) how far the inside covers, grown over what the plate had inside its mouth.

    The tracked edge of a lip lies a little inside the mouth, so that a sliver of tooth, or of the
    dark, goes with it, and would lie around a mouth that opens further as a second edge.

    Args:
        alpha: (h, w) how far the inside covers.
        skin: (h, w, 3) the moved skin.
        depth: (h, w) pixels inside the opening.
        lip: (3,) colour of the lips.
        before: The mouth in the plate.
        after: The mouth in the new picture.
    """
    unit = after.px_per_cm
    weight = float(smoothstep(after.gap - before.gap, 0.1, 0.4))
    weight *= float(smoothstep(before.gap, 0.1, 0.35))
    if weight < _NEGLIGIBLE_WEIGHT:
        return alpha
    # Depths are told downwards; where the edge is steep it is nearer than that.
    steep = np.hypot(*np.gradient(depth))
    near = smoothstep(depth / np.maximum(steep, 1), -_RIM_CM * unit, -0.4 * _RIM_CM * unit)
    # Pixels in which a lip and the dark beside it are mixed would be left as a line around it.
    mixed = np.ones((2 * round(_MIXED_CM * unit) + 1,) * 2, dtype=np.uint8)
    unlike = cv2.dilate(_unlike_lip(skin, lip), mixed)
    grown = np.maximum(alpha, near * unlike)
    # What lies between the opening and such a sliver is the other lip's.
    width = 2 * max(round(_RIM_CM * unit / 2), 1) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    grown = cv2.GaussianBlur(cv2.morphologyEx(grown, cv2.MORPH_CLOSE, kernel), (0, 0), _FEATHER_PX)
    return np.asarray(alpha + weight * np.maximum(grown - alpha, 0), dtype=np.float32)


def _unlike_lip(skin: FloatArray, lip: FloatArray) -> FloatArray:
    """(h, w) how far colours (h, w, 3) are a tooth's, or of the dark, and not a lip's (3,)."""
    level = luma(skin) / max(float(luma(lip)), 1e-3)
    unlike = np.maximum(smoothstep(level, *_TOOTH_LIKE), 1 - smoothstep(level, *_DARK))
    red = (skin[..., 0] - skin[..., 1]) / np.maximum(skin[..., 0], 1e-3)
    lip_red = max(float(lip[0] - lip[1]) / max(float(lip[0]), 1e-3), _LEAST_RED)
    return np.maximum(unlike, 1 - smoothstep(red / lip_red, *_GREY))
