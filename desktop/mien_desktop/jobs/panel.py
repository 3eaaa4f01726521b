"""The queue panel: every job with its progress, and how many run at once."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from mien_desktop import theme
from mien_desktop.command import Command
from mien_desktop.jobs.queue import JobQueue
from mien_desktop.jobs.rows import JobRow

__all__ = ["JobsPanel"]

_SECOND = 1000
_EMPTY = "Nothing is being done.\n\nTracking and exports run here,\nwhile you go on editing."


class JobsPanel(QWidget):
    """The jobs of a window.

    Args:
        queue: The jobs.
        parent: Qt's owner.
    """

    def __init__(self, queue: JobQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._rows: dict[int, JobRow] = {}
        self._column = QVBoxLayout()
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        inner = QWidget()
        inner.setLayout(self._column)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        empty = QLabel(_EMPTY)
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        empty.setStyleSheet(f"color: {theme.DIM.name()}")
        empty.setWordWrap(True)
        self._stack = QStackedLayout()
        self._stack.addWidget(empty)
        self._stack.addWidget(area)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self._stack, 1)
        whole.addWidget(self._make_foot())
        # The time left goes on counting while a job has nothing to tell.
        self._clock = QTimer(self, interval=_SECOND)
        self._clock.timeout.connect(self._refresh)
        queue.changed.connect(self._changed)
        self._changed()

    def commands(self) -> tuple[Command, ...]:
        """Return the commands of the panel."""
        return (
            Command(
                "jobs.cancel", "Cancel all jobs", self._cancel_all, group="Jobs",
                enabled=lambda: self._queue.busy,
            ),
            Command(
                "jobs.clear", "Clear finished jobs", self._queue.clear, group="Jobs",
                enabled=lambda: any(job.ended for job in self._queue.jobs),
            ),
        )  # fmt: skip

    def sizeHint(self) -> QSize:
        """Return room for a few rows."""
        return QSize(240, 220)

    def _make_foot(self) -> QWidget:
        foot = QWidget()
        self._parallel = QSpinBox()
        self._parallel.setRange(1, 8)
        self._parallel.setValue(self._queue.parallel)
        self._parallel.setAccessibleName("Jobs at once")
        self._parallel.setToolTip("How many jobs run at once; more share the machine")
        self._parallel.valueChanged.connect(self._set_parallel)
        label = QLabel("At once")
        label.setBuddy(self._parallel)
        self._clear = QPushButton("Clear finished")
        self._clear.setToolTip("Remove jobs that have ended from the list")
        self._clear.clicked.connect(self._queue.clear)
        row = QHBoxLayout(foot)
        row.setContentsMargins(8, 4, 6, 4)
        row.addWidget(label)
        row.addWidget(self._parallel)
        row.addStretch(1)
        row.addWidget(self._clear)
        return foot

    def _set_parallel(self, number: int) -> None:
        self._queue.parallel = number

    def _cancel_all(self) -> None:
        for job in self._queue.jobs:
            if not job.ended:
                job.cancel()

    def _changed(self) -> None:
        jobs = self._queue.jobs
        shown = {job.number for job in jobs}
        for number in [number for number in self._rows if number not in shown]:
            row = self._rows.pop(number)
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        for job in jobs:
            if job.number not in self._rows:
                self._rows[job.number] = row = JobRow(job, self._queue)
                self._column.insertWidget(0, row)  # the newest on top
        self._stack.setCurrentIndex(1 if jobs else 0)
        self._clear.setEnabled(any(job.ended for job in jobs))
        if self._queue.busy != self._clock.isActive():
            (self._clock.start if self._queue.busy else self._clock.stop)()
        self._refresh()

    def _refresh(self) -> None:
        for row in self._rows.values():
            row.refresh()
