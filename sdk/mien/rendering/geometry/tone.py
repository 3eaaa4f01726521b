"""Colours, softness and grain of the plate, so that what is made up looks shot."""

from __future__ import annotations

from functools import reduce

import cv2
import numpy as np
import numpy.typing as npt

from mien._math import smoothstep
from mien._types import FloatArray

__all__ = [
    "blurred",
    "diffuse",
    "even_out",
    "fold_away",
    "grain",
    "grain_level",
    "largest",
    "luma",
    "per_channel",
    "softness",
    "streaked",
]

_LUMA = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
"""Weights of BT.709; only used to compare brightness."""


_BLUR_CELLS = 4.0
"""Pixels of a smaller picture that a blur's standard deviation keeps at least."""
_LINE_BLUR = 0.7
"""Standard deviation of the blur under which lines are looked for, pixels."""
_LINE_LEAST = 0.02
"""How much brighter than what lies around it a line is at least."""
_REBLUR = 1.0
"""Standard deviation in pixels of the blur that edges are measured with."""
_SHORTEST_STREAK, _LONGEST_STREAK = 1.0, 40.0
"""Lengths in pixels of a streak that nobody sees, and of the longest one."""
_STREAK_STEPS = 96
"""Places along a streak."""
_SHARPEST, _SOFTEST = 0.5, 6.0


def luma(rgb: FloatArray) -> FloatArray:
    """Return the brightness of (..., 3) R'G'B'."""
    if rgb.ndim == 3:
        return np.asarray(cv2.transform(rgb, _LUMA[None]), dtype=np.float32)
    # Written out: a product with a vector goes through BLAS threads, which costs more.
    red, green, blue = (rgb[..., i] * _LUMA[i] for i in range(3))
    return np.asarray(red + green + blue, dtype=np.float32)


def per_channel(weight: FloatArray) -> FloatArray:
    """Return weights (h, w) once for each of three channels, (h, w, 3).

    Products with it run over the whole array; a broadcast stops after every three values, and
    takes three times as long.
    """
    return np.asarray(cv2.merge((weight, weight, weight)))


def largest(picture: FloatArray) -> FloatArray:
    """Return (h, w) the largest of the values of each pixel (h, w, C)."""
    return np.asarray(reduce(np.maximum, cv2.split(picture)))


def blurred(picture: FloatArray, sigma: float) -> FloatArray:
    """Return a picture (h, w) or (h, w, 3) blurred by a Gaussian of a standard deviation in pixels.

    Where that is wide nothing small is left, and a smaller picture is blurred in its place.
    """
    height, width = picture.shape[:2]
    shrink = int(sigma / _BLUR_CELLS)
    if shrink < 2:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma))
    size = -(-width // shrink), -(-height // shrink)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(
        small, (0, 0), sigma * size[0] / width, sigmaY=sigma * size[1] / height
    )
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


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
    seen = rgb * per_channel(known)
    filled = np.zeros_like(rgb)
    left = np.ones_like(known)
    for scale in (sigma, 4 * sigma):
        weight, colour = blurred(known, scale), blurred(seen, scale)
        trust = smoothstep(weight, 0.0, 0.1) if scale == sigma else np.float32(1)
        colour *= per_channel(left * trust)
        filled += colour / per_channel(np.maximum(weight, 1e-4))
        left = left * (1 - trust)
    return np.asarray(seen + filled * per_channel(1 - known), dtype=np.float32)


