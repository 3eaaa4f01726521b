"""The glasses that a face wears over a shot, as curves that go with the head.

Besides both rims and the bridge they have, where lines are seen there, end pieces beside the rims.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.ndimage import median_filter

from mien._types import DoubleArray, FloatArray
from mien.rendering.occlusion.glasses.curves import (
    RimCurve,
    normals_of,
    profiles_of,
    snap,
    spread_along,
)
from mien.rendering.occlusion.glasses.layout import TEXEL, Sheet
from mien.rendering.occlusion.glasses.rims import RimPaths, find_paths

__all__ = ["Glasses", "find_glasses"]

_UNSURE: Final = 0.5
"""Strength of the evidence that is enough where the user says that there are glasses; from it on
less than enough is looked at again."""
_LOOKED: Final = 0.42, 0.28
"""How far to either side of a rim its colours are looked at, and from where on they are those of
what is behind it, cm."""
_STEP: Final = 0.5
"""Texels between places across a rim."""
_SLIPS: Final = 0.09
"""How far frames may be off that were brought onto each other, cm."""
_EDGE: Final = 0.35
"""Part of a rim's difference from what is behind it at which it ends."""
_REACH: Final = 0.05, 0.28
"""Least and greatest reach of a rim to a side, cm."""


@dataclass(frozen=True, slots=True, eq=False)
class Glasses:
    """A face's glasses.

    Attributes:
        curves: Both rims, the bridge, and what else was found.
        certainty: Strength of the evidence; from 1 it is sure.
    """

    curves: tuple[RimCurve, ...]
    certainty: float


def find_glasses(
    frames: Sequence[tuple[FloatArray, FloatArray]],
    sheet: Sheet,
    identity: FloatArray,
    *,
    said: bool = False,
) -> Glasses | None:
    """Look for glasses.

    Args:
        frames: What `layout.in_layout` gave of some.
        sheet: The layout's surface on the face.
        identity: (468, 3) the neutral face.
        said: Whether the user says that there are some.

    Returns:
        The glasses; None when there are none, or it is not sure.
    """
    if not frames:
        return None
    pictures, eyes = (np.stack(part) for part in zip(*frames, strict=True))
    landmarks, enough = sheet.texels(identity), _UNSURE if said else 1.0
    paths = find_paths(pictures, eyes, landmarks)
    if _UNSURE <= paths.evidence.strength < enough and len(pictures) > 1:
        # Frames that cannot all be brought onto each other blur the rims. Those near in time are
        # more alike: where both halves are sure by themselves, so is the whole.
        middle = len(pictures) // 2
        halves = [(pictures[part], eyes[part]) for part in (slice(middle), slice(middle, None))]
        apart = [find_paths(*half, landmarks) for half in halves]
        if min(half.evidence.strength for half in apart) >= enough:
            best = int(apart[1].evidence.strength > apart[0].evidence.strength)
            (pictures, eyes), paths = halves[best], apart[best]
    certainty = paths.evidence.strength
    if certainty < enough:
        return None
    ends = [np.concatenate([_joined(end[0], paths.rings), end]) for end in paths.ends]
    curves = [*paths.rings, _to_rims(paths.bridge, paths.rings), *ends]
    closed = [True, True, *[False] * (len(curves) - 2)]
    return Glasses(tuple(_measured(pictures, eyes, paths, sheet, curves, closed)), certainty)


def _to_rims(bridge: DoubleArray, rings: Sequence[DoubleArray]) -> DoubleArray:
    """A bridge that goes on to the nearest place of either rim."""
    return np.concatenate(
        [_joined(bridge[0], rings[:1]), bridge, _joined(bridge[-1], rings[1:])[::-1]]
    )


def _joined(end: DoubleArray, rings: Sequence[DoubleArray]) -> DoubleArray:
    """(4, 2) the way from the nearest place of a ring to an end."""
    every = np.concatenate(rings)
    nearest = every[int(np.linalg.norm(every - end, axis=1).argmin())]
    return np.asarray(end + np.linspace(1, 0, 4, endpoint=False)[:, None] * (nearest - end))


def _measured(
    pictures: FloatArray,
    eyes: FloatArray,
    paths: RimPaths,
    sheet: Sheet,
    curves: Sequence[DoubleArray],
    closed: Sequence[bool],
) -> list[RimCurve]:
    """Curves with their widths and strengths, laid onto every frame's lines to be measured."""
    even = [np.ones(len(curve), dtype=np.float32) for curve in curves]
    looked, placed = list(zip(pictures, eyes, paths.shifts, strict=True)), []
    for picture, lids, shift in looked:
        moved = [curve + shift for curve in curves]
        placed.append(snap(picture, moved, closed, even, 1 / TEXEL, shift=_SLIPS, ignored=lids))
    found = []
    for i, ring in enumerate(closed):
        profiles, hidden = [], []
        for (picture, lids, _), at in zip(looked, placed, strict=True):
            across = at.curves[i], normals_of(at.curves[i], ring), _LOOKED[0] / TEXEL, _STEP
            profile, shut = profiles_of([picture, lids], *across)
            profiles.append(profile)
            hidden.append(shut > 0)
        reaches = _reaches(np.where(hidden, np.nan, profiles), ring)
        strength = np.median([at.strength[i] for at in placed], axis=0).astype(np.float32)
        # Where the frames show the curve, less their shifts, is a better place for it.
        mean = np.mean(
            [at.curves[i] - shift for at, shift in zip(placed, paths.shifts, strict=True)], axis=0
        )
        texels = spread_along(mean, ring, 1.0).astype(np.float32)
        found.append(RimCurve(sheet.points(texels), ring, reaches, strength))
    return found


def _reaches(profiles: DoubleArray, closed: bool) -> FloatArray:
    """(N, 2) how far a rim reaches to either side of a curve, cm, from (T, N, K) profiles.

    What is not seen is NaN in them.
    """
    offsets = _STEP * TEXEL * (np.arange(profiles.shape[2]) - profiles.shape[2] // 2)
    left, right = offsets < -_LOOKED[1], offsets > _LOOKED[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # nothing but NaN
        behind = np.where(
            offsets < 0,
            np.nanmean(profiles[..., left], axis=2, keepdims=True),
            np.nanmean(profiles[..., right], axis=2, keepdims=True),
        )
        differs = np.nanmedian(np.abs(profiles - behind), axis=0)
        usual = np.nanmedian(differs, axis=0)
    differs = np.where(np.isfinite(differs), differs, np.nan_to_num(usual))
    differs = spread_along(differs.astype(np.float32), closed)
    differs -= differs[:, left | right].mean(axis=1, keepdims=True)
    peak = differs[:, np.abs(offsets) < 0.1].max(axis=1, keepdims=True)
    rim = differs > _EDGE * peak
    reaches = []
    for side in (-1, 1):
        outward = np.flatnonzero(side * offsets >= 0)[::side]
        ends = ~rim[:, outward]
        # The first place that is no longer rim, beyond the peak.
        ends[:, np.abs(offsets[outward]) < _REACH[0]] = False
        first = np.where(ends.any(axis=1), ends.argmax(axis=1), ends.shape[1] - 1)
        reaches.append(np.abs(offsets[outward])[first])
    raw = np.clip(np.stack(reaches, axis=1), *_REACH)
    smooth = median_filter(raw, size=(9, 1), mode="wrap" if closed else "nearest")
    return spread_along(np.maximum(smooth, 0.5 * (raw + smooth)).astype(np.float32), closed)
