"""The pictures of a movie that holds several, in the shot list."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu, QWidget

import mien
from mien.model.document import Document, Project
from mien_desktop.background import Background
from mien_desktop.documents import Documents
from mien_desktop.shots.panel import ShotsPanel
from mien_desktop.workspace import Workspace
from tests.desktop.driving import shown, wait_until
from tests.media.streamkit import remuxed, two_clips


def test_another_picture_of_a_movie_becomes_a_shot(app: QApplication, tmp_path: Path) -> None:
    movie = remuxed(tmp_path / "a.mov", *two_clips(tmp_path), dispositions=(0, 1, 1))
    workspace, window = Workspace(), QWidget()
    background = Background(workspace)
    documents = Documents(workspace, background, window)
    workspace.apply("Add", lambda _: Document((Project(mien.open_shot(movie)),)))
    with shown(ShotsPanel(workspace), 220, 400) as panel:
        panel.stream_requested.connect(documents.add_stream)
        tip = panel.list.item(0).toolTip()
        assert "96 x 64, h264 yuv420p" in tip
        assert "Stream 1 of several pictures" in tip
        assert "Stream 0 (picture, h264, 64 x 48) is left out" in tip
        panel.list.customContextMenuRequested.emit(QPoint(5, 5))
        menu = next(one for one in panel.findChildren(QMenu) if one.isVisible())
        words = "Add its stream 0 (h264, 64 x 48, 24 fps)"
        action = next(one for one in menu.actions() if one.text() == words)
        assert isinstance(action, QAction)
        action.trigger()
        wait_until(lambda: len(workspace.now.document.shots) == 2, what="the other stream")
        menu.close()
    first, second = workspace.now.document.shots
    assert (first.shot.media.stream, second.shot.media.stream) == (1, 0)
    assert second.title == "a, stream 0"
    assert second.shot.media.orientation.upright_size == (64, 48)
    background.close()
