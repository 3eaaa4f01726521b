"""Jobs: generators that Blender's window steps forward between events.

In the window a timer steps them; in background, where timers never fire, they run to their end
at once. A job touches the scene only in its last step, when everything that it needs has come,
so a server that dies at any time leaves the .blend as it was.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator
from typing import Any

import bpy

from . import server
from .client import Job as ServerJob
from .client import ServeError
from .problems import RefusedError

__all__ = ["Task", "finish", "redraw", "running", "show", "start", "stop_all"]

_TICK = 0.1
"""Seconds between two looks at the server."""


class Task:
    """Something that takes time.

    Args:
        title: What is done, for people.
        owner: Identifier of the strip that it is done for; empty for none.
        make: Makes the work, a generator that returns what to tell at the end.
        modal: Whether an operator steps it, which then pushes its own undo.

    Attributes:
        stage: What is being done now.
        fraction: How much of the stage is done, 0..1.
        error: Why it failed; None while it has not.
        outcome: What to tell at the end.
    """

    def __init__(
        self,
        title: str,
        owner: str,
        make: Callable[[Task], Generator[None, None, str]],
        *,
        modal: bool = False,
    ) -> None:
        self.title = title
        self.modal = modal
        self.owner = owner
        self.stage = ""
        self.fraction = 0.0
        self.error: ServeError | None = None
        self.outcome = ""
        self.finished = False
        self.job: ServerJob | None = None
        self._work = make(self)

    def step(self) -> bool:
        """Do what can be done now; return whether there is more to come."""
        if self.finished:
            return False
        try:
            next(self._work)
        except StopIteration as end:
            self.outcome = end.value
            self.finished = True
        except ServeError as error:
            self._fail(error)
        except OSError as error:
            self._fail(RefusedError(f"{error.filename or self.title}: {error.strerror or error}."))
        except Exception as error:  # noqa: BLE001 - the outermost place: the user is to know
            traceback.print_exc()
            self._fail(RefusedError(f"{self.title} failed: {error}.", "The console tells more."))
        return not self.finished

    def _fail(self, error: ServeError) -> None:
        self.error = error
        self.finished = True

    def tell(self, stage: str, done: int, total: int) -> None:
        """Note the progress of the server."""
        self.stage, self.fraction = stage, done / total if total else 0.0

    def await_job(self, job: ServerJob) -> Generator[None, None, dict[str, Any]]:
        """Wait for a job of the server; it can be cancelled meanwhile."""
        self.job = job
        return (yield from server.work(job, self))

    def cancel(self) -> None:
        """Stop the task; the server is told, and nothing is changed."""
        if self.finished:
            return
        client = server.current()
        if self.job is not None and client is not None:
            client.cancel(self.job)
        self._work.close()
        self._fail(ServeError("cancelled", f"{self.title} was cancelled."))

    def run(self) -> None:
        """Run to the end, for Blender without a window.

        Raises:
            ServeError: When it fails.
        """
        while self.step():
            time.sleep(0.005)
        if self.error is not None:
            raise self.error


_tasks: list[Task] = []
last_error: ServeError | None = None
"""Why the last task failed, for the panel; None after one that succeeded."""
last_outcome = ""
"""What the last task said at its end."""


def running(owner: str) -> Task | None:
    """Return the task that is under way for a strip."""
    return next((task for task in _tasks if task.owner == owner), None)


def start(task: Task) -> None:
    """Start a task: beside the user's work, or at once where there is no window.

    Raises:
        ServeError: Without a window, when it fails.
    """
    if bpy.app.background:
        task.run()
        note(task)
        return
    _tasks.append(task)
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.0)


def show(task: Task) -> None:
    """List a task that an operator steps itself."""
    _tasks.append(task)


def finish(task: Task) -> None:
    """Take such a task off the list and keep its outcome."""
    if task in _tasks:
        _tasks.remove(task)
    note(task)


def note(task: Task) -> None:
    """Keep the outcome of a finished task for the panel."""
    global last_error, last_outcome
    if task.error is not None and task.error.code == "cancelled":
        last_error, last_outcome = None, task.error.cause
    else:
        last_error, last_outcome = task.error, task.outcome


def stop_all() -> None:
    """Cancel everything; a timer that is left would keep some Blenders from ending."""
    for task in _tasks:
        task.cancel()
    _tasks.clear()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


def _tick() -> float | None:
    stepped = [task for task in _tasks if not task.modal]
    for task in stepped:
        if not task.step():
            finish(task)
            if task.error is None:
                # A timer is no operator: its changes get their own step of undo.
                bpy.ops.ed.undo_push(message=f"mien: {task.title}")
    redraw()
    return _TICK if any(not task.modal for task in _tasks) else None


def redraw() -> None:
    """Let sequencers draw anew."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                area.tag_redraw()
