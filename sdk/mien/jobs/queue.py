"""Which task comes next: shots are finished one after the other, workers stay with a shot."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import Counter, deque
from dataclasses import dataclass, field

from mien.jobs.shot_task import Task

__all__ = ["Queue", "Waiting"]


@dataclass(slots=True)
class Waiting:
    """A task that waits for a worker.

    Attributes:
        task: The task.
        tries: How often it was tried before.
        lost: How often it was lost before, for no fault of its own.
    """

    task: Task
    tries: int = 0
    lost: int = 0


@dataclass(slots=True)
class Queue:
    """Tasks that wait.

    Outputs are written first, then frames are made, then shots are prepared: so few shots are
    begun at a time, and the first are done early. A worker stays with the shot it has at hand
    as long as that has frames to be made, else it takes the one with the fewest workers.
    """

    _prepare: deque[Waiting] = field(default_factory=deque)
    _assemble: deque[Waiting] = field(default_factory=deque)
    _render: dict[str, deque[Waiting]] = field(default_factory=dict)
    _later: list[tuple[float, int, Waiting]] = field(default_factory=list)
    _count: itertools.count[int] = field(default_factory=itertools.count)
    _last: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        made = sum(len(chunks) for chunks in self._render.values())
        return len(self._prepare) + len(self._assemble) + made + len(self._later)

    def add(self, waiting: Waiting, *, delay: float = 0.0) -> None:
        """Add a task, to be done after some seconds at the earliest."""
        if delay:
            heapq.heappush(self._later, (time.monotonic() + delay, next(self._count), waiting))
            return
        task = waiting.task
        if task.step == "render":
            self._render.setdefault(task.order.name, deque()).append(waiting)
        else:
            (self._prepare if task.step == "prepare" else self._assemble).append(waiting)

    def drop(self, shot: str) -> int:
        """Forget the frames of a shot that wait; how many tasks that were."""
        later = [entry for entry in self._later if entry[2].task.order.name != shot]
        dropped = len(self._later) - len(later) + len(self._render.pop(shot, ()))
        self._later = later
        heapq.heapify(self._later)
        return dropped

    def take(self, slot: int) -> Waiting | None:
        """The next task for a worker; None when none is due."""
        while self._later and self._later[0][0] <= time.monotonic():
            self.add(heapq.heappop(self._later)[2])
        waiting = self._next(slot)
        if waiting is not None:
            self._last[slot] = waiting.task.order.name
        return waiting

    def due(self) -> float:
        """Seconds until a task that has to wait may be done."""
        return max(0.0, self._later[0][0] - time.monotonic()) if self._later else 0.0

    def _next(self, slot: int) -> Waiting | None:
        if self._assemble:
            return self._assemble.popleft()
        if self._render:
            mine = self._last.get(slot)
            if mine not in self._render:
                busy = Counter(self._last.values())
                mine = min(self._render, key=lambda shot: busy[shot])
            chunks = self._render[mine]
            chunk = chunks.popleft()
            if not chunks:
                del self._render[mine]
            return chunk
        return self._prepare.popleft() if self._prepare else None
