"""Confidence of a face's regions over time, for the lane that shows what is in front; no Qt.

Thousands of frames share few pixels: a pixel shows the least confidence of its frames, so that
what is hidden for a single frame is seen however far one zooms out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from mien._types import BoolArray, ByteArray, FloatArray
from mien.model.control_regions import regions_of
from mien.model.controls import CONTROLS, INDEX, sides
from mien.model.face import WEAK, Face
from mien.model.fading import COVERED, SEEN
from mien.model.occlusion import REGIONS, MatteStroke
from mien.timebase import FrameRange
from mien_desktop.geometry.axis import Axis
from mien_desktop.geometry.lanes import ROW

__all__ = [
    "CLEAR",
    "NOTHING",
    "SHADES",
    "Runs",
    "Sight",
    "bar_at",
    "bars",
    "columns",
    "joined",
    "runs",
    "shades",
    "sight_of",
    "step",
    "stroked",
]

NOTHING: Final = 0
CLEAR: Final = 1
SHADES: Final = 16
"""Palette indices of the lane: `NOTHING` where the face is not there, `CLEAR`, then so many shades
from doubtful to hidden; the last of them is hidden."""
WHOLE: Final = ("face",)
"""The one bar of a face whose regions are not told apart."""
_APART: Final = 5
"""Frames between two weak stretches up to which they are one: a flicker is looked at once."""
_BAR = 4
_ALONE = 9
"""Heights of one of several bars, and of a single one, in logical pixels."""
Runs = tuple[tuple[int, int], ...]
"""Stretches of frames: start and stop of each, half-open."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """Confidence of a face's regions.

    Attributes:
        bars: Names of what is told apart, from top to bottom: regions, or the whole face.
        confidence: (R, T) float32, 0..1, of each bar; NaN where the face is not there.
        weak: Stretches that should be looked at, as `Face.weak` says.
        bridged: Stretches whose curves are only bridged.
        badly: Stretches in which the whole face was seen badly, or is only bridged.
        lost: Stretches in which the face is not there.
        whole: (T,) bool, the frames in which the whole face was seen badly.
        parts: (T, 4) bool, in which each of `REGIONS` was.
    """

    bars: tuple[str, ...]
    confidence: FloatArray
    weak: Runs
    bridged: Runs
    badly: Runs
    lost: Runs
    whole: BoolArray
    parts: BoolArray

    def worst(self, frame: int) -> tuple[str, float] | None:
        """Return the bar that is seen least surely in a frame, and how surely; None without one."""
        values = self.confidence[:, frame]
        if np.isnan(values).any():
            return None
        row = int(np.argmin(values))
        return self.bars[row], float(values[row])

    def weak_of(self, control: str) -> Runs:
        """Return the weak stretches that concern a control: those of the regions that it moves."""
        names = sides(control)
        if not names:  # an expression or a viseme moves all of them
            return self.weak
        concerned = {part for name in names for part in regions_of(CONTROLS[INDEX[name]])}
        rows = [row for row, part in enumerate(REGIONS) if part in concerned]
        return joined(runs(self.whole | self.parts[:, rows].any(axis=1)))


def sight_of(face: Face) -> Sight:
    """Return how surely a face is seen, as its tracker said."""
    regions = face.region_confidence
    names = WHOLE if regions is None else REGIONS
    values = face.confidence[None] if regions is None else regions.T
    values = np.clip(np.nan_to_num(values, nan=0.0), 0.0, 1.0).astype(np.float32)
    valid, bridged = face.valid, face.curves.bridged & face.valid
    shown = np.where(valid, values, np.float32(np.nan))
    whole = valid & ((face.confidence < WEAK) | bridged)
    return Sight(
        names, shown, joined(runs(face.weak)), runs(bridged), runs(whole), runs(~valid), whole,
        face.weak_regions,
    )  # fmt: skip


def runs(mask: BoolArray) -> Runs:
    """Return the stretches of True: start and stop of each, half-open."""
    steps = np.diff(np.concatenate([[0], mask.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    return tuple(zip(starts.tolist(), stops.tolist(), strict=True))


def joined(stretches: Runs, apart: int = _APART) -> Runs:
    """Return stretches of which those are one that lie so few frames apart, or fewer."""
    result: list[tuple[int, int]] = []
    for start, stop in stretches:
        if result and start - result[-1][1] <= apart:
            result[-1] = (result[-1][0], stop)
        else:
            result.append((start, stop))
    return tuple(result)


def step(stretches: Runs, frame: int, way: int) -> int | None:
    """Return where the next stretch begins after a frame, or the last one before it.

    Args:
        stretches: The stretches, ascending.
        frame: The frame.
        way: 1 for the next, -1 for the one before.

    Returns:
        The first frame of the stretch; None when there is none that way.
    """
    starts = [start for start, _ in stretches]
    if way > 0:
        return next((start for start in starts if start > frame), None)
    return next((start for start in reversed(starts) if start < frame), None)


def columns(values: FloatArray, axis: Axis, width: int, ratio: float) -> FloatArray:
    """Return the least value that each column of pixels shows.

    Args:
        values: (R, T) values of frames; NaN for none.
        axis: The time axis; its pixel 0 is the first column's left edge.
        width: Columns, device pixels.
        ratio: Device pixels a logical pixel.

    Returns:
        (R, width) float32; NaN where a column shows no frame, or only frames without a value.
    """
    rows, frames = values.shape
    shown = np.full((rows, width), np.nan, np.float32)
    edges = axis.first + np.arange(width + 1) / (axis.scale * ratio)
    first = np.floor(edges[:-1]).astype(np.int64)
    stop = np.maximum(np.ceil(edges[1:]).astype(np.int64), first + 1)
    seen = (stop > 0) & (first < frames)
    if not seen.any():
        return shown
    bounds = np.stack([np.clip(first[seen], 0, frames - 1), np.clip(stop[seen], 1, frames)], axis=1)
    # `reduceat` wants indices inside of what it reduces; the last stop is one beyond.
    padded = np.concatenate([values, np.full((rows, 1), np.nan, np.float32)], axis=1)
    least = np.fmin.reduceat(padded, bounds.ravel(), axis=1)[:, ::2]
    shown[:, seen] = least
    return shown


def shades(confidence: FloatArray) -> ByteArray:
    """Return palette indices of confidences: the darker the doubt, the greater."""
    known = np.nan_to_num(confidence, nan=1.0)
    doubt = np.clip((SEEN - known) / (SEEN - COVERED), 0.0, 1.0)
    index = CLEAR + 1 + np.floor(doubt * (SHADES - 1)).astype(np.uint8)
    index = np.where(known < COVERED, CLEAR + SHADES, np.minimum(index, CLEAR + SHADES - 1))
    index = np.where(known >= SEEN, CLEAR, index)
    return np.where(np.isnan(confidence), NOTHING, index).astype(np.uint8)


def bars(count: int) -> tuple[tuple[int, int], ...]:
    """Return top and height of each of so many bars in a lane, in logical pixels."""
    height = _ALONE if count == 1 else _BAR
    step_ = height + 1
    top = (ROW - (count * step_ - 1)) // 2
    return tuple((top + step_ * row, height) for row in range(count))


def bar_at(count: int, y: float) -> int:
    """Return which of so many bars lies at a height from the top of the lane, or is nearest."""
    middles = [top + height / 2 for top, height in bars(count)]
    return min(range(count), key=lambda row: abs(middles[row] - y))


def stroked(strokes: Iterable[MatteStroke], face: int) -> tuple[tuple[int, ...], Runs]:
    """Return the frames in which strokes of a face were painted, and the stretches they are for."""
    own = [stroke for stroke in strokes if stroke.face == face]
    spans: list[FrameRange] = sorted((s.span for s in own), key=lambda span: span.start)
    result: list[tuple[int, int]] = []
    for span in spans:
        if result and span.start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], span.stop))
        else:
            result.append((span.start, span.stop))
    return tuple(sorted({stroke.frame for stroke in own})), tuple(result)
