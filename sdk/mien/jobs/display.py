"""What is shown of a batch: frames and shots that are done, and on a terminal who works at what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mien.jobs.job import Problem
from mien.progress import Progress, ProgressLines, progress_display, shows_bars

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

__all__ = ["BatchDisplay", "batch_display"]


class BatchDisplay:
    """Shows nothing; what `batch_display` gives where nobody looks."""

    def begins(self, slot: int, task: str) -> None:
        """A worker begins a task."""

    def progressed(self, slot: int, stage: str, done: int, total: int) -> None:
        """A worker tells how far it is."""

    def ends(self, slot: int) -> None:
        """A worker is done with its task, or has failed."""

    def prepared(self, planned: int, missing: int) -> None:
        """It is known now how many of a shot's frames are to be made."""

    def made(self, frames: int) -> None:
        """Frames were made."""

    def shot_ended(self, name: str, frames: int, problem: Problem | None, *, known: bool) -> None:
        """A shot is done, or has failed; `known` when it was among those to be rendered."""


@contextmanager
def batch_display(progress: bool | Progress, shots: int, frames: int) -> Iterator[BatchDisplay]:
    """Show a batch as bars on a terminal, as lines where there is none, or to a function.

    Args:
        progress: Whether to show anything, or the function.
        shots: Shots in all.
        frames: Frames of all of them.
    """
    if callable(progress):
        yield _Reporter(progress, frames)
        return
    wanted = progress_display()
    if not (progress and shows_bars()):
        write = wanted.lines if progress else None
        yield BatchDisplay() if write is None else _Lines(write, shots, frames)
        return
    # rich costs 60 ms to import, so only those who look at a terminal pay for it.
    from rich import progress as bars
    from rich.console import Console

    with bars.Progress(
        bars.TextColumn("{task.description}", markup=False),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
    ) as display:
        yield _Bars(display, shots, frames)


class _Reporter(BatchDisplay):
    """Reports the frames of the whole batch to a progress callback."""

    def __init__(self, progress: Progress, frames: int) -> None:
        self._progress = progress
        self._done, self._total = 0, frames

    def prepared(self, planned: int, missing: int) -> None:
        """It is known now how many of a shot's frames are to be made."""
        self._total += missing - planned
        self._progress("render", self._done, self._total)

    def made(self, frames: int) -> None:
        """Frames were made."""
        self._done += frames
        self._progress("render", self._done, self._total)


class _Lines(BatchDisplay):
    """Lines about frames and shots, one a second at most."""

    def __init__(self, write: Callable[[str], object], shots: int, frames: int) -> None:
        self._frames = ProgressLines(self._write_frames)
        self._write = write
        self._shots, self._ended = shots, 0
        self._done, self._total = 0, frames
        self._frames("render", 0, frames)

    def prepared(self, planned: int, missing: int) -> None:
        """It is known now how many of a shot's frames are to be made."""
        self._total += missing - planned

    def made(self, frames: int) -> None:
        """Frames were made."""
        self._done += frames
        self._frames("render", self._done, self._total)

    def shot_ended(self, name: str, frames: int, problem: Problem | None, *, known: bool) -> None:
        """A shot is done, or has failed."""
        self._ended += 1

    def _write_frames(self, line: str) -> None:
        self._write(f"{line}; {self._ended} of {self._shots} shots done")


class _Bars(BatchDisplay):
    """Two bars for the batch, and one for each worker."""

    def __init__(self, display: Bars, shots: int, frames: int) -> None:
        self._display = display
        self._shots = display.add_task("shots", total=shots)
        self._frames = display.add_task("frames", total=frames)
        self._total = frames
        self._workers: dict[int, TaskID] = {}
        self._tasks: dict[int, str] = {}

    def begins(self, slot: int, task: str) -> None:
        """A worker begins a task."""
        self._tasks[slot] = task
        if slot not in self._workers:
            self._workers[slot] = self._display.add_task("", total=None)
        self._display.reset(self._workers[slot], total=None, description=f"  {task}", visible=True)

    def progressed(self, slot: int, stage: str, done: int, total: int) -> None:
        """A worker tells how far it is."""
        text = f"  {self._tasks.get(slot, '')} · {stage}"
        self._display.update(self._workers[slot], completed=done, total=total, description=text)

    def ends(self, slot: int) -> None:
        """A worker is done with its task, or has failed."""
        self._display.update(self._workers[slot], visible=False)

    def prepared(self, planned: int, missing: int) -> None:
        """It is known now how many of a shot's frames are to be made."""
        self._total += missing - planned
        self._display.update(self._frames, total=self._total)

    def made(self, frames: int) -> None:
        """Frames were made."""
        self._display.advance(self._frames, frames)

    def shot_ended(self, name: str, frames: int, problem: Problem | None, *, known: bool) -> None:
        """A shot is done, or has failed."""
        self._display.advance(self._shots)
        if problem is not None:
            self._display.console.print(f"{name}: {problem}", markup=False, highlight=False)
