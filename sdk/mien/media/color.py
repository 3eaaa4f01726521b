"""Colour arithmetic: Y'CbCr matrices, code ranges, and the sRGB curve for linear pictures."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray

__all__ = [
    "FULL_RANGE",
    "LIMITED_RANGE",
    "code_scale",
    "resolve_matrix",
    "srgb",
    "swscale_matrix",
    "to_ycc",
]

LIMITED_RANGE: Final = 1
FULL_RANGE: Final = 2
UNSPECIFIED: Final = 2
BT709: Final = 1
BT601: Final = 6
HD_HEIGHT: Final = 720
"""From this height on, untagged video is taken for BT.709, below it for BT.601."""

_KR_KB: Final[dict[int, tuple[float, float]]] = {
    # ITU-T H.273, table 4: weights of red and blue in luma, by matrix number.
    1: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
    10: (0.2627, 0.0593),
}


def resolve_matrix(matrix: int, height: int) -> int:
    """The matrix to compute with: the tagged one, or the custom for untagged video.

    Args:
        matrix: Matrix number of the tags (ITU-T H.273).
        height: Height of the coded picture.
    """
    if matrix in _KR_KB:
        return matrix
    return BT709 if height >= HD_HEIGHT else BT601


def swscale_matrix(matrix: int, height: int) -> int:
    """The same in the numbers of FFmpeg's scaler, which knows BT.601 as 5 only."""
    resolved = resolve_matrix(matrix, height)
    return {6: 5, 10: 9}.get(resolved, resolved)


def to_ycc(matrix: int) -> npt.NDArray[np.float64]:
    """(3, 3): R'G'B' in 0..1 to Y' in 0..1 and Cb, Cr in -0.5..0.5 (ITU-T H.273, 8.3)."""
    red, blue = _KR_KB[matrix]
    luma = np.array([red, 1 - red - blue, blue])
    cb = (np.array([0, 0, 1]) - luma) / (2 * (1 - blue))
    cr = (np.array([1, 0, 0]) - luma) / (2 * (1 - red))
    return np.stack([luma, cb, cr])


def code_scale(bits: int, full: bool) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Code values of nominal Y', Cb and Cr: (3,) scales and (3,) offsets (ITU-T H.273, 8.3)."""
    chroma_zero = float(1 << (bits - 1))
    if full:
        top = float((1 << bits) - 1)
        return np.array([top, top, top]), np.array([0.0, chroma_zero, chroma_zero])
    unit = 2.0 ** (bits - 8)
    return np.array([219, 224, 224]) * unit, np.array([16 * unit, chroma_zero, chroma_zero])


def srgb(linear: FloatArray) -> FloatArray:
    """Linear light as sRGB (IEC 61966-2-1), clipped to 0..1; any shape, float32."""
    light = np.clip(np.nan_to_num(linear, nan=0.0), 0.0, 1.0)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(curve, dtype=np.float32)
