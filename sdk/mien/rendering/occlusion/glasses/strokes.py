"""Strokes of changing width, drawn into a matte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from mien._types import DoubleArray, FloatArray
from mien.media.planes import Box

__all__ = ["Stroke", "draw"]

_DENSE: Final = 0.7
"""Pixels between the places at which a stroke is drawn."""
_SOFT: Final = 1.5
"""Pixels over which a stroke's edge runs out."""
_SLACK: Final = 0.15
"""Pixels that may be lost by drawing at places, and not all along."""


_FARTHER: Final = 1.1
"""How much farther than they are OpenCV may say that places are, and more."""


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """A line of changing width.

    Attributes:
        points: (N, 2) its middle, pixels.
        radius: (N,) half its width, pixels: as far the matte is 1.
        closed: Whether it ends where it begins.
    """

    points: DoubleArray
    radius: DoubleArray
    closed: bool


def draw(matte: FloatArray, strokes: list[Stroke], amount: float) -> None:
    """Draw strokes into a matte, where they are more than what is there.

    Args:
        matte: (H, W) float32; changed.
        strokes: The strokes.
        amount: Value of the matte on them, 0..1.
    """
    dense = [_dense(stroke) for stroke in strokes if np.isfinite(stroke.points).all()]
    if not dense:
        return
    points, radius = (np.concatenate(part) for part in zip(*dense, strict=True))
    reach = float(radius.max()) + _SOFT + 2
    low, high = np.floor(points.min(axis=0) - reach), np.ceil(points.max(axis=0) + reach) + 1
    height, width = matte.shape
    box = Box(int(low[0]), int(low[1]), int(high[0]), int(high[1])).clip(width, height)
    if not box.width or not box.height:
        return
    here = np.round(points - [box.x0, box.y0]).astype(int)
    inside = ((here >= 0) & (here < [box.width, box.height])).all(axis=1)
    if not inside.any():
        return
    points, radius, here = points[inside], radius[inside], here[inside]
    empty = np.ones((box.height, box.width), dtype=np.uint8)
    empty[here[:, 1], here[:, 0]] = 0
    # Which drawn place is the nearest to each pixel; how far it is, is told exactly after.
    distance, labels = cv2.distanceTransformWithLabels(
        empty, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros(int(labels.max()) + 1, dtype=np.intp)
    of_label[labels[here[:, 1], here[:, 0]]] = np.arange(len(points))
    y, x = np.nonzero(distance < _FARTHER * (float(radius.max()) + _SOFT + 1))
    nearest = of_label[labels[y, x]]
    y, x = y + box.y0, x + box.x0
    away = np.hypot(x - points[nearest, 0], y - points[nearest, 1])
    value = amount * np.clip((radius[nearest] + _SOFT - away) / (_SOFT - _SLACK), 0, 1)
    matte[y, x] = np.maximum(matte[y, x], value.astype(np.float32))


def _dense(stroke: Stroke) -> tuple[DoubleArray, DoubleArray]:
    """Its places, near to each other, and half its width there."""
    points, radius = stroke.points, stroke.radius
    if stroke.closed:
        points = np.concatenate([points, points[:1]])
        radius = np.append(radius, radius[0])
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0, along[-1], max(2, int(along[-1] / _DENSE) + 1))
    x, y = (np.interp(at, along, points[:, i]) for i in (0, 1))
    return np.stack([x, y], axis=1), np.interp(at, along, radius)
