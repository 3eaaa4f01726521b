"""The time axis: frames to pixels and back, zoom and scroll.

A frame is a stretch of time, so it has a width: frame `f` lies between `edge(f)` and
`edge(f + 1)`, and what belongs to it (a key, the playhead, a curve's value) is drawn in its
middle, at `x(f)`. Cuts and ranges lie on edges. A pixel therefore always belongs to one frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray
from mien.timebase import FrameRange
from mien_desktop.view_state import TimeView

__all__ = ["MOST", "Axis"]

MOST = 96.0
"""Pixels a frame at most; wide enough for a thumbnail of each."""
_LEAST_SHARE = 0.5
"""Of the width that a whole shot takes at least, however far one zooms out."""
_OVER = 0.25
"""How far one may scroll beyond the shot's ends, in widths; an end can be brought inwards."""
_MARGIN = 12.0
"""Pixels left free at both ends when something is fitted, so that its keys are whole."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A stretch of time over a width of pixels.

    Attributes:
        first: Frame at the left edge; fractions are allowed.
        scale: Pixels a frame.
        width: Pixels in view.
    """

    first: float
    scale: float
    width: float

    @classmethod
    def of(cls, view: TimeView, width: float, frames: int) -> Axis:
        """Return the axis of a view; one that shows the whole shot when the view is not set yet."""
        if view.scale <= 0:
            return cls(0.0, 1.0, width).fitted(FrameRange(0, max(frames, 1)), frames)
        return cls(view.first, view.scale, width)

    @property
    def view(self) -> TimeView:
        """The view state that makes other panels show the same stretch."""
        return TimeView(self.first, self.scale)

    def edge(self, frame: float) -> float:
        """Return the left edge of a frame, in pixels from the left."""
        return (frame - self.first) * self.scale

    def x(self, frame: float) -> float:
        """Return the middle of a frame, in pixels from the left."""
        return (frame + 0.5 - self.first) * self.scale

    def xs(self, frames: npt.ArrayLike) -> DoubleArray:
        """Return (N,) middles of (N,) frames, in pixels from the left."""
        return (np.asarray(frames, dtype=np.float64) + (0.5 - self.first)) * self.scale

    def frame(self, x: float) -> int:
        """Return the frame that a pixel belongs to; may lie outside the shot."""
        return math.floor(self.first + x / self.scale)

    def time(self, x: float) -> float:
        """Return the time, in frames, whose middle lies at a pixel: the inverse of `x`."""
        return self.first + x / self.scale - 0.5

    def visible(self, frames: int) -> FrameRange:
        """Return the frames of a shot of so many frames that are in view, in part or whole."""
        start = min(max(math.floor(self.first), 0), frames)
        stop = min(max(math.ceil(self.first + self.width / self.scale), start), frames)
        return FrameRange(start, stop)

    def zoomed(self, x: float, factor: float, frames: int) -> Axis:
        """Return the axis scaled by a factor about the pixel `x`, as far as the shot allows."""
        under = self.first + x / self.scale
        least = min(_LEAST_SHARE * self.width / max(frames, 1), MOST)
        scale = min(max(self.scale * factor, least), MOST)
        return Axis(under - x / scale, scale, self.width).within(frames)

    def panned(self, pixels: float, frames: int) -> Axis:
        """Return the axis moved so that the picture goes to the right by so many pixels."""
        return Axis(self.first - pixels / self.scale, self.scale, self.width).within(frames)

    def fitted(self, span: FrameRange, frames: int) -> Axis:
        """Return the axis that shows a span over the whole width, but for a small margin."""
        room = max(self.width - 2 * _MARGIN, 1.0)
        scale = min(room / max(len(span), 1), MOST)
        centre = (span.start + span.stop) / 2
        return Axis(centre - self.width / scale / 2, scale, self.width).within(frames)

    def revealing(self, frame: int, frames: int) -> Axis:
        """Return this axis when the frame is in view; else turned by a page so that it is.

        Pages are turned, as editors do: a picture that scrolls with the playhead cannot be read.
        """
        if 0 <= self.x(frame) <= self.width:
            return self
        room = self.width / self.scale
        share = 0.05 if frame > self.first else 0.95
        return Axis(frame - share * room, self.scale, self.width).within(frames)

    def within(self, frames: int) -> Axis:
        """Return the axis, scrolled back where it shows too much beyond the ends of a shot."""
        room = self.width / self.scale
        low, high = -_OVER * room, frames - (1 - _OVER) * room
        if high < low:  # the whole shot is in view: it may be moved inside the width only
            low, high = high, low
        return Axis(min(max(self.first, low), high), self.scale, self.width)
