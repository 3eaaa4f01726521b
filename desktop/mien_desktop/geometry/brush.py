"""The matte brush: its size, its strokes' points, and the frames that they are for; no Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from mien.model.face import Face
from mien.model.occlusion import MatteStroke
from mien.model.shot import Shot
from mien.timebase import FrameRange

__all__ = ["POINTS", "ended", "reach", "resized", "stretched", "thinned"]

POINTS: Final = 2000
"""Points of a stroke at most; projects hold no more."""
_LEAST, _MOST = 0.0015, 0.25
"""Limits of the radius, as a part of the picture's shorter side."""
_STEP: Final = 1.2
"""Of a key press."""
_DOUBLING: Final = 120.0
"""View pixels of a drag that make the brush twice as large."""
_SPACING: Final = 0.15
"""Distance of a stroke's points, in radii: nearer ones change nothing that is seen."""
Point = tuple[float, float]


def resized(radius: float, way: int) -> float:
    """Return a radius one step larger (1) or smaller (-1)."""
    return min(max(radius * _STEP**way, _LEAST), _MOST)


def stretched(radius: float, pixels: float) -> float:
    """Return a radius after a drag by so many view pixels, to the right for larger."""
    return min(max(radius * 2 ** (pixels / _DOUBLING), _LEAST), _MOST)


def thinned(points: Sequence[Point], radius: float) -> tuple[Point, ...]:
    """Return a stroke's points without those that lie too near to the one before.

    Args:
        points: The points of the pointer, one at least.
        radius: Half the stroke's width.

    Returns:
        The first and the last point, and as many between as the stroke needs; `POINTS` at most.
    """
    spacing = _SPACING * radius
    kept = _apart(points, spacing)
    while len(kept) > POINTS:
        spacing *= 1.5
        kept = _apart(points, spacing)
    return tuple(kept)


def _apart(points: Sequence[Point], spacing: float) -> list[Point]:
    kept = [points[0]]
    for point in points[1:-1]:
        if math.dist(point, kept[-1]) >= spacing:
            kept.append(point)
    if len(points) > 1 and points[-1] != kept[-1]:
        kept.append(points[-1])
    return kept


def reach(shot: Shot, face: Face, frame: int, *, once: bool = False) -> FrameRange:
    """Return the frames that a stroke is for, which is painted in a frame.

    It holds on, moving with the head, until the next frame in which something was painted that
    holds on too, until the picture becomes another one, or until the face is lost.

    Args:
        shot: The shot.
        face: The face; it is seen in the frame.
        frame: The frame.
        once: Whether it is for that frame only.
    """
    if once:
        return FrameRange(frame, frame + 1)
    own = (s for s in shot.occlusion.strokes if s.face == face.number and len(s.span) > 1)
    ends = [*shot.cuts, *(mix.start for mix in shot.mixes), *(stroke.frame for stroke in own)]
    lost = np.flatnonzero(~face.valid[frame:])
    stop = frame + int(lost[0]) if len(lost) else shot.clock.frame_count
    return FrameRange(frame, max(min([stop, *(end for end in ends if end > frame)]), frame + 1))


def ended(strokes: Iterable[MatteStroke], face: int, frame: int) -> tuple[MatteStroke, ...]:
    """Return strokes of which those of a face end before a frame that would go on in it.

    What was painted in the frame itself is gone; what was painted later stays.
    """
    result = []
    for stroke in strokes:
        if stroke.face != face or frame not in stroke.span:
            result.append(stroke)
        elif stroke.frame < frame:
            result.append(replace(stroke, span=FrameRange(stroke.span.start, frame)))
        elif stroke.frame > frame:
            result.append(replace(stroke, span=FrameRange(frame + 1, stroke.span.stop)))
    return tuple(result)
