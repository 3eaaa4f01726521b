"""What goes on beside teeth that are seen: gum above them, others below, the dark to their sides.

Rows of all pictures here go down the mouth (see `compose.upright`).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.rendering.geometry.tone import blurred, diffuse, luma, per_channel
from mien.rendering.painting.mouth.colours import FaceColours

__all__ = ["below_edge", "extend_outward", "right_above", "right_below", "shadow_of", "without_rim"]

_RIM_CM = 0.08
"""Width of the rim along a lip in which teeth lie in its shadow, and have its colour."""
_AROUND_CM = 0.25
"""Standard deviation of the blur by which the plate's inside runs on where it ends."""
_CLOSE = 0.02, 0.3
"""Nearness to teeth straight above or below, at which they do not go on, and do wholly."""
_LIKE_TEETH = np.array([0.5, 0.8], dtype=np.float32)
"""Parts of the teeth's brightness from which what is seen are teeth, and surely are."""
_BETWEEN: Final = 0.85
"""The part of the light that reaches a gum below a lip."""
_CHEEK_SHADE = np.array([0.45, 0.62, 0.60], dtype=np.float32)
"""How much of the light on the teeth does not reach the corners of the mouth."""
_LIT = 0.35, 0.6
"""Parts of the brightness around from which what is seen last is in no shadow, and surely not."""
_OVER = 0.02, 0.3
"""The same straight above, from which what is seen goes on, and wholly, whatever else is known."""
_SLIVER_CM = 0.15, 0.4
"""Height of teeth that may be a mistake, and from which others make room for them."""
_BELOW_CM = -0.03, 0.03
"""How far down from the edge of upper teeth what is seen may be they, and is not any more."""
_SHADOW, _SHADOW_CM = 1.0, 0.06
"""Twice the part of the light that upper teeth take right below them, and how far down."""


def without_rim(confidence: FloatArray, alpha: FloatArray, px_per_cm: float) -> FloatArray:
    """Return the confidence (h, w) in what the plate shows less its rim, where more is bared.

    Where a lip draws back, the shadow in which it lay on the teeth would stay as a line across
    them. Where it stays the rim is what it was. Rows go down the mouth.

    Args:
        confidence: (h, w) how far what the plate shows of the inside can be relied on.
        alpha: (h, w) how far the inside is bared.
        px_per_cm: Pixels in a cm.
    """
    tall = 2 * max(1, round(_RIM_CM * px_per_cm)) + 1
    bared = np.clip(alpha - smoothstep(confidence, 0.0, 0.5), 0, 1)
    near = cv2.GaussianBlur(
        cv2.dilate(bared, np.ones((tall, 1), np.uint8)), (0, 0), max(0.25 * tall, 0.5)
    )
    return np.asarray(confidence * (1 - smoothstep(near, 0.1, 0.7)), dtype=np.float32)


def right_above(seen: FloatArray, px_per_cm: float) -> FloatArray:
    """Return (h, w) how far a pixel lies right above teeth that are seen.

    Args:
        seen: (h, w) how far they are. Rows go down the mouth.
        px_per_cm: Pixels in a cm.
    """
    sigma = 0.5 * _AROUND_CM * px_per_cm
    above = 1 - np.maximum.accumulate(seen, axis=0)
    near = cv2.GaussianBlur(seen * _tall(seen, px_per_cm), (0, 0), sigmaX=1e-3, sigmaY=sigma)
    beside = smoothstep(cv2.GaussianBlur(seen.max(axis=0)[None], (0, 0), sigma), 0.5, 1.0)
    return np.asarray(above * beside * smoothstep(near, *_OVER), dtype=np.float32)


def right_below(seen: FloatArray, px_per_cm: float) -> FloatArray:
    """Return (h, w) how far a pixel lies below all that is surely seen of a mouth's inside.

    Args:
        seen: (h, w) how far it is. Rows go down the mouth.
        px_per_cm: Pixels in a cm.
    """
    surely = smoothstep(seen, 0.7, 1.0)
    below = 1 - np.maximum.accumulate(surely[::-1], axis=0)[::-1]
    return np.asarray(below * surely.max(axis=0) * _tall(seen, px_per_cm), dtype=np.float32)


