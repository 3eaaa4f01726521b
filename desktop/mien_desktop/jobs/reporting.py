"""Reports on exports: begun by a command, shown in the browser and on the timeline when done."""

from __future__ import annotations

from PySide6.QtCore import QObject

from mien_desktop.command import Command
from mien_desktop.jobs.queue import Job, JobQueue
from mien_desktop.jobs.serve_process import ReportTask
from mien_desktop.reports.browser import open_page
from mien_desktop.reports.last import LastReports
from mien_desktop.workspace import Workspace

__all__ = ["ExportReports"]


class ExportReports(QObject):
    """The way from an export to its report.

    Args:
        workspace: The window's workspace.
        queue: The jobs, exports and reports among them.
        reports: Takes what a report says of frames.
        parent: Qt's owner.
    """

    def __init__(
        self, workspace: Workspace, queue: JobQueue, reports: LastReports,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._workspace, self._queue, self._reports = workspace, queue, reports
        queue.ended.connect(self._ended)

    def commands(self) -> tuple[Command, ...]:
        """Return the command that reports on the last export."""
        return (
            Command(
                "jobs.report", "Report on the last export", self.run, ("Ctrl+R",), "Jobs",
                tip="Compare the last export of the shot with its plate: a page in the browser",
                why=self.why,
            ),
        )  # fmt: skip

    def why(self) -> str:
        """Return why there is nothing to report on; empty when there is."""
        if self._export() is not None:
            return ""
        return "Nothing of this shot was exported since the window was opened: export it first."

    def run(self) -> None:
        """Report on the last export of the current shot."""
        job = self._export()
        if job is not None:
            self._queue.report(job)

    def _export(self) -> Job | None:
        return self._queue.last_export(self._workspace.state.shot or "")

    def _ended(self, job: Job) -> None:
        if job.state == "done" and isinstance(job.task, ReportTask):
            task = job.task
            self._reports.take(task.project, task.edited.name, job.result)
            open_page(task.page)
