"""Hard cuts: where one shot ends and another begins between two frames."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mien._types import ByteArray

__all__ = ["CutFinder", "Glance"]

_SPARSE = (256, 144)
_THUMB = (64, 36)
_LAYOUT = (16, 9)
_BINS = [8, 16, 16]

_COLOUR_JUMP = 0.35
"""Hellinger distance of colour histograms; in continuous footage it stayed below 0.15."""

_LAYOUT_JUMP = 0.65
"""Decorrelation of coarse brightness; with `_PIXEL_JUMP`, for cuts between like colours."""

_PIXEL_JUMP = 0.06
"""Mean absolute difference, 0..1, that goes with a change of layout."""

_SUDDEN = 4.0
"""A cut differs by this many times what the frames before it did; a fast pan does not."""

_FLASH = 3
"""Frames after which a shot that looks as before a cut was only lit up by a flash."""


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What a frame looks like from afar: its colours and where it is bright."""

    thumb: npt.NDArray[np.int16]
    colours: npt.NDArray[np.float32]
    layout: npt.NDArray[np.float32]

    @classmethod
    def of(cls, picture: ByteArray) -> Glance:
        """Return the glance of a picture (H, W, 3) R'G'B'."""
        # Every few pixels are enough to average, and cost a tenth of all.
        sparse = cv2.resize(picture, _SPARSE, interpolation=cv2.INTER_NEAREST)
        thumb = cv2.resize(sparse, _THUMB, interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(thumb, cv2.COLOR_RGB2LAB)
        counts = cv2.calcHist([lab], [0, 1, 2], None, _BINS, [0, 256] * 3).ravel()
        light = cv2.resize(lab[..., 0].astype(np.float32), _LAYOUT, interpolation=cv2.INTER_AREA)
        light = (light - light.mean()) / (light.std() + 1)
        return cls(thumb.astype(np.int16), np.sqrt(counts / counts.sum()), light)

    def differs(self, other: Glance) -> tuple[float, float, float]:
        """Return the differences, 0..1, in pixels, in colours and in layout."""
        pixels = np.abs(self.thumb - other.thumb).mean() / 255
        colours = np.sqrt(max(0.0, 1 - float((self.colours * other.colours).sum())))
        layout = 1 - float((self.layout * other.layout).mean())
        return float(pixels), float(colours), layout


class CutFinder:
    """Finds hard cuts in frames that pass one after another."""

    def __init__(self) -> None:
        self._last: Glance | None = None
        self._before: Glance | None = None
        self._recent: list[float] = []
        self._cuts: list[int] = []

    def step(self, frame: int, glance: Glance) -> bool:
        """Add the next frame, and return whether a new shot seems to begin with it."""
        last, self._last = self._last, glance
        if last is None:
            return False
        difference = glance.differs(last)
        usual = float(np.median(self._recent)) if self._recent else 0.0
        cut = _changed(difference) and difference[0] > _SUDDEN * usual
        self._recent = [] if cut else [*self._recent[-7:], difference[0]]
        if cut:
            self._note(frame, glance, last)
        return cut

    def _note(self, frame: int, glance: Glance, last: Glance) -> None:
        recent = bool(self._cuts) and frame - self._cuts[-1] <= _FLASH
        if recent and self._before and not _changed(glance.differs(self._before)):
            self._cuts.pop()
            return
        self._before = last
        self._cuts.append(frame)

    @property
    def cuts(self) -> tuple[int, ...]:
        """First frames of the shots after the first; a flash of light is no cut."""
        return tuple(self._cuts)


def _changed(difference: tuple[float, float, float]) -> bool:
    pixels, colours, layout = difference
    return colours > _COLOUR_JUMP or (layout > _LAYOUT_JUMP and pixels > _PIXEL_JUMP)
