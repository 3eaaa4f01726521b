"""Parts of a widget that are painted once and shown often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QSize
from PySide6.QtGui import QPaintDevice, QPainter, QPixmap

__all__ = ["PixmapCache", "painting"]


class PixmapCache:
    """Pixels of a part of a widget, kept until they are invalidated.

    Args:
        paint: Paints every pixel of the part that will be seen.
    """

    def __init__(self, paint: Callable[[QPainter], None]) -> None:
        self._paint = paint
        self._pixmap = QPixmap()
        self._stale = True

    def invalidate(self) -> None:
        """Have the part painted anew when it is shown next."""
        self._stale = True

    def pixmap(self, width: int, height: int, ratio: float) -> QPixmap:
        """Return the pixels of the part, painted anew where they are out of date.

        Args:
            width: In logical pixels.
            height: In logical pixels.
            ratio: Device pixels a logical pixel.
        """
        size = QSize(max(width, 1), max(height, 1)) * ratio
        if self._pixmap.size() != size or self._pixmap.devicePixelRatio() != ratio:
            # Memory is taken only then: fresh megabytes cost more than what is painted on them.
            self._pixmap = QPixmap(size)
            self._pixmap.setDevicePixelRatio(ratio)
            self._stale = True
        if self._stale:
            with painting(self._pixmap) as painter:
                self._paint(painter)
            self._stale = False
        return self._pixmap


@contextmanager
def painting(device: QPaintDevice) -> Iterator[QPainter]:
    """Give a painter that is ended also when painting failed.

    Qt crashes over a painter that outlives its device.
    """
    painter = QPainter(device)
    try:
        yield painter
    finally:
        painter.end()
