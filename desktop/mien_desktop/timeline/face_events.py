"""Events of faces, read in the background: the performance, and what edits make of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QTimer

from mien.errors import MienError
from mien.model.edits import Layer
from mien.model.evaluate import evaluate
from mien.model.face import Face
from mien.model.reading import PerformanceEvent, read_performance
from mien_desktop.background import Background
from mien_desktop.geometry.readings import FaceEvents
from mien_desktop.resolve import Resolved
from mien_desktop.workspace import Workspace

__all__ = ["EventReader"]

_PAUSE = 250
"""Milliseconds without a change after which what the edits make of the performance is read."""


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """A face with its edits, and what was read of it."""

    face: Face
    layers: tuple[Layer, ...]
    performed: tuple[PerformanceEvent, ...]
    events: FaceEvents


class EventReader:
    """Events of the faces of the current shot, as far as they are read.

    Args:
        workspace: Calls back on the main thread.
        arrived: Called there when there is more to show.
    """

    def __init__(self, workspace: Workspace, arrived: Callable[[], None]) -> None:
        self._workspace, self._arrived = workspace, arrived
        self._background = Background(workspace)
        self._wanted = False
        self._read: dict[int, _Reading] = {}
        self._running = False
        self._timer = QTimer(singleShot=True, interval=_PAUSE)
        self._timer.timeout.connect(self._next)

    @property
    def events(self) -> Mapping[int, FaceEvents]:
        """By a face's number, what is read of it; older edits' where the newest are not read."""
        return {number: one.events for number, one in self._read.items()}

    def want(self, on: bool) -> None:
        """Read from now on, or no longer."""
        self._wanted = on
        self.show(self._workspace.now)

    def show(self, now: Resolved) -> None:
        """Turn to the current shot and its edits."""
        faces = now.shot.faces if now.shot is not None else ()
        there = {face.number: face for face in faces}
        self._read = {
            number: one for number, one in self._read.items() if there.get(number) is one.face
        }
        if self._wanted and self._due(now) is not None:
            # The first reading comes at once, later ones when nobody drags.
            self._timer.start(_PAUSE if self._read else 0)

    def close(self) -> None:
        """Give up what is on its way."""
        self._wanted = False
        self._background.close()

    def _due(self, now: Resolved) -> tuple[Face, tuple[Layer, ...]] | None:
        """Return the next face whose edits are not read, the current one first."""
        if now.project is None:
            return None
        faces = sorted(now.project.shot.faces, key=lambda face: face.number != now.state.face)
        for face in faces:
            layers = now.project.edit(face.number).layers
            read = self._read.get(face.number)
            if read is None or read.face is not face:
                return face, layers
            if read.layers is not layers and (read.layers or layers):
                return face, layers
        return None

    def _next(self) -> None:
        if self._running or not self._wanted:
            return
        now = self._workspace.now
        due = self._due(now)
        if due is None or now.shot is None:
            return
        face, layers = due
        read = self._read.get(face.number)
        performed = read.performed if read is not None and read.face is face else None
        self._running = True
        work = partial(_read, face, layers, performed, tuple(now.shot.breaks))
        self._background.run(work, self._came, self._failed)

    def _came(self, read: _Reading) -> None:
        self._running = False
        faces = self._workspace.now.shot.faces if self._workspace.now.shot is not None else ()
        if any(face is read.face for face in faces):
            self._read[read.face.number] = read
            self._arrived()
        if self._wanted:
            self._timer.start(0)

    def _failed(self, error: MienError) -> None:
        self._running = False
        self._workspace.problem.emit(error)


def _read(
    face: Face,
    layers: tuple[Layer, ...],
    performed: tuple[PerformanceEvent, ...] | None,
    cuts: Iterable[int],
) -> _Reading:
    if performed is None:
        performed = read_performance(face).events
    if not layers:
        return _Reading(face, layers, performed, FaceEvents(performed))
    target = evaluate(face.curves.controls.array, layers, face.valid, cuts).target
    edited = read_performance(face, target).events
    return _Reading(face, layers, performed, FaceEvents.of(performed, edited))
