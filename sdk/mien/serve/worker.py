"""The process of one job: does it, tells how far it is, and is gone when nobody listens."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from mien.errors import CancelledError, MienError, as_mien_error
from mien.model.settings import ReferenceSettings
from mien.model.shot import Shot
from mien.serve.protocol import error_facts
from mien.timebase import FrameRange

if TYPE_CHECKING:
    from mien.model.document import Project

__all__ = ["Cancelled", "Done", "Failed", "JobOrder", "Progressed", "RenderOrder", "TrackOrder",
           "WorkerMessage", "work"]  # fmt: skip

_TELL = 0.2
"""Seconds between two words on how far a job is."""
_PATIENCE = 5.0
"""Seconds to clean up when the server has died."""


@dataclass(frozen=True, slots=True)
class TrackOrder:
    """Find the faces of a shot; the result is the tracked shot."""

    shot: Shot
    max_faces: int | None = None


@dataclass(frozen=True, slots=True)
class RenderOrder:
    """Write a project's shot, as `mien.render` takes it; the result is its report's dictionary."""

    project: Project
    output: Path
    renderer: str
    settings: ReferenceSettings | None
    frames: FrameRange | None
    codec: str | None
    lossless: bool
    overwrite: bool
    matte: bool


JobOrder = TrackOrder | RenderOrder


@dataclass(frozen=True, slots=True)
class Progressed:
    """How far a job is."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job."""

    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a job failed."""

    code: str
    cause: str
    remedy: str
    exit: int

    @classmethod
    def of(cls, error: MienError) -> Failed:
        """What to tell of an error."""
        return cls(**error_facts(error))


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The job was stopped and has cleaned up."""


WorkerMessage = Progressed | Done | Failed | Cancelled
"""What a job's process tells the server; any but `Progressed` is its last."""


def work(connection: Connection) -> None:
    """Do one job.

    Args:
        connection: Brings the job's order, and takes words.
    """
    # The server alone decides about its jobs, and says so with SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    _end_with_server()
    message: WorkerMessage
    try:
        order: JobOrder = connection.recv()
        message = Done(_do(order, _Teller(connection)))
    except (KeyboardInterrupt, CancelledError):
        message = Cancelled()
    except Exception as error:  # noqa: BLE001 - the last resort: a bug, told in one line
        message = Failed.of(as_mien_error(error))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with suppress(BrokenPipeError, ConnectionError):
        connection.send(message)


def _do(order: JobOrder, told: _Teller) -> Any:
    from mien import api

    if isinstance(order, TrackOrder):
        return api.track(order.shot, max_faces=order.max_faces, progress=told)
    report = api.render(
        order.project,
        order.output,
        renderer=order.renderer,
        settings=order.settings,
        frames=order.frames,
        codec=order.codec,
        lossless=order.lossless,
        overwrite=order.overwrite,
        matte=order.matte,
        progress=told,
    )
    return report.to_dict()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end_with_server() -> None:
    """When the server dies, however it dies, clean up as if cancelled, and be gone."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_PATIENCE)
        os._exit(1)

    threading.Thread(target=watch, name="mien-server", daemon=True).start()


class _Teller:
    """Tells how far a job is, not too often."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last = 0.0
        self._stage = ""

    def __call__(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if stage == self._stage and done < total and now - self._last < _TELL:
            return
        self._stage, self._last = stage, now
        with suppress(BrokenPipeError, ConnectionError):
            self._connection.send(Progressed(stage, done, total))
