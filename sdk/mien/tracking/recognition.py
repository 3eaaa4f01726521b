"""Who of a shot's faces is seen again when further frames of it are tracked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mien._types import FloatArray
from mien.errors import MediaError
from mien.face.likeness import SAME_PERSON, unlikeness
from mien.media.reader import Reader
from mien.model.face import Face
from mien.model.landmarks import SKIN
from mien.timebase import FrameRange
from mien.tracking.associate import Likeness
from mien.tracking.mean_fit import fit_mean, mean_height
from mien.tracking.models import Reading
from mien.tracking.regions import FACE_MARGIN, Roi

__all__ = ["recognize"]

_FRAMES = 8
"""Frames of a face that are looked at."""

_SIZE = 192
"""Pixels along a side of what is looked at."""

_ALIKE = 0.95
"""Likeness distance up to which two are one person, as of pieces on either side of a cut."""

_ALIKE_IN_SHAPE = 1.15
"""The same where the shapes of their faces are one person's too."""

_NEAR = 0.15
"""Mean distance of landmarks in one frame, in heights of the face, up to which they are of one."""


def recognize(
    others: Sequence[Face], known: Sequence[Face], frames: FrameRange, reader: Reader
) -> dict[int, int]:
    """Tell which faces are ones that are known already.

    Where both were seen in the same frames, by place; else by looks and by the shape of the face.

    Args:
        others: Faces of some frames of the shot, counted from the first of these.
        known: Faces of the shot.
        frames: These frames.
        reader: The shot, to look at both.

    Returns:
        The numbers of those that are known, by the numbers of those that were found.
    """
    if not others or not known:
        return {}
    apart = np.full((len(others), len(known)), np.inf)
    looks: dict[int, Likeness] = {}
    for i, one in enumerate(others):
        for j, other in enumerate(known):
            apart[i, j] = _apart(one, other, frames, reader, looks)
    same: dict[int, int] = {}
    while np.isfinite(apart).any():
        i, j = divmod(int(apart.argmin()), len(known))
        same[others[i].number] = known[j].number
        apart[i, :], apart[:, j] = np.inf, np.inf
    return same


def _apart(
    one: Face, other: Face, span: FrameRange, reader: Reader, looks: dict[int, Likeness]
) -> float:
    """How far two faces are from being one; infinite when they cannot be."""
    part = slice(span.start, span.stop)
    frames = np.flatnonzero((one.confidence > 0) & (other.confidence[part] > 0))
    if len(frames):
        points = (
            one.landmarks[frames, :SKIN, :2],
            other.landmarks[part][frames, :SKIN, :2],
        )
        height = np.ptp(points[1][..., 1], axis=1)
        away = np.linalg.norm(points[0] - points[1], axis=-1).mean(axis=1)
        near = float(np.median(away / np.maximum(height, 1e-6)))
        return near - 1 if near < _NEAR else np.inf
    for face, first in ((one, span.start), (other, 0)):
        if id(face) not in looks:
            looks[id(face)] = _likeness(face, first, reader)
    distance = looks[id(one)].distance(looks[id(other)])
    alike = unlikeness(one.identity, other.identity) <= SAME_PERSON
    return distance if distance < (_ALIKE_IN_SHAPE if alike else _ALIKE) else np.inf


def _likeness(face: Face, first: int, reader: Reader) -> Likeness:
    """What a face, counted from a frame, looks like all over the time in which it is seen."""
    likeness = Likeness()
    seen = np.flatnonzero(face.confidence > 0)
    for part in np.array_split(seen, min(_FRAMES, len(seen))):
        frame = int(part[np.argmax(face.confidence[part])])
        try:
            picture = reader.frame(first + frame).upright_rgb()
        except MediaError:
            continue  # a damaged frame says nothing
        roi = _roi(face.landmarks[frame])
        crop = roi.cut(np.ascontiguousarray(picture), _SIZE)
        nothing = np.zeros(0, np.float32)
        likeness.add(Reading(face.landmarks[frame], 1.0, 0.0, 0.0, roi, crop, roi, nothing))
    return likeness


def _roi(points: FloatArray) -> Roi:
    """The square that holds a face by its landmarks, as trackers look at it."""
    rotation, scale = fit_mean(points)
    x, y = points[:SKIN, :2].mean(axis=0)
    side = max(scale * mean_height(), 1e-6) * FACE_MARGIN
    return Roi(float(x), float(y), side, float(np.arctan2(rotation[0, 1], rotation[1, 1])))
