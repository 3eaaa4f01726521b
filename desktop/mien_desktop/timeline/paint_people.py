"""Painting a row of the face lane: when a face is seen, how well, and who it is."""

from __future__ import annotations

import itertools

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen

from mien.model.corrections import corrected_spans
from mien_desktop import theme
from mien_desktop.geometry.lanes import ROW, Lane
from mien_desktop.geometry.sight import Runs, Sight
from mien_desktop.icons import paint_icon
from mien_desktop.timeline.scene import TimelineScene

__all__ = ["paint_person", "paint_portrait"]

_INSET = 3
"""What is left free above and below a bar."""
_KEY = 5.5
"""Half the height of the mark of a correction."""
_LEAST = 2.0
"""Width of a bar, however short it is."""


def paint_person(painter: QPainter, scene: TimelineScene, lane: Lane, sight: Sight) -> None:
    """Paint a bar for every stretch in which a face is seen, red where it is seen badly.

    Args:
        painter: Paints on the lane; its left edge is that of the widget.
        scene: The timeline.
        lane: The face's row.
        sight: How surely it is seen.
    """
    state = scene.now.state
    left, right = scene.edge(0), scene.edge(scene.now.frame_count)
    chosen = lane.face.number in state.faces
    painter.fillRect(
        QRectF(left, 0, right - left, ROW - 1), theme.SELECTED_ROW if chosen else theme.WELL
    )
    bar = QColor(theme.ACCENT if lane.face.number == state.face else theme.GHOST)
    bar.setAlpha(150 if chosen else 110)
    painter.save()
    for start, stop in _seen(sight.lost, scene.now.frame_count):
        x, width = scene.edge(start), max((stop - start) * scene.axis.scale - 1, _LEAST)
        painter.fillRect(QRectF(x, _INSET, width, ROW - 1 - 2 * _INSET), bar)
    for start, stop in sight.weak:
        x, width = scene.edge(start), max((stop - start) * scene.axis.scale - 1, _LEAST)
        area = QRectF(x, _INSET, width, ROW - 1 - 2 * _INSET)
        painter.fillRect(area, theme.WEAK)
    for start, stop in sight.badly:
        area = QRectF(scene.edge(start), _INSET, (stop - start) * scene.axis.scale,
                      ROW - 1 - 2 * _INSET)  # fmt: skip
        painter.fillRect(area, QBrush(theme.WELL, Qt.BrushStyle.BDiagPattern))
    _paint_corrections(painter, scene, lane)
    painter.restore()


def _paint_corrections(painter: QPainter, scene: TimelineScene, lane: Lane) -> None:
    """Mark the frames whose landmarks were put right by hand, and underline those that follow."""
    shot = scene.now.shot
    if shot is None or not lane.corrected:
        return
    for span in corrected_spans(lane.face.corrections, len(shot), shot.breaks):
        x, width = scene.edge(span.start), len(span) * scene.axis.scale
        painter.fillRect(QRectF(x, ROW - 3, width, 2), theme.RESULT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.WINDOW, 1))
    painter.setBrush(theme.RESULT)
    middle = ROW / 2 - 0.5
    for frame in lane.corrected:
        x = scene.x(frame)
        corners = ((x - _KEY, middle), (x, middle - _KEY), (x + _KEY, middle), (x, middle + _KEY))
        painter.drawPolygon([QPointF(*corner) for corner in corners])


def paint_portrait(painter: QPainter, rect: QRect, picture: QImage | None) -> None:
    """Paint a face into its cell; a drawn one where there is no picture (yet)."""
    side = rect.height() - 1
    area = QRectF(rect.left(), rect.top(), side, side)
    if picture is None:
        paint_icon(painter, "person", area.adjusted(3, 3, -3, -3), theme.DISABLED)
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(area, picture, QRectF(picture.rect()))
    painter.restore()


def _seen(lost: Runs, frames: int) -> list[tuple[int, int]]:
    """Return the stretches between those in which a face is not there."""
    ends = [(0, 0), *lost, (frames, frames)]
    between = [(a[1], b[0]) for a, b in itertools.pairwise(ends)]
    return [(start, stop) for start, stop in between if start < stop]
