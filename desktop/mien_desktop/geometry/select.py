"""Hit testing in the timeline, and the selection that follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import numpy as np

from mien.session.refs import KeyRef
from mien.timebase import FrameRange
from mien_desktop.geometry.axis import Axis
from mien_desktop.geometry.lanes import ROW, Lane, Lanes

__all__ = ["GRIP", "SelectMode", "bounds", "chosen", "key_at", "keys_in", "nearest"]

GRIP = 6.0
"""How near the pointer must be to take hold of something, in logical pixels."""
SelectMode = Literal["only", "more", "other"]
"""Whether what is picked becomes the selection, joins it, or changes sides."""


def nearest(axis: Axis, frames: Iterable[int], x: float, grip: float = GRIP) -> int | None:
    """Return the frame of several whose middle is nearest to a pixel, and near enough."""
    candidates = np.fromiter(frames, np.int64)
    if not len(candidates):
        return None
    gaps = np.abs(axis.xs(candidates) - x)
    best = int(np.argmin(gaps))
    return int(candidates[best]) if gaps[best] <= grip else None


def key_at(lanes: Lanes, axis: Axis, x: float, y: float) -> tuple[Lane, int] | None:
    """Return lane and frame of the key at a position; `y` from the top of the first lane."""
    lane = lanes.at(y)
    if lane is None:
        return None
    # Keys are in order: only those around the pointer are looked at.
    low, high = np.searchsorted(lane.marks.frames, [axis.time(x - GRIP), axis.time(x + GRIP)])
    frame = nearest(axis, lane.marks.frames[low : high + 1].tolist(), x)
    return None if frame is None else (lane, frame)


def keys_in(
    lanes: Lanes, axis: Axis, corner: tuple[float, float], other: tuple[float, float]
) -> frozenset[KeyRef]:
    """Return the keys whose middles lie in the box between two corners, however it was drawn.

    A face or a layer gives what it shows, the keys of all its tracks.
    """
    left, right = sorted((corner[0], other[0]))
    top, bottom = sorted((corner[1], other[1]))
    inside: set[KeyRef] = set()
    for row, lane in enumerate(lanes.rows):
        if top <= ROW * row + ROW / 2 <= bottom:
            inside.update(lane.keys_between(axis.time(left), axis.time(right)))
    return frozenset(inside)


def chosen(
    before: frozenset[KeyRef], picked: frozenset[KeyRef], how: SelectMode
) -> frozenset[KeyRef]:
    """Return the selection after something was picked."""
    if how == "only":
        return picked
    if how == "more":
        return before | picked
    return before ^ picked


def bounds(keys: Iterable[KeyRef]) -> FrameRange | None:
    """Return the frames from the first to the last selected key; None when none is."""
    frames = [key.frame for key in keys]
    return FrameRange(min(frames), max(frames) + 1) if frames else None
