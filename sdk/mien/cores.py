"""Cores and memory of this machine, and libraries that leave them to mien's own threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["SharedLimit", "core_count", "cpu_count", "free_memory", "one_opencv_thread"]

_CGROUP = Path("/sys/fs/cgroup")
"""Where Linux says what a container may take."""


def core_count() -> int:
    """Return the cores of this machine that this process may use.

    Two hardware threads of one core count once: arithmetic gains nothing by the second.
    """
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    cores = set()
    for number in os.sched_getaffinity(0):
        siblings = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
        try:
            cores.add(siblings.read_text())
        except OSError:
            cores.add(str(number))
    return max(1, len(cores))


def cpu_count() -> int:
    """Return the hardware threads of this machine that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory() -> int | None:
    """Return the bytes of memory that programs may still take; None when nobody says.

    In a container it is what is left of the container's.
    """
    found = []
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) << 10)
    with suppress(OSError, ValueError, KeyError):  # the limit is `max` where there is none
        most, used, facts = (
            (_CGROUP / f"memory.{name}").read_text() for name in ("max", "current", "stat")
        )
        # Files that were read count as used, and give way to whoever needs memory.
        kept = dict(line.split() for line in facts.splitlines())["inactive_file"]
        found.append(max(0, int(most) - int(used) + int(kept)))
    return min(found, default=None)


class SharedLimit:
    """A limit of the whole process, in force while any thread needs it.

    Users may overlap in any way: the limit is lifted when the last of them leaves, never under
    one that is still at work, and what was before comes back.

    Args:
        impose: Brings the limit into force, and returns what lifts it again; None where it is in
            force already. Called for every user, as the last one may not have met all there is.
    """

    def __init__(self, impose: Callable[[], Callable[[], None] | None]) -> None:
        self._impose = impose
        self._lock = threading.Lock()
        self._users = 0
        self._lifts: list[Callable[[], None]] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the limit in force while the block runs."""
        with self._lock:
            lift = self._impose()
            if lift is not None:
                self._lifts.append(lift)
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                while self._lifts and not self._users:
                    self._lifts.pop()()


def _limit_opencv() -> Callable[[], None] | None:
    import cv2

    before = cv2.getNumThreads()
    if before <= 1:
        return None
    cv2.setNumThreads(1)
    return lambda: cv2.setNumThreads(before)


_opencv = SharedLimit(_limit_opencv)


@contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Keep OpenCV to the thread that calls it while the block, or function, runs.

    Its threads spin when they wait; beside threads of mien's own they only take cores from them.
    """
    with _opencv.held():
        yield
