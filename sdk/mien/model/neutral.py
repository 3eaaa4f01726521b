"""A face at rest: its frames in a shot, and the values of its controls there.

Rest is what a face comes back to. Of the frames that can show it (seen well, eyes open, turned to
the camera more than in most), it is where they lie densest: the mode of the joint distribution of
the controls that skin shows, and of how far lips are apart, by distances to nearest neighbours
(Loftsgaarden and Quesenberry 1965: the density at a point is told by how far its k-th neighbour
is; its greatest is an estimate of the mode). A smile that is held long is dense, too; of places
about as dense, the one with the least expression is rest. Speech needs no rule of its own: it
hurries from shape to shape, and its frames lie apart; whoever speaks throughout is at rest where
lips meet between words.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray, FloatArray
from mien.model.controls import CONTROLS, INDEX, NAMES
from mien.model.curves import Curves
from mien.model.face import WEAK, Face
from mien.model.reading import read_performance

__all__ = ["neutral_of", "rest_frames"]

_COLUMNS: Final = [
    INDEX[control.name]
    for control in CONTROLS
    if control.region not in ("gaze", "head", "tongue") and not control.name.startswith("eyeLook")
]
"""Controls that have a neutral: where somebody looks and how the head is held has none."""
_SHARE: Final = 0.08
"""Part of the frames that can show rest which are taken as showing it."""
_FEWEST: Final = 0.25
"""Seconds of frames that are taken at least, where there are as many."""
_MOST: Final = 1024
"""Frames whose distances are compared; of more, that many from all over the shot."""
_ENOUGH: Final = 0.6
"""Seconds of frames below which less is asked of them."""
_EXPRESSED: Final = 0.5
"""How much expression (root of the sum of squares) makes a place one e-th as likely as rest,
where the frames there are as dense as elsewhere to the power `_DIMENSIONS`."""
_DIMENSIONS: Final = 4.0
"""In how many ways the controls of a face vary independently, about, near rest: density falls
with that power of the distance to neighbours."""
_PARTED: Final = 6.0
"""How much more an open mouth counts as expression: at rest lips meet, or nearly."""
_TURNED: Final = 12.0
"""Degrees from the camera up to which a face counts as turned to it, whatever it does elsewhere."""
_BESIDE: Final = 0.1
"""Seconds beside a blink in which lids are still on their way."""


def neutral_of(face: Face) -> FloatArray:
    """Return the values of the controls when this face is at rest, as the shot shows it.

    Args:
        face: A tracked face.

    Returns:
        (59,) float32, by `controls.NAMES`; 0 for head, gaze, looks and tongue, which have no rest,
        and wholly 0 where the face is never seen, or its neutral was chosen: that is zero then.
    """
    values = np.zeros(len(NAMES), dtype=np.float32)
    if face.neutral is not None:
        return values
    frames = rest_frames(face)
    if frames.any():
        values[_COLUMNS] = np.median(face.curves.controls.array[frames][:, _COLUMNS], axis=0)
    return values


def rest_frames(face: Face) -> BoolArray:
    """Return in which frames a face is at rest.

    Args:
        face: A tracked face.

    Returns:
        (T,) bool; none where the face is never seen.
    """
    resting = np.zeros(len(face.valid), dtype=bool)
    usable = np.flatnonzero(_candidates(face))
    if not len(usable):
        return resting
    if len(usable) > _MOST:
        usable = usable[np.linspace(0, len(usable) - 1, _MOST).astype(np.intp)]
    values = face.curves.controls.array[usable][:, _COLUMNS].astype(np.float64)
    values = np.column_stack([values, _PARTED * _parted(face.curves)[usable]])
    enough = max(round(_SHARE * len(usable)), round(_FEWEST * float(face.clock.rate)), 1)
    enough = min(enough, len(usable))
    squares = (values**2).sum(axis=1)
    apart = np.maximum(squares[:, None] + squares - 2 * values @ values.T, 0)
    reach = np.sqrt(np.partition(apart, enough - 1, axis=1)[:, enough - 1])
    sparse = _DIMENSIONS * np.log(reach + 1e-3) + squares / _EXPRESSED**2
    nearest = np.argsort(apart[int(np.argmin(sparse))], kind="stable")[:enough]
    resting[usable[nearest]] = True
    return resting


def _candidates(face: Face) -> BoolArray:
    """Frames that can show rest; of what none of them has, less is asked, one thing at a time."""
    reading = read_performance(face)
    rate, valid = float(face.clock.rate), np.asarray(face.valid)
    shut = np.zeros_like(valid)
    beside = max(round(_BESIDE * rate), 1)
    for event in (*reading.of("blink"), *reading.of("eyes closed")):
        shut[max(event.span.start - beside, 0) : event.span.stop + beside] = True
    sure = ~face.weak & (face.confidence >= WEAK)
    usable = valid
    fewest = max(round(_ENOUGH * rate), 1)
    for asked in (~shut, sure, _frontal(face.curves, valid)):
        narrower = usable & asked
        if np.count_nonzero(narrower) >= fewest:
            usable = narrower
    return usable


def _parted(curves: Curves) -> npt.NDArray[np.float64]:
    """(T,) how far the lips are apart, 0 to 1."""
    array = curves.controls.array.astype(np.float64)
    low = (array[:, INDEX["mouthLowerDownLeft"]] + array[:, INDEX["mouthLowerDownRight"]]) / 2
    jaw = array[:, INDEX["jawOpen"]] - array[:, INDEX["mouthClose"]]
    return np.clip(np.maximum(jaw, 0.5 * low), 0, 1)


def _frontal(curves: Curves, valid: BoolArray) -> BoolArray:
    """Frames in which the face is turned to the camera, or more so than in half of the shot."""
    facing: npt.NDArray[np.float32] = curves.pose.rotation[:, 2, 2]
    angle = np.degrees(np.arccos(np.clip(facing, -1, 1)))
    if not valid.any():
        return valid
    return np.asarray(valid & (angle <= max(_TURNED, float(np.median(angle[valid])))))
