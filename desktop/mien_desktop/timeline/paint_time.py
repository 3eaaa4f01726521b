"""Painting what lies above the lanes: ruler, in and out, markers, pictures, sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from mien._types import DoubleArray
from mien_desktop import theme
from mien_desktop.geometry.bands import MARKERS, RULER, THUMBNAILS, WAVEFORM
from mien_desktop.geometry.ruler import ticks
from mien_desktop.geometry.strips import columns, tiles
from mien_desktop.polygons import polygon
from mien_desktop.timeline.scene import TimelineScene

if TYPE_CHECKING:
    from mien.preview.strips import Peaks

__all__ = ["paint_markers", "paint_ruler", "paint_thumbnails", "paint_waveform"]

_FLAG = 8
"""Width of a marker's flag."""


def paint_ruler(painter: QPainter, scene: TimelineScene) -> None:
    """Ticks, their labels, and the stretch between in and out."""
    painter.fillRect(QRect(0, 0, scene.width, RULER), theme.PANEL)
    shot = scene.now.shot
    if shot is None:
        return
    painter.save()
    painter.setClipRect(scene.bands.names, 0, scene.width, RULER + MARKERS)
    painter.setFont(theme.small())
    short, tall = [], []
    for tick in ticks(scene.axis, shot.clock, scene.now.state.units):
        x = round(scene.bands.names + tick.x) + 0.5
        if tick.text:
            tall.append(QLineF(x, RULER - 14, x, RULER))
            painter.setPen(theme.DIM)
            painter.drawText(QPointF(x + 4, RULER - 10), tick.text)
        else:
            short.append(QLineF(x, RULER - 4, x, RULER))
    painter.setPen(QPen(theme.DISABLED, 1))
    painter.drawLines(tall)
    painter.setPen(QPen(theme.LINE, 1))
    painter.drawLines(short)
    _paint_span(painter, scene)
    painter.restore()
    painter.fillRect(QRect(0, RULER - 1, scene.width, 1), theme.WINDOW)


def _paint_span(painter: QPainter, scene: TimelineScene) -> None:
    project = scene.now.project
    if project is None or project.span is None:
        return
    left, right = scene.edge(project.span.start), scene.edge(project.span.stop)
    painter.fillRect(QRectF(left, RULER - 4, right - left, 3), theme.ACCENT)
    # Brackets that can be taken hold of, open towards the inside.
    painter.fillRect(QRectF(left, RULER - 12, 2, 11), theme.ACCENT)
    painter.fillRect(QRectF(left, RULER - 12, 5, 2), theme.ACCENT)
    painter.fillRect(QRectF(right - 2, RULER - 12, 2, 11), theme.ACCENT)
    painter.fillRect(QRectF(right - 5, RULER - 12, 5, 2), theme.ACCENT)


def paint_markers(painter: QPainter, scene: TimelineScene, held: int | None = None) -> None:
    """Paint the flags of markers with their names.

    Args:
        painter: Paints on the widget.
        scene: The timeline.
        held: Frame of the marker under the pointer.
    """
    top = scene.bands.top("markers")
    painter.fillRect(QRect(0, top, scene.width, MARKERS), theme.PANEL)
    project = scene.now.project
    if project is None:
        return
    painter.save()
    painter.setClipRect(scene.bands.names, top, scene.width, MARKERS)
    painter.setFont(theme.small())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics = painter.fontMetrics()
    positions = [scene.x(marker.frame) for marker in project.markers]
    for marker, x, after in zip(
        project.markers, positions, [*positions[1:], scene.width + 200.0], strict=False
    ):
        color = theme.MARKERS.get(marker.color, theme.ACCENT)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color.lighter(125) if marker.frame == held else color)
        painter.drawPolygon(_flag(x, top + 3))
        room = int(after - x - 2 * _FLAG)
        if marker.name and room > 12:
            painter.setPen(theme.TEXT)
            text = metrics.elidedText(marker.name, Qt.TextElideMode.ElideRight, min(room, 200))
            painter.drawText(QPointF(x + _FLAG, top + 12), text)
    painter.restore()


def _flag(x: float, top: float) -> QPolygonF:
    half = _FLAG / 2
    points = ((-half, 0), (half, 0), (half, 6), (0, 10), (-half, 6))
    return QPolygonF([QPointF(x + dx, top + dy) for dx, dy in points])


def paint_thumbnails(
    painter: QPainter, scene: TimelineScene, picture: Callable[[int], QImage | None], aspect: float
) -> None:
    """Pictures of the shot; where one is not there yet the ground shows.

    Args:
        painter: Paints on the widget.
        scene: The timeline.
        picture: The picture of a frame, when it is there.
        aspect: Width of a picture over its height.
    """
    top = scene.bands.top("thumbnails")
    painter.fillRect(QRect(0, top, scene.width, THUMBNAILS), theme.WELL)
    painter.save()
    end = scene.edge(scene.now.frame_count)
    painter.setClipRect(
        QRectF(
            scene.bands.names, top, max(min(end, scene.width) - scene.bands.names, 0), THUMBNAILS
        )
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    height = THUMBNAILS - 2
    for tile in tiles(scene.axis, height * aspect, scene.now.frame_count):
        image = picture(tile.frame)
        rect = QRectF(scene.bands.names + tile.x, top + 1, height * aspect, height)
        if image is not None:
            painter.drawImage(rect, image)
        painter.fillRect(QRectF(rect.right() - 1, top + 1, 1, height), theme.WINDOW)
    painter.restore()


def paint_waveform(
    painter: QPainter, scene: TimelineScene, peaks: Peaks | None, seconds: DoubleArray
) -> None:
    """Paint the sound as its least and greatest values; a line of silence without sound.

    Args:
        painter: Paints on the widget.
        scene: The timeline.
        peaks: The sound; None while it is not read, or when there is none.
        seconds: (T + 1,) edges of the shot's frames.
    """
    top = scene.bands.top("waveform")
    painter.fillRect(QRect(0, top, scene.width, WAVEFORM), theme.WELL)
    middle = top + WAVEFORM / 2
    shot = scene.now.shot
    if shot is None:
        return
    painter.save()
    painter.setClipRect(scene.bands.names, top, scene.width, WAVEFORM)
    left, right = max(scene.edge(0), scene.bands.names), scene.edge(shot.clock.frame_count)
    painter.fillRect(QRectF(left, middle, max(right - left, 0), 1), theme.WAVEFORM)
    if peaks is not None:
        xs, low, high = columns(scene.axis, seconds, peaks.rate, peaks.low, peaks.high)
        half = WAVEFORM / 2 - 2
        above = np.column_stack([xs, middle - high * half])
        below = np.column_stack([xs, middle - low * half])[::-1]
        points = np.concatenate([above, below])
        points[:, 0] += scene.bands.names
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.WAVEFORM))
        painter.drawPolygon(polygon(points))
    painter.restore()
    painter.fillRect(QRect(0, top + WAVEFORM - 1, scene.width, 1), theme.WINDOW)
