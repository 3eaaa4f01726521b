"""The glasses that a face wears over a shot, as curves that go with the head.

Besides both rims and the bridge they have, where lines are seen there, end pieces beside the rims.
"""

from __future__ import annotations

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
from mien.rendering.occlusion.glasses.layout import HEIGHT, TEXEL, WIDTH, Sheet
from mien.rendering.occlusion.glasses.paths import best_path
from mien.rendering.occlusion.glasses.ridges import REACHES
from mien.rendering.occlusion.glasses.rims import RimPaths, find_paths

__all__ = ["Glasses", "find_glasses"]

_UNSURE: Final = 0.35
"""Strength of the evidence that is enough where the user says that there are glasses."""
_LOOKED: Final = 0.42, 0.28
"""How far to either side of a rim its colours are looked at, and from where on they are those of
what is behind it, cm."""
_EDGE: Final = 0.35
"""Part of a rim's difference from what is behind it at which it ends."""
_REACH: Final = 0.05, 0.28
"""Least and greatest reach of a rim to a side, cm."""
_ENDS: Final = 7.9
"""How far from the middle end pieces are followed, cm."""
_END_ROWS: Final = (1.6, -1.5)
"""Where end pieces may lie: above and below the eyes, cm."""
_END_SEEN: Final = 0.03
"""Strength of lines from which there is an end piece."""


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
    pictures: Sequence[FloatArray], sheet: Sheet, identity: FloatArray, *, said: bool = False
) -> Glasses | None:
    """Look for glasses.

    Args:
        pictures: (HEIGHT, WIDTH) contrast of frames in the layout, `layout.in_layout`'s.
        sheet: The layout's surface on the face.
        identity: (468, 3) the neutral face.
        said: Whether the user says that there are some.

    Returns:
        The glasses; None when there are none, or it is not sure.
    """
    if len(pictures) == 0:
        return None
    stacked = np.stack(pictures)
    paths = find_paths(stacked, sheet.texels(identity))
    certainty = paths.evidence.strength
    if certainty < (_UNSURE if said else 1.0):
        return None
    curves = [*paths.rings, _to_rims(paths.bridge, paths.rings)]
    closed = [True, True, False]
    return Glasses(tuple(_measured(stacked, paths, sheet, curves, closed)), certainty)


def _to_rims(bridge: DoubleArray, rings: Sequence[DoubleArray]) -> DoubleArray:
    """A bridge that goes on to the nearest place of either rim."""
    ends = []
    for end, ring in zip((bridge[0], bridge[-1]), rings, strict=True):
        nearest = ring[int(np.linalg.norm(ring - end, axis=1).argmin())]
        ends.append(end + np.linspace(1, 0, 4, endpoint=False)[:, None] * (nearest - end))
    return np.concatenate([ends[0], bridge, ends[1][::-1]])


def _measured(
    pictures: FloatArray,
    paths: RimPaths,
    sheet: Sheet,
    curves: Sequence[DoubleArray],
    closed: Sequence[bool],
) -> list[RimCurve]:
    """Curves with their widths and strengths, laid onto every frame's lines to be measured."""
    reach, beyond = _LOOKED
    step = 0.5
    even = [np.ones(len(curve), dtype=np.float32) for curve in curves]
    placed = []
    for picture, shift in zip(pictures, paths.shifts, strict=True):
        moved = [curve + shift for curve in curves]
        placed.append(snap(picture, moved, closed, even, 1 / TEXEL))
    found = []
    for i, (curve, ring) in enumerate(zip(curves, closed, strict=True)):
        profiles = np.stack(
            [
                profiles_of(picture, at.curves[i], normals_of(at.curves[i], ring), reach / TEXEL, step)
                for picture, at in zip(pictures, placed, strict=True)
            ]
        )
        offsets = step * TEXEL * (np.arange(profiles.shape[2]) - profiles.shape[2] // 2)
        reaches = _reaches(profiles, offsets, beyond, ring)
        strength = np.median([at.strength[i] for at in placed], axis=0).astype(np.float32)
        # Where the frames show the curve, less their shifts, is a better place for it.
        mean = np.mean(
            [at.curves[i] - shift for at, shift in zip(placed, paths.shifts, strict=True)], axis=0
        )
        texels = spread_along(mean, ring, 1.0).astype(np.float32)
        found.append(RimCurve(sheet.points(texels), ring, reaches, strength))
    return found


def _reaches(
    profiles: FloatArray, offsets: DoubleArray, beyond: float, closed: bool
) -> FloatArray:
    """(N, 2) how far a rim reaches to either side of a curve, cm, from (T, N, K) profiles."""
    left, right = offsets < -beyond, offsets > beyond
    behind = np.where(
        offsets[None, None] < 0,
        profiles[..., left].mean(axis=2, keepdims=True),
        profiles[..., right].mean(axis=2, keepdims=True),
    )
    differs = np.median(np.abs(profiles - behind), axis=0)
    differs = spread_along(differs.astype(np.float32), closed)
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
    usual = median_filter(raw, size=(9, 1), mode="wrap" if closed else "nearest")
    return spread_along(np.maximum(usual, 0.5 * (raw + usual)).astype(np.float32), closed)