def grain_level(rgb: FloatArray) -> float:
    """Return the standard deviation of the plate's grain, in R'G'B'.

    The median absolute response to the kernel of Immerkaer (1996), which texture and edges
    hardly reach; the median leaves the few edges out.
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    response = cv2.filter2D(luma(rgb), -1, kernel, borderType=cv2.BORDER_REPLICATE)
    # 6 is the root of the kernel's square sum, 0.6745 the normal distribution's quartile.
    return float(np.median(np.abs(response[::3, ::3]))) / (6 * 0.6745)


def grain(shape: tuple[int, ...], level: float, seed: int) -> FloatArray:
    """Return noise of a level, (h, w, 1) for a shape (h, w); the same for the same seed."""
    noise = np.random.default_rng(seed).standard_normal((*shape, 1), dtype=np.float32)
    return np.asarray(noise * np.float32(level), dtype=np.float32)


def even_out(picture: FloatArray, where: FloatArray, sigma: float, level: float, seed: int) -> None:
    """Take streaks out of a part of a picture that is drawn out, and lay grain over it.

    Args:
        picture: (h, w, 3) the picture; changed.
        where: (h, w) how far it is drawn out, 0..1.
        sigma: Standard deviation of the blur, pixels.
        level: Standard deviation of the grain.
        seed: Seed of the grain.
    """
    rows, columns = (np.flatnonzero(where.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return
    area = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    weight, seen = where[area], picture[area]
    # What is not drawn out is kept out of it: hair beside it would run in.
    smooth = blurred(seen * per_channel(weight), sigma)
    smooth /= per_channel(np.maximum(blurred(weight, sigma), 1e-4))
    smooth += grain(weight.shape, level, seed)
    picture[area] = seen + per_channel(weight) * (smooth - seen)


def fold_away(picture: FloatArray, where: FloatArray, width: float) -> None:
    """Take bright lines out of a part of a picture in which skin is squeezed together.

    A line as thin as that is not seen on skin: it lies in a fold, in the shadow of what is beside
    it. What is brighter than all around it, and no wider, becomes as dark as that (a morphological
    opening: Serra, 1982).

    Args:
        picture: (h, w, 3) the picture; changed.
        where: (h, w) how far skin is squeezed, 0..1.
        width: Width of the widest such line, pixels.
    """
    rows, columns = (np.flatnonzero(where.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return
    margin = int(np.ceil(width)) + 3
    area = tuple(
        slice(max(int(found[0]) - margin, 0), int(found[-1]) + 1 + margin)
        for found in (rows, columns)
    )
    seen = picture[area]
    # Grain is no line, and is not taken for one.
    bright = cv2.GaussianBlur(luma(seen), (0, 0), _LINE_BLUR)
    least = np.floor(max(width / 2, 1))
    sizes = [int(2 * radius + 1) for radius in (least, least + 1)]
    opened = [cv2.morphologyEx(bright, cv2.MORPH_OPEN, _disc(size)) for size in sizes]
    further = np.float32(max(width / 2, 1) - least)
    # Between two sizes of the disc the one goes over into the other.
    dark = cv2.GaussianBlur(opened[0] + further * (opened[1] - opened[0]), (0, 0), _LINE_BLUR)
    excess = np.maximum(bright - dark - _LINE_LEAST, 0)
    share = np.minimum(excess / np.maximum(bright, _LINE_LEAST), 1)
    picture[area] = seen * per_channel(1 - where[area] * share)


def _disc(size: int) -> npt.NDArray[np.uint8]:
    """A disc of so many pixels across, as a kernel."""
    disc: npt.NDArray[np.uint8] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return disc


def softness(rgb: FloatArray) -> float:
    """Return the standard deviation, in pixels, of the blur that the plate's sharpest edges have.

    Blurring an edge of width s once more by r widens it to sqrt(s^2 + r^2); how much its
    gradient falls by that tells s (Zhuo and Sim, 2011). Defocus, motion blur and scaling
    all count.
    """
    grey = cv2.GaussianBlur(luma(rgb), (0, 0), _REBLUR)
    slope = _gradient(grey)
    again = _gradient(cv2.GaussianBlur(grey, (0, 0), _REBLUR))
    slope, again = slope[::2, ::2].ravel(), again[::2, ::2].ravel()
    strong = np.argpartition(slope, -max(len(slope) // 50, 1))[-max(len(slope) // 50, 1) :]
    ratio = float(np.median(slope[strong] / np.maximum(again[strong], 1e-6)))
    # The first blur, there to still the grain, is taken off again.
    width = _REBLUR**2 / max(ratio**2 - 1, 0.02) - _REBLUR**2
    return float(np.sqrt(np.clip(width, _SHARPEST**2, _SOFTEST**2)))


def streaked(picture: FloatArray, way: FloatArray) -> FloatArray:
    """Return a picture (h, w) or (h, w, 3) as it is when it moves while the shutter is open.

    Args:
        picture: The picture.
        way: (2,) how far it moves meanwhile, pixels.
    """
    length = float(np.linalg.norm(way))
    if length < _SHORTEST_STREAK:
        return picture
    way = way * min(1.0, _LONGEST_STREAK / length)
    half = int(np.ceil(np.abs(way).max() / 2)) + 1
    kernel = np.zeros((2 * half + 1, 2 * half + 1), dtype=np.float32)
    for part in np.linspace(-0.5, 0.5, _STREAK_STEPS):
        x, y = (half + part * way).tolist()
        left, top = int(x), int(y)
        right, down = x - left, y - top
        kernel[top : top + 2, left : left + 2] += np.outer((1 - down, down), (1 - right, right))
    kernel /= kernel.sum()
    return np.asarray(cv2.filter2D(picture, -1, kernel, borderType=cv2.BORDER_REPLICATE))


def _gradient(grey: FloatArray) -> FloatArray:
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=3)
    return np.asarray(cv2.magnitude(across, down))
