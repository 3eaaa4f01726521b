"""Render a project with two processes that paint, say their numbers, and wait to be killed.

python -m tests.faults.shared_render PROJECT
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from unittest import mock

import mien
from mien import api
from mien.media.reader import open_reader
from mien.pipeline.opening import open_session
from mien.pipeline.painters import Painters, PaintingWork, crew
from mien.progress import silent
from mien.rendering.plans import face_plans
from mien.rendering.registry import get_renderer
from tests.waiting import wait_until


def main() -> None:
    """Start two processes, and paint no more frames than tell that they are worth it."""
    shot = mien.load_project(Path(sys.argv[1])).shot
    edit = mien.Edit(api.main_face(shot)).set("mouthSmile", 0.4)
    plans = face_plans(shot, [edit], shot.clock.all)
    renderer = get_renderer("warp")
    work = PaintingWork(shot, plans, renderer)
    with (
        # However much memory is taken by what else runs.
        mock.patch.object(crew, "free_memory", return_value=None),
        open_session(shot, plans, renderer, silent) as session,
        Painters(work, session, 1000, 3, worth=0.0) as painters,
        open_reader(shot.media) as reader,
    ):
        for frame in range(5):
            painters.paint(frame, reader.frame(frame).plate(), plans)
        wait_until(lambda: painters.ready == 2)
        print(*(process.pid for process in painters.processes), flush=True)
        time.sleep(3600)


if __name__ == "__main__":
    main()
