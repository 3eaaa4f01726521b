"""Geometry of the curve editor: values and pixels, curves as polylines, hit testing.

Pixels run right and down from the canvas's upper left corner. Nothing here knows Qt or the
document; keys are the model's, and a curve is drawn from the very cubics that are evaluated.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, DoubleArray
from mien.model.interpolate import Key, cubic
from mien_desktop.geometry.axis import Axis

__all__ = [
    "ValueAxis",
    "key_points",
    "keyed_curve",
    "keys_between",
    "nearest_point",
    "points_inside",
    "polyline_distance",
    "sampled_curve",
]


_TICK_SPACING = 34
"""Pixels that labels of values are apart, at least."""
_SMALLEST, _LARGEST = 0.02, 20_000.0
"""Pixels a unit between which values can be zoomed."""
_FINE, _COARSE = 32, 4
"""Lines that a segment is drawn with at most; pixels that such a line is long at least."""
_FEWEST = 16
"""Lines of a segment at least: steep ones bend within a frame."""


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """The vertical axis: values upwards.

    Attributes:
        middle: Value at half the height.
        scale: Pixels a unit.
        height: Height in pixels.
    """

    middle: float = 0.5
    scale: float = 80.0
    height: float = 200.0

    def y(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.height / 2 - (value - self.middle) * self.scale

    def ys(self, values: npt.ArrayLike) -> DoubleArray:
        """Return (N,) pixels of (N,) values."""
        return self.height / 2 - (np.asarray(values, dtype=np.float64) - self.middle) * self.scale

    def value(self, y: float) -> float:
        """Return the value at a pixel."""
        return self.middle + (self.height / 2 - y) / self.scale

    def zoomed(self, y: float, factor: float) -> ValueAxis:
        """Return the axis zoomed by a factor; the value under pixel `y` stays where it is."""
        scale = min(max(self.scale * factor, _SMALLEST), _LARGEST)
        kept = self.value(y)
        return replace(self, scale=scale, middle=kept - (self.height / 2 - y) / scale)

    def panned(self, pixels: float) -> ValueAxis:
        """Return the axis moved so that everything lies `pixels` further down."""
        return replace(self, middle=self.middle + pixels / self.scale)

    def resized(self, height: float) -> ValueAxis:
        """Return the axis with another height; the same values fill it."""
        if height <= 0 or height == self.height:
            return self
        return replace(self, height=height, scale=self.scale * height / self.height)

    def fitted(self, low: float, high: float, margin: float = 14.0) -> ValueAxis:
        """Return the axis on which `low` to `high` fills the height but for margins of pixels."""
        room = max(self.height - 2 * margin, 1.0)
        extent = max(high - low, 1e-3)
        scale = min(max(room / extent, _SMALLEST), _LARGEST)
        return replace(self, middle=(low + high) / 2, scale=scale)

    def ticks(self) -> tuple[float, list[float]]:
        """Return the step between labels, a 1, 2 or 5 of some power of ten, and the values."""
        wanted = _TICK_SPACING / self.scale
        power = 10.0 ** math.floor(math.log10(wanted))
        step = next(power * m for m in (1, 2, 5, 10) if power * m >= wanted * (1 - 1e-9))
        first = math.ceil(self.value(self.height) / step)
        last = math.floor(self.value(0) / step)
        return step, [i * step for i in range(first, last + 1)]


def keys_between(keys: Sequence[Key], first: float, last: float) -> range:
    """Return the indices of the keys whose frames lie from `first` to `last`, both included."""
    start = bisect_left(keys, first, key=_frame)
    return range(start, max(bisect_right(keys, last, key=_frame), start))


def _frame(key: Key) -> int:
    return key.frame


def key_points(keys: Sequence[Key], time: Axis, axis: ValueAxis, unit: float = 1.0) -> DoubleArray:
    """Return (K, 2) pixels of keys.

    Args:
        keys: The keys.
        time: The stretch of time in view.
        axis: The values in view.
        unit: What the keys' values are divided by before they are drawn.
    """
    if not keys:
        return np.empty((0, 2))
    pairs = np.array([(key.frame, key.value) for key in keys], dtype=np.float64)
    return _pixels(pairs, time, axis, unit)


def keyed_curve(keys: Sequence[Key], time: Axis, axis: ValueAxis, unit: float = 1.0) -> DoubleArray:
    """Return a keyed curve across the canvas, held before its first and after its last key.

    Every segment is the cubic that is evaluated. Segments that are only pixels wide are drawn
    straight, and where several keys share a pixel their extremes are.

    Args:
        keys: Keys in ascending order of frames, at least one.
        time: The stretch of time in view.
        axis: The values in view.
        unit: What the keys' values are divided by before they are drawn.

    Returns:
        (N, 2) pixels.
    """
    shown = keys_between(keys, time.time(0), time.time(time.width))
    start, stop = max(shown.start - 1, 0), min(shown.stop + 1, len(keys))
    seen = keys[start:stop] or keys[-1:]
    if len(seen) > 1 and (seen[-1].frame - seen[0].frame) * time.scale < _COARSE * len(seen):
        points = _extremes(key_points(seen, time, axis, unit))
    else:
        points = _pixels(_segments(seen, time.scale), time, axis, unit)
    ends = [points]
    if points[0, 0] > 0:
        ends.insert(0, np.array([[0.0, points[0, 1]]]))
    if points[-1, 0] < time.width:
        ends.append(np.array([[time.width, points[-1, 1]]]))
    return np.concatenate(ends)


def _segments(keys: Sequence[Key], scale: float) -> DoubleArray:
    """Return (N, 2) frames and values along every segment between keys."""
    if len(keys) == 1:
        return np.array([[keys[0].frame, keys[0].value]], dtype=np.float64)
    pairs = list(itertools.pairwise(keys))
    polygons = np.array([cubic(a, b) for a, b in pairs])
    longest = max(b.frame - a.frame for a, b in pairs) * scale
    lines = min(max(math.ceil(longest / _COARSE), _FEWEST), _FINE)
    u = np.linspace(0, 1, lines + 1)
    v = 1 - u
    basis = np.stack([v**3, 3 * v * v * u, 3 * v * u * u, u**3])
    points = np.einsum("skc,kn->snc", polygons, basis)
    held = np.array([a.interpolation == "hold" for a, _ in pairs])
    points[held, :, 1] = polygons[held, :1, 1]
    last = np.array([[keys[-1].frame, keys[-1].value]], dtype=np.float64)
    return np.concatenate([points.reshape(-1, 2), last])


def sampled_curve(
    values: npt.ArrayLike,
    valid: BoolArray,
    time: Axis,
    axis: ValueAxis,
    unit: float = 1.0,
) -> list[DoubleArray]:
    """Return a curve with a value for every frame, as the runs of frames that are valid.

    Args:
        values: (T,) values.
        valid: (T,) frames that have one.
        time: The stretch of time in view.
        axis: The values in view.
        unit: What the values are divided by before they are drawn.

    Returns:
        (N, 2) pixels of each run; where many frames share a pixel, their extremes, so that no
        blink is lost however far the view is zoomed out.
    """
    values = np.asarray(values, dtype=np.float64)
    start = max(int(time.time(0)) - 1, 0)
    stop = min(int(time.time(time.width)) + 3, len(values))
    if stop <= start:
        return []
    seen = valid[start:stop]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(np.int8)))
    runs = []
    for first, last in edges.reshape(-1, 2) + start:
        pairs = np.stack([np.arange(first, last), values[first:last]], axis=1)
        runs.append(_extremes(_pixels(pairs, time, axis, unit)))
    return runs


def _pixels(pairs: DoubleArray, time: Axis, axis: ValueAxis, unit: float) -> DoubleArray:
    return np.stack([time.xs(pairs[:, 0]), axis.ys(pairs[:, 1] / unit)], axis=1)


def _extremes(points: DoubleArray) -> DoubleArray:
    """Return the polyline with at most its first, lowest, highest and last point of each column."""
    if len(points) < 3 or points[-1, 0] - points[0, 0] >= len(points):
        return points
    starts = np.flatnonzero(np.diff(np.floor(points[:, 0]), prepend=-np.inf))
    ends = np.append(starts[1:], len(points)) - 1
    y = points[:, 1]
    out = np.repeat(points[starts], 4, axis=0)
    out[1::4, 1] = np.minimum.reduceat(y, starts)
    out[2::4, 1] = np.maximum.reduceat(y, starts)
    out[3::4] = points[ends]
    return out


def nearest_point(points: DoubleArray, x: float, y: float, radius: float) -> int | None:
    """Return the index of the point nearest to a pixel, within `radius`; of equals the last."""
    if not len(points):
        return None
    distances = np.hypot(points[:, 0] - x, points[:, 1] - y)
    # What is drawn last lies on top and is meant.
    index = len(points) - 1 - int(np.argmin(distances[::-1]))
    return index if distances[index] <= radius else None


def points_inside(points: DoubleArray, x0: float, y0: float, x1: float, y1: float) -> list[int]:
    """Return the indices of the points in a box, whichever corners it was drawn between."""
    if not len(points):
        return []
    low, high = (min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1))
    return [int(i) for i in np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))]


def polyline_distance(points: DoubleArray, x: float, y: float) -> float:
    """Return the pixels from a point to a polyline; infinite when it has no points."""
    if len(points) < 2:
        return float(np.hypot(*(points[0] - (x, y)))) if len(points) else math.inf
    a, along = points[:-1], np.diff(points, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip((((x, y) - a) * along).sum(axis=1) / length, 0, 1)
    nearest = a + share[:, None] * along
    return float(np.sqrt(((nearest - (x, y)) ** 2).sum(axis=1).min()))
