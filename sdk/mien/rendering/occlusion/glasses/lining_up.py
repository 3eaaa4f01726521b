"""Small shifts that bring the frames of a layout onto each other.

The tracked pose is off by a little where a face moves strongly, and glasses slide on a nose.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import scipy.fft

from mien._types import DoubleArray, FloatArray, Int32Array

__all__ = ["line_up", "line_up_with", "shifted"]

_FARTHEST: Final = 12
"""Texels that a frame is shifted by at most, the first time."""
_AGAIN: Final = 6
"""Texels by which a curve that is known shifts a frame further, at most."""
_LIKELY: Final = 8.0
"""Texels of a shift that is still likely (sigma)."""
_ROUNDS: Final = 2
"""How often frames are compared with the mean of all."""
_STRONG: Final = 0.3
"""Strength from which a line does not count more."""


def line_up(maps: FloatArray, counts: FloatArray) -> Int32Array:
    """Return the shifts at which the lines of frames lie on those of all (cross-correlation).

    Args:
        maps: (T, D, H, W) what `ridges` gave of each frame.
        counts: (H, W) how far places count.

    Returns:
        (T, 2) texels x and y from a place in the layout to the same in the frame.
    """
    # At half the size: a curve that is known tells the rest better.
    small = np.clip(maps, -_STRONG, _STRONG)[..., ::2, ::2]
    small = small * counts[::2, ::2]
    size = small.shape[-2:]
    spectra = scipy.fft.rfft2(small)
    farthest = _FARTHEST // 2
    side = 2 * farthest + 1
    offsets = 2 * (np.arange(side) - farthest)
    likely = _gaussian(offsets)[:, None] * _gaussian(offsets)
    shifts = np.zeros((len(maps), 2), dtype=np.int32)
    for _ in range(_ROUNDS):
        mean = scipy.fft.rfft2(shifted(small, shifts // 2).mean(axis=0))
        fit = scipy.fft.irfft2((np.conj(mean) * spectra).sum(axis=1), s=size)
        fit = np.roll(fit, (farthest, farthest), axis=(1, 2))[:, :side, :side] * likely
        best = fit.reshape(len(maps), -1).argmax(axis=1)
        shifts = np.stack([offsets[best % side], offsets[best // side]], axis=1).astype(np.int32)
        shifts -= 2 * np.round(np.median(shifts // 2, axis=0)).astype(np.int32)
    return shifts


def line_up_with(
    maps: FloatArray, shifts: Int32Array, points: DoubleArray, directions: Int32Array
) -> Int32Array:
    """Return better shifts: those at which the lines of each frame lie on curves that are known.

    Args:
        maps: (T, D, H, W) what `ridges` gave of each frame.
        shifts: (T, 2) shifts so far.
        points: (N, 2) places on the curves, texels.
        directions: (N,) which direction their normals have.
    """
    height, width = maps.shape[-2:]
    offsets = np.arange(2 * _AGAIN + 1) - _AGAIN
    likely = _gaussian(offsets)[:, None] * _gaussian(offsets)
    better = shifts.copy()
    for t, lines in enumerate(maps):
        strong = np.sqrt(np.minimum(np.abs(lines), _STRONG))
        at = np.round(points + shifts[t]).astype(int)
        y = np.clip(at[:, 1, None] + offsets, 0, height - 1)
        x = np.clip(at[:, 0, None] + offsets, 0, width - 1)
        fit = strong[directions[:, None, None], y[:, :, None], x[:, None, :]].sum(axis=0) * likely
        row, column = np.unravel_index(int(fit.argmax()), fit.shape)
        better[t] += (offsets[column], offsets[row])
    return np.asarray(better - np.round(np.median(better, axis=0)).astype(np.int32))


def shifted(maps: FloatArray, shifts: Int32Array) -> FloatArray:
    """Return maps (T, ..., H, W) with each frame's shift undone; what comes in is 0."""
    moved = np.zeros_like(maps)
    height, width = maps.shape[-2:]
    for t, (x, y) in enumerate(shifts.tolist()):
        to = slice(max(0, -y), min(height, height - y)), slice(max(0, -x), min(width, width - x))
        by = slice(max(0, y), min(height, height + y)), slice(max(0, x), min(width, width + x))
        moved[t][..., to[0], to[1]] = maps[t][..., by[0], by[1]]
    return moved


def _gaussian(offsets: Int32Array) -> DoubleArray:
    return np.asarray(np.exp(-0.5 * (offsets / _LIKELY) ** 2))
