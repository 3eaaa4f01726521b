"""Which frames of a library show a region of the face as an edit asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import DoubleArray, FloatArray, IndexArray
from mien.face.gaze import GAZE_COLUMNS, gaze_change
from mien.model.controls import CONTROLS, INDEX
from mien.model.lids import lids_closed
from mien.rendering.appearance.library import FaceLibrary
from mien.rendering.appearance.library_frame import LibraryFrame

__all__ = ["DonorRegion", "Donors", "donor_target", "choose_donors"]

_FULL_TURN: Final = 25.0
"""Degrees by which a head may be turned differently for the price of a full expression."""
_NEAREST: Final = 3
"""Weights of donors fall to nothing at the so-many-th nearest."""
_GAIN: Final = 0.2, 0.6
"""How much nearer than the plate a donor must be to be seen at all, and to take over."""
_FINE: Final = 12.0
"""Pixels in a cm of the face at which the landmarks' error asks for as much gain again."""
_LEAST_WEIGHT: Final = 0.02
"""A weight that makes no difference."""


def _weights(region: Mapping[str, float]) -> FloatArray:
    weights = np.zeros(len(CONTROLS), dtype=np.float32)
    for name, weight in region.items():
        weights[INDEX[name]] = weight
    return weights


def _eye(side: str) -> dict[str, float]:
    return {
        f"eyeBlink{side}": 2.0,
        f"eyeSquint{side}": 1.0,
        f"eyeWide{side}": 1.0,
        f"cheekSquint{side}": 0.5,
        f"browDown{side}": 0.3,
        f"gazeYaw{side}": 1 / 20,
        f"gazePitch{side}": 1 / 20,
    }


_MOUTH: Final = {
    control.name: 2.0 if control.name == "jawOpen" else 1.0
    for control in CONTROLS
    if control.region in ("jaw", "mouth", "tongue") or control.name == "cheekPuff"
}

_GAZE: Final = np.array([control.region == "gaze" for control in CONTROLS])
"""A look alone needs no other frame: the eyeball is turned behind the lids."""
_HALF_HIDDEN: Final = 18.0, 28.0
"""Degrees to the side at which that holds no more: lids hide so much of the iris that it cannot be
told what is behind them."""

_LOOKS: Final = [i for i, control in enumerate(CONTROLS) if control.name.startswith("eyeLook")]

_LIDS: Final = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]

DonorRegion = str
"""`Left` or `Right` for the person's own eyes, `mouth` for the lower face."""

_CONTROL_WEIGHTS: Final[Mapping[DonorRegion, FloatArray]] = {
    "Left": _weights(_eye("Left")),
    "Right": _weights(_eye("Right")),
    "mouth": _weights(_MOUTH),
}
"""How much each control (59,) counts in each region."""


@dataclass(frozen=True, slots=True)
class Donors:
    """What is taken of a region from other frames.

    Attributes:
        region: The region.
        amount: How far they take the plate's place, 0..1.
        frames: The frames, nearest first, with weights that sum up to 1.
    """

    region: DonorRegion
    amount: float
    frames: tuple[tuple[LibraryFrame, float], ...]


def choose_donors(
    library: FaceLibrary,
    source: FloatArray,
    target: FloatArray,
    rotation: FloatArray,
    px_per_cm: float,
) -> tuple[Donors, ...]:
    """Return the frames nearest to what is asked, for every region in which any are nearer.

    Weights and amounts are continuous in the controls and the pose: one frame takes over from
    another without a step.

    Args:
        library: The frames.
        source: (59,) controls of the performance.
        target: (59,) controls asked for.
        rotation: (3, 3) how the head is turned.
        px_per_cm: Pixels of the plate in a canonical unit of the face.
    """
    if len(library.frames) < _NEAREST:
        return ()
    cosine = (np.einsum("nab,ab->n", library.rotations, rotation) - 1) / 2
    turned = np.degrees(np.arccos(np.clip(cosine, -1, 1))) / _FULL_TURN
    chosen = []
    # What the tracked landmarks miss by is a larger part of a small face.
    low, high = (gain * (1 + (_FINE / max(px_per_cm, 1e-3)) ** 2) for gain in _GAIN)
    asked, unlike = (_differing(one, target) for one in (source, library.performances))
    tracked_late = library.performances - library.controls
    aside = smoothstep(np.abs(np.where(_GAZE, source, 0)), *_HALF_HIDDEN)
    for region, weights in _CONTROL_WEIGHTS.items():
        shape = np.where(_GAZE, aside * weights, weights)
        away = float(np.linalg.norm(asked * shape))
        if away <= low:
            continue
        missing = unlike * weights
        # What was tracked late cannot be moved as surely from where it is.
        late = tracked_late * weights
        apart = np.sqrt((missing**2).sum(axis=1) + (late**2).sum(axis=1) + turned**2)
        nearest = np.argsort(apart, kind="stable")[:_NEAREST]
        left = np.hypot(np.linalg.norm(missing[nearest[0]] * (shape > 0)), turned[nearest[0]])
        amount = float(smoothstep(away - left, low, high))
        if amount > 0:
            frames = _weighed(library, nearest, apart[nearest])
            chosen.append(Donors(region, amount, frames))
    return tuple(chosen)


def donor_target(performance: FloatArray, source: FloatArray, target: FloatArray) -> FloatArray:
    """Return (59,) what is asked of another frame, so that its eyes come to look where they are to.

    A performance carries its look twice, in degrees and in weights, and an edit changes the one or
    the other: what remains of the plate's own look in the second would be asked for once more.

    Args:
        performance: (59,) controls of the other frame's performance.
        source: (59,) controls of the plate's performance.
        target: (59,) controls asked for.
    """
    asked, gaze = target.copy(), list(GAZE_COLUMNS)
    asked[gaze] = source[gaze] + gaze_change(source, target)
    asked[_LOOKS] = performance[_LOOKS]
    return asked


def _differing(controls: FloatArray, target: FloatArray) -> FloatArray:
    """(..., 59) how far controls are from others; lids by what is tracked of them or seen.

    Lids that begin to close are seen to move more than they are tracked, and those that are nearly
    shut less.
    """
    apart = controls - target
    seen = lids_closed(controls[..., _LIDS]) - lids_closed(target[_LIDS])
    tracked = apart[..., _LIDS]
    apart[..., _LIDS] = np.where(np.abs(seen) > np.abs(tracked), seen, tracked)
    return np.asarray(apart, dtype=np.float32)


def _weighed(
    library: FaceLibrary, nearest: IndexArray, apart: DoubleArray
) -> tuple[tuple[LibraryFrame, float], ...]:
    """The nearest frames with their weights: 0 for the last of them."""
    closeness = np.square(np.maximum(1 - apart / max(float(apart[-1]), 1e-6), 0))
    if float(closeness.sum()) < 1e-6:
        closeness = np.ones_like(closeness)
    seen = closeness >= _LEAST_WEIGHT * float(closeness.sum())
    total = float(closeness[seen].sum())
    return tuple(
        (library.frames[i], weight / total)
        for i, weight, worth in zip(nearest.tolist(), closeness.tolist(), seen, strict=True)
        if worth
    )
