"""An opening's edges in one frame, as heights over the line between its corners."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.rendering.geometry.topology import Opening

__all__ = ["Edges", "LocalAxes"]

_FOREHEAD, _CHIN = 10, 152
"""The highest and the lowest landmark of the outline."""
_SAMPLES = 256
"""Samples of an edge along its width."""


@dataclass(frozen=True, slots=True)
class LocalAxes:
    """Axes of an opening: u along the corners, left to right as seen upright, v downwards.

    Attributes:
        origin: (2,) the first corner, coded pixels.
        along: (2,) unit vector of u.
        down: (2,) unit vector of v.
    """

    origin: FloatArray
    along: FloatArray
    down: FloatArray

    @classmethod
    def between(cls, first: FloatArray, second: FloatArray, below: FloatArray) -> LocalAxes:
        """Return the axes of two corners; `below` is any point on the lower side of them."""
        along = (second - first) / max(hypot(*(second - first)), 1e-6)
        down = np.array([-along[1], along[0]], dtype=np.float32)
        # A picture may be coded mirrored or turned; the face says which way is down.
        if float(down @ (below - first)) < 0:
            down = -down
        return cls(first, along, down)

    @classmethod
    def of_opening(cls, points: FloatArray, opening: Opening) -> LocalAxes:
        """Return the axes of an opening, from landmarks (N, 2); the chin says where down is."""
        first, second = points[opening.upper[0]], points[opening.upper[-1]]
        return cls.between(first, second, first + points[_CHIN] - points[_FOREHEAD])

    def locate(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return u and v of pixels at columns x and rows y."""
        x, y = x - self.origin[0], y - self.origin[1]
        return x * self.along[0] + y * self.along[1], x * self.down[0] + y * self.down[1]

    def to_pixels(self, u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return columns x and rows y of coordinates: the inverse of `locate`."""
        return (
            self.origin[0] + u * self.along[0] + v * self.down[0],
            self.origin[1] + u * self.along[1] + v * self.down[1],
        )

    def of(self, points: FloatArray) -> FloatArray:
        """Return (N, 2) u and v of points (N, 2)."""
        return np.asarray((points - self.origin) @ np.array([self.along, self.down]).T)


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """The upper and the lower edge of an opening as functions of u, in its axes.

    Attributes:
        start: u of the first sample, the first corner.
        stop: u of the last sample, the second corner.
        upper: (256,) v of the upper edge.
        lower: (256,) v of the lower edge; above the upper one where they press on each other.
    """

    start: float
    stop: float
    upper: FloatArray
    lower: FloatArray

    @classmethod
    def through(cls, axes: LocalAxes, upper: FloatArray, lower: FloatArray) -> Edges:
        """Return edges through landmarks (N, 2) from corner to corner.

        Between landmarks they follow a monotone cubic (Fritsch and Carlson, 1980), which
        does not overshoot where lids or lips run together. Lids and lips that press on each
        other cross.
        """
        top, bottom = axes.of(upper), axes.of(lower)
        start, stop = float(top[0, 0]), float(top[-1, 0])
        u = np.linspace(start, stop, _SAMPLES)
        above, below = _curve(top, u), _curve(bottom, u)
        return cls(start, stop, above.astype(np.float32), below.astype(np.float32))

    @property
    def gap(self) -> float:
        """Greatest height of the opening, pixels."""
        return float((self.lower - self.upper).max())

    def at(self, u: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return heights v of both edges at u; beyond the corners, that of the corners."""
        position = (u - self.start) * ((_SAMPLES - 1) / max(self.stop - self.start, 1e-6))
        position = np.minimum(np.maximum(position, 0), _SAMPLES - 1)
        index = np.minimum(position.astype(np.intp), _SAMPLES - 2)
        # Integers less single precision would be double precision, and all that follows from it.
        fraction = position - index.astype(position.dtype)
        upper, lower = (
            edge.take(index) + fraction * np.diff(edge).take(index)
            for edge in (self.upper, self.lower)
        )
        return upper, lower

    def depth(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """Return how far inside the opening a point lies, pixels; negative outside."""
        upper, lower = self.at(u)
        inside = np.minimum(u - self.start, self.stop - u)
        return np.asarray(np.minimum(np.minimum(v - upper, lower - v), inside), dtype=np.float32)


def _curve(points: FloatArray, u: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Heights at u of the monotone cubic through points (N, 2)."""
    # Landmarks of a puckered or half-turned mouth may fold back; keep u ascending.
    x = np.maximum.accumulate(points[:, 0].astype(np.float64))
    x += np.arange(len(x)) * 1e-4
    y = points[:, 1].astype(np.float64)
    step = np.diff(x)
    slope = np.diff(y) / step
    # The harmonic mean of neighbouring slopes, 0 at turning points, keeps it monotone.
    product = slope[:-1] * slope[1:]
    total = slope[:-1] + slope[1:]
    inner = np.where(product > 0, 2 * product / np.where(product > 0, total, 1), 0)
    tangent = np.concatenate([slope[:1], inner, slope[-1:]])
    # Hermite's cubic between two landmarks, by powers of the way from one to the next.
    first, second = tangent[:-1], tangent[1:]
    square, cube = 3 * slope - 2 * first - second, first + second - 2 * slope
    powers = np.stack([first, square, cube]) * step
    index = np.searchsorted(x[1:-1], u, side="right")
    t = np.minimum(np.maximum((u - x.take(index)) / step.take(index), 0), 1)
    first, square, cube = powers.take(index, axis=1)
    return np.asarray(y.take(index) + t * (first + t * (square + t * cube)))
