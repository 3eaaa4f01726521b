"""Painting of the schematic face that wears an expression."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from mien_desktop import theme
from mien_desktop.geometry.glyph import Glyph
from mien_desktop.polygons import polygon

__all__ = ["paint_face"]


def paint_face(painter: QPainter, face: Glyph, rect: QRectF, color: QColor) -> None:
    """Paint a face into a square.

    Args:
        painter: Paints on a widget.
        face: The lines of the face.
        rect: The square.
        color: Of the lines.
    """
    painter.save()
    painter.translate(rect.topLeft())
    painter.scale(rect.width(), rect.height())
    cap = Qt.PenCapStyle.RoundCap
    pen = QPen(color, 0.036, Qt.PenStyle.SolidLine, cap, Qt.PenJoinStyle.RoundJoin)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.DISABLED, 0.024))
    painter.drawEllipse(QRectF(0.06, 0.02, 0.88, 0.96))
    painter.setPen(pen)
    for line in face.lines:
        painter.drawPolyline(polygon(line))
    painter.setBrush(theme.WELL)
    painter.drawPolygon(polygon(face.mouth))
    if face.tongue is not None:
        painter.setBrush(theme.REGIONS["tongue"])
        painter.drawPolygon(polygon(face.tongue))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    for x, y, opened in face.pupils:
        if opened > 0.05:
            painter.drawEllipse(QPointF(x, y), 0.035, 0.035 * min(opened * 1.4, 1.0))
    painter.restore()
