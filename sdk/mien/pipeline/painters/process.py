"""A process that paints frames of a render for this one."""

from __future__ import annotations

import pickle
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien.child_python import close_pipes, start_worker
from mien.folder_limits import limits
from mien.media.apart import messages
from mien.media.planes import Plane, Plate
from mien.model.shot import Shot
from mien.rendering.base import FacePlan, Renderer

__all__ = ["WORKER", "ChangedRows", "PainterLostError", "PaintingProcess", "PaintingWork",
           "changed_rows", "with_rows"]  # fmt: skip

WORKER = "mien.pipeline.painters.worker"
"""The module that the process runs."""
_BITS: Final = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}

ChangedRows = list[tuple[int, int, Plane]]
"""Of each plane that changed: its number, the first row that did, and the rows up to the last."""


class PainterLostError(Exception):
    """A process does not paint, or not any more; whoever asked does it."""


@dataclass(frozen=True, slots=True, eq=False)
class PaintingWork:
    """What a process needs to know to paint frames of a render.

    Attributes:
        shot: The shot.
        plans: The faces with edits.
        renderer: Makes the edited pixels.
    """

    shot: Shot
    plans: Sequence[FacePlan]
    renderer: Renderer

    @property
    def can_be_shared(self) -> bool:
        """Whether processes may do it, by what the renderer's own class says.

        A class that is derived from one that says so may keep what others must not miss. Frames
        that are in memory alone would have to be sent, all of them, to each.
        """
        shots = (self.shot, *(one.used for one in self.shot.examples if one.used is not None))
        return bool(vars(type(self.renderer)).get("processes", False)) and all(
            shot.media.kind != "memory" for shot in shots
        )

    def packed(self) -> bytes:
        """Return it as bytes, with the folders that this process keeps to.

        Arrays keep the order of their memory: sums go by it.

        Raises:
            PainterLostError: When something of it is of this process alone.
        """
        known = (limits(), self.shot, tuple(self.plans), self.renderer)
        try:
            return pickle.dumps(known, protocol=5)
        except Exception as error:
            # Pickle raises whatever the objects of a plug-in do.
            raise PainterLostError(f"it cannot be sent: {error}") from error


class PaintingProcess:
    """A process that paints; used by one thread at a time, and closed by any.

    Attributes:
        notes: What its session remarked so far; see `RenderSession.notes`.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False
        self.notes: tuple[str, ...] = ()

    @property
    def pid(self) -> int | None:
        """The number of the process; None before it is started."""
        return None if self._child is None else self._child.pid

    def start(self, work: bytes) -> None:
        """Start it and wait until it can paint.

        Args:
            work: What `PaintingWork.packed` gives.

        Raises:
            PainterLostError: When it cannot.
        """
        with self._lock:
            if self._closed:
                raise PainterLostError("it is closed")
            try:
                self._child = start_worker(WORKER)
            except OSError as error:
                raise PainterLostError(f"it cannot be started: {error}") from error
            assert self._child.stdout is not None
            messages.widen(self._child.stdout.fileno())
        # Beside the message, so that it is not copied into it.
        self._ask(pickle.PickleBuffer(work))

    def paint(self, frame: int, plate: Plate, faces: Sequence[int]) -> Plate:
        """Return a frame with its faces changed; the given plate where nothing is.

        Args:
            frame: Index of the frame.
            plate: Its plate; not changed.
            faces: Numbers of the plans that ask for something in it.

        Raises:
            PainterLostError: When the process does not do it, for whatever reason.
        """
        rows = self._ask((frame, tuple(faces), plate))
        if rows is None:
            return plate
        try:
            return with_rows(plate, rows)
        except Exception as error:
            raise PainterLostError(f"its answer cannot be meant: {error}") from error

    def kill(self) -> None:
        """End it, whatever it is at, without waiting for the end."""
        with self._lock:
            self._closed = True
        if self._child is not None:
            self._child.kill()

    def close(self) -> None:
        """End it, whatever it is at."""
        self.kill()
        if self._child is not None:
            self._child.wait()
            close_pipes(self._child)

    def _ask(self, question: object) -> Any:
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            messages.send(child.stdin, question)
            _, kind, value = messages.read_answer(child.stdout)  # type: ignore[arg-type]
            if kind == "done":
                answer, notes = value
                self.notes = tuple(map(str, notes))
                return answer
        except Exception as error:
            # Pipes that end, memory that does, and whatever a plate of others raises when sent.
            raise PainterLostError(f"it ended: {type(error).__name__}: {error}") from error
        raise PainterLostError(f"it failed: {value}")


def changed_rows(before: Plate, after: Plate) -> ChangedRows:
    """Return the rows in which a plate differs from another of its format, in any bit."""
    found: ChangedRows = []
    for number, (old, new) in enumerate(zip(before.planes, after.planes, strict=True)):
        # By value a zero equals a negative one, and what is no number not even itself.
        rows = np.flatnonzero((_bits(old) != _bits(new)).any(axis=1))
        if rows.size:
            first, last = int(rows[0]), int(rows[-1]) + 1
            found.append((number, first, new[first:last]))
    return found


def with_rows(plate: Plate, rows: ChangedRows) -> Plate:
    """Return a plate with other rows; see `changed_rows`.

    Raises:
        ValueError: When they are rows of another plate.
    """
    planes = [np.array(plane) for plane in plate.planes]
    for number, first, new in rows:
        target = planes[number][first : first + len(new)]
        if target.shape != new.shape or target.dtype != new.dtype:
            raise ValueError(f"rows of {new.shape} {new.dtype} for {target.shape} {target.dtype}")
        target[...] = new
    return plate.with_planes(planes)


def _bits(plane: Plane) -> npt.NDArray[Any]:
    return plane.view(_BITS[plane.dtype.itemsize])
