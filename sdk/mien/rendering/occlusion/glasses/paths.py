"""Best paths through tables of worth, by dynamic programming (Bellman, 1957)."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mien._types import FloatArray, IndexArray

__all__ = ["best_path", "best_ring"]

_NEVER = -1e9


def best_path(worth: FloatArray, step: int, cost: float) -> IndexArray:
    """Return the paths that are worth most in tables, a column for each row.

    Args:
        worth: (..., N, K) what a path gains in a row by going through a column. Many tables take
            hardly longer than one.
        step: Columns that it may move by from row to row at most.
        cost: What moving by a column costs; by s columns, s to the power of 1.5 times that.

    Returns:
        (..., N) columns.
    """
    *many, rows, columns = worth.shape
    tables = worth.reshape(-1, rows, columns)
    each = np.arange(len(tables))
    moves = np.arange(-step, step + 1)
    costs = cost * np.abs(moves) ** 1.5
    every = np.arange(columns)
    came = np.zeros((rows, len(tables), columns), dtype=np.intp)
    total = np.full((len(tables), columns + 2 * step), _NEVER)
    inner = total[:, step : step + columns]
    inner[:] = tables[:, 0]
    reachable = sliding_window_view(total, 2 * step + 1, axis=1)
    for i in range(1, rows):
        reached = reachable - costs
        move = reached.argmax(axis=2)
        came[i] = every + moves[move]
        inner[:] = reached[each[:, None], every, move] + tables[:, i]
    came = np.clip(came, 0, columns - 1)
    path = np.zeros((len(tables), rows), dtype=np.intp)
    path[:, -1] = inner.argmax(axis=1)
    for i in range(rows - 1, 0, -1):
        path[:, i - 1] = came[i, each, path[:, i]]
    return path.reshape(*many, rows)


def best_ring(worth: FloatArray, step: int, cost: float) -> IndexArray:
    """Return the closed paths that are worth most: of two rounds the middle."""
    rows = worth.shape[-2]
    half = rows // 2
    twice = np.concatenate([worth[..., -half:, :], worth, worth[..., :half, :]], axis=-2)
    return best_path(twice, step, cost)[..., half : half + rows]
