"""Eyes that look at the lens, or hold still: gaze in degrees, as keys.

A look is a direction in front of the camera, so that eyes stay on it however the head turns. Live
eyes are never still, though: their own small movements (of fixation, about a degree:
Martinez-Conde, Macknik and Hubel 2004) are kept in part. Each eye keeps how it stands to the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import BoolArray
from mien.errors import NothingToDoError, TimeError
from mien.model.control_track import ControlTrack
from mien.model.controls import GAZE, INDEX
from mien.model.face import WEAK, Face
from mien.model.frame_runs import frame_runs
from mien.model.interpolate import Key
from mien.model.key_reduction import reduce_keys
from mien.model.occlusion import REGIONS
from mien.timebase import FrameRange

__all__ = ["GAZE_MOVEMENT", "gaze_tracks"]

GAZE_MOVEMENT: Final[Mapping[str, float]] = {"lens": 0.5, "hold-eyes": 0.25}
"""How much of the eyes' own small movements is kept when nobody says."""
_FARTHEST: Final = (28.0, 20.0)
"""Degrees that eyes are turned in the head at most, sideways and up or down; people who look
farther turn their heads."""
_SOFT: Final = 6.0
"""Degrees before that over which they go less and less far."""
_SMALL: Final = 2.0
"""Degrees of the eyes' own movements that are kept at most."""
_SMALL_SECONDS: Final = 0.3
"""Standard deviation of what counts as where eyes rest: what is quicker is a small movement."""
_APART: Final = (4.0, 2.0)
"""Degrees, sideways and up or down, by which an eye may stand off the look of both."""
_SHUT: Final = 0.5
_TOLERANCE: Final = 0.3
"""Degrees by which keys may be off."""
_YAWS: Final = [INDEX["gazeYawLeft"], INDEX["gazeYawRight"]]
_PITCHES: Final = [INDEX["gazePitchLeft"], INDEX["gazePitchRight"]]
_LIDS: Final = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]

_Values = npt.NDArray[np.float64]


def gaze_tracks(
    face: Face,
    span: FrameRange | None,
    cuts: Sequence[int],
    *,
    lens: bool,
    at: int | None,
    movement: float,
    strength: float,
    ease: int,
) -> tuple[list[ControlTrack], tuple[str, ...]]:
    """Return tracks of gaze for eyes that look at one thing.

    Args:
        face: The face.
        span: The frames; None for all.
        cuts: First frames of new shots.
        lens: Whether they look at the lens.
        at: The frame whose look they hold else; None for where they look on average.
        movement: How much of their own small movements is kept, 0 to 1.
        strength: How far they go there, 0 to 1.
        ease: Frames over which they go there and back.

    Returns:
        The tracks, and what was done in lines.

    Raises:
        NothingToDoError: When the eyes are nowhere seen in these frames.
        TimeError: When they are not seen in the frame that is held.
    """
    whole = span or FrameRange(0, len(face.valid))
    inside = np.zeros(len(face.valid), dtype=bool)
    inside[whole.start : whole.stop] = True
    seen = _eyes_seen(face)
    if not (seen & inside).any():
        raise NothingToDoError(
            f"{face.name}'s eyes are not seen in the frames {whole}.", "Choose other frames."
        )
    gaze = face.curves.controls.array.astype(np.float64)
    rotation = np.nan_to_num(face.curves.pose.rotation.astype(np.float64))
    own = np.stack([gaze[:, _YAWS].mean(axis=1), gaze[:, _PITCHES].mean(axis=1)], axis=1)
    way = _direction(face, seen, inside, rotation, own, lens=lens, at=at)
    head = np.einsum("tji,j->ti", rotation, way)
    wanted = np.degrees(
        np.stack([np.arctan2(head[:, 0], head[:, 2]), np.arcsin(np.clip(head[:, 1], -1, 1))], 1)
    )
    far = np.abs(wanted) > np.array(_FARTHEST)
    wanted = np.stack([_limited(wanted[:, i], _FARTHEST[i]) for i in (0, 1)], axis=1)
    pieces = _pieces(face.valid & inside, cuts)
    tracks = []
    for name in GAZE:
        axis, column = (0 if "Yaw" in name else 1), INDEX[name]
        apart = np.median((gaze[:, column] - own[:, axis])[seen & inside])
        apart = float(np.clip(apart, -_APART[axis], _APART[axis]))
        keys: list[Key] = []
        for piece in pieces:
            part = slice(piece.start, piece.stop)
            small = _small(own[part, axis], seen[part], float(face.clock.rate))
            value = wanted[part, axis] + apart + movement * small
            value = gaze[part, column] + strength * (value - gaze[part, column])
            keys += reduce_keys(value, piece.start, _TOLERANCE)
        tracks.append(ControlTrack(name, tuple(keys), "replace", span, ease))
    return tracks, _notes(face, whole, far.any(axis=1) & face.valid & inside, lens=lens, at=at)


