"""Notes in the viewer where there is no picture: what can be done about it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPen

from mien_desktop import theme
from mien_desktop.resolve import Resolved

__all__ = ["paint_note"]

_WIDTH: Final = 420.0
_HEIGHT: Final = 190.0
_TITLE_SIZE: Final = 17


def paint_note(painter: QPainter, rect: QRectF, now: Resolved) -> None:
    """Say why there is no picture.

    Args:
        painter: Where.
        rect: The view.
        now: What the window shows.
    """
    if now.shot is None:
        title = "Drop a clip here"
        words = (
            "A movie, an image sequence or a .mien project. mien finds the faces in it; "
            "then every expression is a curve that you can key."
        )
    else:
        title = "The media are not there"
        words = (
            f"{now.shot.media.path} was moved or is on a drive that is not connected. "
            "Relink the shot in the list on the left; tracking and keys are kept."
        )
    width, height = min(_WIDTH, rect.width() - 24), min(_HEIGHT, rect.height() - 24)
    box = QRectF(0, 0, width, height)
    box.moveCenter(rect.center())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(theme.LINE if now.shot is None else theme.WEAK, 1.5, Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box, 6, 6)
    _paint_film(painter, QPointF(box.center().x(), box.top() + height * 0.24))
    font = QFont(theme.small())
    font.setPixelSize(_TITLE_SIZE)
    painter.setFont(font)
    painter.setPen(theme.TEXT)
    line = QRectF(box.left() + 16, box.top() + height * 0.42, width - 32, 26)
    painter.drawText(line, Qt.AlignmentFlag.AlignCenter, title)
    font.setPixelSize(theme.FONT_SIZE)
    painter.setFont(font)
    painter.setPen(theme.DIM)
    rest = QRectF(line.left(), line.bottom() + 4, line.width(), box.bottom() - line.bottom() - 10)
    flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
    painter.drawText(rest, int(flags | Qt.TextFlag.TextWordWrap), words)


def _paint_film(painter: QPainter, centre: QPointF) -> None:
    """Paint a frame of film with an arrow into it."""
    frame = QRectF(0, 0, 52, 34)
    frame.moveCenter(centre)
    path = QPainterPath()
    path.addRoundedRect(frame, 3, 3)
    for hole in range(4):
        x = frame.left() + 6 + hole * 12
        for y in (frame.top() + 3, frame.bottom() - 6):
            path.addRect(QRectF(x, y, 4, 3))
    path.moveTo(centre + QPointF(0, -9))
    path.lineTo(centre + QPointF(0, 6))
    path.moveTo(centre + QPointF(-5, 1))
    path.lineTo(centre + QPointF(0, 6))
    path.lineTo(centre + QPointF(5, 1))
    painter.setPen(QPen(theme.DIM, 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
