"""A placeholder for panels while the shot has no faces, with the button for what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

__all__ = ["TrackingPlaceholder"]

_NO_SHOT = "Faces that were tracked are edited here."
_OFFLINE = "The media of this shot were not found, so that it cannot be shown or tracked."
_UNTRACKED = "mien looks for every face of the shot and for what it does; then it can be edited."


class TrackingPlaceholder(QStackedWidget):
    """A panel for tracked shots; for others a page that says what is missing, with its button.

    Args:
        panel: The panel.
        workspace: The window's workspace.
        parent: Qt's owner.
    """

    track_requested = Signal(str)
    """The shot of that id is to be tracked."""
    relink_requested = Signal()
    """Missing media are to be looked for."""

    def __init__(self, panel: QWidget, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._tracking: Mapping[str, float | None] = {}
        self._words = QLabel(alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._track = QPushButton("Track faces")
        self._track.setToolTip("Ctrl+T")
        self._track.clicked.connect(self._ask_track)
        self._relink = QPushButton("Relink media…")
        self._relink.clicked.connect(self.relink_requested)
        self._bar = QProgressBar(maximum=1000)
        self._bar.setFixedWidth(260)
        self._bar.setAccessibleName("Progress of tracking")
        self.addWidget(panel)
        self.addWidget(self._page())
        workspace.changed.connect(self._changed)
        self._restate(workspace.now)

    def show_tracking(self, fractions: Mapping[str, float | None]) -> None:
        """Show which shots are being tracked: by id, the finished part; None while one waits."""
        if fractions != self._tracking:
            self._tracking = dict(fractions)
            self._restate(self._workspace.now)

    def _page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch()
        column.addWidget(self._words)
        for widget in (self._track, self._relink, self._bar):
            row = QHBoxLayout()
            row.addStretch()
            row.addWidget(widget)
            row.addStretch()
            column.addLayout(row)
        column.addStretch()
        return page

    def _changed(self, now: Resolved, before: Resolved) -> None:
        if now.project is not before.project:
            self._restate(now)

    def _restate(self, now: Resolved) -> None:
        project = now.project
        if project is not None and project.tracked:
            self.setCurrentIndex(0)
            return
        self.setCurrentIndex(1)
        waiting = project is not None and project.id in self._tracking
        fraction = self._tracking.get(project.id) if project else None
        offline = project is not None and not project.online
        self._track.setVisible(project is not None and not offline and not waiting)
        self._relink.setVisible(offline)
        self._bar.setVisible(waiting)
        # A busy bar that never stops would repaint for ever; a job that waits shows nothing done.
        self._bar.setValue(round(1000 * (fraction or 0)))
        self._bar.setFormat("waiting" if fraction is None else "tracking %p %")
        self._words.setText(_NO_SHOT if project is None else _OFFLINE if offline else _UNTRACKED)

    def _ask_track(self) -> None:
        project = self._workspace.project
        if project is not None:
            self.track_requested.emit(project.id)
