"""Who paints the next frame: a process that waits for one, or the thread that has it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from statistics import median
from typing import Final

from mien.cores import free_memory
from mien.media.closing import Closing
from mien.media.planes import Plate
from mien.pipeline.painters.process import PainterLostError, PaintingProcess, PaintingWork
from mien.rendering.base import FacePlan, RenderSession
from mien.rendering.patches import edit_plate

__all__ = ["WORTH", "Painters", "limit_processes"]

_LOG = logging.getLogger(__name__)

_THREADS: Final = 4
"""Threads of this process beyond which none helps: they wait for Python's lock."""
WORTH = 6.0
"""Seconds of painting that are worth a process: opening a shot again takes it two or three."""
_LOOKS: Final = 5
"""Last frames by which is told how long one takes: the first ones learn what the others know."""
_MEMORY: Final = 1 << 30
"""Bytes that a process may need, with a library or two; they get half of what is free."""
_PLATES: Final = 8
"""Times that a process may hold a plate beside that, as what is sent and what is made of it."""
_UNSAID: Final = 2
"""Processes that are started where nobody says how much memory is free."""

_most: int | None = None


def limit_processes(most: int) -> None:
    """Have no render of this process start more processes than that, for one of many jobs."""
    global _most
    _most = most


class Painters(Closing):
    """Paints the frames of a render, several at a time; a context manager that ends processes.

    Whoever asks is a thread that waits for its frame. Processes are started when the frames that
    are left are worth them, and until they can paint, or where they cannot, threads go on here:
    the bytes are the same.

    Args:
        work: The shot, its edits and the renderer.
        session: The renderer at work on it in this process, prepared.
        frames: How many frames are to be painted.
        count: How many are painted at a time at most.
        worth: Seconds of painting that are worth a process; `WORTH` when not given.
    """

    def __init__(
        self,
        work: PaintingWork,
        session: RenderSession,
        frames: int,
        count: int,
        *,
        worth: float | None = None,
    ) -> None:
        self._work = work
        self._session = session
        self._numbers = {id(plan): number for number, plan in enumerate(work.plans)}
        self._left = frames
        self._count = count
        self._worth = WORTH if worth is None else worth
        self._changed = threading.Condition()
        self._processes: list[PaintingProcess] = []
        self._idle: list[PaintingProcess] = []
        self._ready = 0
        self._painting_here = 0
        self._took: deque[float] = deque(maxlen=_LOOKS)
        self._starting: list[threading.Thread] = []
        self._may_start = count > 1 and work.can_be_shared
        self._most_here = min(count, _THREADS) if self._may_start else count

    @property
    def processes(self) -> tuple[PaintingProcess, ...]:
        """The processes that were started."""
        return tuple(self._processes)

    @property
    def ready(self) -> int:
        """How many processes paint by now."""
        return self._ready

    @property
    def notes(self) -> tuple[str, ...]:
        """What sessions of processes remarked, and the one of this process did not."""
        said = dict.fromkeys(note for process in self._processes for note in process.notes)
        return tuple(note for note in said if note not in self._session.notes)

    def paint(self, frame: int, plate: Plate, plans: Sequence[FacePlan]) -> Plate:
        """Return a frame with its faces changed; the given plate where nothing is.

        Args:
            frame: Index of the frame.
            plate: Its plate; not changed.
            plans: Those of the work that ask for something in it.

        Raises:
            MienError: When it cannot be made.
        """
        process = self._turn()
        if process is not None:
            try:
                painted = process.paint(frame, plate, [self._numbers[id(p)] for p in plans])
            except PainterLostError as why:
                self._dismiss(process, why)
                self._turn(here=True)
            else:
                with self._changed:
                    self._left -= 1
                    self._idle.append(process)
                    self._changed.notify_all()
                return painted
        began = time.thread_time()
        try:
            return edit_plate(self._session, plans, frame, plate)[0]
        finally:
            self._end_here(time.thread_time() - began, plate)

    def close(self) -> None:
        """End the processes."""
        with self._changed:
            self._may_start = False
            processes = tuple(self._processes)
        for process in processes:
            process.kill()
        for process in processes:
            process.close()
        for thread in self._starting:
            thread.join()

    def _turn(self, *, here: bool = False) -> PaintingProcess | None:
        """Wait for a process, or for a turn in this one (None).

        Args:
            here: Whether only this one will do.
        """
        with self._changed:
            while True:
                if self._idle and not here:
                    return self._idle.pop()
                if self._painting_here < max(1, min(self._most_here, self._count - self._ready)):
                    self._painting_here += 1
                    return None
                self._changed.wait()

    def _end_here(self, seconds: float, plate: Plate) -> None:
        """Let others paint here, and start processes where they are worth it by now."""
        with self._changed:
            self._painting_here -= 1
            self._left -= 1
            self._took.append(seconds)
            self._changed.notify_all()
            if not self._may_start or len(self._took) < _LOOKS:
                return
            left = self._left * median(self._took)
            # Less than worth one is looked at again with the next frame.
            wanted = self._count - 1 if self._worth <= 0 else int(left / self._worth)
            if wanted:
                self._may_start = False
                self._start(min(wanted, self._count - 1, _affordable(plate)))

    def _start(self, count: int) -> None:
        """Start processes, each in a thread that waits until it can paint; the lock is held."""
        packing = _Packed(self._work)
        for number in range(count):
            process = PaintingProcess()
            thread = threading.Thread(
                target=self._enlist, args=(process, packing), name=f"mien-painter-{number}",
                daemon=True,
            )  # fmt: skip
            with suppress(RuntimeError):  # there may be no room for one more thread
                thread.start()
                self._processes.append(process)
                self._starting.append(thread)

    def _enlist(self, process: PaintingProcess, packing: _Packed) -> None:
        try:
            process.start(packing.bytes())
        except PainterLostError as why:
            _LOG.debug("a process does not paint: %s", why)
            process.close()
            return
        with self._changed:
            self._ready += 1
            self._idle.append(process)
            self._changed.notify_all()

    def _dismiss(self, process: PaintingProcess, why: PainterLostError) -> None:
        """Do without a process: what it was asked fails here too, or it is gone."""
        _LOG.debug("a process paints no more: %s", why)
        process.close()
        with self._changed:
            self._ready -= 1
            self._changed.notify_all()


def _affordable(plate: Plate) -> int:
    """How many processes there is room for, by a plate that they are sent."""
    free = free_memory()
    needed = _MEMORY + _PLATES * sum(plane.nbytes for plane in plate.planes)
    room = _UNSAID if free is None else free // 2 // needed
    return room if _most is None else min(room, _most)


class _Packed:
    """A work as bytes, made once by whoever needs it first.

    Args:
        work: The work.
    """

    def __init__(self, work: PaintingWork) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._bytes: bytes | None = None

    def bytes(self) -> bytes:
        """Return the bytes; see `PaintingWork.packed`."""
        with self._lock:
            if self._bytes is None:
                self._bytes = self._work.packed()
            return self._bytes
