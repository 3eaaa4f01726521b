"""The face mesh's connectivity: triangles, contours in order, and the mirror map.

Edges come from MediaPipe's package; everything else is computed from them and from the
mean face.
"""

from __future__ import annotations

from itertools import combinations

import mediapipe.python.solutions.face_mesh_connections as connections
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

SKIN = 468
"""Landmarks of the skin; the ten after them are the irises."""

Indices = npt.NDArray[np.int16]


def triangles(mean: npt.NDArray[np.float64]) -> Indices:
    """The mesh's triangles, counter-clockwise as the camera sees them.

    Every cycle of three edges is a triangle, save those that enclose a vertex.

    Args:
        mean: (468, 3) the mean face.

    Returns:
        (N, 3) vertex indices, sorted; eyes and mouth are holes.
    """
    neighbours: dict[int, set[int]] = {i: set() for i in range(SKIN)}
    for a, b in connections.FACEMESH_TESSELATION:
        neighbours[a].add(b)
        neighbours[b].add(a)
    faces = {
        tuple(sorted((v, a, b)))
        for v, near in neighbours.items()
        for a, b in combinations(near, 2)
        if b in neighbours[a]
    }
    kept = []
    for face in sorted(faces):
        inside = set.intersection(*(neighbours[v] for v in face))
        corners = mean[list(face), :2]
        if any(_contains(corners, mean[v, :2]) for v in inside):
            continue
        (x0, y0), (x1, y1), (x2, y2) = corners
        turn = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        kept.append(face if turn > 0 else (face[0], face[2], face[1]))
    return np.array(kept, dtype=np.int16)


def _contains(corners: npt.NDArray[np.float64], point: npt.NDArray[np.float64]) -> bool:
    edges = np.roll(corners, -1, axis=0) - corners
    to = point - corners
    side = edges[:, 0] * to[:, 1] - edges[:, 1] * to[:, 0]
    return bool((side > 0).all() or (side < 0).all())


def mirror(mean: npt.NDArray[np.float64]) -> Indices:
    """Which landmark is which one's mirror image.

    Args:
        mean: (478, 3) a face that is nearly symmetric about x = 0.

    Returns:
        (478,) an involution: the one-to-one pairing of the face with its reflection that
        has the smallest total squared distance.
    """
    reflected = mean * [-1, 1, 1]
    cost = ((mean[:, None] - reflected[None]) ** 2).sum(axis=2)
    found = linear_sum_assignment(cost + cost.T)[1]
    if not np.array_equal(found[found], np.arange(len(mean))):
        raise ValueError("the mean face is not symmetric enough to pair its landmarks")
    return np.asarray(found, dtype=np.int16)


def groups(mean: npt.NDArray[np.float64]) -> dict[str, Indices]:
    """Named landmarks of the features, contours in order.

    Lid margins run from the inner to the outer corner, both included; lip margins from
    the person's right corner to the left; the oval runs round. Left is the person's.

    Args:
        mean: (478, 3) the mean face.
    """
    found: dict[str, list[int]] = {}
    loops = sorted(_loops(connections.FACEMESH_LIPS), key=lambda loop: np.ptp(mean[loop, 0]))
    for name, loop in zip(("inner", "outer"), loops, strict=True):
        right = min(loop, key=lambda i: mean[i, 0])
        left = max(loop, key=lambda i: mean[i, 0])
        upper, lower = _arcs(loop, right, left, mean)
        found[f"lips_{name}_upper"], found[f"lips_{name}_lower"] = upper, lower
    for side, edges in (
        ("left", connections.FACEMESH_LEFT_EYE),
        ("right", connections.FACEMESH_RIGHT_EYE),
    ):
        (loop,) = _loops(edges)
        by_middle = sorted(loop, key=lambda i: abs(mean[i, 0]))
        upper, lower = _arcs(loop, by_middle[0], by_middle[-1], mean)
        found[f"{side}_eye_upper"], found[f"{side}_eye_lower"] = upper, lower
        brow = (
            connections.FACEMESH_LEFT_EYEBROW
            if side == "left"
            else connections.FACEMESH_RIGHT_EYEBROW
        )
        found[f"{side}_brow"] = sorted({i for edge in brow for i in edge})
    (found["oval"],) = _loops(connections.FACEMESH_FACE_OVAL)
    found["nose"] = sorted({i for edge in connections.FACEMESH_NOSE for i in edge})
    found["right_iris"] = list(range(SKIN, SKIN + 5))
    found["left_iris"] = list(range(SKIN + 5, SKIN + 10))
    return {name: np.array(points, dtype=np.int16) for name, points in found.items()}


def _loops(edges: frozenset[tuple[int, int]]) -> list[list[int]]:
    near: dict[int, list[int]] = {}
    for a, b in sorted(edges):
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    loops = []
    while near:
        loop = [min(near)]
        while True:
            onward = [i for i in near.pop(loop[-1]) if i in near]
            if not onward:
                break
            loop.append(onward[0])
        loops.append(loop)
    return loops


def _arcs(
    loop: list[int], start: int, end: int, mean: npt.NDArray[np.float64]
) -> tuple[list[int], list[int]]:
    """The loop's upper and lower path from start to end."""
    turned = loop[loop.index(start) :] + loop[: loop.index(start)]
    stop = turned.index(end)
    one, other = turned[: stop + 1], [turned[0], *turned[: stop - 1 : -1]]
    upper_first = mean[one, 1].mean() > mean[other, 1].mean()
    return (one, other) if upper_first else (other, one)
