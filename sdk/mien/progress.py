"""Progress of long work: bars on a terminal, or calls to a function.

Every verb that takes long takes `progress`: True for bars, False for silence, or a function
that is called with the stage, the steps done and the steps in all. The function stops the work by
raising: `mien.OperationCancelledError`, which front ends take for a wish of the user, or whatever
else it likes. The verb then cleans up as after Ctrl-C: no unfinished output is left, and what is
kept for going on (finished frames, the state of a training, the received part of a download) stays.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar

__all__ = ["Progress", "progress_reporter", "report_each", "silent"]

Progress = Callable[[str, int, int], None]
"""Called with the name of the stage, the steps done, and the steps in all."""
_Item = TypeVar("_Item")


def silent(stage: str, done: int, total: int) -> None:
    """Report to nobody."""


def report_each(
    items: Iterable[_Item], progress: Progress, stage: str, total: int
) -> Iterator[_Item]:
    """Yield items, and report each when the next one is asked for.

    Args:
        items: The items.
        progress: Called with the stage, the items done, and `total`.
        stage: Name of the stage.
        total: Number of items.
    """
    for done, item in enumerate(items, 1):
        yield item
        progress(stage, done, total)


@contextmanager
def progress_reporter(
    progress: bool | Progress, unit: Literal["steps", "bytes"] = "steps"
) -> Iterator[Progress]:
    """Give long work a function to report to.

    Args:
        progress: True for bars on standard error when that is a terminal, False for
            silence, or the function itself.
        unit: What is counted.
    """
    if callable(progress):
        yield progress
    elif progress and sys.stderr is not None and sys.stderr.isatty():
        with _bars(unit) as report:
            yield report
    else:
        yield silent


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

        def report(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = display.add_task(stage, total=total)
            display.update(stages[stage], completed=done, total=total)

        yield report
