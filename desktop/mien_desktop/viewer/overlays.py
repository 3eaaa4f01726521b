"""Overlays over the picture: boxes with names, landmarks, mesh, mask, handles, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from mien._types import DoubleArray
from mien.model.landmarks import SKIN
from mien_desktop import theme
from mien_desktop.geometry.faces import FaceShape, mesh_edges
from mien_desktop.geometry.picture import Placement
from mien_desktop.view_state import Overlay

__all__ = ["HANDLES_APART", "paint_faces", "paint_handles", "paint_tag", "paint_words"]

HANDLES_APART: Final = 11.0
"""View pixels between handles; of those that are nearer the less important one is left out."""
_RADIUS = 4.0
"""Of a handle, in view pixels."""
_HELD_RADIUS = 6.0
_MESH_OPACITY = 0.42
_DOT = 2.0
"""Diameter of a landmark, in view pixels; those of the irises are half as large again."""
_TAG_OPACITY = 0.78


def paint_faces(
    painter: QPainter,
    shapes: Sequence[FaceShape],
    placement: Placement,
    overlays: frozenset[Overlay],
    current: int | None,
) -> None:
    """Paint boxes, landmarks and mesh of the faces in a frame.

    Args:
        painter: Where; its origin is that of the picture's area.
        shapes: The faces.
        placement: How the picture lies in the area.
        overlays: Which of them are wanted.
        current: Number of the current face, which stands out.
    """
    for shape in shapes:
        points = placement.to_view(shape.points)
        color = _color(shape, current)
        if "mesh" in overlays:
            _paint_mesh(painter, points, color)
        if "landmarks" in overlays:
            _paint_landmarks(painter, points, color)
    if "boxes" in overlays:
        # The current face comes last, so that no other's box lies over its name.
        for shape in sorted(shapes, key=lambda shape: shape.number == current):
            _paint_box(painter, shape, placement, current)


def paint_handles(
    painter: QPainter, handles: Mapping[str, tuple[float, float]], held: str | None
) -> None:
    """Paint the handles.

    Args:
        painter: Where.
        handles: Names and places in the painter's coordinates.
        held: The one under the pointer, or being pulled.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shadow = QColor(theme.WINDOW)
    shadow.setAlphaF(0.7)
    for name, (x, y) in handles.items():
        radius = _HELD_RADIUS if name == held else _RADIUS
        painter.setPen(QPen(shadow, 3.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(x, y), radius, radius)
        painter.setPen(QPen(theme.SELECTION if name == held else theme.ACCENT, 1.5))
        painter.setBrush(theme.SELECTION if name == held else shadow)
        painter.drawEllipse(QPointF(x, y), radius, radius)


def paint_tag(
    painter: QPainter,
    text: str,
    at: QPointF,
    *,
    color: QColor = theme.TEXT,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> QRectF:
    """Paint words on a dark ground, readable over any picture.

    Args:
        painter: Where.
        text: The words.
        at: Upper left corner; the upper right one when aligned right.
        color: Of the words.
        align: Left or right.

    Returns:
        The ground.
    """
    painter.setFont(theme.small())
    width, height = _tag_size(text)
    left = at.x() - width if align == Qt.AlignmentFlag.AlignRight else at.x()
    ground = QRectF(round(left), round(at.y()), width, height)
    fill = QColor(theme.WINDOW)
    fill.setAlphaF(_TAG_OPACITY)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRoundedRect(ground, 2, 2)
    painter.setPen(color)
    painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, text)
    return ground


def paint_words(painter: QPainter, words: Sequence[str], at: QPointF, within: QRectF) -> None:
    """Paint lines next to a handle, the first one as its name, where there is room for them.

    Args:
        painter: Where.
        words: The lines.
        at: The handle.
        within: What they are to stay inside of.
    """
    sizes = [_tag_size(line) for line in words]
    width, height = max(size[0] for size in sizes), sum(size[1] + 1 for size in sizes)
    x, y = at.x() + 12, at.y() + 8
    if x + width > within.right():
        x = at.x() - 12 - width
    if y + height > within.bottom():
        y = at.y() - 8 - height
    for number, line in enumerate(words):
        color = theme.SELECTION if number == 0 else theme.TEXT
        y += paint_tag(painter, line, QPointF(x, y), color=color).height() + 1


def _tag_size(text: str) -> tuple[float, float]:
    metrics = QFontMetricsF(theme.small())
    return round(metrics.horizontalAdvance(text) + 10), round(metrics.height() + 4)


def _color(shape: FaceShape, current: int | None) -> QColor:
    if shape.weak or shape.number != current:
        return theme.DIM
    return theme.RESULT if shape.edited else theme.TEXT


def _paint_mesh(painter: QPainter, points: DoubleArray, color: QColor) -> None:
    pale = QColor(color)
    pale.setAlphaF(_MESH_OPACITY)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(pale, 1.0))
    ends = points[mesh_edges()].reshape(-1, 4).tolist()
    painter.drawLines([QLineF(*line) for line in ends])


def _paint_landmarks(painter: QPainter, points: DoubleArray, color: QColor) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for part, size, tint in (
        (points[:SKIN], _DOT, color),
        (points[SKIN:], 1.5 * _DOT, theme.ACCENT),
    ):
        pen = QPen(tint, size)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in part.tolist()]))


def _paint_box(
    painter: QPainter, shape: FaceShape, placement: Placement, current: int | None
) -> None:
    left, top, right, bottom = placement.to_view(np.reshape(shape.box, (2, 2))).ravel().tolist()
    chosen = shape.number == current
    color = theme.WEAK if shape.weak else (theme.ACCENT if chosen else theme.DIM)
    pen = QPen(color, 1.0)
    if shape.weak:
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    painter.drawRect(QRectF(round(left), round(top), round(right - left), round(bottom - top)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    text = f"{shape.name} · weak tracking" if shape.weak else shape.name
    height = _tag_size(text)[1]
    # Inside the box where the picture's edge leaves no room above it.
    above = top - height - 2 if top - height - 2 > 0 else max(top, 0) + 2
    words = theme.SELECTION if chosen else theme.TEXT
    paint_tag(painter, text, QPointF(max(left, 0), above), color=words)
