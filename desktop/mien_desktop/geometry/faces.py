"""Landmarks, boxes and mesh of faces in a frame, as the viewer draws them. No Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from mien._types import FloatArray, IndexArray
from mien.face.deform import deform_landmarks
from mien.face.rig import load_rig
from mien.model.face import Face
from mien.model.landmarks import SKIN

__all__ = ["FaceShape", "apart", "face_at", "mesh_edges", "shape_of"]

_MARGIN = 0.06
"""What is left free around a face inside its box, as a part of its size."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceShape:
    """A face in one frame.

    Attributes:
        number: The face's number.
        name: What people call it.
        points: (478, 2) float32, landmarks in pixels of the upright picture.
        box: Left, top, right, bottom of the face, with a little room.
        weak: Whether the tracking is not to be relied upon in this frame.
        edited: Whether the points are moved by an edit.
    """

    number: int
    name: str
    points: FloatArray
    box: tuple[float, float, float, float]
    weak: bool
    edited: bool


def shape_of(face: Face, frame: int, target: FloatArray | None = None) -> FaceShape | None:
    """Return a face in one frame; None where it is not seen.

    Args:
        face: The face.
        frame: Index of the frame.
        target: (59,) controls asked for, to which the points move; None for the face as it was
            tracked.
    """
    if not face.valid[frame]:
        return None
    edited = target is not None and not np.array_equal(target, face.curves.controls.array[frame])
    tracked = face.landmarks[frame, :, :2]
    points = deform_landmarks(face, frame, target) if edited and target is not None else tracked
    return FaceShape(face.number, face.name, points, _box(points), bool(face.weak[frame]), edited)


def face_at(shapes: Sequence[FaceShape], x: float, y: float) -> FaceShape | None:
    """Return the face whose box holds a point of the picture; the smallest where several do."""
    hit = [s for s in shapes if s.box[0] <= x <= s.box[2] and s.box[1] <= y <= s.box[3]]
    return min(hit, key=lambda s: (s.box[2] - s.box[0]) * (s.box[3] - s.box[1]), default=None)


def apart(
    points: Mapping[str, tuple[float, float]], least: float
) -> dict[str, tuple[float, float]]:
    """Return the points that keep a distance from each other, the first ones first.

    Args:
        points: Names and places, the most important first.
        least: Distance below which the later of two is left out.
    """
    kept: dict[str, tuple[float, float]] = {}
    for name, (x, y) in points.items():
        if all(math.hypot(x - other, y - below) >= least for other, below in kept.values()):
            kept[name] = x, y
    return kept


@lru_cache(maxsize=1)
def mesh_edges() -> IndexArray:
    """Return (E, 2) landmarks that the edges of the rig's mesh join, each edge once."""
    triangles = load_rig().triangles
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    return np.asarray(np.unique(np.sort(edges, axis=1), axis=0), dtype=np.intp)


def _box(points: FloatArray) -> tuple[float, float, float, float]:
    low, high = points[:SKIN].min(axis=0), points[:SKIN].max(axis=0)
    room = _MARGIN * float((high - low).max())
    return (
        float(low[0]) - room, float(low[1]) - room,
        float(high[0]) + room, float(high[1]) + room,
    )  # fmt: skip
