"""Holes of a picture, filled smoothly from what is known around them."""

from __future__ import annotations

import cv2
import numpy as np

from mien._types import FloatArray
from mien.rendering.geometry.tone import per_channel

__all__ = ["fill_holes"]

_SEEN = 1e-4
"""Weight below which nothing is known."""


def fill_holes(picture: FloatArray, known: FloatArray, step: int = 1) -> FloatArray:
    """Return the smooth continuation of what is known of a picture, over all of it.

    Push and pull over a pyramid (Gortler et al., "The Lumigraph", 1996, section 3.4): averages of
    what is known, coarser and coarser until they say something everywhere, fill what is finer.

    Args:
        picture: (h, w, 3) the picture; what is not known of it means nothing.
        known: (h, w) 0..1, how far each pixel is known.
        step: Pixels along the side of the finest averages; 1 keeps what is known as it is.

    Returns:
        (h, w, 3) float32; zero when nothing is known.
    """
    height, width = known.shape
    colour, weight = _coarser(
        np.asarray(picture * per_channel(known), dtype=np.float32),
        np.asarray(known, dtype=np.float32),
        (-(-width // step), -(-height // step)),
    )
    filled = _filled(colour, weight)
    if step == 1:
        return filled
    return np.asarray(cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR))


def _coarser(
    colour: FloatArray, weight: FloatArray, size: tuple[int, int]
) -> tuple[FloatArray, FloatArray]:
    """Colours (h, w, 3), multiplied by their weights (h, w), and the weights, averaged."""
    height, width = weight.shape
    if size == (width, height):
        return colour, weight
    shape = size[1], size[0]
    mean = cv2.resize(weight, size, interpolation=cv2.INTER_AREA).reshape(shape)
    # One known pixel of four is enough to know their mean.
    certain = np.minimum(4 * mean, 1).astype(np.float32)
    gain = per_channel(certain / np.maximum(mean, _SEEN)).reshape(*shape, 3)
    coarse = cv2.resize(colour, size, interpolation=cv2.INTER_AREA).reshape(*shape, 3)
    return np.asarray(coarse * gain, dtype=np.float32), certain


def _filled(colour: FloatArray, weight: FloatArray) -> FloatArray:
    """The filled picture of colours (h, w, 3) that are multiplied by their weights (h, w)."""
    height, width = weight.shape
    if max(height, width) == 1 or float(weight.min()) >= 1:
        total = per_channel(np.maximum(weight, _SEEN)).reshape(colour.shape)
        return np.asarray(colour / total, dtype=np.float32)
    below = _filled(*_coarser(colour, weight, ((width + 1) // 2, (height + 1) // 2)))
    around = cv2.resize(below, (width, height), interpolation=cv2.INTER_LINEAR)
    rest = per_channel(1 - weight).reshape(colour.shape)
    return np.asarray(colour + rest * around.reshape(colour.shape), dtype=np.float32)
