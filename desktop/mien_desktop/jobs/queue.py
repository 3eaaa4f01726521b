"""The queue: jobs wait their turn, run one or several at once, and report their progress."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from mien.errors import MienError
from mien.model.document import Document, Project
from mien.rendering.registry import describe_choice
from mien.session.commands import replace_shot, set_examples
from mien.timebase import FrameRange
from mien_desktop.faces.hint import Hint, with_followed
from mien_desktop.faces.late import with_further
from mien_desktop.jobs.presets import ExportRequest
from mien_desktop.jobs.serve_process import (
    ExamplesTask,
    ExportTask,
    JobError,
    ReportTask,
    RetrackTask,
    ServeProcess,
    SolveTask,
    Task,
    TrackSpanTask,
    TrackTask,
)
from mien_desktop.reports.verdict import headline, verdict_lines
from mien_desktop.settings import settings
from mien_desktop.workspace import Workspace

__all__ = ["Job", "JobQueue", "JobState", "report_task"]

JobState = Literal["waiting", "running", "done", "failed", "cancelled"]
JobKind = Literal["track", "solve", "retrack", "examples", "export", "report"]

_STAGE_SPANS: dict[JobKind, dict[str, tuple[float, float]]] = {
    "track": {"track": (0.0, 0.9), "solve": (0.9, 1.0)},
    "solve": {"solve": (0.0, 1.0)},
    "retrack": {"track": (0.0, 0.8), "solve": (0.8, 1.0)},
    "examples": {"track": (0.0, 0.9), "solve": (0.9, 1.0)},
    "export": {"prepare": (0.0, 0.1), "render": (0.1, 1.0)},
    "report": {"track": (0.0, 0.5), "solve": (0.5, 0.6), "measure": (0.6, 1.0)},
}
"""The part of a job that each of its stages is, roughly, from where to where."""
_SETTLED = 2.0
"""Seconds after which the time left can be guessed."""
_PATIENCE = 3.0
"""Seconds for threads to end when the window closes."""
_PARALLEL = "jobs/parallel"
_MOST = 8


class Job:
    """One job of the queue.

    Attributes:
        kind: What it does.
        shot: Id of its shot.
        title: Its words in the queue.
        task: What its process is told.
        state: How it stands.
        stage: What is being done.
        done: Steps done of the stage.
        total: Steps of the stage; 0 while they are not known.
        result: What came of it.
        error: Why it failed.
        stopping: Whether it was asked to stop and has not yet.
    """

    def __init__(
        self, number: int, kind: JobKind, shot: str, title: str, task: Task, queue: JobQueue
    ) -> None:
        self.number = number
        self.kind: JobKind = kind
        self.shot = shot
        self.title = title
        self.task = task
        self.state: JobState = "waiting"
        self.stage = ""
        self.done = 0
        self.total = 0
        self.result: Any = None
        self.error: MienError | None = None
        self.stopping = False
        self.work: ServeProcess | None = None
        self._queue = queue
        self._began = 0.0
        self._took = 0.0

    @property
    def ended(self) -> bool:
        """True once nothing more happens to it."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def fraction(self) -> float | None:
        """The finished part, 0..1; None while that is not known."""
        if self.state == "done":
            return 1.0
        if not self.total:
            return None
        start, stop = _STAGE_SPANS[self.kind].get(self.stage, (0.0, 1.0))
        return start + (stop - start) * self.done / self.total

    @property
    def renderer(self) -> str:
        """The renderer of a finished export, and why `auto` chose it; empty for none."""
        if self.kind != "export" or not self.result or not self.result["renderer"]:
            return ""
        return describe_choice(self.result["renderer"], self.result["renderer_reason"])

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks of the renderer on the frames of a finished export; the verdict of a report."""
        if self.kind == "report" and self.result:
            return verdict_lines(self.result)
        if self.kind != "export" or not self.result:
            return ()
        return tuple(self.result["notes"])

    @property
    def seconds(self) -> float:
        """Running time in seconds."""
        return time.monotonic() - self._began if self.state == "running" else self._took

    @property
    def seconds_left(self) -> float | None:
        """Remaining time in seconds, at the speed so far; None while that is not known."""
        fraction = self.fraction
        if self.state != "running" or not fraction or self.seconds < _SETTLED:
            return None
        return self.seconds * (1 - fraction) / fraction

    def cancel(self) -> None:
        """Stop the job, or take it out of the queue while it still waits."""
        self._queue.cancel(self)

    def began(self) -> None:
        """Note that the job runs."""
        self.state, self._began = "running", time.monotonic()

    def finished(self, state: JobState) -> None:
        """Note how the job ended."""
        self._took = self.seconds
        self.state = state
        self.work = None


class JobQueue(QObject):
    """The jobs of a window, oldest first.

    Args:
        workspace: The window's workspace: gets the shots with their faces, and is told what
            goes wrong.
        parent: Qt's owner.
    """

    changed = Signal()
    """A job was added, went on, ended or was removed."""
    ended = Signal(object)
    """A `Job` has ended."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._numbers = itertools.count(1)
        self._jobs: list[Job] = []
        self._open = True
        self._parallel = _remembered()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All jobs, the oldest first."""
        return tuple(self._jobs)

    @property
    def busy(self) -> bool:
        """True while a job runs or waits."""
        return any(not job.ended for job in self._jobs)

    @property
    def parallel(self) -> int:
        """Number of jobs that run at once; it is remembered."""
        return self._parallel

    @parallel.setter
    def parallel(self, number: int) -> None:
        self._parallel = min(max(number, 1), _MOST)
        settings().setValue(_PARALLEL, self._parallel)
        self._advance()

    def track(self, shot: str, frames: FrameRange | None = None) -> Job | None:
        """Find the faces of a shot of the document, and put them in it.

        Args:
            shot: Its id.
            frames: Frames to track, where not all are wanted; faces that there are already stay,
                and are recognized in further frames.

        Returns:
            The job, the one that is already there when its faces are being made; None when
            the shot cannot be tracked, and why was shown.
        """
        return self._make_faces("track", shot, frames)

    def solve(self, shot: str) -> Job | None:
        """Solve the faces of a shot again from their landmarks as they were tracked; edits stay.

        Args:
            shot: Its id.

        Returns:
            The job, the one that is already there when its faces are being made; None when
            they cannot be solved again, and why was shown.
        """
        return self._make_faces("solve", shot)

    def retrack(self, hint: Hint) -> Job | None:
        """Follow a face of a shot from a box around it, and put it in the shot; edits stay.

        Args:
            hint: The box.

        Returns:
            The job; None when it cannot be done, and why was shown.
        """
        try:
            project = self._workspace.now.document.shot(hint.shot)
            _check_online(project)
        except MienError as error:
            self._workspace.problem.emit(error)
            return None
        who = "a new face" if hint.face is None else project.shot.face(hint.face).name
        return self._add("retrack", hint.shot, f"Track {who} from a box",
                         RetrackTask(project, hint))  # fmt: skip

    def examples(self, shot: str, paths: Sequence[Path]) -> Job | None:
        """Track other material of a shot's people, and give it to the shot.

        Args:
            shot: Its id.
            paths: All that it is to have; what it has already is not tracked again.

        Returns:
            The job; None when something is not there, and why was shown.
        """
        from mien.api.examples import check_examples

        try:
            project = self._workspace.now.document.shot(shot)
            _check_online(project)
            check_examples(paths, project.shot)
        except MienError as error:
            self._workspace.problem.emit(error)
            return None
        task = ExamplesTask(project, tuple(paths))
        return self._add("examples", shot, f"Examples of {project.title}", task)

    def export(self, project: Project, request: ExportRequest) -> Job:
        """Write a shot as it is now, whatever is changed in it afterwards."""
        title = f"Export {request.output.name}"
        return self._add("export", project.id, title, ExportTask(project, request))

    def report(self, exported: Job) -> Job | None:
        """Compare a finished export with its plate, and write a page beside it.

        Args:
            exported: The job that made it.

        Returns:
            The job, the one that is already there while it goes on; None for what cannot be
            compared.
        """
        task = report_task(exported)
        if task is None:
            return None
        for job in self._jobs:
            if isinstance(job.task, ReportTask) and job.task.page == task.page and not job.ended:
                return job
        return self._add("report", exported.shot, f"Report on {task.edited.name}", task)

    def last_export(self, shot: str) -> Job | None:
        """Return the last finished export of a shot that can be compared; None without one."""
        exports = (job for job in reversed(self._jobs) if job.shot == shot)
        return next((job for job in exports if report_task(job) is not None), None)

    def retry(self, job: Job) -> None:
        """Run a job again that failed or was cancelled."""
        if job.state not in ("failed", "cancelled"):
            return
        self.remove(job)
        self._add(job.kind, job.shot, job.title, job.task)

    def cancel(self, job: Job) -> None:
        """Stop a job; one that still waits is cancelled at once."""
        if job.state == "waiting":
            job.finished("cancelled")
            self.ended.emit(job)
            self.changed.emit()
        elif job.work is not None:
            job.stopping = True
            job.work.cancel()
            self.changed.emit()

    def remove(self, job: Job) -> None:
        """Forget a job that has ended."""
        if job.ended and job in self._jobs:
            self._jobs.remove(job)
            self.changed.emit()

    def clear(self) -> None:
        """Forget all jobs that have ended."""
        self._jobs = [job for job in self._jobs if not job.ended]
        self.changed.emit()

    def close(self) -> None:
        """Stop everything, quickly; nothing unfinished is left behind."""
        self._open = False
        works = [job.work for job in self._jobs if job.work is not None]
        for work in works:
            work.kill()
        end = time.monotonic() + _PATIENCE
        for work in works:
            work.join(max(0.1, end - time.monotonic()))
        for job in self._jobs:
            if not job.ended:
                job.finished("cancelled")

    def _make_faces(
        self, kind: Literal["track", "solve"], shot: str, frames: FrameRange | None = None
    ) -> Job | None:
        for job in self._jobs:
            if job.kind in ("track", "solve") and job.shot == shot and not job.ended:
                return job
        from mien.api.track_spans import choose_spans
        from mien.api.tracking import check_solvable

        task: Task
        try:
            project = self._workspace.now.document.shot(shot)
            _check_online(project)
            if kind == "solve":
                check_solvable(project.shot)
                task = SolveTask(project)
            elif frames is not None and project.tracked:
                choose_spans(project.shot, frames)
                task = TrackSpanTask(project, frames)
            else:
                task = TrackTask(project.shot.media.path, project.shot.media.stream, frames)
        except MienError as error:
            self._workspace.problem.emit(error)
            return None
        where = "" if frames is None else f", frames {frames}"
        return self._add(kind, shot, f"{kind.capitalize()} {project.title}{where}", task)

    def _add(self, kind: JobKind, shot: str, title: str, task: Task) -> Job:
        job = Job(next(self._numbers), kind, shot, title, task, self)
        self._jobs.append(job)
        self._advance()
        self.changed.emit()
        return job

    def _advance(self) -> None:
        """Start jobs that wait, as many as may run."""
        running = sum(job.state == "running" for job in self._jobs)
        for job in self._jobs:
            if not self._open or running >= self._parallel:
                return
            if job.state == "waiting":
                running += 1
                self._start(job)

    def _start(self, job: Job) -> None:
        def report(stage: str, done: int, total: int) -> None:
            self._later(lambda: self._progressed(job, stage, done, total))

        def ended(result: Any, error: MienError | None) -> None:
            self._later(lambda: self._ended(job, result, error))

        job.work = ServeProcess(job.task, report, ended)
        job.began()
        job.work.start()

    def _later(self, call: Callable[[], None]) -> None:
        # The window may be gone by now, and its objects with it.
        if self._open:
            self._workspace.later(call)

    def _progressed(self, job: Job, stage: str, done: int, total: int) -> None:
        if not job.ended:
            job.stage, job.done, job.total = stage, done, total
            self.changed.emit()

    def _ended(self, job: Job, result: Any, error: MienError | None) -> None:
        if job.ended or not self._open:
            return
        if isinstance(error, JobError) and error.reported_code == "cancelled":
            job.finished("cancelled")
        elif error is not None:
            job.error = error
            job.finished("failed")
            self._workspace.problem.emit(error)
        else:
            job.result = result
            job.finished("done")
            self._take(job)
        self._advance()
        self.ended.emit(job)
        self.changed.emit()

    def _take(self, job: Job) -> None:
        """Put the result of a job in the document, and report it."""
        if job.kind == "export":
            self._workspace.said.emit(f"{job.title}: done, {job.result['frames']} frames.")
            return
        if job.kind == "report":
            self._workspace.said.emit(f"{job.title}: {headline(job.result)}.")
            return
        if all(project.id != job.shot for project in self._workspace.now.document.shots):
            self._workspace.said.emit(f"{job.title}: done, but the shot was removed meanwhile.")
            return

        def change(document: Document) -> Document:
            if job.kind == "examples":
                return set_examples(document, job.shot, job.result.examples)
            if isinstance(job.task, RetrackTask):
                return with_followed(document, job.task.project, job.task.hint, job.result)
            if isinstance(job.task, TrackSpanTask | SolveTask):
                return with_further(document, job.task.project, job.result)
            return replace_shot(document, job.shot, job.result)

        self._workspace.apply(job.title, change)
        # The document holds it now; the queue need not.
        job.result = None


def report_task(exported: Job) -> ReportTask | None:
    """Return the task of comparing an export with its plate; None while that cannot be done."""
    task = exported.task
    if exported.state != "done" or not isinstance(task, ExportTask) or task.request.preset.matte:
        return None
    request, result = task.request, exported.result
    start = 0 if request.frames is None else request.frames.start
    page = request.output.with_name(f"{_stem(request.output)}_report.html")
    frames = FrameRange(start, start + result["frames"])
    renderer = result["renderer"] or request.renderer
    return ReportTask(task.project, request.output, page, frames, renderer, request.watermark)


def _stem(output: Path) -> str:
    """Name of an output: `sh010.v2` of `sh010.v2.mov`, and of `sh010.v2.%04d.exr`."""
    from mien.media.sequence import Pattern

    pattern = Pattern.parse(output)
    named = output.stem if pattern is None else pattern.prefix.rstrip("._-")
    return named or output.parent.name


def _remembered() -> int:
    """Return the number of jobs that run at once, as it was set last."""
    value = settings().value(_PARALLEL, 1, int)
    return min(max(value, 1), _MOST) if isinstance(value, int) else 1


def _check_online(project: Project) -> None:
    if not project.online:
        from mien.errors import MediaError

        raise MediaError(
            f"{project.shot.media.path.name} is missing.", "Find the media of the shot first."
        )
