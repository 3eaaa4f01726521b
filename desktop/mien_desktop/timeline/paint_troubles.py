"""Painting of the frames with trouble: red bars over the lanes, each with what is wrong in it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from mien_desktop import theme
from mien_desktop.geometry.bands import TROUBLES
from mien_desktop.geometry.troubles import TroubleMark, width_of
from mien_desktop.timeline.scene import TimelineScene

__all__ = ["paint_troubles"]

_MARGIN: Final = 2
"""Pixels between a bar and the edges of the band."""
_ROOM: Final = 4
"""Pixels between a bar's ends and its word."""
_FULL: Final = 3.0
"""Severity from which a bar has its full colour: three times what is usual."""
_FAINTEST: Final = 0.45
"""Opacity of a bar of what is just beyond."""
_LEFT: Final = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


def paint_troubles(painter: QPainter, scene: TimelineScene) -> None:
    """Paint the marks of the last report; with words where a bar has room for them."""
    top = scene.bands.top("troubles")
    painter.fillRect(QRect(0, top, scene.width, TROUBLES), theme.PANEL)
    painter.save()
    painter.setClipRect(scene.bands.names, top, scene.width, TROUBLES)
    painter.setFont(theme.small())
    for mark in scene.troubles:
        left, width = width_of(mark, scene.axis)
        left += scene.bands.names
        if left + width >= scene.bands.names and left <= scene.width:
            area = QRectF(left, top + _MARGIN, width, TROUBLES - 2 * _MARGIN - 1)
            painter.fillRect(area, _color(mark))
            _write(painter, mark.words, area)
    painter.restore()
    painter.fillRect(QRect(0, top + TROUBLES - 1, scene.width, 1), theme.WINDOW)


def _write(painter: QPainter, words: tuple[str, ...], area: QRectF) -> None:
    """Write all that is wrong, or what is worst, where there is room."""
    room = area.adjusted(_ROOM, 0, -_ROOM, 0)
    for text in (", ".join(words), words[0]):
        if painter.fontMetrics().horizontalAdvance(text) <= room.width():
            painter.setPen(theme.TEXT)
            painter.drawText(room, _LEFT, text)
            return


def _color(mark: TroubleMark) -> QColor:
    """Red, the fuller the worse."""
    color = QColor(theme.WEAK)
    over = min(max((mark.troubles[0].severity - 1) / (_FULL - 1), 0.0), 1.0)
    color.setAlphaF(_FAINTEST + (1 - _FAINTEST) * over)
    return color
