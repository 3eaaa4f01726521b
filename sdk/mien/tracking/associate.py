"""Which pieces of tracks are the same person: by continuity, else by looks and shape."""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np

from mien._types import ByteArray, DoubleArray, FloatArray
from mien.face.rig import load_rig
from mien.model.landmarks import SKIN
from mien.tracking.mean_fit import fit_mean
from mien.tracking.models import Reading
from mien.tracking.regions import Roi
from mien.tracking.thumbnails import thumbnail

__all__ = ["Likeness", "LikenessSample", "Tracklet", "join"]

_GRID = 12
_HOG_SIZE = (96, 96)
_BLOCKS = 5
"""Blocks of 2 x 2 cells along each side of the square of edges."""
_DIRECTIONS = 9

_SAMPLES = 16
"""Times of a piece of which it is known apart what the face looked like then."""

_NEAR_GAP = 12
"""Frames without a face over which place and size alone say that it is the same one."""

_NEAR_SHIFT = 0.6
"""Distance, in sides of the region, that a face may have moved over such a gap."""

_NEAR_SCALE = 1.5
"""Factor by which its size may have changed."""

_LIKE = 1.05
"""Likeness distance up to which two pieces are one person, mirrored or not. Between 19 people on
film it was 1.19 and more, also with one of them regraded or mirrored; within one, across other
parts of the clip, grades and mirrors, 1.06 and less in 90 % of pairs."""

_LIKE_IN_SHOT = 1.12
"""The same within one shot, where light and lens are alike and few people come and go."""

_COLOUR_UNIT = 8.5
"""Mean difference of coarse colours, in 8-bit Lab without their mean, that counts as 1."""

_CONTRAST = (0.6, 1.7)
"""How far the contrast of one may be brought to that of the other."""

_SHAPE_UNIT = 0.36
"""Mean distance of the skull's points, in canonical units, that counts as 1."""

_EDGE_UNIT = 0.5
"""Chord between directions of edges that counts as 1."""


class Likeness:
    """What a person looks like, gathered over frames.

    Three things together tell people apart without a trained network: coarse colours of skin,
    hair and eyes against each other, the directions of edges (Dalal and Triggs, "Histograms of
    Oriented Gradients for Human Detection", 2005), and the shape of the parts that expressions
    hardly move.
    """

    def __init__(self) -> None:
        self._colours = np.zeros((_GRID, _GRID, 3))
        self._edges = np.zeros(_hog().getDescriptorSize())
        self._shape = np.zeros((SKIN, 3))
        self._count = 0

    def add(self, reading: Reading) -> None:
        """Add one more reading of the face."""
        lab = cv2.cvtColor(reading.crop, cv2.COLOR_RGB2LAB)
        self._colours += cv2.resize(lab, (_GRID, _GRID), interpolation=cv2.INTER_AREA)
        light = cv2.resize(lab[..., 0], _HOG_SIZE, interpolation=cv2.INTER_AREA)
        self._edges += np.asarray(_hog().compute(light)).ravel()
        rotation, scale = fit_mean(reading.points)
        seen = reading.points[:SKIN] * np.array([1, -1, -1], np.float32)
        self._shape += (seen - seen.mean(axis=0)) @ rotation / scale
        self._count += 1

    def merge(self, other: Likeness) -> None:
        """Add all readings of another likeness."""
        self._colours += other._colours
        self._edges += other._edges
        self._shape += other._shape
        self._count += other._count

    def reduced(self) -> Likeness:
        """Return this likeness in half of the memory."""
        small = Likeness()
        small._colours = self._colours.astype(np.float32)
        small._edges = self._edges.astype(np.float32)
        small._shape = self._shape.astype(np.float32)
        small._count = self._count
        return small

    def distance(self, other: Likeness, *, mirrored: bool = False) -> float:
        """Return the distance between two likenesses; infinite where one has no readings.

        A grade of the whole picture does not count: of colours only what differs within the face.

        Args:
            other: The other one.
            mirrored: Whether that one may be seen in a mirror; then the smaller distance counts.
        """
        if not self._count or not other._count:
            return float("inf")
        straight = self._distance(other._means())
        if not mirrored:
            return straight
        return min(straight, self._distance(other._means(mirrored=True)))

    def _distance(self, other: tuple[DoubleArray, DoubleArray, DoubleArray]) -> float:
        colours, edges, shape = other
        mine, my_edges, my_shape = self._means()
        colour = np.abs(_ungraded(mine, colours) - _ungraded(colours)).mean()
        lengths = np.linalg.norm(my_edges) * np.linalg.norm(edges)
        alike = float(my_edges @ edges) / max(float(lengths), 1e-9)
        edge = np.sqrt(max(0.0, 2 - 2 * alike))
        stiff = load_rig().stiffness
        gap = float((np.linalg.norm(my_shape - shape, axis=1) * stiff).sum() / stiff.sum())
        parts = (colour / _COLOUR_UNIT, edge / _EDGE_UNIT, gap / _SHAPE_UNIT)
        return float(np.linalg.norm(parts))

    def _means(self, *, mirrored: bool = False) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
        colours, edges = self._colours / self._count, self._edges / self._count
        shape = self._shape / self._count
        if mirrored:
            colours = colours[:, ::-1]
            # OpenCV's order: blocks by column, cells in them likewise, then nine directions.
            blocks = edges.reshape(_BLOCKS, _BLOCKS, 2, 2, _DIRECTIONS)
            edges = blocks[::-1, :, ::-1, :, ::-1].ravel()
            shape = shape[load_rig().mirror[:SKIN]] * (-1, 1, 1)
        # The rim of the region is background.
        return colours[2:-2, 2:-2], edges, shape


