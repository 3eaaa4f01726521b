"""From the pieces of people's tracks to their faces over the whole shot."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.face.regions import region_landmarks
from mien.model.face import FaceTrack
from mien.model.landmarks import LANDMARKS
from mien.model.occlusion import REGIONS
from mien.tracking.associate import Tracklet
from mien.tracking.region_confidence import RegionEvidence, region_confidence, steadied
from mien.tracking.tracking_frames import TrackingFrames

__all__ = ["assemble"]

_INNER_LIPS: Final = (13, 14, 78, 308)
"""Landmarks of the inner lips: the upper and the lower one in the middle, and the corners."""

_MOSTLY: Final = 0.5
"""Mean confidence of the regions below which most of a face is covered, and all of it doubted."""

_LEAST: Final = 1e-3
"""Confidence of a face that was seen, at least."""


def assemble(
    people: Sequence[Sequence[Tracklet]],
    total: int,
    cuts: Sequence[int],
    pictures: TrackingFrames,
) -> tuple[FaceTrack, ...]:
    """Return the track of every person; the pieces are emptied.

    Args:
        people: Per person the pieces, in order of time.
        total: Frames of the shot.
        cuts: First frames of new shots inside it.
        pictures: What was tracked, with its size.
    """
    # First of all people: what it takes is let go of before landmarks need their memory.
    regions = [_regions(person, total, cuts, pictures.size) for person in people]
    return tuple(
        _track(number, person, total, pictures.scale, seen)
        for number, (person, seen) in enumerate(zip(people, regions, strict=True), start=1)
    )


def _track(
    number: int,
    person: Sequence[Tracklet],
    total: int,
    scale: tuple[float, float],
    regions: FloatArray,
) -> FaceTrack:
    landmarks = np.full((total, LANDMARKS, 3), np.nan, np.float32)
    confidence = np.zeros(total, np.float32)
    stretch = np.array([scale[0], scale[1], scale[0]], np.float32)
    # Pixel centres lie at integers: half a pixel is taken off on either side.
    half = np.array([0.5, 0.5, 0], np.float32)
    for piece in person:
        for i, row in enumerate(piece.rows):
            landmarks[piece.start + i] = (row + half) * stretch - half
        confidence[piece.start : piece.stop] = list(piece.confidence)
        piece.rows.clear()
    hidden = (confidence > 0) & (regions.mean(axis=1) < _MOSTLY)
    doubt = regions[hidden].mean(axis=1) / _MOSTLY
    confidence[hidden] = np.maximum(confidence[hidden] * doubt, _LEAST)
    return FaceTrack(number, landmarks, confidence, regions)


def _regions(
    person: Sequence[Tracklet], total: int, cuts: Sequence[int], size: tuple[int, int]
) -> FloatArray:
    """(T, 4) how surely each of `REGIONS` is seen; 0 where the face is not."""
    found = np.zeros((total, len(REGIONS)), np.float32)
    shots = [
        list(pieces)
        for _, pieces in itertools.groupby(person, lambda piece: bisect_right(cuts, piece.start))
    ]
    for pieces, seen in zip(
        shots, region_confidence([_evidence(pieces, size) for pieces in shots]), strict=True
    ):
        first = 0
        for piece in pieces:
            count = piece.stop - piece.start
            found[piece.start : piece.stop] = steadied(seen[first : first + count])
            first += count
    return found


def _evidence(pieces: Sequence[Tracklet], size: tuple[int, int]) -> RegionEvidence:
    """What the pieces of one shot show; their thumbnails are let go of."""
    thumbnails = np.stack([picture for piece in pieces for picture in piece.thumbnails])
    spreads = np.stack([spread for piece in pieces for spread in piece.spreads])
    for piece in pieces:
        piece.thumbnails.clear()
        piece.spreads.clear()
    lips = np.stack([row[list(_INNER_LIPS), :2] for piece in pieces for row in piece.rows])
    upper, lower, left, right = np.moveaxis(lips, 1, 0)
    width = np.maximum(np.linalg.norm(left - right, axis=1), 1e-3)
    far = np.array(size, np.float32) - 0.5
    outside = np.empty((len(lips), len(REGIONS)), np.float32)
    for column, indices in enumerate(region_landmarks()):
        points = np.stack([row[indices, :2] for piece in pieces for row in piece.rows])
        outside[:, column] = ((points < -0.5) | (points > far)).any(axis=-1).mean(axis=1)
    confidence = [value for piece in pieces for value in piece.confidence]
    return RegionEvidence(
        thumbnails,
        spreads,
        np.array(confidence, np.float32),
        np.linalg.norm(upper - lower, axis=1) / width,
        outside,
    )
