"""Thumbnails of shots, read in the background."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage

from mien._types import ByteArray
from mien.errors import MienError
from mien.model.document import Document, Project
from mien.model.media import MediaInfo
from mien_desktop.background import Background
from mien_desktop.resolve import Resolved
from mien_desktop.shots.panel import ShotsPanel
from mien_desktop.shots.rows import PICTURE_SIZE
from mien_desktop.workspace import Workspace

__all__ = ["Thumbnails"]

_SCALE = 2
"""Pixels of a thumbnail for one of the panel, for displays of high density."""


class Thumbnails(QObject):
    """Gives the shot list its pictures.

    Args:
        workspace: The window's workspace.
        background: Reads them.
        panel: The shot list.
    """

    def __init__(self, workspace: Workspace, background: Background, panel: ShotsPanel) -> None:
        super().__init__(panel)
        self._background = background
        self._panel = panel
        self._requested: set[str] = set()
        workspace.changed.connect(self._changed)
        self._read(workspace.now.document)

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if now.document is not before.document:
            self._read(now.document)

    def _read(self, document: Document) -> None:
        for project in document.shots:
            key = f"{project.id} {project.shot.media.path} {project.shot.media.stream}"
            if project.online and key not in self._requested:
                self._requested.add(key)
                show = partial(self._show, project.id)
                self._background.run(partial(_thumbnail, project), show, _ignore)

    def _show(self, shot: str, pixels: ByteArray) -> None:
        height, width = pixels.shape[:2]
        image = QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        # The image does not own the bytes that it was made from.
        self._panel.show_picture(shot, image.copy())


def _thumbnail(project: Project) -> ByteArray:
    """Read (H, W, 3) R'G'B' of a frame that says what the shot shows."""
    from mien.preview.strips import thumbnails

    media: MediaInfo = project.shot.media
    frame = media.clock.frame_count // 4
    return next(iter(thumbnails(media, [frame], PICTURE_SIZE.height() * _SCALE)))[1]


def _ignore(error: MienError) -> None:
    """Ignore the error of a shot without a picture: it is reported where the shot is opened."""