def _direction(
    face: Face, seen: BoolArray, inside: BoolArray, rotation: _Values, own: _Values,
    *, lens: bool, at: int | None,
) -> _Values:  # fmt: skip
    """(3,) where eyes are to look: person's left, up, to the camera, before the camera."""
    if lens:
        return np.array([0.0, 0.0, 1.0])
    yaw, pitch = np.radians(own).T
    ahead = np.stack([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)], 1)
    looks = np.einsum("tij,tj->ti", rotation, ahead)
    if at is None:
        way = np.median(looks[seen & inside], axis=0)
    else:
        if not 0 <= at < len(seen) or not seen[at]:
            raise TimeError(
                f"{face.name}'s eyes are not seen in frame {at}.", "Choose another.", frame=at
            )
        way = looks[at]
    return np.asarray(way / np.linalg.norm(way), dtype=np.float64)


def _eyes_seen(face: Face) -> BoolArray:
    """(T,) where irises are seen: open eyes, that nothing covers."""
    seen = face.valid & (face.curves.controls.array[:, _LIDS].mean(axis=1) < _SHUT)
    if face.region_confidence is not None:
        seen &= face.region_confidence[:, REGIONS.index("eyes")] >= WEAK
    return np.asarray(seen)


def _limited(angle: _Values, most: float) -> _Values:
    """Angles that level off before a limit."""
    free = most - _SOFT
    over = np.maximum(np.abs(angle) - free, 0)
    limited = np.minimum(np.abs(angle), free) + _SOFT * np.tanh(over / _SOFT)
    return np.asarray(np.sign(angle) * limited)


def _small(look: _Values, seen: BoolArray, rate: float) -> _Values:
    """What eyes do quickly about where they rest, no more than `_SMALL`."""
    frames = np.arange(len(look))
    if not seen.any():
        return np.zeros(len(look))
    known = np.interp(frames, frames[seen], look[seen])
    sigma = max(_SMALL_SECONDS * rate, 1.0)
    reach = np.arange(-int(3 * sigma), int(3 * sigma) + 1)
    kernel = np.exp(-(reach**2) / (2 * sigma**2))
    padded = np.pad(known, len(reach) // 2, mode="edge")
    slow = np.convolve(padded, kernel / kernel.sum(), mode="valid")
    return np.asarray(_SMALL * np.tanh((known - slow) / _SMALL))


def _pieces(frames: BoolArray, cuts: Sequence[int]) -> list[FrameRange]:
    """Runs of frames between cuts."""
    pieces = []
    for run in frame_runs(frames):
        ends = [run.start, *(cut for cut in sorted(cuts) if run.start < cut < run.stop), run.stop]
        pieces += [FrameRange(a, b) for a, b in itertools.pairwise(ends)]
    return pieces


def _notes(
    face: Face, span: FrameRange, far: BoolArray, *, lens: bool, at: int | None
) -> tuple[str, ...]:
    what = "look at the lens" if lens else "are held"
    how = "" if lens else (" where they look on average" if at is None else f" as in frame {at}")
    notes = [f"{face.name}'s eyes {what} in {span}{how}"]
    if far.any():
        where = ", ".join(str(run) for run in frame_runs(far, 3)[:4])
        notes.append(
            f"in {where} the head is turned too far away: eyes go {_FARTHEST[0]:g} degrees"
            f" sideways and {_FARTHEST[1]:g} up or down at most"
        )
    return tuple(notes)
