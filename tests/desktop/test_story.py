"""The whole story on the real window, through a crash, to a film that the SDK looks at."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import mien
from mien.media.reader import open_reader
from mien.model.controls import INDEX
from tests.waiting import wait_until

BROW = INDEX["browOuterUpLeft"]
BROWS = {"browOuterUpLeft", "browOuterUpRight"}
PATIENCE = 300


def begin(*arguments: object) -> subprocess.Popen[str]:
    """Start a chapter of the story."""
    command = [sys.executable, "-m", "tests.desktop.story", *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def seen(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a chapter tells."""
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return dict(json.loads(line))


@pytest.mark.slow
def test_the_story(talk_720p: Path, tmp_path: Path) -> None:
    film, output = tmp_path / "lp_s18.mp4", tmp_path / "edited.mkv"
    shutil.copy(talk_720p, film)

    with begin("edit", film, tmp_path) as first:
        told = seen(first)
        children = psutil.Process(first.pid).children(recursive=True)
        os.kill(first.pid, signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL
    assert told["keys"] == [20, 70]
    # 0.15 s on a quiet machine; the job itself takes many seconds.
    assert told["away"] < 0.3, "the window was away while a job ran"
    wait_until(
        lambda: not any(child.is_running() and child.status() != "zombie" for child in children),
        "a worker outlived the window",
    )
    saved = mien.load_project(tmp_path / "story.mien")
    assert {t.control for t in saved.edits[0].layers[0].tracks} == BROWS

    with begin("recover", tmp_path, output) as second:
        told = seen(second)
        assert second.wait(PATIENCE) == 0
    assert set(told["tracks"]) == {"jawOpen"} | BROWS
    assert told["keys"] == [20, 70]

    project = mien.load_project(tmp_path / "story.mien")
    assert {t.control for t in project.edits[0].layers[0].tracks} == set(told["tracks"])
    look_at(project, output)


def look_at(project: mien.Project, output: Path) -> None:
    """The exported film is the plate where nothing was asked, and raises its brows where it was."""
    span = project.span
    assert span is not None
    with open_reader(output) as edited, open_reader(project.shot.media) as plate:
        assert edited.facts.clock.frame_count == len(span)
        assert edited.facts.clock.rate == plate.facts.clock.rate
        assert edited.facts.audio_streams == plate.facts.audio_streams
        for frame in (span.start, span.start + 5):
            # Before the first key the performance is as it was.
            before, after = plate.frame(frame), edited.frame(frame - span.start)
            for a, b in zip(before.plate().planes, after.plate().planes, strict=True):
                assert np.array_equal(a, b)
    face = mien.track(output, max_faces=1, progress=False).faces[0]
    source = project.shot.faces[0].curves.controls.array
    gained = face.curves.controls.array[60, BROW] - source[span.start + 60, BROW]
    assert gained > 0.15, "no brow went up"