def _ungraded(colours: DoubleArray, like: DoubleArray | None = None) -> DoubleArray:
    """Colours less their mean; with the contrast of others where that is not far from theirs."""
    away = colours - colours.mean(axis=(0, 1))
    if like is None:
        return np.asarray(away)
    contrast = like[..., 0].std() / max(float(colours[..., 0].std()), 1e-3)
    return np.asarray(away * (np.clip(contrast, *_CONTRAST), 1, 1))


@functools.cache
def _hog() -> cv2.HOGDescriptor:
    return cv2.HOGDescriptor(_HOG_SIZE, (32, 32), (16, 16), (16, 16), _DIRECTIONS)


@dataclass(frozen=True, slots=True, eq=False)
class LikenessSample:
    """What a face looked like in some of its frames.

    Attributes:
        start: The first of them.
        stop: The frame after the last.
        likeness: What it looked like.
    """

    start: int
    stop: int
    likeness: Likeness


class Tracklet:
    """One face over consecutive frames of one shot, with what was seen of it.

    Attributes:
        start: First frame.
        rows: Landmarks (478, 3) per frame from `start`.
        confidence: Per frame, 0..1.
        rois: Per frame, where the face was.
        thumbnails: Per frame, what the face's skin looks like (thumbnails.py).
        spreads: Per frame, (4,) spread of the landmarks of each region.
        likeness: What the face looks like.
        samples: The same of parts of its frames, so that it can be divided later.
    """

    def __init__(self, start: int) -> None:
        self.start = start
        self.rows: deque[FloatArray] = deque()
        self.confidence: deque[float] = deque()
        self.rois: deque[Roi] = deque()
        self.thumbnails: deque[ByteArray] = deque()
        self.spreads: deque[FloatArray] = deque()
        self.likeness = Likeness()
        self.samples: list[LikenessSample] = []

    @property
    def stop(self) -> int:
        """The frame after the last."""
        return self.start + len(self.rows)

    def append(self, reading: Reading) -> None:
        """Append the reading of the frame after the last."""
        self.rows.append(reading.points)
        self.confidence.append(reading.confidence)
        self.rois.append(reading.roi)
        self.thumbnails.append(thumbnail(reading))
        self.spreads.append(reading.region_spread)

    def prepend(self, reading: Reading) -> None:
        """Prepend the reading of the frame before the first."""
        self.start -= 1
        self.rows.appendleft(reading.points)
        self.confidence.appendleft(reading.confidence)
        self.rois.appendleft(reading.roi)
        self.thumbnails.appendleft(thumbnail(reading))
        self.spreads.appendleft(reading.region_spread)

    def sample(self, reading: Reading) -> None:
        """Add to the likeness the reading of the last frame."""
        one = Likeness()
        one.add(reading)
        self.likeness.merge(one)
        self.samples.append(LikenessSample(self.stop - 1, self.stop, one.reduced()))
        if len(self.samples) > _SAMPLES:
            # However long the piece is, there are only so many, each of a longer time.
            samples = self.samples
            self.samples = [_joined(*samples[i : i + 2]) for i in range(0, len(samples), 2)]

    def roi_at(self, frame: int) -> Roi | None:
        """Return the face's region in a frame; None where it was not seen."""
        return self.rois[frame - self.start] if self.start <= frame < self.stop else None


