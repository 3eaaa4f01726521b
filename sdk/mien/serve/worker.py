"""The process of one job: does it, tells how far it is, and is gone when nobody listens."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from mien.child_python import forget_safe_path
from mien.errors import OperationCancelledError
from mien.folder_limits import keep_to
from mien.model.quality import Quality
from mien.model.renderer_settings import SettingValue
from mien.model.shot import Shot
from mien.model.soundtrack import Soundtrack
from mien.pipeline.painters import limit_processes
from mien.progress import Progress
from mien.timebase import FrameRange
from mien.worker_messages import (
    ProgressSender,
    WorkerCancelled,
    WorkerDone,
    WorkerFailed,
    WorkerMessage,
    WorkerProgress,
)

if TYPE_CHECKING:
    from mien.model.document import Project
    from mien.reporting import ReportThreshold

__all__ = [
    "ExamplesOrder", "JobOrder", "RenderOrder", "ReportOrder", "RetrackOrder", "SolveOrder",
    "TrackOrder", "work",
]  # fmt: skip

_PATIENCE = 5.0
"""Seconds to clean up when the server has died."""


@dataclass(frozen=True, slots=True)
class TrackOrder:
    """Find the faces of a shot, or of further frames of it; the result is the tracked shot."""

    shot: Shot
    max_faces: int | None = None
    tracker: str = "auto"
    until_damage: bool = False
    frames: FrameRange | None = None


@dataclass(frozen=True, slots=True)
class SolveOrder:
    """Solve the faces of a shot again; the result is the solved shot."""

    shot: Shot


@dataclass(frozen=True, slots=True)
class RetrackOrder:
    """Track one face from a hint, as `mien.retrack_face` takes it; the result is the shot."""

    shot: Shot
    face: int | str | None
    frames: str | None
    at: int
    box: tuple[float, ...] | None
    point: tuple[float, ...] | None
    name: str


@dataclass(frozen=True, slots=True)
class ExamplesOrder:
    """Track other material of a shot's people; the result is the shot with it."""

    shot: Shot
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class RenderOrder:
    """Write a project's shot, as `mien.render` takes it; the result is its report's dictionary."""

    project: Project
    output: Path
    renderer: str
    settings: Mapping[str, SettingValue] | None
    frames: FrameRange | None
    codec: str | None
    lossless: bool
    overwrite: bool
    matte: bool
    until_damage: bool = False
    quality: Quality | None = None
    audio: Soundtrack | None = None
    provenance: bool | None = None
    watermark: str | None = None
    open_loop: bool = False


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """Measure an edited file, as `mien.report` takes it; the result is its report's dictionary."""

    project: Project
    project_path: Path | None
    edited: Path
    output: Path | None
    data: Path | None
    frames: FrameRange | None
    matte: Path | None
    renderer: str
    thresholds: Mapping[str, ReportThreshold] | None
    watermark: str | None = None


JobOrder = TrackOrder | SolveOrder | RetrackOrder | ExamplesOrder | RenderOrder | ReportOrder


def work(connection: Connection, folders: tuple[Path, ...] | None = None) -> None:
    """Do one job.

    Args:
        connection: Brings the job's order, and takes messages.
        folders: What its paths are held to; None where nothing is.
    """
    forget_safe_path()
    if folders is not None:
        keep_to(folders)
    # Other jobs run beside this one.
    limit_processes(1)
    # The server alone decides about its jobs, and says so with SIGTERM.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    _end_with_server()
    message: WorkerMessage

    def send(progress: WorkerProgress) -> None:
        with suppress(BrokenPipeError, ConnectionError):
            connection.send(progress)

    try:
        order: JobOrder = connection.recv()
        message = WorkerDone(_do(order, ProgressSender(send)))
    except (KeyboardInterrupt, OperationCancelledError):
        message = WorkerCancelled()
    except Exception as error:  # noqa: BLE001 - the last resort: a bug, told in one line
        message = WorkerFailed.of(error)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with suppress(BrokenPipeError, ConnectionError):
        connection.send(message)


def _do(order: JobOrder, progress: Progress) -> Any:
    from mien import api
    from mien.api.examples import keep_lost

    if isinstance(order, TrackOrder):
        return api.track(
            order.shot,
            frames=order.frames,
            tracker=order.tracker,
            max_faces=order.max_faces,
            until_damage=order.until_damage,
            progress=progress,
        )
    if isinstance(order, SolveOrder):
        return api.solve(order.shot, progress=progress)
    if isinstance(order, RetrackOrder):
        return api.retrack_face(
            order.shot,
            order.face,
            order.frames,
            at=order.at,
            box=order.box,
            point=order.point,
            name=order.name,
            progress=progress,
        )
    if isinstance(order, ExamplesOrder):
        examples = keep_lost(order.shot, order.paths)
        return api.set_examples(order.shot, examples, progress=progress)
    if isinstance(order, ReportOrder):
        return _report(order, progress)
    only: dict[str, Any] = {
        "audio": order.audio, "provenance": order.provenance, "watermark": order.watermark,
    }  # fmt: skip
    verb = api.render_matte if order.matte else api.render
    report = verb(
        order.project,
        order.output,
        renderer=order.renderer,
        settings=order.settings,
        frames=order.frames,
        codec=order.codec,
        lossless=order.lossless,
        quality=order.quality,
        overwrite=order.overwrite,
        until_damage=order.until_damage,
        open_loop=order.open_loop,
        progress=progress,
        **({} if order.matte else only),
    )
    return report.to_dict()


def _report(order: ReportOrder, progress: Progress) -> dict[str, Any]:
    from mien.reporting import report
    from mien.reporting.writing import write_report_data

    measured = report(
        order.project.shot.media.path,
        order.edited,
        project=order.project,
        output=order.output,
        frames=order.frames,
        matte=order.matte,
        renderer=order.renderer,
        thresholds=order.thresholds,
        watermark=order.watermark,
        overwrite=True,
        progress=progress,
    )
    if order.data is not None:
        write_report_data(measured, order.data)
    return measured.to_dict()


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
