"""The first picture of a clip, shown while the rest of it is read."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QRect, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from mien._types import ByteArray
from mien_desktop import theme

__all__ = ["Loading", "first_picture"]


def first_picture(path: Path) -> ByteArray | None:
    """Read (H, W, 3) R'G'B' of a clip's first picture; None when it cannot be read."""
    from mien.errors import MienError
    from mien.preview.picture import first_picture

    try:
        return first_picture(path)
    except MienError:
        # What is wrong is said by whoever reads the whole clip.
        return None


class Loading(QWidget):
    """A cover over the viewer while a clip is read.

    Args:
        viewer: What it covers.
    """

    def __init__(self, viewer: QWidget) -> None:
        super().__init__(viewer)
        self._image = QImage()
        self._words = ""
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        viewer.installEventFilter(self)

    @property
    def image(self) -> QImage:
        """The picture that is shown; null when there is none."""
        return self._image

    def begin(self, words: str) -> None:
        """Cover the viewer, and say what is being read."""
        self._words = words

    def show_picture(self, pixels: ByteArray | None) -> None:
        """Show the first picture, unless the clip was read before it came."""
        if pixels is None or not self._words:
            return
        height, width = pixels.shape[:2]
        rgb = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        # The image does not own the bytes that it was made from.
        self._image = rgb.copy()
        self._cover()
        self.show()

    def end(self) -> None:
        """Uncover the viewer: the clip is read, or cannot be."""
        self._words, self._image = "", QImage()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the viewer."""
        if event.type() == QEvent.Type.Resize:
            self._cover()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the whole picture, and the words over it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.WINDOW)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        area = QRect()
        area.setSize(self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio))
        area.moveCenter(self.rect().center())
        painter.drawImage(area, self._image)
        words = painter.fontMetrics().boundingRect(self._words).adjusted(-8, -4, 8, 4)
        words.moveBottomLeft(self.rect().bottomLeft())
        painter.fillRect(words, theme.WINDOW)
        painter.setPen(theme.DIM)
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self._words)

    def _cover(self) -> None:
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
            self.raise_()
