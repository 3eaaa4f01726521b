"""Best paths through tables of worth, by dynamic programming (Bellman, 1957)."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from mien._types import FloatArray, IndexArray

__all__ = ["best_path", "best_ring"]

_NEVER = -1e9


def best_path(worth: FloatArray, step: int, cost: float) -> IndexArray:
    """Return the path that is worth most, a column for each row.

    Args:
        worth: (N, K) what a path gains in a row by going through a column.
        step: Columns that it may move by from row to row at most.
        cost: What moving by a column costs; by s columns, s to the power of 1.5 times that.

    Returns:
        (N,) columns.
    """
    rows, columns = worth.shape
    moves = np.arange(-step, step + 1)
    costs = cost * np.abs(moves) ** 1.5
    every = np.arange(columns)
    came = np.zeros((rows, columns), dtype=np.intp)
    total = np.full(columns + 2 * step, _NEVER)
    inner = total[step : step + columns]
    inner[:] = worth[0]
    reachable = sliding_window_view(total, 2 * step + 1)
    for i in range(1, rows):
        reached = reachable - costs
        move = reached.argmax(axis=1)
        came[i] = every + moves[move]
        inner[:] = reached[every, move] + worth[i]
    came = np.clip(came, 0, columns - 1)
    path = np.zeros(rows, dtype=np.intp)
    path[-1] = inner.argmax()
    for i in range(rows - 1, 0, -1):
        path[i - 1] = came[i, path[i]]
    return path


def best_ring(worth: FloatArray, step: int, cost: float) -> IndexArray:
    """Return the closed path that is worth most: of two rounds the middle."""
    rows = len(worth)
    half = rows // 2
    rounds = best_path(np.concatenate([worth[-half:], worth, worth[:half]]), step, cost)
    return rounds[half : half + rows]
