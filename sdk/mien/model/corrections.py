"""Landmarks put right by hand: what is asked, and what was there before.

A correction moves one group of a face's landmarks in one frame, and less and less in the frames
around it. It lies over what was tracked, which is kept, so that it can be taken away again.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from mien._math import ease
from mien._types import FloatArray, IndexArray
from mien.errors import TimeError, UsageError
from mien.model.curves import Curves
from mien.timebase import FrameRange

__all__ = [
    "DEFAULT_FALLOFF",
    "GROUPS",
    "CorrectionGroup",
    "LandmarkCorrection",
    "UncorrectedFrames",
    "corrected_spans",
    "correction_at",
    "correction_offsets",
]

CorrectionGroup: TypeAlias = Literal["left_eye", "right_eye", "brows", "nose", "mouth", "jaw"]
"""Landmarks that are moved together; left and right are the person's own."""

GROUPS: Final[tuple[CorrectionGroup, ...]] = get_args(CorrectionGroup)

DEFAULT_FALLOFF: Final = 6
"""Frames on either side over which a correction fades, unless it is said otherwise."""

_FURTHEST: Final = 1 << 18
"""Pixels that landmarks are moved at most: no picture is larger, and faces can be solved there."""


@dataclass(frozen=True, slots=True)
class LandmarkCorrection:
    """One group of a face's landmarks, moved by hand in one frame.

    The frames around it follow less and less, within one shot: nothing goes on over a cut.
    Corrections of one group whose fades meet are joined by a smooth way from one to the next.

    Attributes:
        frame: The frame in which it counts in full.
        group: Which landmarks: one of `GROUPS`.
        dx: Pixels of the upright picture to the right, from where they were tracked.
        dy: The same, down.
        before: Frames before it over which it fades; the one before these is as tracked.
        after: The same of frames after it.

    Raises:
        UsageError: When there is no such group, or a number is none.
        TimeError: When a frame is negative.
    """

    frame: int
    group: CorrectionGroup
    dx: float
    dy: float
    before: int = DEFAULT_FALLOFF
    after: int = DEFAULT_FALLOFF

    def __post_init__(self) -> None:
        if self.group not in GROUPS:
            raise UsageError(
                f"'{self.group}' is no group of landmarks.",
                f"Give one of {', '.join(GROUPS)}.",
                choices=GROUPS,
            )
        if not max(abs(self.dx), abs(self.dy)) <= _FURTHEST or math.isnan(self.dy):
            raise UsageError(
                f"Landmarks cannot be moved by {self.dx}, {self.dy}.", "Give pixels, as 4,-2."
            )
        if self.frame < 0:
            raise TimeError(f"There is no frame {self.frame}.", frame=self.frame)
        if self.before < 0 or self.after < 0:
            raise UsageError(
                f"A correction cannot fade over {min(self.before, self.after)} frames.",
                "Give 0 or more.",
            )

    @property
    def span(self) -> FrameRange:
        """The frames that it may change, when nothing joins it and no cut ends it."""
        return FrameRange(max(0, self.frame - self.before), self.frame + self.after + 1)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UncorrectedFrames:
    """Rows of a face as they were before its landmarks were put right by hand.

    Attributes:
        frames: (N,) the frames that corrections changed, ascending.
        landmarks: (N, 478, 3) their landmarks.
        curves: Their N rows of the smoothed curves.
        raw: Their N rows of the curves before smoothing.
    """

    frames: IndexArray
    landmarks: FloatArray
    curves: Curves
    raw: Curves

    def __repr__(self) -> str:
        return f"UncorrectedFrames({len(self.frames)} frames)"


def correction_offsets(
    corrections: Iterable[LandmarkCorrection], frames: int, cuts: Sequence[int] = ()
) -> FloatArray:
    """Return how far every group is moved in every frame.

    Args:
        corrections: Corrections of one face, in any order.
        frames: Frames of the shot.
        cuts: First frames of new shots; nothing goes on over one.

    Returns:
        (T, 6, 2) float32, pixels of the upright picture, by `GROUPS`; exactly 0 where no
        correction reaches.
    """
    result = np.zeros((frames, len(GROUPS), 2), dtype=np.float32)
    for chain, section in _chains(corrections, frames, cuts):
        column = GROUPS.index(chain[0].group)
        first, last = chain[0], chain[-1]
        for one, reach, step in ((first, first.before, -1), (last, last.after, 1)):
            for distance in range(reach + 1):
                frame = one.frame + step * distance
                if frame in section:
                    share = _eased(1 - distance / (reach + 1))
                    result[frame, column] = share * one.dx, share * one.dy
        for one, other in itertools.pairwise(chain):
            for frame in range(one.frame, other.frame + 1):
                share = _eased((frame - one.frame) / (other.frame - one.frame))
                result[frame, column] = (
                    (1 - share) * one.dx + share * other.dx,
                    (1 - share) * one.dy + share * other.dy,
                )
    return result


def corrected_spans(
    corrections: Iterable[LandmarkCorrection], frames: int, cuts: Sequence[int] = ()
) -> tuple[FrameRange, ...]:
    """Return the frames that corrections may change: of each run of joined ones, its span.

    Args:
        corrections: Corrections of one face, in any order.
        frames: Frames of the shot.
        cuts: First frames of new shots.
    """
    spans = []
    for chain, section in _chains(corrections, frames, cuts):
        reach = FrameRange(
            max(0, chain[0].frame - chain[0].before), chain[-1].frame + chain[-1].after + 1
        )
        spans.append(reach.intersection(section))
    return tuple(sorted(spans, key=lambda span: (span.start, span.stop)))


def correction_at(
    corrections: Iterable[LandmarkCorrection],
    group: CorrectionGroup,
    frame: int,
    frames: int,
    cuts: Sequence[int] = (),
) -> tuple[float, float]:
    """Return by how many pixels a group is moved in a frame already."""
    moved = correction_offsets([one for one in corrections if one.group == group], frames, cuts)
    dx, dy = moved[frame, GROUPS.index(group)].tolist()
    return dx, dy


def _eased(share: float) -> float:
    return float(ease(np.array(share, dtype=np.float64)))


def _chains(
    corrections: Iterable[LandmarkCorrection], frames: int, cuts: Sequence[int]
) -> list[tuple[list[LandmarkCorrection], FrameRange]]:
    """Corrections of one group whose fades meet, with the part of the shot that they lie in."""
    ends = [0, *sorted({cut for cut in cuts if 0 < cut < frames}), frames]
    sections = [FrameRange(a, b) for a, b in itertools.pairwise(ends)]
    chains: list[tuple[list[LandmarkCorrection], FrameRange]] = []
    for one in sorted(corrections, key=lambda c: (GROUPS.index(c.group), c.frame)):
        section = next((part for part in sections if one.frame in part), None)
        if section is None:
            continue
        if chains:
            chain, within = chains[-1]
            last = chain[-1]
            meets = one.frame - last.frame <= last.after + one.before + 1
            if last.group == one.group and within == section and meets:
                if last.frame == one.frame:
                    chain[-1] = one
                else:
                    chain.append(one)
                continue
        chains.append(([one], section))
    return chains
