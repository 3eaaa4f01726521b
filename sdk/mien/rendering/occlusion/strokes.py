"""Strokes of brush and eraser on a matte: moved with the head, and drawn."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np

from mien._types import DoubleArray, FloatArray
from mien.media.orient import to_coded
from mien.media.planes import Box
from mien.model.face import Face
from mien.model.media import Orientation
from mien.model.occlusion import MatteStroke

__all__ = ["MatteCorrections", "moved_points", "stroke_coverage", "stroke_matte"]

_REACH: Final = 0.7
"""Centimetres of a face around a point that say how deep it lies. With `_FRONT` chosen on a woman
who turns by 90 degrees to either side: of points on what is seen of her, painted in any frame and
wanted in any other, 95 % came within 0.34 cm of where they belong (1.3 cm at 2 and without)."""
_FRONT: Final = 2.0
"""Centimetres by which what lies in front of something else counts e times as much: what is seen
of a face is what is painted on."""
_EDGE: Final = 1.0
"""Pixels over which a stroke's edge goes from wholly to not at all."""


class MatteCorrections:
    """What the user painted on the mattes of a shot.

    Args:
        strokes: The strokes, the earliest first.
        orientation: How the plates are looked at upright.
        scale: Pixels of the plates in a pixel of the original, in which strokes are counted.
    """

    def __init__(
        self, strokes: Sequence[MatteStroke], orientation: Orientation, scale: float = 1.0
    ) -> None:
        self._strokes = tuple(strokes)
        self._orientation = orientation
        self._scale = scale

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._strokes)

    def erases(self, face: Face) -> bool:
        """Tell whether anything was erased from the matte of a face."""
        return any(stroke.erase and stroke.face == face.number for stroke in self._strokes)

    def apply(self, matte: FloatArray | None, face: Face, frame: int) -> FloatArray | None:
        """Return a matte with the strokes of a face in it, one after another.

        Args:
            matte: (H, W) float32 of the plate, 0..1; not changed. None where nothing is in front.
            face: The face, in the size of the plates.
            frame: Index of the frame.

        Returns:
            (H, W) float32; None where nothing is in front.
        """
        corrected = None
        for stroke in self._strokes:
            if stroke.face != face.number or frame not in stroke.span:
                continue
            if stroke.erase and matte is None and corrected is None:
                continue  # there is nothing to erase
            drawn = stroke_coverage(stroke, face, frame, self._orientation, self._scale)
            if drawn is None:
                continue
            if corrected is None:
                size = self._orientation.height, self._orientation.width
                corrected = np.zeros(size, dtype=np.float32) if matte is None else matte.copy()
            box, coverage = drawn
            here = corrected[box.y0 : box.y1, box.x0 : box.x1]
            if stroke.erase:
                np.minimum(here, 1 - coverage, out=here)
            else:
                np.maximum(here, coverage, out=here)
        return matte if corrected is None else corrected


def stroke_matte(stroke: MatteStroke, face: Face, frame: int, size: tuple[int, int]) -> FloatArray:
    """Draw a stroke alone into the upright picture, for editors.

    Args:
        stroke: The stroke.
        face: Its face, in the size of the original.
        frame: Index of the frame.
        size: Width and height of the upright picture.

    Returns:
        (height, width) float32, 0..1, how far it covers every pixel; black where it is not for
        that frame.
    """
    matte = np.zeros((size[1], size[0]), dtype=np.float32)
    if frame in stroke.span:
        drawn = stroke_coverage(stroke, face, frame, Orientation(*size))
        if drawn is not None:
            box, coverage = drawn
            matte[box.y0 : box.y1, box.x0 : box.x1] = coverage
    return matte


