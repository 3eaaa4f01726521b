"""Openings of the skin, and what paints one: its sides, and what lies behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mien._types import FloatArray
from mien.rendering.geometry.contour import Edges, LocalAxes
from mien.rendering.geometry.crop import PlateCrop
from mien.rendering.geometry.motion import FaceMotion
from mien.rendering.geometry.topology import Opening
from mien.rendering.painting.layer import PaintLayer

__all__ = ["STILL_PX", "OpeningPainter", "OpeningView", "rim_moves"]

STILL_PX = 1 / 64
"""Motion in pixels that shows no difference."""


@dataclass(frozen=True, slots=True, eq=False)
class OpeningView:
    """An opening in one frame, before and after it moves, and the pixels around it.

    Attributes:
        motion: How the face moves.
        crop: The part of the plate that can be read.
        plate: (h, w, 3) the plate at the pixels.
        x: (h, w) columns of the pixels in the plate.
        y: (h, w) rows.
        axes: Axes of the opening.
        u: (h, w) pixels along the opening, in its axes.
        v: (h, w) pixels downwards.
        before: The edges in the plate.
        after: The edges in the new picture.
    """

    motion: FaceMotion
    crop: PlateCrop
    plate: FloatArray
    x: FloatArray
    y: FloatArray
    axes: LocalAxes
    u: FloatArray
    v: FloatArray
    before: Edges
    after: Edges

    @classmethod
    def of(
        cls,
        opening: Opening,
        axes: LocalAxes,
        motion: FaceMotion,
        crop: PlateCrop,
        x: FloatArray,
        y: FloatArray,
    ) -> OpeningView:
        """Return the view of an opening at pixels x, y (h, w) of the plate, in its axes."""
        upper, lower = list(opening.upper), list(opening.lower)
        u, v = axes.locate(x, y)
        return cls(
            motion,
            crop,
            crop.sample(x, y),
            x,
            y,
            axes,
            u,
            v,
            Edges.through(axes, motion.source[upper], motion.source[lower]),
            Edges.through(axes, motion.target[upper], motion.target[lower]),
        )


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
