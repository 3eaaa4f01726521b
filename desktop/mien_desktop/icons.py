"""Icons, painted as paths, so that they are sharp at every scale and follow the theme."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from mien_desktop import theme

__all__ = ["NAMES", "icon", "paint_icon"]

_SIZE = 16
"""Side of the square in which the shapes below are drawn."""
_WIDTH = 1.5
"""Of its lines."""


@cache
def icon(name: str) -> QIcon:
    """Return an icon by name, in the colours of text: plain, switched on, and disabled.

    Raises:
        KeyError: When there is none of that name.
    """
    made = QIcon()
    for color, mode, state in (
        (theme.TEXT, QIcon.Mode.Normal, QIcon.State.Off),
        (theme.SELECTION, QIcon.Mode.Normal, QIcon.State.On),
        (theme.DISABLED, QIcon.Mode.Disabled, QIcon.State.Off),
    ):
        for scale in (1, 2):
            made.addPixmap(_pixmap(name, color, scale), mode, state)
    return made


def paint_icon(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    """Paint an icon into a rectangle of a widget that paints itself."""
    filled, lines = _paths(name)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = min(rect.width(), rect.height())
    painter.translate(rect.center() - QPointF(side / 2, side / 2))
    painter.scale(side / _SIZE, side / _SIZE)
    painter.fillPath(filled, color)
    cap, join = Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    painter.strokePath(lines, QPen(color, _WIDTH, Qt.PenStyle.SolidLine, cap, join))
    painter.restore()


def _pixmap(name: str, color: QColor, scale: int) -> QPixmap:
    pixmap = QPixmap(QSize(_SIZE, _SIZE) * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_icon(painter, name, QRectF(0, 0, _SIZE, _SIZE), color)
    painter.end()
    return pixmap


@cache
def _paths(name: str) -> tuple[QPainterPath, QPainterPath]:
    """Return the filled parts of a shape, and those drawn as lines."""
    filled, lines = QPainterPath(), QPainterPath()
    for part in _SHAPES[name].split("; "):
        kind, *words = part.split(" ")
        points = [QPointF(*map(float, word.split(","))) for word in words if "," in word]
        numbers = [float(word) for word in words if "," not in word]
        middle = points[0]
        if kind == "F":
            filled.addPolygon(QPolygonF(points))
            filled.closeSubpath()
        elif kind == "L":
            lines.addPolygon(QPolygonF(points))
        elif kind == "D":
            filled.addEllipse(middle, *numbers, *numbers)
        elif kind == "O":
            lines.addEllipse(middle, *numbers, *numbers)
        else:
            radius, start, sweep = numbers
            box = QRectF(middle - QPointF(radius, radius), middle + QPointF(radius, radius))
            lines.arcMoveTo(box, start)
            lines.arcTo(box, start, sweep)
    return filled, lines


# F fills a polygon, L draws a line, D a dot and O a ring (middle, radius), A an arc (middle,
# radius, start and sweep in degrees, counter-clockwise from three o'clock).
_SHAPES: dict[str, str] = {
    "play": "F 4,2.5 13,8 4,13.5",
    "pause": "F 4,3 7,3 7,13 4,13; F 9,3 12,3 12,13 9,13",
    "stop": "F 3.5,3.5 12.5,3.5 12.5,12.5 3.5,12.5",
    "play-back": "F 12,2.5 3,8 12,13.5",
    "fast": "F 2,3.5 8,8 2,12.5; F 8,3.5 14,8 8,12.5",
    "rewind": "F 14,3.5 8,8 14,12.5; F 8,3.5 2,8 8,12.5",
    "step": "F 5.5,3.5 11.5,8 5.5,12.5; L 13,3.5 13,12.5",
    "step-back": "F 10.5,3.5 4.5,8 10.5,12.5; L 3,3.5 3,12.5",
    "first": "F 8,3.5 2,8 8,12.5; L 1,3.5 1,12.5",
    "last": "F 8,3.5 14,8 8,12.5; L 15,3.5 15,12.5",
    "in": "L 10,3 6,3 6,13 10,13",
    "out": "L 6,3 10,3 10,13 6,13",
    "loop": "F 9.5,0.8 9.5,6 13.5,3.2; A 8,8 5 30 270",
    "sound": "F 2,6 4.5,6 8,3 8,13 4.5,10 2,10; A 8,8 3 -50 100; A 8,8 5.5 -50 100",
    "voice": "L 2.5,3 13.5,3 13.5,10.5 8,10.5 5,13.5 5,10.5 2.5,10.5 2.5,3; L 5,6.8 5.8,6.8;"
    " L 7.6,6.8 8.4,6.8; L 10.2,6.8 11,6.8",
    "mute": "F 2,6 4.5,6 8,3 8,13 4.5,10 2,10; L 10.5,6 14.5,10; L 14.5,6 10.5,10",
    "add": "L 8,3 8,13; L 3,8 13,8",
    "remove": "L 3,8 13,8",
    "close": "L 4,4 12,12; L 12,4 4,12",
    "check": "L 3,8.5 6.5,12 13,4",
    "up": "L 3.5,10 8,5.5 12.5,10",
    "down": "L 3.5,6 8,10.5 12.5,6",
    "right": "L 6,3.5 10.5,8 6,12.5",
    "left": "L 10,3.5 5.5,8 10,12.5",
    "key": "F 8,3 13,8 8,13 3,8",
    "no-key": "L 8,3 13,8 8,13 3,8 8,3",
    "auto-key": "F 8,5 11,8 8,11 5,8; O 8,8 6",
    "snap": "L 3.5,8 3.5,3; L 12.5,8 12.5,3; L 2,5 5,5; L 11,5 14,5; A 8,8 4.5 180 180",
    "marker": "F 4,2 12,2 12,9 8,14 4,9",
    "star":
        "F 8,2.3 9.5,6.4 13.9,6.6 10.5,9.3 11.6,13.5 8,11.1 4.4,13.5 5.5,9.3 2.1,6.6 6.5,6.4",
    "no-star":
        "L 8,2.3 9.5,6.4 13.9,6.6 10.5,9.3 11.6,13.5 8,11.1 4.4,13.5 5.5,9.3 2.1,6.6 6.5,6.4 8,2.3",
    "link": "L 5.5,8 10.5,8; A 5,8 3 60 240; A 11,8 3 -120 240",
    "unlink": "A 4.5,8 3 60 240; A 11.5,8 3 -120 240",
    "reset": "F 1.5,2.5 1.5,8 6.5,6; A 8,8.5 5 140 -280",
    "mirror": "F 6,4 6,12 1.5,8; F 10,4 10,12 14.5,8; L 8,2 8,14",
    "search": "L 10,10 13.5,13.5; O 7,7 4",
    "eye": "D 8,8 2.2; A 8,11 7 40 100; A 8,5 7 -140 100",
    "no-eye": "L 3,13 13,3; A 8,11 7 40 100; A 8,5 7 -140 100",
    "lock": "F 3.5,7.5 12.5,7.5 12.5,13.5 3.5,13.5; A 8,7 3 0 180",
    "plate": "L 2.5,3.5 13.5,3.5 13.5,12.5 2.5,12.5 2.5,3.5",
    "edited":
        "L 2.5,3.5 13.5,3.5 13.5,12.5 2.5,12.5 2.5,3.5; D 6,7 1; D 10,7 1; A 8,7.5 3 -150 120",
    "wipe": "F 8,3.5 13.5,3.5 13.5,12.5 8,12.5; L 2.5,3.5 13.5,3.5 13.5,12.5 2.5,12.5 2.5,3.5",
    "side": "L 2.5,3.5 13.5,3.5 13.5,12.5 2.5,12.5 2.5,3.5; L 8,3.5 8,12.5",
    "boxes": "L 3,6 3,3 6,3; L 10,3 13,3 13,6; L 13,10 13,13 10,13; L 6,13 3,13 3,10",
    "landmarks":
        "D 4,5 1; D 8,4 1; D 12,5 1; D 4,9 1; D 12,9 1; D 6,12.5 1; D 10,12.5 1; D 8,8 1",
    "mesh":
        "L 3,5 8,3 13,5 13,11 8,13.5 3,11 3,5; L 3,5 8,8 13,5; L 3,11 8,8 13,11; L 8,3 8,13.5",
    "mask": "O 8,8 6; D 8,8 4",
    "front":
        "A 6.5,8 5 60 240; F 9,2.5 13.5,4 11,13.5 6.5,12",
    "brush": "L 13,3 8,8.5; F 8.3,7.2 9.6,8.6 7,13 3,13.5 4.5,9.8",
    "eraser": "F 9,3 13,7 10,10 6,6; L 6,6 3,9 7,13 10,10; L 7,13 13,13",
    "handles": "L 3,11 13,5; O 3,11 1.6; O 13,5 1.6; D 8,8 1.8",
    "fit": "L 2.5,6 2.5,2.5 6,2.5; L 10,13.5 13.5,13.5 13.5,10; L 2.5,2.5 13.5,13.5",
    "linear": "L 3,13 13,3; D 3,13 1.5; D 13,3 1.5",
    "hold": "L 3,12 10,12 10,4 13,4; D 3,12 1.5",
    "bezier": "A 3,8 5 -90 90; A 13,8 5 90 90",
    "copy": "L 6,6 13.5,6 13.5,13.5 6,13.5 6,6; L 10,6 10,2.5 2.5,2.5 2.5,10 6,10",
    "trash":
        "L 3,4.5 13,4.5; L 4.5,4.5 5,13.5 11,13.5 11.5,4.5; L 6.5,4.5 6.5,2.5 9.5,2.5 9.5,4.5",
    "warning": "L 8,2.5 14.5,13.5 1.5,13.5 8,2.5; L 8,6.5 8,9.5; D 8,11.6 0.9",
    "film":
        "L 2.5,3.5 13.5,3.5 13.5,12.5 2.5,12.5 2.5,3.5; L 5,3.5 5,12.5; L 11,3.5 11,12.5; "
        "L 5,8 11,8",
    "curve": "A 5.5,8 3 180 -180; A 11.5,8 3 180 180",
    "adjust":
        "D 4,5 1; D 8,3.5 1; D 12,5 1; O 8,9.5 2.2; L 8,12.2 8,15; L 6.5,13.7 8,15.2 9.5,13.7",
    "person": "O 8,5.2 2.9; A 8,14.5 5.6 10 160",
    "person-box":
        "L 2.5,5 2.5,2.5 5,2.5; L 11,2.5 13.5,2.5 13.5,5; L 13.5,11 13.5,13.5 11,13.5; "
        "L 5,13.5 2.5,13.5 2.5,11; O 8,6.5 2; A 8,13 4 20 140",
    "merge": "L 2.5,4 7,8 2.5,12; L 7,8 13.5,8; F 10.8,5 14.2,8 10.8,11",
    "split": "L 2.5,8 7,8; L 13.5,3.5 7,8 13.5,12.5; L 9,2.5 9,3.5; L 9,12.5 9,13.5",
    "read":
        "L 2.5,4 7,4; L 9,4 13.5,4; L 2.5,8 4,8; L 6,8 10,8; L 12,8 13.5,8; L 2.5,12 9,12; "
        "D 12,12 1",
    "wheel":
        "O 8,8 5.8; O 8,8 2.2; L 8,2.2 8,5.8; L 8,10.2 8,13.8; L 3,5.1 6.1,6.9; "
        "L 9.9,9.1 13,10.9; L 13,5.1 9.9,6.9; L 6.1,9.1 3,10.9",
    "more": "D 3.5,8 1.3; D 8,8 1.3; D 12.5,8 1.3",
}  # fmt: skip

NAMES = tuple(_SHAPES)
"""The icons there are."""
