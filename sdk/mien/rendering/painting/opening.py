"""Openings of the skin, and what paints one: its sides, and what lies behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from mien._types import FloatArray
from mien.rendering.geometry.contour import Edges, LocalAxes
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.field import Zone
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.topology import Opening
from mien.rendering.painting.layer import PaintLayer

__all__ = ["STILL_PX", "OpeningPainter", "OpeningView", "rim_moves"]

STILL_PX = 1 / 64
"""Motion in pixels that shows no difference."""


@dataclass(frozen=True, eq=False)
class OpeningView:
    """An opening in one frame, before and after it moves, and the pixels around it.

    Attributes:
        opening: The opening.
        motion: How the face moves.
        crop: The part of the plate that can be read.
        plate: (h, w, 3) the plate at the pixels.
        x: (h, w) columns of the pixels in the plate.
        y: (h, w) rows.
        axes: Axes of the opening.
        u: (h, w) pixels along the opening, in its axes.
        v: (h, w) pixels downwards.
    """

    opening: Opening
    motion: FaceMotion
    crop: PlateCrop
    plate: FloatArray
    x: FloatArray
    y: FloatArray
    axes: LocalAxes
    u: FloatArray
    v: FloatArray

    @classmethod
    def of(
        cls,
        opening: Opening,
        axes: LocalAxes,
        motion: FaceMotion,
        crop: PlateCrop,
        zone: Zone,
    ) -> OpeningView:
        """Return the view of an opening at the pixels of a zone, in its axes."""
        x, y = zone.pixels()
        return cls(opening, motion, crop, crop.pixels(zone), x, y, axes, *axes.locate(x, y))

    @cached_property
    def before(self) -> Edges:
        """The edges in the plate."""
        return self._edges(self.motion.source)

    @cached_property
    def after(self) -> Edges:
        """The edges in the new picture."""
        return self._edges(self.motion.target)

    @cached_property
    def heights_before(self) -> tuple[FloatArray, FloatArray]:
        """(h, w) heights of the edges in the plate over and under each pixel."""
        return self.before.at(self.u)

    @cached_property
    def heights_after(self) -> tuple[FloatArray, FloatArray]:
        """(h, w) the same of the edges in the new picture."""
        return self.after.at(self.u)

    def _edges(self, points: FloatArray) -> Edges:
        upper, lower = list(self.opening.upper), list(self.opening.lower)
        return Edges.through(self.axes, points[upper], points[lower])


class OpeningPainter(Protocol):
    """Paints one opening of the skin."""

    @property
    def opening(self) -> Opening:
        """The edges of the opening."""
        ...

    @property
    def margin_cm(self) -> float:
        """How far around the opening fields of its own reach."""
        ...

    def moves(self, motion: FaceMotion) -> bool:
        """Tell whether the opening, or what lies behind it, moves."""
        ...

    def axes(self, motion: FaceMotion) -> LocalAxes:
        """Return the axes in which its edges are heights."""
        ...

    def lower_weight(self, view: OpeningView) -> FloatArray:
        """Return (h, w) how far the skin at a pixel belongs to the lower side, 0..1."""
        ...

    def layers(self, view: OpeningView, skin: FloatArray) -> Sequence[PaintLayer]:
        """Return what is laid over the skin, the lowest first.

        Args:
            view: The opening.
            skin: (h, w, 3) both sides of it, moved.
        """
        ...


def rim_moves(motion: FaceMotion, opening: Opening) -> bool:
    """Tell whether an opening's edges move so far that it shows."""
    return bool(np.abs(motion.motion[list(opening.rim)]).max() > STILL_PX)
