"""Who paints the next frame: a process that waits for one, or the thread that has it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Final

from mien.cores import free_memory
from mien.media.planes import Plate
from mien.pipeline.painters.process import PainterLostError, PaintingProcess, PaintingWork
from mien.rendering.base import FacePlan, RenderSession
from mien.rendering.patches import edit_plate

__all__ = ["WORTH", "Painters"]

_THREADS: Final = 4
"""Threads of this process beyond which none helps: they wait for Python's lock."""
WORTH = 4.0
"""Seconds of painting that are worth a process, which takes one or two until it can paint."""
_LOOKS: Final = 3
"""Frames by which is told how long one takes."""
_MEMORY: Final = 1 << 30
"""Bytes that a process may need, with a library or two; they get half of what is free."""


class Painters:
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
        self._here = 0
        self._painted_here = 0
        self._spent_here = 0.0
        self._starting: list[threading.Thread] = []
        # Frames that are in memory alone would have to be sent, all of them, to each.
        apart = work.renderer.processes and work.shot.media.kind != "memory"
        self._asked = count < 2 or not apart
        self._closed = False

    @property
    def processes(self) -> tuple[PaintingProcess, ...]:
        """The processes that were started."""
        return tuple(self._processes)

    @property
    def ready(self) -> int:
        """How many processes paint by now."""
        return self._ready

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
            except PainterLostError:
                self._dismiss(process)
                self._turn(here=True)
            else:
                with self._changed:
                    self._left -= 1
                    self._idle.append(process)
                    self._changed.notify()
                return painted
        began = time.thread_time()
        try:
            return edit_plate(self._session, plans, frame, plate)[0]
        finally:
            self._end_here(time.thread_time() - began)

    def close(self) -> None:
        """End the processes."""
        with self._changed:
            self._closed = True
            processes = tuple(self._processes)
        for process in processes:
            process.close()
        for thread in self._starting:
            thread.join()

    def __enter__(self) -> Painters:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _turn(self, *, here: bool = False) -> PaintingProcess | None:
        """Wait for a process, or for a turn in this one (None).

        Args:
            here: Whether only this one will do.
        """
        with self._changed:
            while True:
                if self._idle and not here:
                    return self._idle.pop()
                if self._here < max(1, min(_THREADS, self._count - self._ready)):
                    self._here += 1
                    return None
                self._changed.wait()

    def _end_here(self, seconds: float) -> None:
        with self._changed:
            self._here -= 1
            self._left -= 1
            self._painted_here += 1
            self._spent_here += seconds
            self._changed.notify()
            if self._asked or self._closed or self._painted_here < _LOOKS:
                return
            left = self._left * self._spent_here / self._painted_here
            if left < self._worth:
                return
            self._asked = True
            wanted = min(self._count - 1, max(1, math.floor(left / max(self._worth, 1e-3))))
            self._start(min(wanted, self._affordable()))

    def _affordable(self) -> int:
        free = free_memory()
        return free // 2 // _MEMORY if free else self._count

    def _start(self, count: int) -> None:
        """Start processes, each in a thread that waits until it can paint; the lock is held."""
        if count < 1:
            return
        packing = _Packed(self._work)
        for number in range(count):
            process = PaintingProcess()
            self._processes.append(process)
            thread = threading.Thread(
                target=self._enlist, args=(process, packing), name=f"mien-painter-{number}",
                daemon=True,
            )  # fmt: skip
            self._starting.append(thread)
            thread.start()

    def _enlist(self, process: PaintingProcess, packing: _Packed) -> None:
        try:
            process.start(packing.bytes())
        except PainterLostError:
            process.close()
            return
        with self._changed:
            self._ready += 1
            self._idle.append(process)
            self._changed.notify()

    def _dismiss(self, process: PaintingProcess) -> None:
        """Do without a process: what it was asked fails here too, or it is gone."""
        process.close()
        with self._changed:
            self._ready -= 1
            self._changed.notify_all()


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
