"""One job's own `mien serve`, driven from a thread; without Qt."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import mien
from mien.child_python import module_command
from mien.errors import MienError, as_mien_error
from mien.model.document import Project
from mien.model.quality import Quality
from mien.model.renderer_settings import make_mapping
from mien.model.shot import Shot
from mien.model.soundtrack import Soundtrack
from mien.rendering.registry import merge_settings
from mien.serve.client import Client, Job, ServeError
from mien.timebase import FrameRange
from mien_desktop.faces.hint import Hint
from mien_desktop.jobs.presets import ExportRequest

__all__ = ["COMMAND", "ExamplesTask", "ExportTask", "JobError", "ReportTask", "RetrackTask",
           "ServeProcess", "SolveTask", "Task", "TrackSpanTask", "TrackTask"]  # fmt: skip

COMMAND = "MIEN_SERVE_COMMAND"
"""Environment variable with another command that starts `mien serve`."""
_POLL = 0.1
"""Seconds between two looks at how far a job is."""

ProgressReport = Callable[[str, int, int], None]


class JobError(MienError):
    """The reason for which a job failed, as its process reported it.

    Args:
        code: The SDK's word for it; `cancelled` when the user stopped it.
        cause: What is wrong.
        remedy: What to do about it.
        details: More, for a report: what the process printed.
    """

    def __init__(self, code: str, cause: str, remedy: str = "", details: str = "") -> None:
        super().__init__(cause, remedy)
        self.reported_code = code
        self.details = details


class Task(Protocol):
    """The work of a job."""

    def run(self, connection: ServeConnection) -> Any:
        """Run the task and return its result.

        Raises:
            ServeError: When the server refuses, fails or dies, or the job was cancelled.
            MienError: When what it needs cannot be written or read.
        """
        ...


class ServeConnection(Protocol):
    """A server as a task calls it."""

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method and wait for the answer; it may be cancelled meanwhile."""
        ...

    def job(self, method: str, **params: Any) -> dict[str, Any]:
        """Start a job and wait for its result; it may be cancelled meanwhile."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TrackTask:
    """The task of finding the faces of a shot; its result is the tracked shot.

    Attributes:
        media: Its media.
        stream: Number of its video stream; None for the one that players show.
        frames: The frames that are tracked; None for all.
    """

    media: Path
    stream: int | None = None
    frames: FrameRange | None = None

    def run(self, connection: ServeConnection) -> Shot:
        """Track in the server, and read the faces from a project that it saves."""
        shot = connection.call("open", path=str(self.media), **self._choice())["shot"]
        connection.job("track", shot=shot, frames=_pair(self.frames))
        with _folder() as folder:
            return _saved_shot(connection, shot, folder / "tracked.mien", self.media)

    def _choice(self) -> dict[str, int]:
        return {} if self.stream is None else {"stream": self.stream}


@dataclass(frozen=True, slots=True, eq=False)
class TrackSpanTask:
    """The task of tracking further frames of a shot; its result is the shot with all of them.

    Attributes:
        project: The shot.
        frames: The frames.
    """

    project: Project
    frames: FrameRange

    def run(self, connection: ServeConnection) -> Shot:
        """Hand the shot over as a project, and read its faces from one that the server saves."""
        media = self.project.shot.media.path
        with _folder() as folder:
            shot = _hand_over(connection, self.project, folder / "further.mien")
            connection.job("track", shot=shot, frames=_pair(self.frames))
            return _saved_shot(connection, shot, folder / "tracked.mien", media)


@dataclass(frozen=True, slots=True, eq=False)
class SolveTask:
    """The task of solving the faces of a shot again; its result is the shot with them.

    Attributes:
        project: The shot.
    """

    project: Project

    def run(self, connection: ServeConnection) -> Shot:
        """Hand the shot over as a project, and read its faces from one that the server saves."""
        media = self.project.shot.media.path
        with _folder() as folder:
            shot = _hand_over(connection, self.project, folder / "solve.mien")
            connection.job("solve", shot=shot)
            return _saved_shot(connection, shot, folder / "solved.mien", media)


@dataclass(frozen=True, slots=True, eq=False)
class RetrackTask:
    """The task of following a face from a box around it; its result is the shot with it.

    Attributes:
        project: The shot.
        hint: The box, and what is tracked from there.
    """

    project: Project
    hint: Hint

    def run(self, connection: ServeConnection) -> Shot:
        """Hand the shot over as a project, and read its faces from one that the server saves."""
        media, hint = self.project.shot.media.path, self.hint
        left, top, right, bottom = hint.box
        frames = None if hint.frames is None else [hint.frames.start, hint.frames.stop]
        with _folder() as folder:
            shot = _hand_over(connection, self.project, folder / "retrack.mien")
            connection.job(
                "retrack_face", shot=shot, at=hint.frame, face=hint.face, frames=frames,
                box=[left, top, right - left, bottom - top],
            )  # fmt: skip
            return _saved_shot(connection, shot, folder / "followed.mien", media)


@dataclass(frozen=True, slots=True, eq=False)
class ExamplesTask:
    """The task of tracking other material of a shot's people; its result is the shot with it.

    Attributes:
        project: The shot.
        paths: All that it is to have.
    """

    project: Project
    paths: tuple[Path, ...]

    def run(self, connection: ServeConnection) -> Shot:
        """Hand the shot over as a project, and read the examples from one that is saved."""
        media = self.project.shot.media.path
        with _folder() as folder:
            shot = _hand_over(connection, self.project, folder / "examples.mien")
            connection.job("set_examples", shot=shot, paths=[str(path) for path in self.paths])
            return _saved_shot(connection, shot, folder / "tracked.mien", media)


@dataclass(frozen=True, slots=True, eq=False)
class ExportTask:
    """The task of writing a shot as it is now; its result is the render's report as a dictionary.

    Attributes:
        project: The shot with its edits.
        request: What is written.
    """

    project: Project
    request: ExportRequest

    def run(self, connection: ServeConnection) -> dict[str, Any]:
        """Hand the shot over as a project, and have it rendered."""
        request, project = self.request, self.project
        preset = request.preset
        if preset.is_sequence:
            _make_folder(request.output.parent)
        with _folder() as folder:
            shot = _hand_over(connection, project, folder / "export.mien")
            settings = merge_settings(request.renderer, project.settings, request.settings)
            return connection.job(
                "render",
                shot=shot,
                output=str(request.output),
                frames=_pair(request.frames),
                renderer=request.renderer,
                settings=make_mapping(settings),
                codec=preset.codec,
                lossless=preset.lossless,
                **_said(request.quality),
                overwrite=request.overwrite,
                matte=preset.matte,
                until_damage=request.until_damage,
                provenance=request.provenance,
                watermark=request.watermark,
                open_loop=request.open_loop,
                **_sounding(request.audio),
            )


@dataclass(frozen=True, slots=True, eq=False)
class ReportTask:
    """The task of measuring an export; its result is the report's dictionary, as JSON holds it.

    Attributes:
        project: The shot as it was exported.
        edited: The export; a pattern for a sequence of images.
        page: The page that is written.
        frames: Frames of the shot that the export holds.
        renderer: The renderer that made it.
        watermark: The text that is burnt into every frame; None for none.
    """

    project: Project
    edited: Path
    page: Path
    frames: FrameRange
    renderer: str
    watermark: str | None = None

    def run(self, connection: ServeConnection) -> dict[str, Any]:
        """Hand the shot over as it was, and have the export measured."""
        with _folder() as folder:
            shot = _hand_over(connection, self.project, folder / "report.mien")
            data = folder / "report.json"
            connection.job(
                "report", shot=shot, edited=str(self.edited), output=str(self.page),
                data=str(data), frames=_pair(self.frames), renderer=self.renderer,
                watermark=self.watermark, overwrite=True,
            )  # fmt: skip
            # The answer of the server is cut after a thousand frames with trouble; the file is not.
            report: dict[str, Any] = json.loads(data.read_text())
            return report


def _sounding(audio: Soundtrack | None) -> dict[str, Any]:
    """The sound of an output in the words of serve."""
    if audio is None:
        return {}
    return {
        "audio": str(audio.path), "audio_start": audio.start, "keep_audio": audio.keep_own,
    }  # fmt: skip


class ServeProcess:
    """A task on a thread of its own, with a `mien serve` of its own.

    Args:
        task: The task.
        report: Called, on the work's thread, with stage, steps done and steps in all.
        ended: Called, on the work's thread, with the result or the error, once.
    """

    def __init__(
        self, task: Task, report: ProgressReport, ended: Callable[[Any, MienError | None], None]
    ) -> None:
        self._task = task
        self._report = report
        self._ended = ended
        self._client: Client | None = None
        self._job: Job | None = None
        self._cancelled = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="mien-job", daemon=True)

    def start(self) -> None:
        """Start the process."""
        self._thread.start()

    def cancel(self) -> None:
        """Stop the task; returns at once, and `ended` is called when it has stopped."""
        with self._lock:
            self._cancelled = True
            client, job = self._client, self._job
        if client is not None and job is not None:
            client.cancel(job)

    def kill(self) -> None:
        """Kill the server; what it had begun cleans up by itself."""
        with self._lock:
            self._cancelled = True
            client = self._client
        if client is not None:
            client.kill()

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended."""
        self._thread.join(seconds)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """See `ServeConnection.call`."""
        return self._wait(self._open_client().ask(method, **params))

    def job(self, method: str, **params: Any) -> dict[str, Any]:
        """See `ServeConnection.job`."""
        client = self._open_client()
        job = client.start(method, **params)
        with self._lock:
            self._job = job
        cancelling = False
        while not wait([job.result], _POLL).done:
            self._report(job.stage, job.done, job.total)
            if self._cancelled and job.handle and not cancelling:
                cancelling = True
                client.cancel(job)
        return job.result.result()

    def _wait(self, answer: Future[dict[str, Any]]) -> dict[str, Any]:
        while not wait([answer], _POLL).done:
            self._check()
        self._check()
        return answer.result()

    def _check(self) -> None:
        if self._cancelled:
            raise ServeError("cancelled", "Stopped.")

    def _open_client(self) -> Client:
        self._check()
        if self._client is None:
            client = Client(_command(), name=f"mien desktop {mien.__version__}")
            with self._lock:
                self._client = client
            self._check()
        return self._client

    def _run(self) -> None:
        result: Any = None
        error: MienError | None = None
        try:
            result = self._task.run(self)
        except ServeError as refused:
            code = "cancelled" if self._cancelled else refused.code
            error = JobError(code, refused.cause, refused.remedy, self._details(refused))
        except MienError as refused:
            error = refused
        except Exception as bug:  # noqa: BLE001 - a job's end is told, whatever it was
            error = as_mien_error(bug)
        if self._client is not None:
            self._client.close()
        self._ended(result, error)

    def _details(self, error: ServeError) -> str:
        log = error.details or (self._client.log if self._client is not None else "")
        return log.strip()


def _hand_over(connection: ServeConnection, project: Project, path: Path) -> str:
    """Open a project in the server, by way of a file, and return its handle there."""
    mien.save_project(project, path)
    media = project.shot.media.path
    handle: str = connection.call("open", path=str(path), media=str(media))["shot"]
    return handle


def _saved_shot(connection: ServeConnection, handle: str, path: Path, media: Path) -> Shot:
    """Have the server save a shot, and read it."""
    connection.call("save", shot=handle, path=str(path))
    return mien.load_project(path, media=media).shot


def _command() -> list[str]:
    given = os.environ.get(COMMAND)
    return shlex.split(given) if given else module_command("mien", "serve")


def _pair(frames: FrameRange | None) -> list[int] | None:
    """Return frames as the protocol has them."""
    return None if frames is None else [frames.start, frames.stop]


def _said(quality: Quality) -> dict[str, Any]:
    """A quality as the fields of mien's `render`."""
    said = quality.to_dict()
    return {"quality" if name == "level" else name: value for name, value in said.items()}


def _make_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # what is wrong with it the render says
        folder.mkdir(exist_ok=True)


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder for the project that is handed over; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="mien-desktop-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
