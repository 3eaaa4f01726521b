"""How far edits count where a face, or a region of it, is not seen well.

Where something covers a region its landmarks are a guess, and whatever is painted by them lies in
the wrong place; so an edit of the region is gone at a confidence of 0.2 and whole from 0.6 on,
and an edit of any part of a face is gone at 0.15 of the face's own and whole from `WEAK` on,
unless it is one covered region that makes the whole doubtful.
Over time it never counts for more than in the frame itself, and comes and goes in ramps: the least
over some frames to either side, then the mean over as many. A face that comes into the picture
begins at nothing, and one that is there from a cut on does not.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray
from mien.model.control_regions import regions_of
from mien.model.controls import CONTROLS
from mien.model.evaluate import NEGLIGIBLE, Evaluated
from mien.model.face import WEAK, Face
from mien.model.occlusion import REGIONS

__all__ = ["COVERED", "SEEN", "fade_weights", "faded"]

COVERED: Final = 0.2
"""Confidence of a region at which it is covered: edits of it are gone."""

SEEN: Final = 0.6
"""Confidence of a region from which it is seen: edits of it are whole."""

_NO_FACE: Final = 0.15
"""Confidence of a face at which edits are gone; they are whole from `WEAK` on."""

_REACH_SECONDS: Final = 0.15
"""Half of the time in which an edit comes or goes at least."""


def fade_weights(face: Face, cuts: Iterable[int] = ()) -> FloatArray:
    """Return how far edits of a face count, frame by frame and control by control.

    Args:
        face: The face.
        cuts: First frames of new shots; nothing fades across one.

    Returns:
        (T, 59) float32, 0..1; exactly 1 where everything around is seen well.
    """
    whole = smoothstep(_over_gaps(face.confidence[:, None], face), _NO_FACE, WEAK)
    parts = np.ones((len(whole), len(REGIONS)), np.float32)
    if face.region_confidence is not None:
        parts = smoothstep(_over_gaps(face.region_confidence, face), COVERED, SEEN)
        # A face is doubted as a whole where one region of it is covered: what is seen is seen.
        explained = 1 - parts.min(axis=1, keepdims=True)
        whole = np.maximum(whole, explained * smoothstep(parts.mean(axis=1, keepdims=True), 0, 0.5))
    steady = _in_time(np.concatenate([parts, whole], axis=1), face, cuts)
    weights = np.empty((len(steady), len(CONTROLS)), np.float32)
    for column, control in enumerate(CONTROLS):
        names = regions_of(control)
        weights[:, column] = steady[:, [*(REGIONS.index(name) for name in names), -1]].min(axis=1)
    return weights


def faded(evaluated: Evaluated, weights: FloatArray) -> Evaluated:
    """Return an evaluated edit as far as it counts; itself where all of it does.

    Args:
        evaluated: Performance and change.
        weights: (T, 59) of `fade_weights`.
    """
    if (weights[evaluated.delta != 0] >= 1).all():
        return evaluated
    delta = evaluated.delta * weights
    delta[np.abs(delta) < NEGLIGIBLE] = 0
    departed = evaluated.departed
    if departed is not None:
        departed = np.clip(departed * weights, np.minimum(delta, 0), np.maximum(delta, 0))
    return Evaluated(evaluated.source, delta, departed)


def _over_gaps(values: FloatArray, face: Face) -> FloatArray:
    """(T, C) values in whose short gaps, which are bridged, stands what lies between both ends."""
    gaps = face.curves.bridged & (face.confidence <= 0)
    if not gaps.any() or gaps.all():
        return values
    frames, seen = np.arange(len(values)), np.flatnonzero(~gaps)
    filled = values.copy()
    for column in range(values.shape[1]):
        filled[gaps, column] = np.interp(frames[gaps], seen, values[seen, column])
    return filled


def _in_time(values: FloatArray, face: Face, cuts: Iterable[int]) -> FloatArray:
    """(T, C) values that come and go in ramps, and are nowhere more than they were."""
    reach = max(2, round(_REACH_SECONDS * float(face.clock.rate)))
    steady = np.zeros_like(values)
    ends = [0, *sorted(cut for cut in cuts if 0 < cut < len(values)), len(values)]
    for first, stop in itertools.pairwise(ends):
        part = np.where(face.valid[first:stop, None], values[first:stop], 0)
        least = _around(part, reach).min(axis=-1)
        mean = _around(least, reach).mean(axis=-1)
        # A mean of ones is one, however it was rounded.
        steady[first:stop] = np.where(_around(least, reach).min(axis=-1) >= 1, 1, mean)
    return steady


def _around(values: FloatArray, reach: int) -> FloatArray:
    """(T, C, 2 reach + 1) the values around each frame; the ends are carried on."""
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    return np.asarray(views, np.float32)
