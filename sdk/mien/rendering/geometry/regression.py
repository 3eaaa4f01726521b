"""Smooth functions through scattered observations, which know how much they know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from mien._types import DoubleArray, FloatArray

__all__ = ["SmoothFunction", "missed_without_part"]

_BUMP, _REACH = 0.5, 0.8
"""Variance and length of the part of a function that is not linear, in units of its features."""
_PARTS: Final = 6
"""Parts of the observations that are told from the others to see how well that goes."""


@dataclass(frozen=True, slots=True, eq=False)
class SmoothFunction:
    """A function of features, linear with bumps, known from observations.

    Gaussian process regression (Rasmussen and Williams, Gaussian Processes for Machine Learning,
    2006, chapter 2) with a linear and a squared exponential kernel.

    Attributes:
        middle: (F,) mean of the observed features.
        points: (N, F) the observed features, less the mean.
        weights: (N, V) what each observation says of each value.
        inverse: (N, N) inverse of the observations' covariance.
    """

    middle: FloatArray
    points: FloatArray
    weights: FloatArray
    inverse: FloatArray

    @classmethod
    def through(cls, points: FloatArray, values: DoubleArray, noise: float) -> SmoothFunction:
        """Return the function that observations tell.

        Args:
            points: (N, F) features.
            values: (N, V) what was observed there; their mean does not matter, since only
                differences are asked for.
            noise: Variance of what features do not explain, in units of what one of them explains
                at 1.
        """
        middle = points.mean(axis=0)
        away = points - middle
        inverse = np.linalg.inv(_kernel(away, away) + noise * np.eye(len(away)))
        weights = inverse @ (values - values.mean(axis=0))
        return cls(middle, away, weights.astype(np.float32), inverse.astype(np.float32))

    def difference(self, source: FloatArray, target: FloatArray) -> tuple[FloatArray, float]:
        """Return by how much values differ between two places, and how far that is known.

        Args:
            source: (F,) features.
            target: (F,) features.

        Returns:
            (V,) float32, and 0..1: the part of what could differ that the observations settle.
        """
        asked = np.stack([source, target]) - self.middle
        known = _kernel(asked, self.points)
        step = known[1] - known[0]
        own = _kernel(asked, asked)
        open_at_first = float(own[0, 0] + own[1, 1] - 2 * own[0, 1])
        settled = float(step @ self.inverse @ step) / max(open_at_first, 1e-9)
        values = step.astype(np.float32) @ self.weights
        return values, float(np.clip(settled, 0, 1))


def missed_without_part(points: FloatArray, values: DoubleArray, noise: float) -> DoubleArray:
    """Return (N, V) by how much observations are missed when their part is told from the others.

    Neighbours are alike; to leave out single ones would tell nothing.

    Args:
        points: (N, F) features, in the order of time.
        values: (N, V) what was observed.
        noise: See `SmoothFunction.through`.
    """
    away = points - points.mean(axis=0)
    kernel = _kernel(away, away)
    missed = np.empty_like(values)
    for part in np.array_split(np.arange(len(kernel)), _PARTS):
        rest = np.setdiff1d(np.arange(len(kernel)), part)
        inner = kernel[np.ix_(rest, rest)] + noise * np.eye(len(rest))
        mean = values[rest].mean(axis=0)
        guess = kernel[np.ix_(part, rest)] @ np.linalg.solve(inner, values[rest] - mean) + mean
        missed[part] = values[part] - guess
    return missed


def _kernel(a: FloatArray, b: FloatArray) -> DoubleArray:
    """(A, B) how much what is seen at a tells of b."""
    first, second = a.astype(np.float64), b.astype(np.float64)
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)[None]
    product = first @ second.T
    apart = np.maximum(squares - 2 * product, 0)
    return np.asarray(product + _BUMP * np.exp(-apart / (2 * _REACH**2)))
