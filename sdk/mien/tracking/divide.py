"""Pieces of tracks that run through mixes, divided so that nobody goes on as somebody else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, pairwise
from typing import Final

import numpy as np

from mien.model.face import WEAK, FaceTrack
from mien.model.mixes import middle, purity
from mien.timebase import FrameRange
from mien.tracking.associate import Tracklet

__all__ = ["dim", "divide"]

_LEAST: Final = 0.15
"""Share of one shot alone, as `purity` has it, below which no face of it is followed."""


def divide(pieces: Iterable[Tracklet], mixes: Sequence[FrameRange]) -> list[Tracklet]:
    """Divide pieces of tracks at the middles of mixes.

    What each part looks like is told by its frames outside of mixes alone: those inside show two
    people at once. Frames around a middle are left out, and parts that lie in a mix as a whole:
    whose face that was cannot be told.

    Args:
        pieces: Pieces of tracks.
        mixes: Spans over which one shot becomes another, in order.

    Returns:
        The pieces that meet no mix as they are, and the parts of the others.
    """
    parts: list[Tracklet] = []
    for piece in pieces:
        met = [mix for mix in mixes if mix.start < piece.stop and piece.start < mix.stop]
        parts += _parts(piece, met) if met else [piece]
    return parts


def _parts(piece: Tracklet, mixes: Sequence[FrameRange]) -> list[Tracklet]:
    pure = purity(piece.stop, mixes)
    inside = (middle(mix) for mix in mixes if piece.start < middle(mix) < piece.stop)
    ends = [piece.start, *inside, piece.stop]
    parts = []
    for start, stop in pairwise(ends):
        kept = [frame for frame in range(start, stop) if pure[frame] > _LEAST]
        if any(pure[frame] >= 1 for frame in kept):
            parts.append(_part(piece, kept[0], kept[-1] + 1, mixes))
    return parts


def _part(piece: Tracklet, start: int, stop: int, mixes: Sequence[FrameRange]) -> Tracklet:
    part = Tracklet(start)
    first, last = start - piece.start, stop - piece.start
    part.rows.extend(islice(piece.rows, first, last))
    part.confidence.extend(islice(piece.confidence, first, last))
    part.rois.extend(islice(piece.rois, first, last))
    part.thumbnails.extend(islice(piece.thumbnails, first, last))
    part.spreads.extend(islice(piece.spreads, first, last))
    for sample in piece.samples:
        mixed = any(mix.start < sample.stop and sample.start < mix.stop for mix in mixes)
        if start <= sample.start and sample.stop <= stop and not mixed:
            part.likeness.merge(sample.likeness)
            part.samples.append(sample)
    return part


def dim(tracks: Iterable[FaceTrack], mixes: Sequence[FrameRange]) -> None:
    """Take confidence from faces where another picture lies over them.

    In a mix all of it is weak, so that nothing is learned there of how a face looks.

    Args:
        tracks: The faces of a shot; changed in place.
        mixes: Spans over which one shot becomes another.
    """
    for track in tracks:
        pure = purity(len(track.confidence), mixes)
        shares = np.where(pure < 1, np.float32(WEAK) * pure, np.float32(1))
        track.confidence[:] *= shares
        if track.region_confidence is not None:
            track.region_confidence[:] *= shares[:, None]
