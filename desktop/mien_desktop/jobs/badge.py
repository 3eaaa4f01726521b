"""Progress of the jobs in the status bar, seen wherever the queue panel is hidden."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mien_desktop import theme
from mien_desktop.jobs.queue import Job, JobQueue
from mien_desktop.jobs.rows import state_words

__all__ = ["JobsBadge"]

_WIDTH = 380
_LINE = 2
"""Height of the progress line."""
_GAP = 6


class JobsBadge(QWidget):
    """The job that runs, in a line; nothing while none does.

    Args:
        queue: The jobs.
        parent: Qt's owner.
    """

    clicked = Signal()
    """The user wants to see the queue."""

    def __init__(self, queue: JobQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self.setAccessibleName("Jobs")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.setFont(theme.small())
        queue.changed.connect(self._changed)
        self._changed()

    def sizeHint(self) -> QSize:
        """Return the size of a line of text with a thin one below."""
        return QSize(_WIDTH, QFontMetrics(self.font()).height() + _LINE + 3)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Ask for the queue panel by a click."""
        if self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint words and progress."""
        job = self._running()
        if job is None:
            return
        painter = QPainter(self)
        painter.setPen(theme.DIM)
        words = QFontMetrics(self.font()).elidedText(
            self._words(job), Qt.TextElideMode.ElideMiddle, self.width() - 2 * _GAP
        )
        aligned = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect().adjusted(_GAP, 0, -_GAP, -_LINE), aligned, words)
        ground = self.rect().adjusted(_GAP, self.height() - _LINE, -_GAP, 0)
        painter.fillRect(ground, theme.LINE)
        ground.setWidth(round(ground.width() * (job.fraction or 0)))
        painter.fillRect(ground, theme.CACHED)
        painter.end()

    def _changed(self) -> None:
        job = self._running()
        self.setVisible(job is not None)
        if job is not None:
            self.setToolTip(self._words(job))
            self.setAccessibleDescription(self._words(job))
            self.update()

    def _running(self) -> Job | None:
        return next((job for job in self._queue.jobs if job.state == "running"), None)

    def _words(self, job: Job) -> str:
        waiting = sum(one.state == "waiting" for one in self._queue.jobs)
        more = f" · {waiting} waiting" if waiting else ""
        return f"{job.title} · {state_words(job)}{more}"