def below_edge(seen: FloatArray, below: FloatArray, px_per_cm: float) -> FloatArray:
    """Return (h, w) how far a pixel lies below the edge of upper teeth that are seen.

    Args:
        seen: (h, w) how far they are. Rows go down the mouth.
        below: (h, w) how far down from the edge of upper teeth a pixel is, cm.
        px_per_cm: Pixels in a cm.
    """
    in_column = smoothstep(seen.max(axis=0), 0.5, 1.0) * _tall(seen, px_per_cm)
    return np.asarray(in_column * smoothstep(below, *_BELOW_CM), dtype=np.float32)


def shadow_of(seen: FloatArray, below: FloatArray, px_per_cm: float) -> FloatArray:
    """Return (h, w) the part of the light that upper teeth take from what lies right below them.

    Args:
        seen: (h, w) how far they are seen. Rows go down the mouth.
        below: (h, w) how far a pixel lies below their edge.
        px_per_cm: Pixels in a cm.
    """
    near = cv2.GaussianBlur(seen, (0, 0), sigmaX=1e-3, sigmaY=_SHADOW_CM * px_per_cm)
    return np.asarray(_SHADOW * below * near, dtype=np.float32)


def _tall(seen: FloatArray, px_per_cm: float) -> FloatArray:
    """(w,) whether what is seen in a column is more than a sliver, 0..1."""
    return smoothstep(seen.sum(axis=0) / px_per_cm, *_SLIVER_CM)


def extend_outward(
    own: FloatArray,
    confidence: FloatArray,
    weight: FloatArray,
    colours: FaceColours,
    upper: float,
    px_per_cm: float,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return how what the plate shows of a mouth's inside runs on beside it.

    Rows go down the mouth.

    Args:
        own: (h, w, 3) the inside as the plate shows it.
        confidence: (h, w) how far that can be relied on.
        weight: (h, w) how far the plate's surroundings go on in what is made.
        colours: The face's colours.
        upper: How far what is bright in it are upper teeth, 0..1.
        px_per_cm: Pixels in a cm.

    Returns:
        The colour (h, w, 3) that goes on and how far it does (h, w), and the confidence (h, w),
        which now falls softly to the sides.
    """
    sigma = _AROUND_CM * px_per_cm
    # At its very edge the plate shows lips, whose colour would run on as a ring.
    beside = cv2.GaussianBlur(confidence, (0, 0), sigmaX=0.5 * sigma, sigmaY=1e-3)
    confidence = np.minimum(confidence, smoothstep(beside, 0.45, 0.95))
    nearness = blurred(confidence, 2 * sigma)
    # Darker and redder the farther from what is seen: cheeks close in on the teeth.
    far = (1 - smoothstep(nearness, 0.0, 0.5))[..., None]
    above = 1 - np.maximum.accumulate(confidence, axis=0)
    # What goes on straight above is what is seen last there: their gum, but no lip's shadow.
    last = cv2.GaussianBlur(own, (0, 0), sigmaX=0.5 * sigma, sigmaY=1e-3)
    around = diffuse(own, confidence, sigma)
    lit = smoothstep(luma(last) / np.maximum(luma(around), 1e-3), *_LIT)
    columns = cv2.GaussianBlur(confidence.max(axis=0)[None], (0, 0), 0.5 * sigma)
    around += per_channel(above * columns * lit) * (last - around)
    further = weight * smoothstep(nearness, 0.0, 0.04)
    # Straight above teeth lies their gum, and straight below upper ones lie the lower ones.
    close = cv2.GaussianBlur(confidence, (0, 0), sigmaX=1e-3, sigmaY=0.5 * sigma)
    teeth = confidence.max(axis=0) * smoothstep(luma(around), *_LIKE_TEETH * colours.seen_tooth)
    teeth *= upper * (1 - smoothstep(close, *_CLOSE))
    below = 1 - np.maximum.accumulate(confidence[::-1], axis=0)[::-1]
    further *= 1 - below * teeth
    around += per_channel(above * teeth) * (_BETWEEN * colours.gum - around)
    return (
        np.asarray(around * (1 - far * _CHEEK_SHADE), dtype=np.float32),
        np.asarray(further, dtype=np.float32),
        np.asarray(confidence, dtype=np.float32),
    )
