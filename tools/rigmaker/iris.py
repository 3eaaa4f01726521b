"""How tracked irises stand and move: learned from the scores of looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mien.model.controls import ARKIT
from rigmaker.align import Clip
from rigmaker.topology import Indices

Array = npt.NDArray[np.float64]

OPEN = 0.6
"""Canonical units between the lids above which the iris is well seen."""
LOOKS = 0.06
"""Standard deviation of a look's score above which a clip tells something of it."""


def straight_look(clips: Sequence[Clip], groups: dict[str, Indices]) -> dict[str, Array]:
    """Where irises stand at a look score of 0, and how far they move up to 1.

    A score of 1 is taken to be a look of 30 degrees. In each clip a line is fitted from
    the iris's offset to the score; the medians over clips are kept.

    Returns:
        `iris_rest` and `iris_reach`, (2,) each: outwards, and up.
    """
    rests: tuple[list[float], list[float]] = ([], [])
    slopes: tuple[list[float], list[float]] = ([], [])
    for clip in clips:
        for side, outward in (("Left", 1), ("Right", -1)):
            upper = groups[f"{side.lower()}_eye_upper"]
            lower = groups[f"{side.lower()}_eye_lower"]
            iris = clip.points[:, groups[f"{side.lower()}_iris"]].mean(axis=1)
            offset = iris - clip.points[:, upper[[0, -1]]].mean(axis=1)
            middle = len(upper) // 2
            gap = clip.points[:, upper[middle], 1] - clip.points[:, lower[middle], 1]
            for axis, (more, less) in enumerate((("Out", "In"), ("Up", "Down"))):
                look = (
                    clip.scores[:, ARKIT.index(f"eyeLook{more}{side}")]
                    - clip.scores[:, ARKIT.index(f"eyeLook{less}{side}")]
                )
                at = offset[:, axis] * (outward if axis == 0 else 1)
                seen = gap > OPEN
                if seen.sum() < 20 or look[seen].std() < LOOKS:
                    continue
                slope, start = np.polyfit(at[seen], look[seen], 1)
                if slope > 0:
                    slopes[axis].append(float(slope))
                    rests[axis].append(float(-start / slope))
    return {
        "iris_rest": np.array([np.median(r) for r in rests], dtype=np.float32),
        "iris_reach": np.array([1 / np.median(s) for s in slopes], dtype=np.float32),
    }
