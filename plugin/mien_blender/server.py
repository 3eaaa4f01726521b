"""The user's own mien: finding it, starting `mien serve`, asking it without blocking.

Blender must never wait. What takes time is written as a generator that yields while there is
nothing to do; jobs.py runs it a step at a time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Generator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import bpy
from bpy.props import StringProperty

from .client import Client, Job, ServeError
from .compat import properties
from .drawing import draw_error, draw_lines
from .problems import RefusedError

__all__ = ["MienPreferences", "connect", "current", "disconnect", "find_executable", "shots",
           "wait", "work"]  # fmt: skip

_T = TypeVar("_T")
Waiting = Generator[None, None, _T]

NAME = "mien.exe" if sys.platform == "win32" else "mien"
_WIDTH = 80
"""Letters in a line of the preferences."""
VARIABLE = "MIEN_EXECUTABLE"
"""Environment variable that names the executable, for farms and tests."""

_client: Client | None = None
_starting: Future[Client] | None = None
_shots: dict[tuple[str, str], str] = {}


@properties(
    executable=StringProperty(
        name="mien",
        description="The mien executable of your installation; looked for when empty",
        subtype="FILE_PATH",
    )
)
class MienPreferences(bpy.types.AddonPreferences):
    """Path of mien, and the result of its check."""

    bl_idname = __package__ or "mien_blender"

    executable: str

    def draw(self, context: Any) -> None:
        """Draw the path, the button that checks it, and what the check said."""
        layout = self.layout
        layout.prop(self, "executable")
        if not self.executable:
            executable = os.environ.get(VARIABLE) or _installed() or "nothing yet"
            draw_lines(layout, f"Found: {executable}", "VIEWZOOM", width=_WIDTH)
        layout.operator("mien.check", icon="CHECKMARK")
        if isinstance(checked, ServeError):
            draw_error(layout, checked, width=_WIDTH)
        elif checked:
            draw_lines(layout, checked, "INFO", width=_WIDTH)


checked: str | ServeError = ""
"""What the last check of the installation said."""


def find_executable() -> str:
    """Find the mien executable: the preferences', or the first in the usual places.

    Raises:
        RefusedError: When there is none.
    """
    path_given = _chosen_path()
    if path_given:
        path = Path(bpy.path.abspath(path_given)).expanduser()
        # People point to the folder of their installation as well as to the file in it.
        for candidate in (path, path / NAME, path / "bin" / NAME, path / "Scripts" / NAME):
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return str(candidate)
        raise RefusedError(
            f"{path_given} is no executable.",
            "Edit > Preferences > Add-ons > mien: give the path of mien, or leave it empty.",
        )
    executable = _installed()
    if executable is None:
        raise RefusedError(
            "mien was not found on this computer.",
            "Install it, or give its path in Edit > Preferences > Add-ons > mien.",
        )
    return executable


def wait(future: Future[_T]) -> Waiting[_T]:
    """Wait for a result without blocking; a generator that yields meanwhile."""
    while not future.done():
        yield
    return future.result()


def connect() -> Waiting[Client]:
    """Return a client of a running `mien serve`; one that has ended is started anew.

    Raises:
        ServeError: When mien is not found or cannot be started.
    """
    global _client, _starting
    if _client is not None and _client.alive:
        # It may have died so lately that nobody has noticed; then another is started.
        with contextlib.suppress(ServeError):
            yield from wait(_client.ask("status"))
            return _client
    # Whoever comes while it starts waits for the same.
    if _starting is None:
        disconnect()
        _starting = _start(find_executable())
    starting = _starting
    try:
        _client = yield from wait(starting)
    finally:
        if _starting is starting and starting.done():
            _starting = None
    return _client


def _start(executable: str) -> Future[Client]:
    """Start a server in a thread: it takes a second to answer."""
    started: Future[Client] = Future()

    def start() -> None:
        try:
            # Blender's own Python must not leak into mien's.
            clean = {"PYTHONHOME": "", "PYTHONPATH": ""}
            client = Client([executable, "serve"], name="mien for Blender", environment=clean)
            started.set_result(client)
        except (ServeError, TimeoutError) as error:
            started.set_exception(_explained(error, executable))

    threading.Thread(target=start, name="mien-start", daemon=True).start()
    return started


def current() -> Client | None:
    """Return the client of the running server, if there is one."""
    return _client


def disconnect() -> None:
    """End the server, if there is one."""
    global _client, _starting
    if _starting is not None:
        _starting.add_done_callback(_unwanted)
        _starting = None
    client, _client = _client, None
    _shots.clear()
    if client is not None:
        client.close()


def _unwanted(started: Future[Client]) -> None:
    """End a server that is no longer waited for."""
    if started.exception() is None:
        started.result().close()


def work(job: Job, progress: Any) -> Waiting[dict[str, Any]]:
    """Wait for the end of the server's job, and report its progress."""
    while not job.result.done():
        progress.tell(job.stage, job.done, job.total)
        yield
    return job.result.result()


def shots() -> dict[tuple[str, str], str]:
    """Return the handles of the shots that the running server has open, by project and media."""
    return _shots


def _chosen_path() -> str:
    addon = bpy.context.preferences.addons.get(MienPreferences.bl_idname)
    preferences = getattr(addon, "preferences", None)
    return (preferences.executable if preferences else "") or os.environ.get(VARIABLE, "")


def _installed() -> str | None:
    """Find the first executable in the places where installers put it."""
    home = Path.home()
    folders = [
        home / ".local" / "bin",
        home / "mien" / ".venv" / "bin",
        home / ".venv" / "bin",
        home / "mien" / ".venv" / "Scripts",
        home / "AppData" / "Roaming" / "Python" / "Scripts",
        Path("/opt/mien/bin"),
        Path("/usr/local/bin"),
    ]
    on_path = shutil.which("mien")
    return on_path or next((str(f / NAME) for f in folders if (f / NAME).is_file()), None)


def _explained(error: Exception, executable: str) -> ServeError:
    """Return why a server does not start, with what it printed."""
    details = getattr(error, "details", "")
    said = details.strip().splitlines()[-1:] if details else []
    cause = error.cause if isinstance(error, ServeError) else "mien serve does not answer."
    if isinstance(error, ServeError) and error.code != "gone":
        return ServeError(error.code, f"{executable}: {cause}", error.remedy, details)
    return ServeError(
        "gone",
        f"{executable}: {cause}" + (f" It said: {said[0]}" if said else ""),
        "Check the installation with `mien doctor`, or choose another in the preferences.",
        details,
    )
