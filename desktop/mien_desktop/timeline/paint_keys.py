"""Painting of keys: all at once into one picture, from which each lane takes its strip."""

from __future__ import annotations

from functools import cache

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from mien_desktop import theme
from mien_desktop.geometry.lanes import ROW
from mien_desktop.geometry.marks import LEVELS, OUTLINE, Dots, paint, radius
from mien_desktop.timeline.scene import TimelineScene

__all__ = ["KeyPainter"]


class KeyPainter:
    """The keys of the lanes in view, ready to be painted.

    Args:
        scene: The timeline.
        ratio: Device pixels a logical pixel.
    """

    def __init__(self, scene: TimelineScene, ratio: float) -> None:
        self._scene, self._ratio = scene, ratio
        rows = scene.rows()
        width = max(round((scene.width - scene.bands.names) * ratio), 1)
        self._width = width + -width % 4  # of a line of a QImage, in bytes
        self._size = 2 * radius(ratio) + 1
        lines = max(len(rows), 1)
        indices = paint(_dots(scene, rows, self._width, ratio), lines, self._width, ratio)
        plain = QImage(
            indices.data, self._width, lines * self._size, self._width,
            QImage.Format.Format_Indexed8,
        )  # fmt: skip
        plain.setColorTable(_palette())
        self._image = plain.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)

    def paint(self, painter: QPainter, row: int) -> None:
        """Paint the keys of a lane."""
        scene, size = self._scene, self._size
        _, _, begins = scene.lanes.every
        if begins[row] == begins[row + 1]:
            return
        # Whole device pixels, so that keys are as sharp as they were drawn.
        middle = round((scene.top(row) + ROW / 2 - 0.5) * self._ratio)
        top = (middle - size // 2) / self._ratio
        target = QRectF(scene.bands.names, top, self._width / self._ratio, size / self._ratio)
        at = row - scene.rows().start
        painter.drawImage(target, self._image, QRectF(0, at * size, self._width, size))


def _dots(scene: TimelineScene, rows: range, width: int, ratio: float) -> Dots:
    """Return the keys of lanes that are in view, or so near to it that a part of them is."""
    every, lane, begins = scene.lanes.every
    first, last = begins[rows.start], begins[rows.stop]
    x = np.floor(scene.axis.xs(every.frames[first:last]) * ratio).astype(np.int64)
    margin = 2 * radius(ratio)
    seen = (x >= -margin) & (x < width + margin)
    kind = scene.kinds[first:last]
    return Dots(
        lane[first:last][seen] - rows.start, x[seen], every.shapes[first:last][seen], kind[seen]
    )


@cache
def _palette() -> list[int]:
    """Colours of the indices of geometry/marks.py."""
    dark = QColor(theme.WINDOW)
    table = [0]
    for level in range(1, OUTLINE + 1):
        dark.setAlpha(round(200 * level / OUTLINE))
        table.append(dark.rgba())
    for color in (theme.DISABLED, theme.ACCENT, theme.SELECTION.lighter(125)):
        for level in range(1, LEVELS + 1):
            table.append(_mixed(theme.WINDOW, color, level / LEVELS).rgba())
    return table


def _mixed(a: QColor, b: QColor, weight: float) -> QColor:
    return QColor(
        round(a.red() + (b.red() - a.red()) * weight),
        round(a.green() + (b.green() - a.green()) * weight),
        round(a.blue() + (b.blue() - a.blue()) * weight),
    )
