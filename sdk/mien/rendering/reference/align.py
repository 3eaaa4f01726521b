"""The square crop of a face that FFHQ's faces have, from 68 landmarks.

Karras, Laine and Aila, A Style-Based Generator Architecture for Generative Adversarial
Networks (2019), appendix C: the crop is spanned by the eyes and the mouth; where it leaves the
picture, the picture is continued by its mirror image, blurred and faded towards its median.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

__all__ = ["ALIGNED_SIZE", "ffhq_align", "ffhq_quad"]

ALIGNED_SIZE = 512
"""Pixels of an aligned face's side; what the UNet was trained on."""

Picture = npt.NDArray[np.uint8]
Corners = npt.NDArray[np.float64]

_LEFT_EYE, _RIGHT_EYE = slice(36, 42), slice(42, 48)
_MOUTH_CORNERS = (48, 54)
# FFHQ's proportions: half the crop's side is twice the distance of the eyes, or 1.8 times the
# distance from eyes to mouth; its centre lies a tenth of the latter below the eyes.
_EYES_TO_HALF_SIDE = 2.0
_MOUTH_TO_HALF_SIDE = 1.8
_CENTRE_BELOW_EYES = 0.1
# Of the crop's side: what is kept around it, what is padded, how wide the padding is blurred.
_BORDER, _LEAST_BORDER = 0.1, 3
_PADDING, _BLUR = 0.3, 0.02
_FINE_SIZE = 4096
"""Pixels of the side at which FFHQ samples a crop, to reduce it afterwards."""
_NO_PADDING_WITHIN = 4
"""Pixels that the crop may leave the picture by before the picture is continued."""


def ffhq_quad(landmarks: npt.ArrayLike) -> Corners:
    """The corners of FFHQ's crop.

    Args:
        landmarks: (68, 2) points in pixels, in the order of 300-W; x right, y down.

    Returns:
        (4, 2) corners in pixels: top left, bottom left, bottom right, top right of the crop.
    """
    # float32 up to the axis, float64 from there on: rounded as FFHQ's own crops are.
    points = np.asarray(landmarks, dtype=np.float32)
    left, right = points[_LEFT_EYE].mean(axis=0), points[_RIGHT_EYE].mean(axis=0)
    eyes, mouth = (left + right) * 0.5, points[list(_MOUTH_CORNERS)].mean(axis=0)
    across, down = right - left, mouth - eyes
    # The crop's x axis: along the eyes and across the line to the mouth, weighed by length.
    x = across - down[::-1] * np.array([-1, 1])
    x /= np.hypot(*x)
    x *= max(np.hypot(*across) * _EYES_TO_HALF_SIDE, np.hypot(*down) * _MOUTH_TO_HALF_SIDE)
    y = x[::-1] * np.array([-1, 1])
    centre = eyes + down * _CENTRE_BELOW_EYES
    return np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])


def ffhq_align(picture: Picture, landmarks: npt.ArrayLike, size: int = ALIGNED_SIZE) -> Picture:
    """The aligned crop of a face.

    Args:
        picture: (h, w, 3) R'G'B', upright.
        landmarks: (68, 2) points in pixels, in the order of 300-W.
        size: Pixels of the crop's side.

    Returns:
        (size, size, 3) R'G'B'.
    """
    from PIL import Image

    quad = ffhq_quad(landmarks)
    side = float(np.hypot(*(quad[3] - quad[0])))
    factor = int(np.floor(side / size * 0.5))
    if factor > 1:
        # A picture much finer than the crop is reduced first: sampling alone would alias.
        height, width = (int(np.rint(n / factor)) for n in picture.shape[:2])
        reduced = Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS)
        picture, quad, side = np.asarray(reduced), quad / factor, side / factor
    picture, quad = _cut(picture, quad, side)
    picture, quad = _continue(picture, quad, side)
    # Pillow counts from a pixel's corner, landmarks from its centre.
    corners = tuple(float(v) for v in (quad + 0.5).ravel())
    fine = Image.fromarray(picture).transform(
        (_FINE_SIZE, _FINE_SIZE), Image.Transform.QUAD, corners, Image.Resampling.BILINEAR
    )
    return np.asarray(fine.resize((size, size), Image.Resampling.LANCZOS))


def _cut(picture: Picture, quad: Corners, side: float) -> tuple[Picture, Corners]:
    """What lies well outside the crop is left away."""
    border = _border(side)
    height, width = picture.shape[:2]
    x0, y0 = np.maximum(np.floor(quad.min(axis=0)).astype(int) - border, 0)
    x1, y1 = np.minimum(np.ceil(quad.max(axis=0)).astype(int) + border, (width, height))
    return picture[y0:y1, x0:x1], quad - (x0, y0)


def _continue(picture: Picture, quad: Corners, side: float) -> tuple[Picture, Corners]:
    """Where the crop leaves the picture, continue it: mirrored, blurred, fading to its median."""
    border = _border(side)
    height, width = picture.shape[:2]
    before = np.maximum(border - np.floor(quad.min(axis=0)).astype(int), 0)
    after = np.maximum(np.ceil(quad.max(axis=0)).astype(int) - (width, height) + border, 0)
    if max(before.max(), after.max()) <= border - _NO_PADDING_WITHIN:
        return picture, quad
    least = int(np.rint(side * _PADDING))
    (left, top), (right, bottom) = np.maximum(before, least), np.maximum(after, least)
    padded = np.pad(
        picture.astype(np.float32), ((top, bottom), (left, right), (0, 0)), mode="reflect"
    )
    height, width = padded.shape[:2]
    x = np.arange(width, dtype=np.float32)[None, :, None]
    y = np.arange(height, dtype=np.float32)[:, None, None]
    # 1 on the outer edge, 0 on the picture's own, negative inside.
    depth = np.maximum(
        1 - np.minimum(x / left, (width - 1 - x) / right),
        1 - np.minimum(y / top, (height - 1 - y) / bottom),
    )
    sigma = side * _BLUR
    blurred = gaussian_filter(padded, (sigma, sigma, 0))
    padded += (blurred - padded) * np.clip(depth * 3 + 1, 0, 1)
    padded += (np.median(padded, axis=(0, 1)) - padded) * np.clip(depth, 0, 1)
    return np.clip(np.rint(padded), 0, 255).astype(np.uint8), quad + np.array([left, top])


def _border(side: float) -> int:
    return max(int(np.rint(side * _BORDER)), _LEAST_BORDER)
