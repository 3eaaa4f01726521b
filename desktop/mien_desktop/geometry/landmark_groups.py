"""Groups of landmarks in a frame: where each is held, and where a drag brings it; no Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.face.corrections import group_landmarks, moved_landmarks
from mien.model.corrections import GROUPS, CorrectionGroup, LandmarkCorrection
from mien.model.face import Face

__all__ = ["dragged", "group_at", "group_title", "grips", "here"]

REACH: Final = 14.0
"""View pixels within which a group's grip is taken hold of."""
_CHIN: Final = 152
"""The jaw is taken hold of at the chin: the middle of its landmarks lies on the lips."""
Point = tuple[float, float]


def group_title(group: CorrectionGroup) -> str:
    """Return what people call a group; left and right are the person's."""
    return group.replace("_", " ").capitalize()


def grips(points: FloatArray) -> dict[CorrectionGroup, Point]:
    """Return where each group is taken hold of.

    Args:
        points: (478, 2) landmarks in pixels of the upright picture.
    """
    middles: dict[CorrectionGroup, Point] = {}
    for group, indices in group_landmarks().items():
        x, y = points[_CHIN] if group == "jaw" else points[indices].mean(axis=0)
        middles[group] = float(x), float(y)
    return middles


def group_at(
    places: Mapping[CorrectionGroup, Point], at: Point, reach: float
) -> CorrectionGroup | None:
    """Return the group whose grip is nearest to a point, and near enough."""
    apart = {group: math.dist(place, at) for group, place in places.items()}
    group = min(apart, key=apart.__getitem__, default=None)
    return group if group is not None and apart[group] <= reach else None


def dragged(points: FloatArray, group: CorrectionGroup, by: Point) -> FloatArray:
    """Return (478, 2) landmarks with a group moved, and the skin around it as far as it follows."""
    offsets = np.zeros((1, len(GROUPS), 2), np.float32)
    offsets[0, GROUPS.index(group)] = by
    return np.asarray(moved_landmarks(points[None], offsets)[0])


def here(face: Face, frame: int) -> tuple[LandmarkCorrection, ...]:
    """Return the corrections of a face that were made in a frame."""
    return tuple(one for one in face.corrections if one.frame == frame)
