"""One job in the queue panel: its name, its progress and its buttons."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QPalette
from PySide6.QtWidgets import QGridLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QWidget

from mien_desktop import theme
from mien_desktop.buttons import icon_button
from mien_desktop.jobs.messages import show_error
from mien_desktop.jobs.queue import Job, JobQueue, report_task
from mien_desktop.jobs.serve_process import ExportTask, ReportTask
from mien_desktop.reports.browser import open_page
from mien_desktop.reports.verdict import headline

__all__ = ["JobRow", "clock_words", "state_words"]

_STEPS = 1000
_BAR = 6
"""Height of the progress bar in pixels."""
_STAGES = {
    "": "Starting",
    "track": "Finding faces",
    "solve": "Reading expressions",
    "prepare": "Looking through the shot",
    "render": "Rendering",
    "measure": "Comparing with the plate",
}
_COUNTED = ("track", "render", "measure")
"""Stages whose steps are frames."""
_ENDS = {"waiting": "Waiting", "cancelled": "Cancelled"}


class JobRow(QWidget):
    """A row for one job.

    Args:
        job: The job.
        queue: Its queue.
        parent: Qt's owner.
    """

    def __init__(self, job: Job, queue: JobQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.job = job
        self._queue = queue
        self.setAccessibleName(job.title)
        self._title = QLabel(job.title)
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setFont(theme.small())
        self._words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._bar = QProgressBar()
        self._bar.setAccessibleName(f"Progress of {job.title}")
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(_BAR)
        self._bar.setRange(0, _STEPS)
        self._cancel = _button("close", f"Cancel {job.title}", job.cancel)
        self._retry = _button("reset", "Try again", lambda: queue.retry(job))
        self._why = _button("warning", "What went wrong", self._explain)
        self._open = _button("film", "Show in its folder", self._reveal)
        self._report = _button("search", "Report", lambda: queue.report(job))
        self._report.setToolTip("Report: compare it with its plate, and show a page in the browser")
        self._page = _button("eye", "Open the report", self._show_page)
        self._remove = _button("close", "Remove from the list", lambda: queue.remove(job))
        self._notes = QLabel()
        self._notes.setAccessibleName(f"Notes on {job.title}")
        self._notes.setTextFormat(Qt.TextFormat.PlainText)
        self._notes.setFont(theme.small())
        self._notes.setWordWrap(True)
        self._notes.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._notes.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 6, 6, 6)
        grid.setHorizontalSpacing(2)
        grid.setVerticalSpacing(3)
        grid.addWidget(self._title, 0, 0)
        buttons = (
            self._why, self._retry, self._report, self._page, self._open, self._cancel,
            self._remove,
        )  # fmt: skip
        for column, button in enumerate(buttons, start=1):
            grid.addWidget(button, 0, column)
        for line, widget in enumerate((self._bar, self._words, self._notes), start=1):
            grid.addWidget(widget, line, 0, 1, grid.columnCount())
        grid.setColumnStretch(0, 1)
        self.refresh()

    def refresh(self) -> None:
        """Show the state of the job."""
        job = self.job
        running = job.state == "running"
        self._bar.setVisible(running or job.state == "waiting")
        fraction = job.fraction
        # Unknown is shown as none, not as a bar that wanders: it would repaint for ever.
        self._bar.setValue(0 if fraction is None else round(_STEPS * fraction))
        words = state_words(job)
        self._words.setText(words)
        self._words.setToolTip(words)
        palette = self._words.palette()
        palette.setColor(
            QPalette.ColorRole.WindowText, theme.ACCENT if job.state == "failed" else theme.DIM
        )
        self._words.setPalette(palette)
        self._notes.setText("\n".join(job.notes))
        self._notes.setVisible(bool(job.notes))
        self._title.setToolTip(job.title)
        self._cancel.setVisible(not job.ended)
        self._cancel.setEnabled(not job.stopping)
        self._remove.setVisible(job.ended)
        self._retry.setVisible(job.state in ("failed", "cancelled"))
        self._why.setVisible(job.state == "failed")
        self._open.setVisible(job.state == "done" and job.kind in ("export", "report"))
        self._report.setVisible(report_task(job) is not None)
        self._page.setVisible(job.state == "done" and job.kind == "report")

    def _explain(self) -> None:
        if self.job.error is not None:
            show_error(self.window(), self.job.error)

    def _reveal(self) -> None:
        task = self.job.task
        if isinstance(task, ExportTask | ReportTask):
            folder: Path = (
                task.page if isinstance(task, ReportTask) else task.request.output
            ).parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _show_page(self) -> None:
        if isinstance(self.job.task, ReportTask):
            open_page(self.job.task.page)


def state_words(job: Job) -> str:
    """Return the state of a job in words."""
    if job.state == "done":
        done = f"Done in {clock_words(job.seconds)}"
        if job.kind == "report":
            return f"{headline(job.result)[:1].upper()}{headline(job.result)[1:]} · {done.lower()}"
        return f"{done} · {job.renderer}" if job.renderer else done
    if job.state == "failed":
        return job.error.cause if job.error is not None else "Failed"
    if job.state != "running":
        return _ENDS[job.state]
    if job.stopping:
        return "Stopping"
    words = [_STAGES.get(job.stage, job.stage)]
    if job.total:
        words.append(f"{job.done} of {job.total}" if job.stage in _COUNTED else "")
    left = job.seconds_left
    if left is not None:
        words.append(f"{clock_words(left)} left")
    return " · ".join(word for word in words if word)


def clock_words(seconds: float) -> str:
    """Return a duration as a person reads it: `8 s`, `2:05 min`, `1:10:00 h`."""
    whole = round(seconds)
    if whole < 60:
        return f"{max(whole, 1)} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02} h"


def _button(icon: str, words: str, run: Callable[[], object]) -> QToolButton:
    button = icon_button(icon, words, words, run)
    button.setAutoRaise(True)
    button.setIconSize(QSize(14, 14))
    return button
