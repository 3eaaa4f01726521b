"""Least squares between bounds, for many frames at once."""

from __future__ import annotations

import numpy as np

from mien._types import FloatArray

__all__ = ["bounded_least_squares"]

SWEEPS = 40
SETTLED = 1e-3
"""Sweeps end when no value moves by more."""


def bounded_least_squares(
    normal: FloatArray,
    right: FloatArray,
    upper: FloatArray,
    start: FloatArray | None = None,
    sweeps: int = SWEEPS,
) -> FloatArray:
    """Minimise c N c / 2 - r c with 0 <= c <= upper, for every row r.

    Coordinate descent (Gauss-Seidel with projection; Franc, Hlavac and Navara 2005), each
    coordinate in all rows together.

    Args:
        normal: (K, K) normal matrix N, positive definite; or (T, K, K), one for each row.
        right: (T, K) right sides.
        upper: (K,) upper bounds.
        start: (T, K) where to start; 0 when None.
        sweeps: Sweeps over all coordinates, at most.

    Returns:
        (T, K) float32.
    """
    # One contiguous row for each coordinate.
    found = np.zeros_like(right.T) if start is None else np.ascontiguousarray(start.T)
    if normal.ndim == 2:
        columns = normal.T[:, :, None]
        gradient = normal @ found - right.T
    else:
        columns = np.ascontiguousarray(normal.transpose(2, 1, 0))
        gradient = np.einsum("lkt,lt->kt", columns, found) - right.T
    inverse = 1 / np.einsum("kkt->kt", columns)
    for _ in range(sweeps):
        before = found.copy()
        for k in range(len(columns)):
            moved = np.minimum(np.maximum(found[k] - inverse[k] * gradient[k], 0), upper[k])
            gradient += columns[k] * (moved - found[k])
            found[k] = moved
        if np.abs(found - before).max(initial=0) < SETTLED:
            break
    return np.ascontiguousarray(found.T, dtype=np.float32)
