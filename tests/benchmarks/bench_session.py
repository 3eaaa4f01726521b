"""How long one change of a large document takes: ten minutes, 59 tracks, 100,300 keys."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np

from mien.model.controls import NAMES
from mien.model.document import Document, Project
from mien.model.edits import ControlTrack, Edit, Layer
from mien.model.evaluate import evaluate
from mien.model.interpolate import Key
from mien.session.commands import move_keys, set_key, set_value
from mien.session.recovery import Recovery
from mien.session.refs import KeyRef, TrackRef
from mien.session.session import Session
from tests.benchmarks.common import seconds
from tests.documents import make_shot

FRAMES = 18_000
KEYS = 1_700
RUNS = 15


def document() -> Document:
    """One shot with keys on every control."""
    shot = make_shot(FRAMES, "long")
    places = np.linspace(0, FRAMES - 1, KEYS).astype(int).tolist()
    tracks = [
        ControlTrack(name, tuple(Key(f, 0.3 * np.sin(f).item()) for f in places)) for name in NAMES
    ]
    edit = Edit(shot.faces[0], [Layer("edit", tuple(tracks))])
    return Document((Project(shot, (edit,)),))


def told(what: str, work: Callable[[], object]) -> None:
    times = [1e3 * seconds(work) for _ in range(RUNS)]
    p95 = float(np.percentile(times, 95))
    print(f"{what}: {median(times):.2f} ms, p95 {p95:.2f} ms, {RUNS} runs")


def main() -> None:
    session = Session(document())
    project = session.document.shots[0]
    shot, face = project.id, project.shot.faces[0]
    number = iter(range(10**6))

    def key() -> None:
        session.apply("Key", lambda d: set_key(d, shot, 1, NAMES[0], 100, 1e-3 * next(number)))

    def value() -> None:
        wanted = {NAMES[1]: 1e-3 * next(number)}
        session.apply("Value", lambda d: set_value(d, shot, 1, wanted, 100, auto_key=True))

    def evaluated() -> None:
        key()
        layers = session.document.shots[0].edits[0].layers
        evaluate(face.curves.controls.array, layers, face.valid)

    def back_and_forth() -> None:
        session.undo()
        session.redo()

    def kept_again() -> None:
        key()
        recovery.write(session.document, None)

    told("a key is set", key)
    told("a control is given a target", value)
    picked = KeyRef(TrackRef(shot, 1, "edit", 2), 0)
    with session.gesture("Drag") as gesture:
        told(
            "a key is dragged",
            lambda: gesture.update(lambda d: move_keys(d, [picked], 1, 1e-3 * next(number))[0]),
        )
    told("undone and done again", back_and_forth)
    told("a key is set and the whole shot evaluated", evaluated)
    with tempfile.TemporaryDirectory() as folder:
        recovery = Recovery(Path(folder))
        first = seconds(lambda: recovery.write(session.document, None))
        print(f"kept for recovery the first time, with all arrays: {first:.2f} s")
        told("kept again after a change", kept_again)
        recovery.close()
