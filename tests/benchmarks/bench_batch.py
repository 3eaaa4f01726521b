"""What a batch adds to the work itself, and how long it plans.

A renderer that does nothing, a thousand frames, each a chunk of its own: whatever takes longer
than the same frames in one chunk is overhead. Bound: 150 ms a chunk. Planning ten thousand
shots may take 5 s, and ten times the time of a thousand.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from datetime import datetime
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np

import mien
from mien import api
from mien.demo import make_footage
from mien.demo.footage import FRAMES
from mien.jobs.plan import make_plan
from mien.jobs.tables import plan_rows
from mien.jobs.yaml import read_jobs
from mien.model.controls import NAMES
from mien.model.curves import ControlCurves, Curves, HeadPose
from mien.model.face import Face
from mien.model.landmarks import LANDMARKS
from mien.model.shot import Shot
from tests.benchmarks.common import MIEN, ROOT, seconds

CHUNKS = 1000
SHOTS = (1000, 10_000)
ENGINES = {
    "1 worker": ("--workers", "1"),
    "2 workers": ("--workers", "2"),
    "Dask, 2 workers": ("--workers", "2", "--engine", "dask"),
}


def main() -> None:
    """Print the overhead of a chunk for every engine, start-up, and planning."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        project = _project(place)
        for name, options in ENGINES.items():
            many, started = _batch(place, project, 1, options)
            one, _ = _batch(place, project, CHUNKS, options)
            print(
                f"{name}: {1000 * (many - one) / (CHUNKS - 1):.1f} ms a chunk (at most 150);"
                f" {CHUNKS} chunks {many:.1f} s, one {one:.1f} s; first result after"
                f" {started:.1f} s",
                flush=True,
            )
        _plan(place)
        _scale(place)


def _project(place: Path) -> Path:
    """A thousand small frames, and a face in them that nobody looks at."""
    film = place / "film.mkv"
    with av.open(str(film), "w") as made:
        stream = made.add_stream("ffv1", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        grey = np.full((180, 320, 3), 128, np.uint8)
        for number in range(CHUNKS):
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    media = api.open_shot(film).media
    pose = HeadPose(
        np.ones(CHUNKS, np.float32),
        np.tile(np.eye(3, dtype=np.float32), (CHUNKS, 1, 1)),
        np.zeros((CHUNKS, 2), np.float32),
    )
    curves = Curves(
        ControlCurves(np.zeros((CHUNKS, len(NAMES)), np.float32)),
        np.zeros((CHUNKS, 55), np.float32), "mien-rig", pose, np.ones(CHUNKS, bool),
        np.zeros(CHUNKS, bool),
    )  # fmt: skip
    face = Face(
        1, "face 1", media.clock, np.zeros((CHUNKS, LANDMARKS, 3), np.float32),
        np.ones(CHUNKS, np.float32), np.zeros((468, 3), np.float32), curves, curves,
    )  # fmt: skip
    path = place / "film.mien"
    edit = mien.Edit(face).set("smile", 0.5)
    mien.save_project(Shot(media, (face,)), path, edits=[edit])
    return path


def _batch(place: Path, project: Path, chunk: int, options: tuple[str, ...]) -> tuple[float, float]:
    """Seconds that a batch takes, and until its first task is done."""
    jobs, out = place / "jobs.yaml", Path(tempfile.mkdtemp(dir=place))
    shot = {"name": "film", "project": str(project)}
    jobs.write_text(json.dumps({"renderer": "empty", "shots": [shot]}))
    variables = {
        "PYTHONPATH": os.pathsep.join([str(ROOT / "tests" / "workers"), str(ROOT)]),
        "MIEN_TEST_LOG": str(place / "log"),
    }

    def work() -> None:
        subprocess.run(
            [MIEN, "batch", jobs, "-o", out, "--chunk", str(chunk), *options],
            check=True, stdout=subprocess.DEVNULL, env={**os.environ, **variables},
        )  # fmt: skip

    took = seconds(work)
    events = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    times: dict[str, datetime] = {}
    for event in events:
        times.setdefault(event["event"], datetime.fromisoformat(event["time"]))
    return took, (times["task-done"] - times["start"]).total_seconds()


def _scale(place: Path) -> None:
    """A real render, by the command for one shot and by batches of it."""
    footage = make_footage(place / "shot.mp4")
    project = place / "shot.mien"
    shot = mien.track(footage, progress=False)
    edit = mien.Edit(shot.faces[0]).set("smile", 0.5)
    mien.save_project(shot, project, edits=[edit])
    jobs = place / "shot.yaml"
    jobs.write_text(json.dumps({"shots": [{"project": str(project)}]}))
    commands = {"mien render": [MIEN, "render", project, "--overwrite", "-o", place / "one.mp4"]}
    for name, options in ENGINES.items():
        commands[name] = [MIEN, "batch", jobs, "--chunk", "12", *options]
    for name, command in commands.items():
        out = [] if name == "mien render" else ["-o", tempfile.mkdtemp(dir=place)]
        whole = [*command, *out]
        took = seconds(partial(subprocess.run, whole, check=True, stdout=subprocess.DEVNULL))
        print(f"{FRAMES} frames of 720p, {name}: {took:.1f} s", flush=True)


def _table(jobs: Path, place: Path) -> None:
    plan_rows(make_plan(read_jobs(jobs), place))


def _plan(place: Path) -> None:
    """Planning, from the list to the table, with all shots of one film."""
    footage = make_footage(place / "footage.mp4", frames=50, size=(320, 180))
    times = []
    for count in SHOTS:
        shots = [
            {"name": f"sh{number:05d}", "media": str(footage), "set": "smile=0.5"}
            for number in range(count)
        ]
        jobs = place / "many.yaml"
        jobs.write_text(json.dumps({"shots": shots}))
        times.append(seconds(partial(_table, jobs, place)))
    few, many = times
    print(
        f"planning {SHOTS[1]} shots {many:.2f} s (at most 5), {SHOTS[0]} shots {few:.2f} s,"
        f" ratio {many / few:.1f} (about 10)"
    )
