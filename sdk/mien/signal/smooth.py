"""Smoothing without lag: as much as the noise asks for, as little as the motion allows.

Every sample is estimated by local quadratic fits over windows of growing width that reach
equally far into past and future (Savitzky and Golay 1964). A wider window is taken for as
long as its estimate agrees, within the noise, with those of all narrower ones: the
intersection of confidence intervals (Goldenshluger and Nemirovski 1997; Katkovnik 1999).
Where a lid snaps shut the wide windows disagree at once and the sample is left as it is;
where nothing moves the widest window takes the noise away. The decision is gradual, so
that it adds no jumps of its own. The noise is estimated from the signal's third
differences, by their median, which motion hardly touches; where a shaking head touches it
all the same, the caller says how much noise there can be.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.signal.gaps import segments

__all__ = ["noise_level", "smooth"]


REACHES = (2, 3, 5, 8, 13)
"""Half-widths of the windows in frames at 30 frames a second."""
REFERENCE_RATE = 30.0
CONFIDENCE = 1.8
"""Half-width of a confidence interval in standard deviations of an estimate."""
TOLERANCE = 1.0
"""Standard deviations of noise over which agreement fades into disagreement."""
CHANNELS_AT_ONCE = 128
"""Channels smoothed together; keeps the work in cache and memory small."""
LEAST_MOVING = 0.2
"""Part of the samples that must not be held still for the noise to be told from them."""
_MAD_TO_SIGMA = 1.4826
_ORDER = 3
_DIFFERENCE_GAIN = 20**0.5
"""Standard deviation of x[t] - 3 x[t+1] + 3 x[t+2] - x[t+3] when that of x is 1."""


def noise_level(values: FloatArray) -> FloatArray:
    """Standard deviation of the noise of each channel.

    Where a signal is held at a bound, as a control at 0, it says nothing of its noise.

    Args:
        values: (T, C) the signal.

    Returns:
        (C,) float32; 0 where there are too few samples to tell.
    """
    if len(values) <= _ORDER:
        return np.zeros(values.shape[1], dtype=np.float32)
    rough = np.abs(np.diff(values, n=_ORDER, axis=0))
    middle = np.median(rough, axis=0)
    moving = rough > 0
    share = moving.mean(axis=0)
    for channel in np.flatnonzero((share < 1) & (share >= LEAST_MOVING)):
        middle[channel] = np.median(rough[moving[:, channel], channel])
    return np.asarray(middle * (_MAD_TO_SIGMA / _DIFFERENCE_GAIN), dtype=np.float32)


def smooth(
    values: FloatArray,
    valid: BoolArray | None = None,
    *,
    rate: float = REFERENCE_RATE,
    cuts: Iterable[int] = (),
    most: float | FloatArray = np.inf,
    strength: float | FloatArray = 1.0,
    out: FloatArray | None = None,
) -> FloatArray:
    """Smooth channels over time, with past and future, each by its own noise.

    Constants and straight lines stay what they are, and the signal reversed in time
    gives the result reversed.

    Args:
        values: (T, ...) the signal; anything after the first axis is channels.
        valid: (T,) frames with a value; the others are passed through.
        rate: Frames a second; windows keep their length in seconds.
        cuts: First frames of new shots; nothing is smoothed across one.
        most: Standard deviation that the noise can have at most, for all channels or for
            each; what is rougher is motion.
        strength: How many times as much noise as there is (and at most) is taken away, for all
            channels or for each; at 0 they stay as they are.
        out: Where the result goes; contiguous; may be `values` itself, to
            save memory.

    Returns:
        The smoothed signal, float32, of the same shape.
    """
    result = np.array(values, dtype=np.float32, order="C") if out is None else out
    if result is not values and out is not None:
        out[...] = values
    if not result.size:
        return result
    flat = result.reshape(len(result), -1)
    reaches = tuple(dict.fromkeys(max(2, round(r * rate / REFERENCE_RATE)) for r in REACHES))
    seen = np.ones(len(flat), dtype=np.bool_) if valid is None else valid
    limits, times = (
        np.broadcast_to(np.asarray(value, dtype=np.float32), values.shape[1:]).reshape(-1)
        for value in (most, strength)
    )
    for stretch in segments(seen, cuts):
        for first in range(0, flat.shape[1], CHANNELS_AT_ONCE):
            channels = slice(first, first + CHANNELS_AT_ONCE)
            block = (stretch, channels)
            flat[block] = _smooth_stretch(flat[block], reaches, limits[channels], times[channels])
    return result


def _smooth_stretch(
    values: FloatArray, reaches: tuple[int, ...], limits: FloatArray, strength: FloatArray
) -> FloatArray:
    length = len(values)
    sigma = np.minimum(noise_level(values), limits) * strength
    if not sigma.any():
        return values
    estimate = values.copy()
    low, high = values - CONFIDENCE * sigma, values + CONFIDENCE * sigma
    trust = np.ones_like(values)
    previous = values
    # Relative to the noise, so that one division serves all windows.
    per_sigma = 1 / np.maximum(TOLERANCE * sigma, np.float32(1e-12))
    for reach in reaches:
        if reach >= length:
            break
        kernel = _kernel(reach)
        fitted = _correlate(_extended(values, reach), kernel, length)
        half = CONFIDENCE * float(np.linalg.norm(kernel)) * sigma
        np.maximum(low, fitted - half, out=low)
        np.minimum(high, fitted + half, out=high)
        np.minimum(trust, np.clip(1 - (low - high) * per_sigma, 0, 1), out=trust)
        estimate += trust * (fitted - previous)
        previous = fitted
    return estimate


@lru_cache(maxsize=32)
def _kernel(reach: int) -> FloatArray:
    """Weights of the quadratic fit's value at the middle of a window."""
    at = np.arange(-reach, reach + 1, dtype=np.float64)
    design = np.stack([np.ones_like(at), at, at**2], axis=1)
    return np.asarray(np.linalg.pinv(design)[0], dtype=np.float32)


def _extended(values: FloatArray, reach: int) -> FloatArray:
    """The signal turned by half a turn about its ends, which carries lines on."""
    before = 2 * values[:1] - values[reach:0:-1]
    after = 2 * values[-1:] - values[-2 : -reach - 2 : -1]
    return np.concatenate([before, values, after])


def _correlate(extended: FloatArray, kernel: FloatArray, length: int) -> FloatArray:
    reach = len(kernel) // 2
    total: FloatArray = kernel[reach] * extended[reach : reach + length]
    for step in range(1, reach + 1):
        ahead = extended[reach + step : reach + step + length]
        behind = extended[reach - step : reach - step + length]
        total += kernel[reach + step] * (ahead + behind)
    return total
