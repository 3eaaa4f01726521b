"""Painting of how surely a face is seen: a thin bar for each region, amber in doubt, red hidden."""

from __future__ import annotations

from functools import cache

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from mien._types import FloatArray
from mien.model.face import Face
from mien.model.fading import COVERED, SEEN
from mien_desktop import theme
from mien_desktop.geometry.lanes import ROW
from mien_desktop.geometry.sight import (
    CLEAR,
    SHADES,
    Sight,
    bars,
    columns,
    shades,
    stroked,
)
from mien_desktop.timeline.scene import TimelineScene

__all__ = ["doubt_color", "paint_sight", "paint_strip"]

_STRIP = 3
"""Height of the one bar at the bottom of a face whose lanes are hidden."""
_FAINTEST = 0.45
"""Opacity of the first amber, just below what is clear."""


def doubt_color(confidence: float) -> QColor:
    """Return the colour of words on a confidence: dim, amber or red."""
    if confidence < COVERED:
        return theme.HIDDEN
    return theme.ACCENT if confidence < SEEN else theme.DIM


def paint_sight(
    painter: QPainter, scene: TimelineScene, face: Face, sight: Sight, ratio: float
) -> None:
    """Paint a bar for each region, hatched where the whole face is doubtful, and strokes.

    Args:
        painter: Paints on the lane; its left edge is that of the widget.
        scene: The timeline.
        face: The face.
        sight: How surely it is seen.
        ratio: Device pixels a logical pixel.
    """
    for (top, height), image in zip(
        bars(len(sight.bars)), _images(scene, sight.confidence, ratio), strict=True
    ):
        _draw(painter, scene, image, top, height, ratio)
    seen = scene.axis.visible(scene.now.frame_count)
    for start, stop in sight.badly:
        if start < seen.stop and stop > seen.start:
            width = (stop - start) * scene.axis.scale
            area = QRectF(scene.edge(start), 0, width, ROW - 1)
            painter.fillRect(area, QBrush(theme.WELL, Qt.BrushStyle.BDiagPattern))
    _paint_strokes(painter, scene, face)


def paint_strip(painter: QPainter, scene: TimelineScene, sight: Sight, ratio: float) -> None:
    """Paint the least confidence of all regions as one thin bar, where it is in doubt."""
    least = sight.confidence.min(axis=0, keepdims=True)
    doubtful = np.where(least < SEEN, least, np.float32(np.nan))
    (image,) = _images(scene, doubtful, ratio)
    _draw(painter, scene, image, ROW - 1 - _STRIP, _STRIP, ratio)


def _paint_strokes(painter: QPainter, scene: TimelineScene, face: Face) -> None:
    """Mark the frames in which strokes were painted, and underline those that they are for."""
    shot = scene.now.shot
    if shot is None:
        return
    frames, spans = stroked(shot.occlusion.strokes, face.number)
    for start, stop in spans:
        left, right = scene.edge(start), scene.edge(stop)
        painter.fillRect(QRectF(left, ROW - 1, right - left, 1), theme.RESULT)
    painter.setPen(QPen(theme.RESULT, 2))
    for frame in frames:
        x = round(scene.x(frame))
        painter.drawLine(QLineF(x, 1, x, ROW - 2))


def _images(scene: TimelineScene, confidence: FloatArray, ratio: float) -> list[QImage]:
    """Return a picture one pixel high for each bar, as wide as the lanes."""
    width = max(round((scene.width - scene.bands.names) * ratio), 1)
    wide = width + -width % 4  # of a line of a QImage, in bytes
    indices = shades(columns(confidence, scene.axis, wide, ratio))
    made = []
    for row in indices:
        line = np.ascontiguousarray(row)
        image = QImage(line.data, wide, 1, wide, QImage.Format.Format_Indexed8)
        image.setColorTable(_palette())
        made.append(image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied))
    return made


def _draw(
    painter: QPainter, scene: TimelineScene, image: QImage, top: int, height: int, ratio: float
) -> None:
    target = QRectF(scene.bands.names, top, image.width() / ratio, height)
    painter.drawImage(target, image, QRectF(image.rect()))


@cache
def _palette() -> list[int]:
    """Colours of the indices of geometry/sight.py."""
    table = [0, theme.SEEN.rgba()]
    for shade in range(SHADES - 1):
        amber = QColor(theme.ACCENT)
        amber.setAlphaF(_FAINTEST + (1 - _FAINTEST) * shade / (SHADES - 2))
        table.append(amber.rgba())
    table.append(theme.HIDDEN.rgba())
    assert len(table) == CLEAR + SHADES + 1
    return table
