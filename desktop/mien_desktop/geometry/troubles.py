"""Frames in which an edited shot has trouble, as marks over the timeline's lanes; no Qt.

Trouble comes in runs, and of several things at once: what lies a few frames apart is one mark,
named after the worst of it, and stands for its worst frame.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mien._types import BoolArray, FloatArray
from mien.reporting.values import FrameTrouble
from mien.timebase import FrameRange
from mien_desktop.geometry.axis import Axis

__all__ = [
    "MEASURES", "TroubleMark", "beside", "changed_frames", "mark_at", "marks_of", "read_troubles",
    "remaining", "width_of",
]  # fmt: skip

MEASURES: Final[Mapping[str, str]] = {
    "curves.difference": "asked",
    "identity.drop": "identity",
    "flicker.landmarks": "flicker",
    "outside.changed": "outside",
    "outside.beyond_encoding": "outside",
    "sharpness": "sharpness",
    "rim.color": "rim",
    "frames.lost": "lost",
}
"""By what is measured, the one word that a mark has room for."""
_APART: Final = 5
"""Frames between two troubles up to which they are one mark: they are looked at once."""
_LEAST: Final = 4.0
"""Pixels of the narrowest mark: a single frame is seen however far one zooms out."""
_SAME: Final = 1e-4
"""Difference of a control, in its own unit, up to which an edit asks for the same."""


@dataclass(frozen=True, slots=True, eq=False)
class TroubleMark:
    """A stretch of frames with trouble.

    Attributes:
        span: Its frames.
        troubles: What is wrong in them, the worst first.
    """

    span: FrameRange
    troubles: tuple[FrameTrouble, ...]

    @property
    def frame(self) -> int:
        """The worst frame."""
        return self.troubles[0].frame

    @property
    def words(self) -> tuple[str, ...]:
        """A word for everything that is wrong, the worst first."""
        return tuple(dict.fromkeys(MEASURES.get(o.measure, o.measure) for o in self.troubles))

    def at(self, frame: int) -> tuple[FrameTrouble, ...]:
        """Return what is wrong in a frame; of the nearest frame with trouble where it has none."""
        near = min((one.frame for one in self.troubles), key=lambda other: abs(other - frame))
        return tuple(one for one in self.troubles if one.frame == near)


def read_troubles(report: Mapping[str, Any]) -> tuple[FrameTrouble, ...]:
    """Return the frames with trouble of a report, as its JSON holds them."""
    return tuple(
        FrameTrouble(
            one["frame"], one["measure"], math.inf if one["value"] is None else one["value"],
            one["limit"], one["unit"], one["face"], one["what"],
        )
        for one in report["troubles"]
    )  # fmt: skip


def marks_of(troubles: Iterable[FrameTrouble], apart: int = _APART) -> tuple[TroubleMark, ...]:
    """Return the marks of frames with trouble, from left to right.

    Args:
        troubles: What is wrong, in any order.
        apart: Frames between two troubles up to which they are one mark.
    """
    runs: list[list[FrameTrouble]] = []
    for one in sorted(troubles, key=lambda one: one.frame):
        if runs and one.frame - runs[-1][-1].frame - 1 <= apart:
            runs[-1].append(one)
        else:
            runs.append([one])
    return tuple(
        TroubleMark(
            FrameRange(run[0].frame, run[-1].frame + 1),
            tuple(sorted(run, key=lambda one: (-one.severity, -one.value, one.frame))),
        )
        for run in runs
    )


def width_of(mark: TroubleMark, axis: Axis) -> tuple[float, float]:
    """Return left edge and width of a mark in pixels from the axis's left edge."""
    left, right = axis.edge(mark.span.start), axis.edge(mark.span.stop)
    more = max(_LEAST - (right - left), 0.0)
    return left - more / 2, right - left + more


def mark_at(marks: Sequence[TroubleMark], axis: Axis, x: float) -> TroubleMark | None:
    """Return the mark at a pixel from the axis's left edge; of several the shortest."""
    under = []
    for mark in marks:
        left, width = width_of(mark, axis)
        if left <= x < left + width:
            under.append(mark)
    return min(under, key=lambda mark: len(mark.span), default=None)


def beside(marks: Sequence[TroubleMark], frame: int, way: int) -> TroubleMark | None:
    """Return the mark whose worst frame comes next after a frame, or last before it.

    Args:
        marks: The marks, from left to right.
        frame: The frame.
        way: 1 for the next, -1 for the one before.
    """
    if way > 0:
        return next((mark for mark in marks if mark.frame > frame), None)
    return next((mark for mark in reversed(marks) if mark.frame < frame), None)


def changed_frames(before: FloatArray | None, now: FloatArray | None) -> BoolArray | None:
    """Return the frames in which another thing is asked of a face; None for all of them.

    Args:
        before: (T, 59) controls that were asked of it when it was rendered.
        now: (T, 59) controls that are asked of it now; None where the face is gone.
    """
    if before is None or now is None or before.shape != now.shape:
        return None
    return np.asarray((np.abs(now - before) > _SAME).any(axis=1))


def remaining(
    troubles: Iterable[FrameTrouble], changed: Mapping[int, BoolArray | None]
) -> tuple[FrameTrouble, ...]:
    """Return the troubles of frames whose edit is what it was when they were measured.

    Args:
        troubles: What is wrong.
        changed: By a face's number, the frames in which its edit has changed; None for all. What
            is of no one face is of any of them.
    """

    def holds(one: FrameTrouble) -> bool:
        faces = changed if one.face is None else (one.face,)
        return not any(_is_changed(changed, face, one.frame) for face in faces)

    return tuple(filter(holds, troubles))


def _is_changed(changed: Mapping[int, BoolArray | None], face: int, frame: int) -> bool:
    frames = changed.get(face)
    return frames is None or not frame < len(frames) or bool(frames[frame])
