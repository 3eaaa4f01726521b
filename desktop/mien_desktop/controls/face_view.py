"""The face at the playhead, cut out of the viewer's picture: what is tried is seen beside it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from mien_desktop import theme
from mien_desktop.workspace import Workspace

__all__ = ["FaceView"]

_ROOM = 1.7
"""Side of what is shown, as a part of the face's box."""


class FaceView(QWidget):
    """The current face, as the edits and what is tried make it.

    Args:
        workspace: The workspace.
        picture: Gives the viewer's edited picture; None while there is none.
        parent: Qt's owner.
    """

    def __init__(
        self, workspace: Workspace, picture: Callable[[], QImage | None],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._workspace, self._picture = workspace, picture
        self.setAccessibleName("The face at the playhead")
        self.setMinimumHeight(96)

    def sizeHint(self) -> QSize:
        """Return the side of a face that can be judged."""
        return QSize(250, 250)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the face as large as it fits."""
        now, image = self._workspace.now, self._picture()
        frame = now.state.frame
        if image is None or now.shot is None or now.face is None or not now.face.valid[frame]:
            return
        width, _ = now.shot.media.orientation.upright_size
        scale = image.width() / width
        left, top, right, bottom = (scale * value for value in now.face.box(frame))
        side = _ROOM * max(right - left, bottom - top)
        source = QRectF((left + right - side) / 2, (top + bottom - side) / 2, side, side)
        edge = min(self.width(), self.height())
        target = QRectF((self.width() - edge) / 2, self.height() - edge, edge, edge)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(target, theme.WELL)
        painter.drawImage(target, image, source)
        painter.end()
