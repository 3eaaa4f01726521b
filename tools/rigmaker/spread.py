"""How the skin follows a margin that moves: harmonic extension over the mesh."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rigmaker.topology import SKIN, Indices

Array = npt.NDArray[np.float64]


def spread(
    mean: Array, triangles: Indices, handles: list[int], fixed: npt.NDArray[np.bool_]
) -> Array:
    """Weights by which every vertex follows the handles (Joshi et al. 2007).

    Each column is 1 at its handle, 0 at the others and at fixed vertices, and harmonic in
    between: no vertex moves more than a handle, and the motion fades without a kink.

    Args:
        mean: (468, 3) the mesh's shape.
        triangles: (N, 3) its triangles.
        handles: The vertices that lead; one that occurs twice shares its column's weight.
        fixed: (468,) the vertices that stay.

    Returns:
        (468, len(handles)) weights.
    """
    laplacian = np.zeros((SKIN, SKIN))
    for a, b in {tuple(sorted(e)) for t in triangles for e in zip(t, np.roll(t, 1), strict=True)}:
        weight = 1 / np.linalg.norm(mean[a] - mean[b])
        laplacian[[a, b], [b, a]] -= weight
        laplacian[[a, b], [a, b]] += weight
    leads = np.zeros(SKIN, dtype=bool)
    leads[handles] = True
    free = ~(leads | fixed)
    weights = np.zeros((SKIN, len(handles)))
    for column, handle in enumerate(handles):
        weights[handle, column] = 1 / handles.count(handle)
    weights[free] = np.linalg.solve(
        laplacian[np.ix_(free, free)], -laplacian[np.ix_(free, leads)] @ weights[leads]
    )
    return weights


def distance_to(mean: Array, points: Indices | list[int]) -> Array:
    """(468,) distance of every vertex to the nearest of some vertices."""
    away = np.linalg.norm(mean[:SKIN, None] - mean[None, points], axis=2)
    return np.asarray(away.min(axis=1))
