"""Render a project with a renderer that takes its time: a process to be killed.

python -m tests.faults.slow_render PROJECT OUTPUT LOG [--wait SECONDS] [--die before|after]

Every frame that is really rendered adds a line to LOG.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import mien
from mien import api
from mien.media.atomic_write import AtomicFile
from mien.model.shot import Shot
from mien.rendering.base import (
    Box,
    CacheKey,
    FacePlan,
    Patch,
    PlateSource,
    Renderer,
    RenderRequest,
    RenderSession,
)

FRAMES = 26
"""Frames that are rendered, the first ones of the shot."""


class SlowBlusher(Renderer):
    """Reddens a face, with noise of its own in every frame, after a while."""

    name = "slow"
    costly = True

    def __init__(self, log: Path, key: str = "weights 1", wait: float = 0.0) -> None:
        self.log = log
        self.key = key
        self.wait = wait
        self.expected: list[int] = []

    def cache_key(self, shot: Shot, plan: FacePlan) -> CacheKey:
        return CacheKey(self.key)

    def open(self, shot: Shot, source: PlateSource) -> RenderSession:
        return SlowBlushing(self)

    def write_log(self, frame: int) -> None:
        with self.log.open("a") as log:
            print(frame, file=log)


class SlowBlushing(RenderSession):
    def __init__(self, renderer: SlowBlusher) -> None:
        self.renderer = renderer

    def prepare_frames(self, frames: Sequence[int]) -> None:
        self.renderer.expected = list(frames)

    def render(self, request: RenderRequest) -> Patch | None:
        frame, plate = request.frame, request.plate
        self.renderer.write_log(frame)
        time.sleep(self.renderer.wait)
        if frame % 10 == 3:
            return None
        x0, y0, x1, y1 = (round(v) for v in request.face.box(frame))
        box = Box(x0, y0, x1, y1).clip(plate.width, plate.height)
        rgb = plate.rgb(box)
        noise = np.random.default_rng(frame).uniform(0, 0.2, rgb.shape[:2])
        rgb[..., 0] += (request.delta.max() * noise).astype(np.float32)
        mask = np.zeros(rgb.shape[:2], np.float32)
        mask[2:-2, 2:-2] = 1
        return Patch(box, rgb, mask)


def _die_at_commit(when: str) -> None:
    """Kill this process just before or just after the output gets its name."""
    commit = AtomicFile.commit

    def deadly(self: AtomicFile) -> None:
        if self.final.suffix == ".c2pa":
            commit(self)
            return
        if when == "after":
            commit(self)
        os.kill(os.getpid(), signal.SIGKILL)

    AtomicFile.commit = deadly  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("project", "output", "log"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--wait", type=float, default=0.0)
    parser.add_argument("--die")
    asked = parser.parse_args()
    if asked.die:
        _die_at_commit(asked.die)
    mien.register_renderer(SlowBlusher(asked.log, wait=asked.wait))
    project = mien.load_project(asked.project)
    edit = mien.Edit(api.main_face(project.shot)).key("mouthSmile", 0, 0.4)
    mien.render(
        project, asked.output, edits=[edit], renderer="slow", frames=f"0:{FRAMES}", overwrite=True
    )


if __name__ == "__main__":
    main()
