"""Colours, softness and grain of the plate, so that what is made up looks shot."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from mien.model.curves import FloatArray

__all__ = ["diffuse", "grain", "grain_level", "luma", "smoothstep"]

_LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""Weights of BT.709; only used to compare brightness."""


def luma(rgb: FloatArray) -> FloatArray:
    """Brightness of (..., 3) R'G'B'."""
    return np.asarray(rgb @ _LUMA, dtype=np.float32)


def smoothstep(value: npt.ArrayLike, low: float, high: float) -> FloatArray:
    """0 up to `low`, 1 from `high` on, and an S between them."""
    x = np.clip((np.asarray(value, dtype=np.float32) - low) / max(high - low, 1e-6), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), dtype=np.float32)


def diffuse(rgb: FloatArray, known: FloatArray, sigma: float) -> FloatArray:
    """Fill what is not known of a picture from its surroundings, smoothly.

    Normalised convolution (Knutsson and Westin, 1993) at a scale, and at four times that
    scale where the first sees nothing.

    Args:
        rgb: (h, w, 3) picture.
        known: (h, w) 0..1, how far each pixel can be trusted.
        sigma: Standard deviation of the blur in pixels.

    Returns:
        (h, w, 3) float32; equal to the picture where it is fully known.
    """
    filled = np.zeros_like(rgb)
    left = np.ones_like(known)
    for scale in (sigma, 4 * sigma):
        weight = cv2.GaussianBlur(known, (0, 0), scale)
        colour = cv2.GaussianBlur(rgb * known[..., None], (0, 0), scale)
        trust = smoothstep(weight, 0.0, 0.1) if scale == sigma else np.float32(1)
        filled += (left * trust)[..., None] * colour / np.maximum(weight, 1e-4)[..., None]
        left = left * (1 - trust)
    return np.asarray(rgb * known[..., None] + filled * (1 - known[..., None]), dtype=np.float32)


def grain_level(rgb: FloatArray) -> float:
    """Standard deviation of the plate's grain, in R'G'B'.

    The median absolute response to the kernel of Immerkaer (1996), which texture and edges
    hardly reach; the median leaves the few edges out.
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    response = cv2.filter2D(luma(rgb), -1, kernel, borderType=cv2.BORDER_REPLICATE)
    # 6 is the root of the kernel's square sum, 0.6745 the normal distribution's quartile.
    return float(np.median(np.abs(response))) / (6 * 0.6745)


def grain(shape: tuple[int, ...], level: float, seed: int) -> FloatArray:
    """Noise of a level, (h, w, 1) for a shape (h, w); the same for the same seed."""
    noise = np.random.default_rng(seed).standard_normal((*shape, 1), dtype=np.float32)
    return np.asarray(noise * np.float32(level), dtype=np.float32)
