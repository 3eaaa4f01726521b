"""Closest points on a surface of triangles, for many points at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray, IndexArray

__all__ = ["Surface", "vertex_normals"]


CANDIDATES = 24
"""Triangles with the nearest middles that are looked at for a point."""


class Surface:
    """Triangles in space, ready to be asked.

    Args:
        points: (V, 3) vertices.
        triangles: (F, 3) vertex indices, counter-clockwise from outside.

    Attributes:
        normals: (F, 3) unit normals.
    """

    def __init__(self, points: npt.NDArray[Any], triangles: IndexArray) -> None:
        from scipy.spatial import cKDTree

        self._corners: DoubleArray = np.asarray(points, dtype=np.float64)[triangles]
        a, b, c = self._corners.transpose(1, 0, 2)
        normals = np.cross(b - a, c - a)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        self.normals = normals / np.maximum(length, 1e-300)
        self._tree = cKDTree(self._corners.mean(axis=1))

    def closest(
        self,
        points: npt.NDArray[Any],
        facing: DoubleArray | None = None,
        allowed: npt.NDArray[np.bool_] | None = None,
    ) -> tuple[IndexArray, DoubleArray, DoubleArray]:
        """Return the places of the surface that are closest to points.

        Args:
            points: (P, 3).
            facing: (P, 3) directions that a triangle's normal may not turn away from.
            allowed: (P, F) triangles that are looked at for each point.

        Returns:
            (P,) triangles, (P, 3) barycentric weights and (P,) distances; infinite where no
            triangle near by is allowed.
        """
        count = min(CANDIDATES, len(self._corners))
        near = self._tree.query(points, k=count)[1].reshape(len(points), count)
        weights = _barycentric(np.asarray(points, dtype=np.float64)[:, None], self._corners[near])
        at = np.einsum("pck,pckx->pcx", weights, self._corners[near])
        distance = np.linalg.norm(at - points[:, None], axis=2)
        if facing is not None:
            distance[np.einsum("pcx,px->pc", self.normals[near], facing) <= 0] = np.inf
        if allowed is not None:
            distance[~np.take_along_axis(allowed, near, axis=1)] = np.inf
        best = distance.argmin(axis=1)
        rows = np.arange(len(points))
        return near[rows, best], weights[rows, best], distance[rows, best]


def vertex_normals(points: npt.NDArray[Any], triangles: IndexArray) -> DoubleArray:
    """Return the unit normals (V, 3) of vertices, weighed by their triangles' areas."""
    a, b, c = np.asarray(points, dtype=np.float64)[triangles].transpose(1, 0, 2)
    normals = np.zeros((len(points), 3))
    for corner in range(3):
        np.add.at(normals, triangles[:, corner], np.cross(b - a, c - a))
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.maximum(length, 1e-300))


def _barycentric(points: DoubleArray, corners: DoubleArray) -> DoubleArray:
    """Barycentric weights (..., 3) of the points of triangles nearest to points.

    Either the foot of the perpendicular, when it falls inside, or the nearest point of the
    three edges.

    Args:
        points: (..., 3), broadcast against the triangles.
        corners: (..., 3, 3).
    """
    a, b, c = corners[..., 0, :], corners[..., 1, :], corners[..., 2, :]
    points = np.broadcast_to(points, a.shape)
    inside = _foot(points, a, b, c)
    candidates = [np.where(inside.min(axis=-1, keepdims=True) >= 0, inside, np.nan)]
    for first, second in ((0, 1), (1, 2), (2, 0)):
        start, edge = corners[..., first, :], corners[..., second, :] - corners[..., first, :]
        length = np.maximum((edge**2).sum(axis=-1), 1e-300)
        along = np.clip(((points - start) * edge).sum(axis=-1) / length, 0, 1)
        weights = np.zeros((*along.shape, 3))
        weights[..., first], weights[..., second] = 1 - along, along
        candidates.append(weights)
    stacked = np.stack(candidates)
    at = np.einsum("n...k,...kx->n...x", stacked, corners)
    distance = ((at - points) ** 2).sum(axis=-1)
    distance[np.isnan(distance)] = np.inf
    best = distance.argmin(axis=0)
    return np.asarray(np.take_along_axis(stacked, best[None, ..., None], axis=0)[0])


def _foot(points: DoubleArray, a: DoubleArray, b: DoubleArray, c: DoubleArray) -> DoubleArray:
    """Barycentric weights of the feet of perpendiculars on the triangles' planes."""
    u, v, w = b - a, c - a, points - a
    uu, uv, vv = (u * u).sum(axis=-1), (u * v).sum(axis=-1), (v * v).sum(axis=-1)
    wu, wv = (w * u).sum(axis=-1), (w * v).sum(axis=-1)
    area = uu * vv - uv * uv
    flat = area <= 1e-300
    area = np.where(flat, 1, area)
    second = np.where(flat, -1, (vv * wu - uv * wv) / area)
    third = np.where(flat, -1, (uu * wv - uv * wu) / area)
    return np.stack([1 - second - third, second, third], axis=-1)
