"""How far lips are apart: as a face shows it, and as curves would part them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from mien.face.rig import load_rig
from mien.model.controls import INDEX
from mien.model.face import Face
from mien.model.speech import Speech
from mien.model.voice import LARGEST_AMOUNT, MouthAmounts
from mien.speech.coarticulation import mouth_curves

__all__ = ["Slip", "driven_gap", "learned_amounts", "measured_slip", "near_speech", "performed_gap"]

_LIPS: Final = (13, 14)
"""Landmarks in the middle of the inner lips, the upper and the lower."""
_EYES: Final = ((33, 133), (362, 263))
"""Corners of the eyes, whose middles tell the size of the face."""
_NEAR: Final = 0.3
"""Seconds around phones in which lips are taken for speaking."""
_LEAST_SECONDS: Final = 1.0
"""Of speech, from which a mouth is learned and slip is measured."""
_LEAST_ALIKE: Final = 0.3
"""Correlation of lips and sound below which they are not of one person."""
_MOST_SLIP: Final = 0.5
"""Seconds by which lips and sound are searched for, to either side."""
_BESIDE: Final = 0.2
"""Seconds beside the best slip that are as good as it."""
_OPEN: Final = 90.0
_AMOUNTS: Final = (0.4, LARGEST_AMOUNT)
_Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Slip:
    """A distance in time between lips and sound.

    Attributes:
        seconds: By how much the lips come after the sound; negative when they come before.
        confidence: 0 to 1: how much lips and sound are alike there, and how much less elsewhere.
        correlation: Of lips and sound at that slip.
    """

    seconds: float
    confidence: float
    correlation: float


def performed_gap(face: Face) -> _Array:
    """Return how far a face's lips are apart, in distances of its eyes.

    Returns:
        (T,) NaN where the face is not seen.
    """
    points = face.landmarks.astype(np.float64)
    right, left = (points[:, list(pair)].mean(axis=1) for pair in _EYES)
    gap = np.linalg.norm(points[:, _LIPS[0]] - points[:, _LIPS[1]], axis=1)
    apart = np.linalg.norm(right - left, axis=1)
    return np.where(face.valid, gap / np.where(apart > 0, apart, np.nan), np.nan)


def driven_gap(face: Face, curves: Mapping[str, _Array]) -> _Array:
    """Return how far curves of controls part the lips of a face, in distances of its eyes.

    Args:
        face: The face.
        curves: (T,) values of controls.

    Returns:
        (T,) by the rig.
    """
    personal = load_rig().personal(face.identity)
    shape = personal.identity.astype(np.float64)
    apart = np.tile(shape[_LIPS[0]] - shape[_LIPS[1]], (len(next(iter(curves.values()))), 1))
    for name, values in curves.items():
        field = personal.fields[INDEX[name]].astype(np.float64)
        apart += np.outer(values, field[_LIPS[0]] - field[_LIPS[1]])
    right, left = (shape[list(pair)].mean(axis=0) for pair in _EYES)
    return np.asarray(np.linalg.norm(apart, axis=1) / np.linalg.norm(right - left))


def learned_amounts(
    face: Face,
    speech: Speech,
    times: _Array,
    rest: Mapping[str, float],
    loudness: npt.NDArray[np.float32] | None,
) -> MouthAmounts | None:
    """Learn how far this person's jaw and lips go when they speak, from where they do.

    Args:
        face: The face, over the whole shot.
        speech: What is said in the shot's own sound.
        times: (T,) seconds of the sound at which frames are shown.
        rest: Values of controls at rest.
        loudness: Of the sound, every 10 ms.

    Returns:
        Amounts; None where nobody speaks for a second, or the lips do not go with the sound, as
        when somebody else is heard.
    """
    curves = mouth_curves(speech, times, rest=rest, loudness=loudness)
    speaking = near_speech(speech, times) & face.valid
    if not _are_alike(performed_gap(face), driven_gap(face, curves), speaking, times):
        return None
    performed = face.curves.controls.array.astype(np.float64)

    def ratio(*names: str) -> float:
        did = sum(performed[speaking, INDEX[name]] - rest.get(name, 0.0) for name in names)
        does = sum(curves[name][speaking] - rest.get(name, 0.0) for name in names)
        most = float(np.percentile(does, _OPEN))
        share = float(np.percentile(did, _OPEN)) / most if most > 0 else 1.0
        return float(np.clip(share, *_AMOUNTS))

    lips = ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight")
    return MouthAmounts(ratio("jawOpen"), ratio(*lips))


def measured_slip(performed: _Array, driven: _Array, speaking: npt.NDArray[np.bool_],
                  times: _Array) -> Slip | None:  # fmt: skip
    """Measure by how much lips come after the sound that they say.

    The normalized cross-correlation of both, searched half a second to either side.

    Args:
        performed: (T,) how far the lips are apart; NaN where they are not seen.
        driven: (T,) how far the sound would part them.
        speaking: (T,) frames in which somebody speaks.
        times: (T,) ascending seconds at which the frames are shown.

    Returns:
        The slip; None where there is too little speech.
    """
    seen = np.isfinite(performed)
    if len(times) < 2 or _seconds(speaking & seen, times) < _LEAST_SECONDS:
        return None
    step = 1 / 100
    lips = np.interp(np.arange(times[0], times[-1], step), times[seen], performed[seen])
    sound = np.interp(np.arange(times[0], times[-1], step), times, driven)
    shown = np.interp(np.arange(times[0], times[-1], step), times, speaking & seen) > 0.5
    most = round(_MOST_SLIP / step)
    shifts = np.arange(-most, most + 1)
    alike = np.array([_alike(lips, sound, shown, int(shift)) for shift in shifts])
    best = int(np.argmax(alike))
    away = np.abs(shifts - shifts[best]) > _BESIDE / step
    rival = float(alike[away].max()) if away.any() else 0.0
    correlation = float(alike[best])
    confidence = max(correlation, 0.0) * float(np.clip((correlation - rival) / 0.2, 0, 1))
    if best in (0, len(shifts) - 1):
        # Alike the more the farther they are moved: no best, but what is not said at all.
        confidence = 0.0
    return Slip(float(shifts[best] * step), confidence, correlation)


def _alike(lips: _Array, sound: _Array, shown: npt.NDArray[np.bool_], shift: int) -> float:
    """Correlation of the sound with the lips `shift` steps later."""
    if shift >= 0:
        late, early, kept = lips[shift:], sound[: len(sound) - shift], shown[: len(shown) - shift]
    else:
        late, early, kept = lips[:shift], sound[-shift:], shown[-shift:]
    if np.count_nonzero(kept) < 2:
        return 0.0
    a, b = late[kept] - late[kept].mean(), early[kept] - early[kept].mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0


def _are_alike(
    performed: _Array, driven: _Array, speaking: npt.NDArray[np.bool_], times: _Array
) -> bool:
    slip = measured_slip(performed, driven, speaking, times)
    return slip is not None and slip.correlation >= _LEAST_ALIKE and abs(slip.seconds) < 0.15


def near_speech(speech: Speech, times: _Array) -> npt.NDArray[np.bool_]:
    """Return whether somebody speaks, or nearly, at (T,) seconds of the sound."""
    near = np.zeros(len(times), dtype=bool)
    for phone in speech.spoken:
        first, last = np.searchsorted(times, (phone.start - _NEAR, phone.stop + _NEAR))
        near[first:last] = True
    return near


def _seconds(frames: npt.NDArray[np.bool_], times: _Array) -> float:
    return float(np.count_nonzero(frames) * (times[-1] - times[0]) / max(len(times) - 1, 1))
