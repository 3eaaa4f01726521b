"""Renderers for workers: one that does nothing, one that takes its time and can be deadly."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

import mien
from mien.media.atomic_write import AtomicFile
from mien.media.planes import Plate
from mien.model.shot import Shot
from mien.rendering.base import Dependence, FacePlan, Patch, PlateSource
from tests.faults.slow_render import SlowBlusher

LOG, WAIT, DEADLY, DIE = (f"MIEN_TEST_{name}" for name in ("LOG", "WAIT", "DEADLY", "DIE"))
"""Where frames are logged, seconds that each takes, the frame that kills its worker, and whether
the worker dies `before` or `after` a file gets its name: the one after the colon."""


class Empty:
    """Changes nothing, at once."""

    name = "empty"

    def dependence(self, shot: Shot, plan: FacePlan) -> Dependence:
        return Dependence("", 0)

    def open(
        self,
        shot: Shot,
        plans: Sequence[FacePlan],
        source: PlateSource,
        progress: Callable[[float], None] | None = None,
    ) -> Empty:
        return self

    def render(self, plan: FacePlan, frame: int, plate: Plate) -> Patch | None:
        return None

    def __enter__(self) -> Empty:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Logged(SlowBlusher):
    """Reddens a face after a while; every frame adds `PROCESS FRAME` to the log."""

    def render(self, plan: FacePlan, frame: int, plate: Plate) -> Patch | None:
        with self.log.open("a") as log:
            log.write(f"{os.getpid()} {frame}\n")
        if os.environ.get(DEADLY) == str(frame):
            os.kill(os.getpid(), signal.SIGKILL)
        return self.patch(plan, frame, plate)


class Keyed(Logged):
    """The same, and says what it depends on before it is opened."""

    name = "keyed"

    def dependence(self, shot: Shot, plan: FacePlan) -> Dependence:
        return Dependence("weights 1", 0)


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


def register() -> None:
    if DIE in os.environ:
        _die_at_commit(*os.environ[DIE].split(":"))
    log = Path(os.environ[LOG])
    wait = float(os.environ.get(WAIT, "0"))
    mien.register_renderer(Empty())
    mien.register_renderer(Logged(log, wait=wait))
    mien.register_renderer(Keyed(log, wait=wait))
