"""Painting of the wheel of feelings: fields in the colours of their families, and their names."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen

from mien.model.feelings import FEELINGS
from mien_desktop import theme
from mien_desktop.geometry.wheel import RINGS, Segment
from mien_desktop.words import title

__all__ = ["FAMILIES", "family_color", "paint_segment"]

FAMILIES: Final[dict[str, QColor]] = {
    "love": QColor("#c9718f"),
    "joy": QColor("#d1a044"),
    "surprise": QColor("#4fa89c"),
    "anger": QColor("#c25b4c"),
    "sadness": QColor("#5b86b8"),
    "fear": QColor("#8b74b5"),
}
"""A colour for each primary feeling."""
_SHADES: Final = ((0.50, 0.50), (0.30, 0.44), (0.16, 0.50))
"""By ring, how much of its family's colour the mildest and the strongest field has."""
_LEAST_TEXT: Final = 10.0
"""Pixels between two names below which none is written."""
_LEAST_FONT: Final = 9
"""Pixels of the smallest letters; what has no room with them ends in dots."""


def family_color(segment: Segment) -> QColor:
    """Return the ground of a field: its family's colour, the stronger the word the fuller."""
    color = FAMILIES[segment.path[0]]
    low, high = _SHADES[segment.ring]
    part = low
    if segment.ring == 2:
        part = low + (high - low) * FEELINGS[segment.name].intensity
    elif segment.ring == 1:
        part = (low + high) / 2
    return _mixed(theme.WELL, color, part)


def paint_segment(
    painter: QPainter, segment: Segment, middle: QPointF, radius: float, *,
    lit: bool = False, dim: bool = False,
) -> None:  # fmt: skip
    """Paint a field and its name.

    Args:
        painter: Paints on the wheel.
        segment: The field.
        middle: Middle of the wheel, in pixels.
        radius: Its radius.
        lit: Whether it is the one that the pointer or the keyboard is on.
        dim: Whether nothing can be done with it now.
    """
    color = family_color(segment)
    if lit:
        color = _mixed(color, FAMILIES[segment.path[0]], 0.75)
    painter.setBrush(color)
    painter.setPen(QPen(theme.SELECTION if lit else theme.WINDOW, 2 if lit else 1))
    painter.drawPath(_shape(segment, middle, radius))
    text = theme.DISABLED if dim else (QColor(Qt.GlobalColor.white) if lit else theme.TEXT)
    painter.setPen(text)
    _paint_name(painter, segment, middle, radius)


def _shape(segment: Segment, middle: QPointF, radius: float) -> QPainterPath:
    inner, outer = (part * radius for part in RINGS[segment.ring])
    path = QPainterPath()
    # Qt counts degrees counter-clockwise from three o'clock.
    start, sweep = 90 - segment.start * 360, -(segment.stop - segment.start) * 360
    if segment.stop - segment.start >= 1:
        path.addEllipse(middle, outer, outer)
        hole = QPainterPath()
        hole.addEllipse(middle, inner, inner)
        return path.subtracted(hole)
    path.arcMoveTo(_square(middle, outer), start)
    path.arcTo(_square(middle, outer), start, sweep)
    path.arcTo(_square(middle, inner), start + sweep, -sweep)
    path.closeSubpath()
    return path


def _paint_name(painter: QPainter, segment: Segment, middle: QPointF, radius: float) -> None:
    """Write a name along its arc where it fits, else outwards, so that it can be read."""
    inner, outer = (part * radius for part in RINGS[segment.ring])
    arc = (segment.stop - segment.start) * math.tau
    if arc * outer < _LEAST_TEXT:
        return
    name, room = title(segment.name), outer - inner - 8
    along = 0.8 * arc * (inner + outer) / 2 - 12
    font = theme.small()
    font.setBold(segment.ring == 0)
    if segment.ring == 2 and arc * (inner + outer) / 2 < 12:
        font.setPixelSize(theme.FONT_SIZE - 2)
    while font.pixelSize() > _LEAST_FONT:
        if QFontMetricsF(font).horizontalAdvance(name) <= max(room, along):
            break
        font.setPixelSize(font.pixelSize() - 1)
        font.setBold(False)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    words = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
    turn = segment.middle
    painter.save()
    painter.translate(middle)
    if metrics.horizontalAdvance(name) < along:
        # Below the middle letters would stand on their heads.
        low = 0.25 < turn < 0.75
        painter.rotate(turn * 360 + (180 if low else 0))
        y = (inner + outer) / 2 * (1 if low else -1)
        area = QRectF(-radius, y - metrics.height() / 2, 2 * radius, metrics.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, name)
    else:
        left = turn > 0.5
        painter.rotate(turn * 360 + (90 if left else -90))
        size = metrics.height()
        start = -outer + 4 if left else inner + 4
        area = QRectF(start, -size / 2, outer - inner - 8, size)
        # Words stand at the rim, where there is most room between them.
        if segment.ring == 2:
            side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
        else:
            side = Qt.AlignmentFlag.AlignHCenter
        painter.drawText(area, side | Qt.AlignmentFlag.AlignVCenter, words)
    painter.restore()


def _square(middle: QPointF, radius: float) -> QRectF:
    return QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)


def _mixed(ground: QColor, color: QColor, part: float) -> QColor:
    def channel(low: int, high: int) -> int:
        return round(low + (high - low) * part)

    return QColor(
        channel(ground.red(), color.red()),
        channel(ground.green(), color.green()),
        channel(ground.blue(), color.blue()),
    )
