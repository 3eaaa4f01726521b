"""Covariances of faces: independent noise at every coordinate, and some shared modes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mien._types import DoubleArray

__all__ = ["Covariance"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Covariance:
    """diag(scale^2) + modes^T modes.

    Attributes:
        scale: (N,) standard deviation of each coordinate's own part.
        modes: (K, N) directions in which coordinates vary together, as long as their
            standard deviation.
    """

    scale: DoubleArray
    modes: DoubleArray

    def solve(self, columns: DoubleArray) -> DoubleArray:
        """Return the inverse covariance times (N, M) columns (Woodbury's identity)."""
        own = 1 / self.scale[:, None] ** 2
        first = own * columns
        small = np.eye(len(self.modes)) + self.modes @ (own * self.modes.T)
        return np.asarray(
            first - own * (self.modes.T @ np.linalg.solve(small, self.modes @ first)),
            dtype=np.float64,
        )

    def times(self, columns: DoubleArray) -> DoubleArray:
        """Return the covariance times (N, M) columns."""
        return np.asarray(
            self.scale[:, None] ** 2 * columns + self.modes.T @ (self.modes @ columns),
            dtype=np.float64,
        )

    def __add__(self, other: Covariance) -> Covariance:
        return Covariance(
            np.hypot(self.scale, other.scale), np.concatenate([self.modes, other.modes])
        )
