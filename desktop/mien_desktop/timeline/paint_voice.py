"""Painting the lane of a voice: its sound, and the words or the phones on it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from mien.model.speech import CLOSURES, SILENCE
from mien.model.voice import Voice
from mien_desktop import theme
from mien_desktop.geometry.lanes import ROW, Lane
from mien_desktop.geometry.speech import loudness_columns, shows_phones
from mien_desktop.polygons import polygon
from mien_desktop.timeline.scene import TimelineScene

__all__ = ["paint_voice"]

_CENTRE = Qt.AlignmentFlag.AlignCenter
_PAD = 4
"""Pixels between a word and the edges of its room, both together."""
_ELIDED = 16
"""Pixels of the least room in which a word is cut short rather than left out."""


def paint_voice(painter: QPainter, scene: TimelineScene, lane: Lane) -> None:
    """Paint a voice's sound and what is said.

    Args:
        painter: Paints on the lane; its left edge is that of the widget.
        scene: The timeline.
        lane: The lane of a voice.
    """
    layer, shot = lane.layer, scene.now.shot
    if layer is None or layer.voice is None or shot is None:
        return
    voice = layer.voice
    span = QColor(theme.REGIONS["mouth"])
    span.setAlpha(16 if lane.muted else 44)
    left, right = scene.edge(voice.span.start), scene.edge(voice.span.stop)
    painter.fillRect(QRectF(left, 0, right - left, ROW - 1), span)
    loudness = scene.loudness.get(voice.sound or shot.media.path)
    if loudness is not None:
        xs, heights = loudness_columns(scene.axis, scene.seconds, voice.start, loudness)
        if len(xs):
            middle, half = (ROW - 1) / 2, (ROW - 3) / 2
            above = np.column_stack([xs, middle - heights * half])
            below = np.column_stack([xs, middle + heights * half])[::-1]
            points = np.concatenate([above, below])
            points[:, 0] += scene.bands.names
            color = QColor(theme.WAVEFORM)
            color.setAlpha(90 if lane.muted else 170)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawPolygon(polygon(points))
    painter.setFont(theme.small())
    if shows_phones(voice.speech, scene.pixels_a_second):
        _paint_phones(painter, scene, voice, lane.muted)
    else:
        _paint_words(painter, scene, voice, lane.muted)


def _paint_words(painter: QPainter, scene: TimelineScene, voice: Voice, muted: bool) -> None:
    for word in voice.speech.words:
        room = _room(scene, voice, word.start, word.stop)
        _paint_edges(painter, room)
        _paint_text(painter, room, word.text, theme.DISABLED if muted else theme.TEXT)


def _paint_phones(painter: QPainter, scene: TimelineScene, voice: Voice, muted: bool) -> None:
    for phone in voice.speech.phones:
        if phone.name == SILENCE:
            continue
        room = _room(scene, voice, phone.start, phone.stop)
        if room.right() < scene.bands.names or room.left() > scene.width:
            continue
        _paint_edges(painter, room)
        if phone.name in CLOSURES and not phone.viseme:
            # Where lips meet is what a lip reader, and so an editor, looks at first.
            painter.fillRect(
                QRectF(room.left() + 1, ROW - 4, max(room.width() - 1, 1), 3),
                theme.REGIONS["mouth"],
            )
        color = theme.ACCENT if phone.viseme else theme.TEXT
        _paint_text(painter, room, phone.viseme or phone.name, theme.DISABLED if muted else color)


def _paint_edges(painter: QPainter, room: QRectF) -> None:
    painter.setPen(QPen(QColor(255, 255, 255, 60), 1))
    for x in (round(room.left()) + 0.5, round(room.right()) + 0.5):
        painter.drawLine(QLineF(x, 1, x, ROW - 3))


def _paint_text(painter: QPainter, room: QRectF, text: str, color: QColor) -> None:
    metrics, width = painter.fontMetrics(), int(room.width()) - _PAD
    if metrics.horizontalAdvance(text) > width + 2:
        if width < _ELIDED:
            return
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
    painter.setPen(color)
    painter.drawText(room, _CENTRE, text)


def _room(scene: TimelineScene, voice: Voice, start: float, stop: float) -> QRectF:
    left, right = (scene.voice_x(voice, second) for second in (start, stop))
    return QRectF(left, 0, right - left, ROW - 1)