def _joined(first: LikenessSample, *then: LikenessSample) -> LikenessSample:
    for other in then:
        first.likeness.merge(other.likeness)
    return LikenessSample(first.start, then[-1].stop if then else first.stop, first.likeness)


class _Person:
    def __init__(self, piece: Tracklet) -> None:
        self.pieces = [piece]
        self.likeness = Likeness()
        self.likeness.merge(piece.likeness)

    def absorb(self, other: _Person) -> None:
        self.pieces = sorted(self.pieces + other.pieces, key=lambda t: t.start)
        self.likeness.merge(other.likeness)

    def meets(self, other: _Person) -> bool:
        return any(a.start < b.stop and b.start < a.stop for a in self.pieces for b in other.pieces)

    def shares_shot(self, other: _Person, cuts: Sequence[int]) -> bool:
        """Whether both were seen in one and the same shot."""
        mine, theirs = (
            {bisect_right(cuts, piece.start) for piece in person.pieces} for person in (self, other)
        )
        return bool(mine & theirs)

    def continues(self, other: _Person, cuts: Sequence[int]) -> bool:
        return any(_continues(a, b, cuts) for a in self.pieces for b in other.pieces)


def _continues(a: Tracklet, b: Tracklet, cuts: Sequence[int]) -> bool:
    if a.start > b.start:
        a, b = b, a
    gap = b.start - a.stop
    if not 0 <= gap <= _NEAR_GAP or any(a.stop <= cut <= b.start for cut in cuts):
        return False
    last, first = a.rois[-1], b.rois[0]
    shift = np.hypot(last.x - first.x, last.y - first.y) / max(last.side, first.side)
    scale = max(last.side, first.side) / max(min(last.side, first.side), 1e-6)
    return bool(shift < _NEAR_SHIFT and scale < _NEAR_SCALE)


def join(pieces: Sequence[Tracklet], cuts: Sequence[int]) -> list[list[Tracklet]]:
    """Join pieces of tracks that are one person's.

    Pieces that follow each other closely in place, size and time are joined first; then, over
    longer absences and cuts, the most alike first, as long as they are alike enough and were
    never seen at the same time.

    Args:
        pieces: Pieces of tracks, in any order.
        cuts: Frames with which another shot begins.

    Returns:
        Per person, in the order of first appearance, the pieces in order of time.
    """
    people = [_Person(piece) for piece in sorted(pieces, key=lambda t: (t.start, t.rois[0].x))]
    # Every pair is compared once: a film of hundreds of shots has as many pieces.
    apart = np.full((len(people), len(people)), np.inf)
    for i, j in combinations(range(len(people)), 2):
        apart[i, j] = _apart(people[i], people[j], cuts)
    while people:
        i, j = divmod(int(apart.argmin()), len(people))
        if np.isinf(apart[i, j]):
            break
        people[i].absorb(people.pop(j))
        apart = np.delete(np.delete(apart, j, axis=0), j, axis=1)
        for k, person in enumerate(people):
            if k != i:
                apart[min(i, k), max(i, k)] = _apart(people[i], person, cuts)
    return [person.pieces for person in people]


def _apart(a: _Person, b: _Person, cuts: Sequence[int]) -> float:
    """How far two people are from being one; infinite when they cannot be."""
    if a.meets(b):
        return np.inf
    if a.continues(b, cuts):
        return -1.0
    # Within a shot nobody turns into a mirror image.
    together = a.shares_shot(b, cuts)
    distance = a.likeness.distance(b.likeness, mirrored=not together)
    return distance if distance < (_LIKE_IN_SHOT if together else _LIKE) else np.inf
