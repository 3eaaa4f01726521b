"""Pictures that are painted once and shown often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QSize
from PySide6.QtGui import QPaintDevice, QPainter, QPixmap

__all__ = ["Layer", "painting"]


class Layer:
    """A part of a widget as pixels, kept until it is dropped.

    Args:
        paint: Paints every pixel of it that will be seen.
    """

    def __init__(self, paint: Callable[[QPainter], None]) -> None:
        self._paint = paint
        self._pixels = QPixmap()
        self._stale = True

    def drop(self) -> None:
        """Paint it anew when it is shown next."""
        self._stale = True

    def pixels(self, width: int, height: int, ratio: float) -> QPixmap:
        """The picture.

        Args:
            width: In logical pixels.
            height: In logical pixels.
            ratio: Device pixels a logical pixel.
        """
        size = QSize(max(width, 1), max(height, 1)) * ratio
        if self._pixels.size() != size or self._pixels.devicePixelRatio() != ratio:
            # Memory is taken only then: fresh megabytes cost more than what is painted on them.
            self._pixels = QPixmap(size)
            self._pixels.setDevicePixelRatio(ratio)
            self._stale = True
        if self._stale:
            with painting(self._pixels) as painter:
                self._paint(painter)
            self._stale = False
        return self._pixels


@contextmanager
def painting(device: QPaintDevice) -> Iterator[QPainter]:
    """A painter that ends also when painting failed; Qt crashes over one that outlives its page."""
    painter = QPainter(device)
    try:
        yield painter
    finally:
        painter.end()
