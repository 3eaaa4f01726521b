"""Progress of long work: bars on a terminal, lines of text, or calls to a function.

Every verb that takes long takes `progress`: True for bars, False for silence, or a function
that is called with the stage, the steps done and the steps in all. The function stops the work by
raising: `mien.OperationCancelledError`, which front ends take for a wish of the user, or whatever
else it likes. The verb then cleans up as after Ctrl-C: no unfinished output is left, and what is
kept for going on (finished frames, the state of a training, the received part of a download) stays.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

__all__ = [
    "Progress", "ProgressDisplay", "ProgressLines", "progress_display", "progress_reporter",
    "report_each", "set_progress_display", "shows_bars", "silent",
]  # fmt: skip

Progress = Callable[[str, int, int], None]
"""Called with the name of the stage, the steps done, and the steps in all."""
_Item = TypeVar("_Item")
_LOG = logging.getLogger(__name__)
_BETWEEN_LINES: Final = 1.0
_BETWEEN_RECORDS: Final = 10.0
"""Seconds between two lines about one stage: shown, and kept in a log."""
_IN_FRAMES: Final = ("track", "render", "read", "decode", "footage", "frames")
"""Stages whose steps are frames."""


@dataclass(frozen=True, slots=True)
class ProgressDisplay:
    """The ways in which `progress=True` shows how far work is.

    Attributes:
        bars: Whether a terminal has bars.
        lines: Takes lines of text where standard error is no terminal; None for silence there.
        record: Takes lines for a log, fewer of them; None without one.
    """

    bars: bool = True
    lines: Callable[[str], object] | None = None
    record: Callable[[str], object] | None = None


_USUAL: Final = ProgressDisplay()
_DISPLAY: ContextVar[ProgressDisplay] = ContextVar("display", default=_USUAL)


def set_progress_display(display: ProgressDisplay) -> None:
    """Say how `progress=True` shows progress from now on; the command line does."""
    _DISPLAY.set(display)


def progress_display() -> ProgressDisplay:
    """Return how `progress=True` shows progress."""
    return _DISPLAY.get()


def shows_bars() -> bool:
    """Return whether `progress=True` draws bars: on a terminal, unless none are wanted."""
    return _DISPLAY.get().bars and sys.stderr is not None and sys.stderr.isatty()


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
        progress: True for bars on standard error when that is a terminal (and, on mien's command
            line, for lines when it is none), False for silence, or the function itself.
        unit: What is counted.
    """
    if callable(progress):
        yield progress
        return
    display = _DISPLAY.get()
    followers: list[Progress] = [_StageLog()] if _LOG.isEnabledFor(logging.DEBUG) else []
    if progress and display.record is not None:
        followers.append(ProgressLines(display.record, _BETWEEN_RECORDS, unit))
    if progress and shows_bars():
        with _bars(unit) as report:
            yield _to_all([report, *followers])
        return
    if progress and display.lines is not None:
        followers.append(ProgressLines(display.lines, _BETWEEN_LINES, unit))
    yield _to_all(followers)


class ProgressLines:
    """A progress callback that writes lines: how many percent, how many steps, how fast.

    Work that is done within the time between two lines says nothing.

    Args:
        write: Takes the lines.
        between: Seconds between two of them, at least.
        unit: What is counted.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        between: float = _BETWEEN_LINES,
        unit: Literal["steps", "bytes"] = "steps",
    ) -> None:
        self._write = write
        self._between = between
        self._unit = unit
        self._stage = ""
        self._began = self._last = -between
        self._first = self._done = 0
        self._spoke = self._ended = False

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Write a line about a step, if it is time for one."""
        now = time.monotonic()
        if stage != self._stage or done < self._done:
            # A quick stage after another must not speak sooner than others.
            self._stage, self._began, self._first = stage, now, done
            self._spoke = self._ended = False
            self._last = max(self._last, now)
        self._done = done
        due = now - self._last >= self._between
        ends = done >= total and self._spoke and not self._ended
        if (not due and not ends) or self._ended:
            return
        self._spoke, self._ended, self._last = True, done >= total, now
        self._write(self._line(stage, done, total, now - self._began))

    def _line(self, stage: str, done: int, total: int, seconds: float) -> str:
        share = 100 * done // total if total else 100
        count, noun = f"{done} of {total}", " frames" if stage in _IN_FRAMES else ""
        if self._unit == "bytes":
            count, noun = f"{done / 1e6:.1f} of {total / 1e6:.1f}", " MB"
        speed = (done - self._first) / seconds if seconds > 0 else 0.0
        left = ""
        if speed > 0 and done < total:
            left = f", {(total - done) / speed:.0f} s left"
        fast = "" if self._unit == "bytes" or speed <= 0 else f", {speed:.1f}/s"
        return f"{stage} {share:3d} %  {count}{noun}{fast}{left}"


class _StageLog:
    """Logs when a stage begins, and how long it took."""

    def __init__(self) -> None:
        self._stage = ""
        self._began = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._began = stage, now
            _LOG.debug("%s begins, %d steps", stage, total)
        if done >= total and self._began >= 0:
            _LOG.debug("%s is done after %.1f s", stage, now - self._began)
            self._began = -1.0


def _to_all(followers: list[Progress]) -> Progress:
    if len(followers) < 2:
        return followers[0] if followers else silent

    def report(stage: str, done: int, total: int) -> None:
        for follower in followers:
            follower(stage, done, total)

    return report


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
