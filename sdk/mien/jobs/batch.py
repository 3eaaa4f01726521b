"""Runs a batch in its folder: workers, log, reports; one process at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mien.errors import MienError, OperationCancelledError, OutputError
from mien.jobs.display import batch_display
from mien.jobs.events import EventLog
from mien.jobs.executor import Executor
from mien.jobs.journal import check_folder, keep_threads
from mien.jobs.plan import Plan
from mien.jobs.report import check_reports, write_reports
from mien.jobs.runner import RETRIES, ShotOutcome, run_plan
from mien.media.lock import Held, Lock
from mien.progress import Progress

__all__ = ["EVENTS", "BatchReport", "run_batch"]

EVENTS = "events.jsonl"
"""The event log in a batch's folder."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What a batch did.

    Attributes:
        outcomes: What became of the shots, in their order.
        seconds: Time it took.
        summary: The report for programs, JSON.
        index: The report for people, HTML.
    """

    outcomes: tuple[ShotOutcome, ...]
    seconds: float
    summary: Path
    index: Path

    @property
    def failed(self) -> tuple[ShotOutcome, ...]:
        """The shots that failed."""
        return tuple(outcome for outcome in self.outcomes if outcome.problem is not None)

    @property
    def beyond(self) -> tuple[ShotOutcome, ...]:
        """The shots that are done, and whose figures are beyond the thresholds asked for."""
        return tuple(outcome for outcome in self.outcomes if outcome.beyond)


def run_batch(
    plan: Plan,
    start_engine: Callable[[], Executor],
    *,
    retries: int = RETRIES,
    overwrite: bool = False,
    progress: bool | Progress = True,
) -> BatchReport:
    """Render the shots of a plan; what an earlier run finished is not done again.

    Args:
        plan: The plan.
        start_engine: Starts the workers.
        retries: How often a task is done anew when it fails.
        overwrite: Whether reports that no batch made may be replaced.
        progress: True for bars on a terminal, or a function that is called with the stage
            (`render`), the frames made and the frames to be made in all.

    Raises:
        OutputError: When the folder cannot be written to, holds somebody's files where the
            reports go, or another batch runs in it.
        MienError: When the workers are lost for good.
        OperationCancelledError: When Ctrl-C or a callback stops it; what was finished is kept.
    """
    start = time.monotonic()
    check_reports(plan.folder, overwrite=overwrite)
    with _held(plan.folder), EventLog(plan.folder / EVENTS) as log:
        keep_threads(plan.folder, plan.threads)
        log.add("start", shots=len(plan.shots), frames=plan.frames, chunk=plan.chunk)
        with batch_display(progress, len(plan.shots), plan.frames) as show:
            try:
                engine = start_engine()
                log.add("workers", engine=engine.name, workers=len(engine.slots))
                try:
                    outcomes = run_plan(plan, engine, log, show, retries=retries)
                finally:
                    engine.close()
            except KeyboardInterrupt as stop:
                log.add("stopped")
                raise OperationCancelledError(
                    "Stopped.", "What is finished is kept: the same command goes on from there."
                ) from stop
            except MienError as error:
                log.add("stopped", code=error.code, cause=error.cause)
                raise
        seconds = time.monotonic() - start
        summary, index = write_reports(plan, outcomes, seconds)
        failed = sum(outcome.problem is not None for outcome in outcomes)
        log.add("end", done=len(outcomes) - failed, failed=failed, seconds=round(seconds, 3))
    return BatchReport(tuple(outcomes), seconds, summary, index)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Be the only batch in a folder."""
    try:
        lock = Lock(check_folder(folder) / "lock")
    except Held as held:
        raise OutputError(
            f"A batch is running in {folder}: {held.holder or 'another process'}.",
            "Wait for it or stop it, or choose another folder.",
            path=folder,
        ) from held
    try:
        yield
    finally:
        lock.release()
