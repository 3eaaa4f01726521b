"""mien serve is killed at every stage: the scene stays whole, the next action starts it again.

Called as: kills.py CLIP PROJECT FOLDER.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import bpy
from tests.plugin.in_blender.common import (
    add_clip,
    compat,
    extension,
    refused,
    server,
    strip_named,
    told,
)

clip, project, folder = (Path(argument) for argument in sys.argv[1:4])
tracking, rendering, jobs = extension("tracking"), extension("rendering"), extension("jobs")


TICK = 0.005
"""Seconds between two steps: without a pause the host would keep the server from its work."""


def kill() -> None:
    """Kill the server as the system would."""
    os.kill(server.current()._process.pid, signal.SIGKILL)


def picture_of(scene: Any) -> list[object]:
    """What must not change: strips, faces, curves, texts."""
    owner = compat.channels(scene)
    return [
        [(s.name, s.channel, s.mute, len(s.mien.faces)) for s in compat.all_strips(scene)],
        sorted(curve.data_path for curve in owner.fcurves) if owner is not None else [],
        len(bpy.data.texts),
    ]


def under_way(task: Any) -> None:
    """Step a task, as often as a window would, until a tenth of it is done."""
    while task.fraction < 0.1:
        assert task.step(), task.error
        time.sleep(TICK)


def killed_in(task: Any) -> str:
    """Kill the server while a task is well under way; what the task says."""
    under_way(task)
    kill()
    while task.step():
        time.sleep(TICK)
    assert task.error is not None
    assert task.error.code == "gone", task.error
    return str(task.error)


def main() -> None:
    scene = bpy.context.scene
    strip = add_clip(scene, "take", clip, channel=1, start=1)
    before = picture_of(scene)
    said = killed_in(tracking.tracking(scene, strip, 2))
    assert "mien serve has ended" in said, said
    assert picture_of(scene) == before

    assert bpy.ops.mien.import_project(filepath=str(project)) == {"FINISHED"}
    strip.frame_final_duration = 240
    scene.mien.folder = str(folder)
    before = picture_of(scene)
    said = killed_in(rendering.rendering(scene, strip))
    assert picture_of(scene) == before
    assert not list(folder.glob("*-v*.mp4"))

    # Cancelled, the task ends at once and nothing is changed either.
    task = rendering.rendering(scene, strip)
    under_way(task)
    task.cancel()
    assert task.error.code == "cancelled"
    assert picture_of(scene) == before

    # Killed while nothing is asked of it: the next action does not even notice.
    kill()
    scene.frame_set(40)
    assert bpy.ops.mien.preview() == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "whole.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(folder / "whole.blend"))
    assert picture_of(bpy.context.scene) == before

    # A mien that is not there, and one that is no mien.
    strip_named(bpy.context.scene, "take")
    for wrong in (str(folder / "nowhere" / "mien"), "/bin/false"):
        server.disconnect()
        os.environ["MIEN_EXECUTABLE"] = wrong
        assert "mien" in refused(bpy.ops.mien.check)

    # One that is started and never says a word.
    silent = folder / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    server.disconnect()
    os.environ["MIEN_EXECUTABLE"] = str(silent)
    extension("ops_shots")._PATIENCE = 1.0
    assert "does not answer" in refused(bpy.ops.mien.check)
    assert picture_of(bpy.context.scene) == before
    told({"said": said})


main()
