"""Geometry of the timeline's pictures, and its sound in every column of pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mien._types import DoubleArray, FloatArray
from mien.timebase import Clock
from mien_desktop.geometry.axis import Axis

__all__ = ["StripTile", "columns", "edges", "tiles"]


@dataclass(frozen=True, slots=True)
class StripTile:
    """A picture of the strip.

    Attributes:
        x: Where it begins, in pixels from the left of the axis.
        frame: What it shows.
    """

    x: float
    frame: int


def tiles(axis: Axis, width: float, frames: int) -> Iterator[StripTile]:
    """Return the pictures in view, side by side from the shot's beginning.

    Their frames are multiples of a power of two, so that most of them are needed again when the
    zoom changes, and few have to be decoded anew.
    """
    if not frames or width <= 0:
        return
    apart = width / axis.scale
    grain = 2 ** max(math.floor(math.log2(apart)), 0)
    start = axis.edge(0)
    first = max(math.floor(-start / width), 0)
    last = math.ceil((min(axis.width, axis.edge(frames)) - start) / width)
    for tile in range(first, last):
        frame = round(tile * apart / grain) * grain
        yield StripTile(start + tile * width, min(frame, frames - 1))


def edges(clock: Clock) -> DoubleArray:
    """Return (T + 1,) seconds at which the frames of a shot begin, and the last ends."""
    frames = range(clock.frame_count + 1)
    if clock.times is None:
        return np.array(frames, np.float64) / float(clock.rate)
    return np.array([float(clock.seconds(frame)) for frame in frames])


def columns(
    axis: Axis,
    seconds: DoubleArray,
    rate: float,
    low: FloatArray,
    high: FloatArray,
) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """Return the least and the greatest sound in every column of pixels in view.

    Args:
        axis: The axis.
        seconds: (T + 1,) edges of the shot's frames; where their lengths vary, a frame holds as
            much sound as it lasts.
        rate: Bins of sound a second.
        low: (N,) least value of every bin.
        high: (N,) greatest value of every bin.

    Returns:
        (M,) pixels from the left of the axis, and (M,) least and greatest values there.
    """
    frames = len(seconds) - 1
    left, right = max(axis.edge(0), 0.0), min(axis.edge(frames), axis.width)
    xs = np.arange(math.floor(left), math.ceil(max(right, left)) + 1, dtype=np.float64)
    times = np.interp(axis.first + xs / axis.scale, np.arange(frames + 1), seconds)
    bins = (times * rate).astype(np.int64)
    bins = bins[bins < len(low)]
    if len(bins) < 2:
        none = np.zeros(0)
        return none, none, none
    # The last column only bounds the one before it. Where two columns fall into one bin,
    # reduceat gives both that bin.
    return (
        xs[: len(bins) - 1],
        np.minimum.reduceat(low[: bins[-1] + 1], bins)[:-1].astype(np.float64),
        np.maximum.reduceat(high[: bins[-1] + 1], bins)[:-1].astype(np.float64),
    )
