"""Where hands are in a plate: as far as their landmarks tell."""

from __future__ import annotations

import threading
from typing import Final

import cv2
import numpy as np

from mien._types import ByteArray, FloatArray
from mien.errors import MissingDependencyError
from mien.media.orient import to_coded, to_upright
from mien.media.planes import Box, Plate
from mien.media.upright import sample_upright
from mien.model.media import Orientation
from mien.tracking.mediapipe.hands import BONES, PALM, Hand, Hands

__all__ = ["HandFinder", "hand_area"]

_AROUND: Final = 1.9
"""Side of the square that is searched for hands, over the longer side of the face's box."""
_SEARCHED: Final = 384
"""Pixels along that side, at most: the model shrinks it to 192, and looks at hands more closely."""
_TRIES: Final = 2
"""Times that a frame is looked at before the models are said to fail on it."""
_THICK: Final = 0.32
"""Thickness of a finger over the width of the palm."""
_SOFT: Final = 0.06
"""Standard deviation of the area's edge, over the width of the palm."""


class HandFinder:
    """Finds hands around faces; the models are loaded when they are first needed.

    Args:
        orientation: How the upright picture lies in the coded one.

    Attributes:
        problem: Why hands were not found by the models; empty when nothing is wrong.
    """

    def __init__(self, orientation: Orientation) -> None:
        self._orientation = orientation
        self._models: Hands | None = None
        self.problem = ""
        self._missing = False
        self._using = threading.Lock()

    def find(self, plate: Plate, box: Box) -> FloatArray | None:
        """Return where hands are in a part of a plate.

        Args:
            plate: The plate.
            box: The part around a face.

        Returns:
            (h, w) float32 of the box, 0..1; None where there are none, or no models.
        """
        corners = to_upright(self._orientation, [[box.x0, box.y0], [box.x1 - 1, box.y1 - 1]])
        middle = corners.mean(axis=0).astype(np.float64)
        side = _AROUND * float(np.abs(corners[1] - corners[0]).max())
        count = min(_SEARCHED, max(64, round(side)))
        steps = (np.arange(count) + 0.5) / count - 0.5
        picture = sample_upright(
            plate, self._orientation, middle[0] + side * steps, middle[1] + side * steps
        )
        hands = self._found(np.clip(np.round(picture), 0, 255).astype(np.uint8))
        if not hands:
            return None
        corner, scale = middle + side * steps[0], side / count
        area = np.zeros((box.height, box.width), dtype=np.float32)
        for hand in hands:
            points = to_coded(self._orientation, corner + scale * hand.points.astype(np.float64))
            corner_px = np.array([box.x0, box.y0], dtype=np.float32)
            here = hand_area(points - corner_px, area.shape)
            np.maximum(area, here, out=area)
        return area if area.any() else None

    def _found(self, picture: ByteArray) -> list[Hand]:
        with self._using:
            for _ in range(_TRIES):
                if self._models is None and not self._missing:
                    try:
                        self._models = Hands()
                    except MissingDependencyError:
                        # What is in front is found without them as well, if less surely.
                        self._missing = True
                        self.problem = "hands were not looked for: their models are not installed"
                if self._models is None:
                    return []
                try:
                    return self._models.find(picture)
                except (RuntimeError, ValueError):
                    # A graph that has failed takes nothing more; the next try has a new one.
                    self._models.close()
                    self._models = None
            self.problem = "the hand models failed on a frame or more: no hands are known there"
            return []

    def close(self) -> None:
        """Free the models."""
        with self._using:
            if self._models is not None:
                self._models.close()
                self._models = None


def hand_area(points: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Return the area of a hand in a picture: its palm, and its fingers as thick as they are.

    Args:
        points: (21, 2) landmarks, pixels.
        shape: Height and width of the picture.

    Returns:
        (h, w) float32, 0..1, soft at the edge.
    """
    area = np.zeros(shape[:2], dtype=np.uint8)
    width = float(np.linalg.norm(points[5] - points[17]))
    width = max(width, 0.6 * float(np.linalg.norm(points[0] - points[9])))
    fixed = np.round(points * 16).astype(np.int32)
    cv2.fillPoly(area, [fixed[list(PALM)]], 255, cv2.LINE_AA, shift=4)
    thick = max(1, round(_THICK * width))
    for start, end in (*BONES, *((0, one) for one in PALM[1:])):
        ends = (tuple(map(int, fixed[start])), tuple(map(int, fixed[end])))
        cv2.line(area, *ends, 255, thick, cv2.LINE_AA, shift=4)
    soft = max(0.5, _SOFT * width)
    return np.asarray(cv2.GaussianBlur(area.astype(np.float32) / 255, (0, 0), soft))
