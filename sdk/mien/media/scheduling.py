"""Keep an encoder from taking the machine for itself."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["keep_scheduling"]

_TASKS = Path("/proc/self/task")
"""The threads of this process, as Linux lists them."""


@contextmanager
def keep_scheduling() -> Iterator[None]:
    """Undo what a library does to the scheduling of threads while it is being started.

    SVT-AV1, in a process that may (as root in the container of a farm), gives the thread that
    opens it and all of its own real-time priority: nothing else on the machine gets a turn then,
    and every child process inherits it. Elsewhere than on Linux nothing is done.
    """
    if sys.platform != "linux":
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    before = _threads()
    try:
        yield
    finally:
        for thread in (_threads() - before) | {0}:
            # A thread may have ended meanwhile, or be of a kind that may not be changed.
            with suppress(OSError):
                if os.sched_getscheduler(thread) != policy:
                    os.sched_setscheduler(thread, policy, parameters)


def _threads() -> set[int]:
    try:
        return {int(task.name) for task in _TASKS.iterdir()}
    except OSError:
        return set()
