"""Progress of long work: bars on a terminal, or calls to whoever wants to know."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

__all__ = ["Progress", "progress_reporter"]

Progress = Callable[[str, int, int], None]
"""Told the name of the stage, the steps done, and the steps in all."""


@contextmanager
def progress_reporter(
    progress: bool | Progress, unit: Literal["steps", "bytes"] = "steps"
) -> Iterator[Progress]:
    """Give long work something to report to.

    Args:
        progress: True for bars on standard error when that is a terminal, False for
            silence, or a function that is told.
        unit: What is counted.
    """
    if callable(progress):
        yield progress
    elif progress and sys.stderr is not None and sys.stderr.isatty():
        with _bars(unit) as told:
            yield told
    else:
        yield lambda stage, done, total: None


@contextmanager
def _bars(unit: Literal["steps", "bytes"]) -> Iterator[Progress]:
    # rich costs 60 ms to import, so only those who look at a terminal pay for it.
    from rich import progress as bars
    from rich.console import Console
    from rich.text import Text

    class Rate(bars.ProgressColumn):
        def render(self, task: bars.Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:.1f}/s", style="progress.data.speed")

    counts: tuple[bars.ProgressColumn, bars.ProgressColumn] = (bars.MofNCompleteColumn(), Rate())
    if unit == "bytes":
        counts = (bars.DownloadColumn(), bars.TransferSpeedColumn())
    stages: dict[str, bars.TaskID] = {}
    with bars.Progress(
        bars.TextColumn("{task.description:>9}"),
        bars.BarColumn(),
        *counts,
        bars.TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
    ) as display:

        def told(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = display.add_task(stage, total=total)
            display.update(stages[stage], completed=done, total=total)

        yield told
