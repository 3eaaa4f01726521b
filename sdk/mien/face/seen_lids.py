"""What landmarks seem to do when lids shut, beside what the skin does.

A tracker places its mesh as a whole. Where lids shut it draws the mesh together by about a
hundredth, and the brows, which it sees well, stay where they are: measured in units of the face,
every blink lifts them, and pixels show no such thing. Read as an expression it would raise the
brows with every blink, and in whoever follows the performance, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import FloatArray, IndexArray

__all__ = ["brow_rises", "without_rises"]

RISE: Final = 0.15
"""Canonical units by which brows seem to rise where lids are shut. It is told by what is left of
brows at blinks: the median over 13 people is 0.07 of a weight without it and 0.01 with it, and
without any one of them 0.16 to 0.19 would leave nothing."""
NEAR_BROWS: Final = (0.5, 2.0)
"""Canonical units from the brows up to which all of it is seen, and from which nothing."""
NEAR_LIDS: Final = (0.5, 1.1)
"""Canonical units from the lids up to which nothing of it is seen, and from which all."""
MIDDLE: Final = 0.4
"""Canonical units to a side over which it passes from one lid to the other."""


def brow_rises(mean: FloatArray, groups: Mapping[str, IndexArray]) -> dict[str, FloatArray]:
    """Return how far each point seems to rise where the lids of a side are shut.

    Args:
        mean: (468, 3) the mean face, in canonical units.
        groups: Landmarks by feature, as of `Rig`.

    Returns:
        By side, `left` and `right`, (468,) float32 canonical units.
    """
    brows = _distance(mean, groups, "left_brow", "right_brow")
    lids = _distance(
        mean, groups, "left_eye_upper", "left_eye_lower", "right_eye_upper", "right_eye_lower"
    )
    rise = RISE * (1 - smoothstep(brows, *NEAR_BROWS)) * smoothstep(lids, *NEAR_LIDS)
    left = (1 + np.tanh(mean[:, 0] / MIDDLE)) / 2
    return {
        "left": np.asarray(rise * left, dtype=np.float32),
        "right": np.asarray(rise * (1 - left), dtype=np.float32),
    }


def without_rises(beyond: FloatArray, blinks: FloatArray, rises: FloatArray) -> FloatArray:
    """Return what landmarks do beyond a face's shape without what may be such a rise.

    Curves that were solved by an earlier version explain it by raised brows. It is no habit of
    blinking, either way.

    Args:
        beyond: (N, 468, 2) how far landmarks are from the shape, canonical units.
        blinks: (N, 2) how far the left and the right lids are shut, 0..1.
        rises: (2, 468) what `brow_rises` says of the left and of the right side.
    """
    left = beyond.copy()
    for side, rise in enumerate(rises):
        weight = rise / max(float(rise @ rise), 1e-9)
        seen = np.clip(left[..., 1] @ weight, -blinks[:, side], blinks[:, side])
        left[..., 1] -= seen[:, None] * rise
    return left


def _distance(mean: FloatArray, groups: Mapping[str, IndexArray], *names: str) -> FloatArray:
    """(468,) distance of every point to the nearest of some groups."""
    points = mean[np.concatenate([groups[name] for name in names])]
    away = np.linalg.norm(mean[:, None] - points[None], axis=2).min(axis=1)
    return np.asarray(away, dtype=np.float32)
