"""Filters to choose from besides `smooth`: none of them lags, and none reaches over gaps or cuts.

Savitzky-Golay: a local quadratic fit (Savitzky and Golay 1964), by weighted least squares, so that
frames that were seen badly count less. Median: weighted by the same. One Euro: a low pass whose
cutoff rises with speed (Casiez, Roussel and Vogel 2012), run forwards then backwards and backwards
then forwards, and both averaged, so that it neither lags nor tells past from future.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.signal.gaps import segments
from mien.signal.smooth import noise_level

__all__ = ["filtered", "median", "one_euro", "savgol"]

LEAST_WEIGHT: Final = 0.05
"""A frame counts for no less, so that stretches that were seen badly throughout have values."""
EURO_SPEED: Final = 2.0
"""Hertz by which the cutoff rises for each multiple of the noise that a signal moves in a frame."""
EURO_SPEED_CUTOFF: Final = 5.0
"""Hertz of the low pass that the speed itself goes through."""
_AT_ONCE: Final = 2048
"""Frames whose windows are held at once."""

Filter = Callable[[FloatArray, FloatArray, float, float], FloatArray]
"""Values (T, C), weights (T,), seconds and rate to filtered values."""


def filtered(
    values: FloatArray,
    valid: BoolArray,
    how: Filter,
    *,
    weights: FloatArray,
    seconds: float,
    rate: float,
    cuts: Iterable[int] = (),
) -> FloatArray:
    """Filter every unbroken stretch of a signal by itself.

    Args:
        values: (T, ...) the signal; anything after the first axis is channels.
        valid: (T,) frames with a value; the others are passed through.
        how: `savgol`, `median` or `one_euro`.
        weights: (T,) how much frames count, 0..1.
        seconds: Width of the window, or time constant; below half a frame nothing changes.
        rate: Frames a second.
        cuts: First frames of new shots.

    Returns:
        The filtered signal, float32, of the same shape.
    """
    result = np.array(values, dtype=np.float32, order="C")
    flat = result.reshape(len(result), -1)
    for stretch in segments(valid, cuts):
        counted = np.maximum(weights[stretch], LEAST_WEIGHT).astype(np.float32)
        flat[stretch] = how(flat[stretch], counted, seconds, rate)
    return result


def savgol(values: FloatArray, weights: FloatArray, seconds: float, rate: float) -> FloatArray:
    """Fit a parabola to the window around every frame; see `filtered`."""
    reach = _reach(seconds, rate, len(values))
    if reach < 2:  # A parabola goes through three points.
        return values
    lags = range(-reach, reach + 1)
    moments = np.zeros((len(values), 5))
    sums = np.zeros((len(values), 3, values.shape[1]))
    padded = np.pad(weights, reach).astype(np.float64)
    points = np.pad(values, ((reach, reach), (0, 0))).astype(np.float64)
    for lag in lags:
        at = lag / reach
        weight = padded[reach + lag : reach + lag + len(values)]
        moments += weight[:, None] * at ** np.arange(5)
        part = weight[:, None] * points[reach + lag : reach + lag + len(values)]
        sums += part[:, None] * (at ** np.arange(3))[:, None]
    normal = moments[:, np.add.outer(np.arange(3), np.arange(3))]
    return np.asarray(np.linalg.solve(normal, sums)[:, 0], np.float32)


def median(values: FloatArray, weights: FloatArray, seconds: float, rate: float) -> FloatArray:
    """Take the weighted median of the window around every frame; see `filtered`.

    At the ends windows shrink to both sides alike, so that lines stay.
    """
    most = _reach(seconds, rate, len(values))
    result = values.copy()
    frames = np.arange(len(values))
    reaches = np.minimum(np.minimum(frames, frames[::-1]), most)
    for reach in np.unique(reaches[reaches > 0]).tolist():
        alike = frames[reaches == reach]
        for first in range(0, len(alike), _AT_ONCE):
            some = alike[first : first + _AT_ONCE]
            result[some] = _medians(values, weights, some, reach)
    return result


def _medians(
    values: FloatArray, weights: FloatArray, frames: npt.NDArray[np.intp], reach: int
) -> FloatArray:
    """(N, C) the weighted medians of as many frames to either side of (N,) frames."""
    window = frames[:, None] + np.arange(-reach, reach + 1)
    points = values[window]
    counted = np.broadcast_to(weights[window][..., None], points.shape)
    order = np.argsort(points, axis=1, kind="stable")
    points = np.take_along_axis(points, order, axis=1)
    below = np.cumsum(np.take_along_axis(counted, order, axis=1), axis=1, dtype=np.float64)
    half = below[:, -1:] / 2
    # The lower and the upper of the two in the middle, which are one for most weights.
    low = (below < half * (1 - 1e-6)).sum(axis=1, keepdims=True)
    high = (below <= half * (1 + 1e-6)).sum(axis=1, keepdims=True)
    both = [np.take_along_axis(points, at.clip(0, 2 * reach), axis=1) for at in (low, high)]
    return np.asarray((both[0] + both[1])[:, 0] / 2, np.float32)


def one_euro(values: FloatArray, weights: FloatArray, seconds: float, rate: float) -> FloatArray:
    """Let slow signals through smoothed, and fast ones as they are; see `filtered`."""
    if seconds * rate < 0.5 or len(values) < 2:
        return values
    noise = noise_level(values)

    def forwards(signal: FloatArray, counted: FloatArray) -> FloatArray:
        return _one_way(signal, counted, noise, seconds, rate)

    there = forwards(forwards(values, weights)[::-1], weights[::-1])[::-1]
    back = forwards(forwards(values[::-1], weights[::-1])[::-1], weights)
    return np.asarray(np.where(noise > 0, (there + back) / 2, values), np.float32)


def _one_way(
    values: FloatArray, weights: FloatArray, noise: FloatArray, seconds: float, rate: float
) -> FloatArray:
    """One pass of the One Euro filter; (T, C)."""
    result = values.copy()
    least = 1 / (2 * np.pi * seconds)
    unit = np.maximum(noise, np.float32(1e-9))
    smoothing = _share(EURO_SPEED_CUTOFF, rate)
    speed = np.zeros(values.shape[1], np.float32)
    for frame in range(1, len(values)):
        speed = speed + smoothing * ((values[frame] - values[frame - 1]) / unit - speed)
        # What is no faster than noise is noise.
        cutoff = least + EURO_SPEED * np.maximum(np.abs(speed) - 1, 0)
        share = _share(cutoff, rate) * weights[frame]
        result[frame] = result[frame - 1] + share * (values[frame] - result[frame - 1])
    return result


def _share(cutoff: FloatArray | float, rate: float) -> FloatArray:
    """Part of the way to a new value that a low pass goes in a frame."""
    return np.asarray(1 / (1 + rate / (2 * np.pi * np.asarray(cutoff))), np.float32)


def _reach(seconds: float, rate: float, length: int) -> int:
    """Frames to either side that a window reaches."""
    return min(round(seconds * rate / 2), (length - 1) // 2)
