"""Painting of a picture so that it is judged for what it is, and fast enough to play."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from mien_desktop.geometry.picture import sampling

__all__ = ["ImagePainter"]

_KEPT: Final = 2
"""Scaled pictures that are kept: plate and edit."""


class ImagePainter:
    """A painter of pictures at any scale; those made smaller are kept while they stay the same.

    A picture that is made smaller is averaged over area, as a downscale has to be; while it
    plays four pixels have to do for that, which is ten times faster.
    """

    def __init__(self) -> None:
        self._scaled: dict[tuple[int, int, int], QImage] = {}

    def paint(self, painter: QPainter, image: QImage, target: QRectF, *, playing: bool) -> None:
        """Paint a picture.

        Args:
            painter: Where.
            image: The picture.
            target: The place of the whole picture, in the painter's coordinates.
            playing: Whether it must be done in time rather than as well as possible.
        """
        ratio = painter.device().devicePixelRatioF()
        how = sampling(target.width() * ratio / image.width())
        smooth = how == "smooth" or (how == "averaged" and playing)
        if how == "averaged" and not playing:
            image = self._averaged(image, (target.size() * ratio).toSize())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(target, image)

    def _averaged(self, image: QImage, size: QSize) -> QImage:
        key = (image.cacheKey(), size.width(), size.height())
        scaled = self._scaled.get(key)
        if scaled is None:
            scaled = image.scaled(
                size,
                Qt.AspectRatioMode.IgnoreAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
            while len(self._scaled) >= _KEPT:
                del self._scaled[next(iter(self._scaled))]
            self._scaled[key] = scaled
        return scaled