def stroke_coverage(
    stroke: MatteStroke, face: Face, frame: int, orientation: Orientation, scale: float = 1.0
) -> tuple[Box, FloatArray] | None:
    """Draw a stroke as it lies in a frame.

    Args:
        stroke: The stroke.
        face: Its face, in the size of the plates.
        frame: Index of the frame.
        orientation: How the plates are looked at upright.
        scale: Pixels of the plates in a pixel of the original.

    Returns:
        The part of the plate in which it lies, and (h, w) float32, 0..1, how far it covers every
        pixel of it; None where it lies outside the picture.
    """
    # Pixel centres lie at integers: what stays where it is is the corner at -0.5.
    points = (np.array(stroke.points, dtype=np.float64) + 0.5) * scale - 0.5
    points, grown = moved_points(points, face, stroke.frame, frame)
    radius = stroke.radius * scale * grown
    line = np.asarray(to_coded(orientation, points), dtype=np.float64)
    # Coded pixels may be wide: distances are those of the upright picture.
    across = orientation.width * float(orientation.pixel_aspect)
    wide = np.array([round(across) / orientation.width, 1.0])
    reach = (radius + _EDGE) / wide
    box = _box(line, reach).clip(orientation.width, orientation.height)
    if not box.width or not box.height:
        return None
    nearest = np.full((box.height, box.width), np.inf, dtype=np.float32)
    segments = itertools.pairwise(line) if len(line) > 1 else [(line[0], line[0])]
    for start, end in segments:
        part = _box(np.stack([start, end]), reach).clip(orientation.width, orientation.height)
        if not part.width or not part.height:
            continue
        here = nearest[part.y0 - box.y0 : part.y1 - box.y0, part.x0 - box.x0 : part.x1 - box.x0]
        np.minimum(here, _distances(part, start * wide, end * wide, wide[0]), out=here)
    coverage = np.clip((np.float32(radius) - nearest) / np.float32(_EDGE) + 0.5, 0, 1)
    return (box, np.asarray(coverage, dtype=np.float32)) if coverage.any() else None


def moved_points(
    points: DoubleArray, face: Face, painted: int, frame: int
) -> tuple[DoubleArray, float]:
    """Move points that were painted in one frame to where the head takes them in another.

    Each lies as deep as the face does around it, and turns with the head (`HeadPose`).

    Args:
        points: (N, 2) pixels of the upright picture, in the size of the face.
        face: The face.
        painted: Frame in which they were painted.
        frame: Frame in which they are wanted.

    Returns:
        (N, 2) where they are then, and how many times as large. Where the head is not known in
        either frame they stay.
    """
    valid = face.curves.valid
    if painted == frame or not (valid[painted] and valid[frame]):
        return points, 1.0
    pose = face.curves.pose
    scale, rotation, translation = face.tracked_pose(painted)
    size = float(scale)
    flat = (points - translation) / size * (1, -1)
    turned = face.identity.astype(np.float64) @ rotation.T
    depth = _depth(flat, turned)
    back = np.column_stack([flat, depth]) @ rotation
    there = back @ pose.rotation[frame].T
    grown = float(pose.scale[frame]) / size
    placed = pose.translation[frame] + float(pose.scale[frame]) * there[:, :2] * (1, -1)
    return np.asarray(placed), grown


def _depth(points: DoubleArray, shape: DoubleArray) -> DoubleArray:
    """How near to the camera a face is around points: (N, 2) and (M, 3) in camera axes, in cm."""
    distances = ((points[:, None] - shape[None, :, :2]) ** 2).sum(axis=2)
    # Relative to the most, so that far beside a face its rim counts.
    exponents = shape[:, 2] / _FRONT - distances / (2 * _REACH**2)
    weights = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    return np.asarray((weights @ shape[:, 2]) / weights.sum(axis=1))


def _box(points: DoubleArray, reach: DoubleArray) -> Box:
    """The whole pixels that lie within a reach of points."""
    low, high = np.floor(points.min(axis=0) - reach), np.ceil(points.max(axis=0) + reach) + 1
    # Far outside any picture, so that no number is too large.
    low, high = np.clip(low, -1e6, 1e6), np.clip(high, -1e6, 1e6)
    return Box(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def _distances(box: Box, start: DoubleArray, end: DoubleArray, wide: float) -> FloatArray:
    """(h, w) distance of every pixel of a box from a segment, in pixels of the upright picture."""
    x = np.arange(box.x0, box.x1)[None, :] * wide - start[0]
    y = np.arange(box.y0, box.y1)[:, None] - start[1]
    along = end - start
    length = float(along @ along)
    t = np.clip((x * along[0] + y * along[1]) / length, 0, 1) if length else np.zeros((1, 1))
    return np.asarray(np.hypot(x - t * along[0], y - t * along[1]), dtype=np.float32)
