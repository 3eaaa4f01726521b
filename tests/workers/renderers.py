"""Renderers for workers: one that does nothing, one that takes its time and can be deadly.

Workers of a batch are processes of their own - spawned, started by Dask, or run by OpenJD - and
know only what an installation knows. With this folder on PYTHONPATH these are an installed package,
which offers them by the entry points beside this file.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from mien.media.atomic_write import AtomicFile
from mien.model.shot import Shot
from mien.rendering.base import (
    CacheKey,
    FacePlan,
    PlateSource,
    Renderer,
    RenderRequest,
    RenderSession,
)
from tests.faults.slow_render import SlowBlusher

LOG, WAIT, DEADLY, DIE = (f"MIEN_TEST_{name}" for name in ("LOG", "WAIT", "DEADLY", "DIE"))
"""Where frames are logged, seconds that each takes, the frame that kills its worker, and whether
the worker dies `before` or `after` a file gets its name: the one after the colon."""


class Empty(Renderer):
    """Changes nothing, at once."""

    name = "empty"
    api_version = 1

    def cache_key(self, shot: Shot, plan: FacePlan) -> CacheKey:
        return CacheKey("", 0)

    def open(self, shot: Shot, source: PlateSource) -> RenderSession:
        return EmptySession()


class EmptySession(RenderSession):
    def render(self, request: RenderRequest) -> None:
        return None


class Logged(SlowBlusher):
    """Reddens a face after a while; every frame adds `PROCESS FRAME` to the log."""

    api_version = 1

    def __init__(self) -> None:
        super().__init__(Path(os.environ[LOG]), wait=float(os.environ.get(WAIT, "0")))

    def write_log(self, frame: int) -> None:
        with self.log.open("a") as log:
            log.write(f"{os.getpid()} {frame}\n")
        if os.environ.get(DEADLY) == str(frame):
            os.kill(os.getpid(), signal.SIGKILL)


class Keyed(Logged):
    """The same; a frame depends on its own edit alone."""

    name = "keyed"

    def cache_key(self, shot: Shot, plan: FacePlan) -> CacheKey:
        return CacheKey("weights 1", 0)


def _die_at_commit(when: str, name: str) -> None:
    commit = AtomicFile.commit

    def deadly(self: AtomicFile) -> None:
        if self.final.name != name:
            commit(self)
            return
        if when == "after":
            commit(self)
        os.kill(os.getpid(), signal.SIGKILL)

    AtomicFile.commit = deadly  # type: ignore[method-assign]


if DIE in os.environ:
    _die_at_commit(*os.environ[DIE].split(":"))
