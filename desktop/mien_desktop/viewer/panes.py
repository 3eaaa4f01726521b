"""Painting of the divider and the titles of panes."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from mien_desktop import theme
from mien_desktop.geometry.picture import Area, Pane
from mien_desktop.view_state import ViewMode
from mien_desktop.viewer.overlays import paint_tag

__all__ = ["paint_divider", "paint_title", "rectangle"]

_GRIP = QRectF(-4, -14, 8, 28)
"""Of a wipe's divider, about its middle."""
_NARROW = 60.0
"""Width of a part of the view in which there is no room for its name."""


def rectangle(area: Area) -> QRectF:
    """Return an area as Qt has it."""
    return QRectF(area.left, area.top, area.width, area.height)


def paint_title(painter: QPainter, pane: Pane, *, beside: bool) -> None:
    """Paint the title of a pane, in its outer upper corner.

    Args:
        painter: Where.
        pane: The pane.
        beside: Whether there is another pane.
    """
    clip = rectangle(pane.clip)
    if not pane.title or clip.width() < _NARROW:
        return
    color = theme.ACCENT if pane.edited else theme.DIM
    if beside and pane.edited:
        corner = clip.topRight() + QPointF(-8, 8)
        paint_tag(painter, pane.title, corner, color=color, align=Qt.AlignmentFlag.AlignRight)
    else:
        paint_tag(painter, pane.title, clip.topLeft() + QPointF(8, 8), color=color)


def paint_divider(
    painter: QPainter, panes: tuple[Pane, ...], mode: ViewMode, *, held: bool
) -> None:
    """Paint the line between two panes, with a grip where it can be moved.

    Args:
        painter: Where.
        panes: Both panes.
        mode: What the view shows.
        held: Whether the line is being moved.
    """
    first, second = (rectangle(pane.clip) for pane in panes)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if mode == "side":
        painter.setPen(QPen(theme.LINE, 1))
        if first.right() < second.left():
            painter.drawLine(first.topRight(), first.bottomRight())
        else:
            painter.drawLine(first.bottomLeft(), first.bottomRight())
        return
    color = theme.SELECTION if held else theme.TEXT
    x, middle = second.left(), second.center().y()
    painter.setPen(QPen(color, 1))
    painter.drawLine(QPointF(x, second.top()), QPointF(x, second.bottom()))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(theme.RAISED)
    painter.drawRoundedRect(_GRIP.translated(x, middle), 3, 3)
