"""Painting what a drag shows over the timeline: boxes, lines, places, words at the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from mien_desktop import theme
from mien_desktop.geometry.lanes import ROW
from mien_desktop.timeline.drags import DragOverlay
from mien_desktop.timeline.scene import TimelineScene

__all__ = ["paint_overlay"]

_CENTRE = Qt.AlignmentFlag.AlignCenter


def paint_overlay(
    painter: QPainter, scene: TimelineScene, overlay: DragOverlay, pointer: tuple[float, float]
) -> None:
    """Paint what a drag shows.

    Args:
        painter: Paints on the widget.
        scene: The timeline.
        overlay: What the drag shows.
        pointer: Where the pointer is.
    """
    painter.save()
    whole = overlay.insert is not None or overlay.onto is not None
    painter.setClipRect(0 if whole else scene.bands.names, 0, scene.width, scene.height)
    if overlay.line is not None:
        painter.setPen(QPen(theme.SELECTION, 1, Qt.PenStyle.DashLine))
        x = round(scene.x(overlay.line))
        painter.drawLine(x, scene.bands.top("markers"), x, scene.height)
    if overlay.insert is not None:
        painter.fillRect(0, scene.top(overlay.insert) - 1, scene.width, 2, theme.SELECTION)
    if overlay.onto is not None:
        _paint_onto(painter, scene, overlay)
    if overlay.box is not None:
        _paint_box(painter, scene, overlay.box)
    if overlay.note:
        _paint_note(painter, scene, overlay, pointer)
    painter.restore()


def _paint_onto(painter: QPainter, scene: TimelineScene, overlay: DragOverlay) -> None:
    """Frame the lane onto which something would be dropped."""
    assert overlay.onto is not None
    painter.setClipRect(0, scene.bands.lanes, scene.width, scene.height)
    painter.setPen(QPen(theme.HIDDEN if overlay.refused else theme.SELECTION, 2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRect(1, scene.top(overlay.onto), scene.width - 2, ROW - 2))


def _paint_box(
    painter: QPainter, scene: TimelineScene, box: tuple[float, float, float, float]
) -> None:
    x0, y0, x1, y1 = box
    inside = QColor(theme.SELECTION)
    inside.setAlpha(25)
    painter.setPen(QPen(theme.SELECTION, 1, Qt.PenStyle.DashLine))
    painter.setBrush(inside)
    painter.setClipRect(QRectF(scene.bands.names, scene.bands.lanes, scene.width, scene.height))
    painter.drawRect(QRectF(x0, y0, x1 - x0, y1 - y0).normalized())


def _paint_note(
    painter: QPainter, scene: TimelineScene, overlay: DragOverlay, pointer: tuple[float, float]
) -> None:
    painter.setFont(theme.small())
    # Long words, as those on why something is refused, are cut rather than run out of view.
    words = painter.fontMetrics().elidedText(
        overlay.note, Qt.TextElideMode.ElideRight, scene.width - 24
    )
    box = painter.fontMetrics().boundingRect(words).adjusted(-5, -2, 5, 2)
    box.moveBottomLeft(QPoint(int(pointer[0]) + 12, int(pointer[1]) - 8))
    box.moveRight(min(box.right(), scene.width - 2))
    painter.setClipping(False)
    painter.fillRect(box, theme.RAISED)
    painter.setPen(theme.HIDDEN.lighter(130) if overlay.refused else theme.TEXT)
    painter.drawText(box, _CENTRE, words)
