"""How long the desktop's timeline takes to paint 60 lanes with 100,000 keys. Bound: 16 ms at p95."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np

from tests.benchmarks.common import seconds

LANES = 60
KEYS = 100_000
FRAMES = 18_000  # ten minutes at 30 frames a second
SIZE = (1920, 1440)
"""Tall enough that every lane is in view."""
STEPS = 60


def main() -> None:
    """Print the 50th and 95th percentile of each kind of repaint."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    qInstallMessageHandler(lambda *_: None)
    from mien.session.session import Session

    from mien_desktop import theme
    from mien_desktop.timeline.panel import TimelinePanel
    from mien_desktop.workspace import Workspace

    app = QApplication.instance() or QApplication(["bench"])
    assert isinstance(app, QApplication)
    theme.dress(app)
    session = Session()
    workspace = Workspace(session)
    session.apply("Fill", lambda _: document())
    panel = TimelinePanel(workspace)
    panel.resize(*SIZE)
    panel.show()
    app.processEvents()
    view = panel.view
    rows, keys = (
        len(view.scene.rows()),
        sum(len(t.keys) for _, t in view.scene.lanes.rows[0].tracks),
    )
    print(f"{rows} lanes in view, {keys} keys, {SIZE[0]} x {SIZE[1]}")

    def show(name: str, step: Callable[[int], None]) -> None:
        times = []
        for i in range(STEPS):
            step(i)
            times.append(1000 * seconds(view.viewport().repaint))
            app.processEvents()
        middle, most = np.percentile(times, [50, 95])
        print(f"{name:<24}{middle:6.1f} ms, p95 {most:6.1f} ms  (at most 16)")

    axis = view.scene.axis
    show("whole shot, everything", lambda _: view.set_bands(view.bands))
    show("zooming", lambda i: view.show_time(axis.zoomed(700, 1.12**i, FRAMES)))
    show("scrolling in time", lambda i: view.show_time(view.scene.axis.panned(-40, FRAMES)))
    view.show_time(axis)
    workspace.set(keys=frozenset(view.scene.lanes.rows[5].keys_between(0, FRAMES)))
    show("with selected keys", lambda _: view.set_bands(view.bands))
    show("playhead", lambda i: workspace.set(frame=200 * i))
    workspace.close()
    panel.close()


def document():  # type: ignore[no-untyped-def]
    """A shot of ten minutes with one face, whose landmarks take no memory."""
    from mien.model.controls import NAMES
    from mien.model.curves import FLAME_SIZE, ControlCurves, Curves, HeadPose
    from mien.model.document import Document, Project
    from mien.model.edits import Edit, Layer, Track
    from mien.model.face import LANDMARKS, Face
    from mien.model.interpolate import INTERPOLATIONS, Key
    from mien.model.shot import ColorTags, MediaFacts, Orientation, Shot
    from mien.timebase import Clock

    def zeros(*shape: int) -> np.ndarray:  # type: ignore[type-arg]
        return np.broadcast_to(np.float32(0), (FRAMES, *shape))

    clock = Clock(Fraction(30), FRAMES)
    seen = np.ones(FRAMES, bool)
    pose = HeadPose(zeros(), zeros(3, 3), zeros(2))
    controls = ControlCurves(np.zeros((FRAMES, len(NAMES)), np.float32))
    curves = Curves(controls, zeros(FLAME_SIZE), "mien-rig", pose, seen, ~seen)
    confidence = np.where(np.arange(FRAMES) % 700 < 40, 0.3, 0.95).astype(np.float32)
    face = Face(
        1, "face 1", clock, zeros(LANDMARKS, 3), confidence,
        np.zeros((468, 3), np.float32), curves, curves,
    )  # fmt: skip
    facts = MediaFacts(
        Path("nowhere.mp4"), "movie", "mp4", "h264", "yuv420p", 8, Orientation(1920, 1080), clock,
        Fraction(1, 30), tuple(range(FRAMES)), ColorTags(),
    )  # fmt: skip
    random = np.random.default_rng(1)
    tracks = []
    for lane in range(LANES - 3):  # a face, two layers, and these
        count = KEYS // (LANES - 3) + (lane < KEYS % (LANES - 3))
        frames = np.sort(random.choice(FRAMES, count, replace=False)).tolist()
        kinds = random.integers(0, len(INTERPOLATIONS), count).tolist()
        keys = tuple(
            Key(f, 0.1 * (f % 7), INTERPOLATIONS[k])  # type: ignore[arg-type]
            for f, k in zip(frames, kinds, strict=True)
        )
        tracks.append(Track(NAMES[lane], keys))
    half = len(tracks) // 2
    layers = (Layer("edit", tuple(tracks[:half])), Layer("polish", tuple(tracks[half:])))
    shot = Shot(facts, (face,), cuts=(6000, 12_000))
    return Document((Project(shot, (Edit(face, layers),), online=False),))
