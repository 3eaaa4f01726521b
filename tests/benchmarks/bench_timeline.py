"""How long the timeline takes to paint 60 lanes with 100,000 keys. Bound: 16 ms at p95."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mien_desktop.geometry.axis import Axis
from tests.benchmarks.common import seconds
from tests.desktop.shots import made_face, project_of

if TYPE_CHECKING:
    from mien.model.document import Document

LANES = 60
KEYS = 100_000
FRAMES = 18_000  # ten minutes at 30 frames a second
SIZES = ((1920, 1440), (1920, 480))
"""Tall enough that every lane is in view; and as the panel is in a window."""
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
    from mien_desktop.view_state import TimeView
    from mien_desktop.workspace import Workspace

    app = QApplication.instance() or QApplication(["bench"])
    assert isinstance(app, QApplication)
    theme.dress(app)
    session = Session()
    workspace = Workspace(session)
    session.apply("Fill", lambda _: document())
    panel = TimelinePanel(workspace)
    panel.show()
    view = panel.view

    def show(name: str, step: Callable[[int], None]) -> None:
        wall, busy = [], []
        for i in range(STEPS):
            step(i)
            start = time.thread_time()
            wall.append(1000 * seconds(view.viewport().repaint))
            busy.append(1000 * (time.thread_time() - start))
            app.processEvents()
        middle, most = np.percentile(wall, [50, 95])
        # Painting is done on one thread: its own time does not count what others did meanwhile.
        own = np.percentile(busy, 95)
        print(f"{name:<24}{middle:6.1f} ms, p95 {most:6.1f} ms (at most 16), p95 of CPU {own:6.1f}")

    def zoom(axis: Axis, i: int) -> None:
        view.show_time(axis.zoomed(700, 1.12**i, FRAMES))

    for size in SIZES:
        panel.resize(*size)
        workspace.set(time=TimeView(), keys=frozenset())
        app.processEvents()
        view.viewport().repaint()  # fonts, icons and samples of curves are made once
        rows, axis = view.scene.lanes.rows, view.scene.axis
        keys = sum(len(track.keys) for _, track in rows[0].tracks)
        seen = len(view.scene.rows())
        print(f"{len(rows)} lanes, {seen} of them in view, {keys} keys, {size[0]} x {size[1]}")
        show("whole shot, everything", lambda _: view.set_bands(view.preferred_bands))
        show("zooming", partial(zoom, axis))
        show("scrolling in time", lambda _: view.show_time(view.scene.axis.panned(-40, FRAMES)))
        workspace.set(time=TimeView(), keys=frozenset(rows[5].keys_between(0, FRAMES)))
        show("with selected keys", lambda _: view.set_bands(view.preferred_bands))
        show("playhead", lambda i: workspace.set(frame=200 * i))
    workspace.close()
    panel.close()


def document() -> Document:
    """A shot of ten minutes with 60 lanes: a face, two layers, and tracks."""
    from mien.model.controls import NAMES
    from mien.model.document import Document
    from mien.model.edits import ControlTrack, Layer
    from mien.model.interpolate import INTERPOLATIONS, Key

    random = np.random.default_rng(1)
    tracks = []
    for lane in range(LANES - 3):
        count = KEYS // (LANES - 3) + (lane < KEYS % (LANES - 3))
        frames = np.sort(random.choice(FRAMES, count, replace=False)).tolist()
        kinds = random.integers(0, len(INTERPOLATIONS), count).tolist()
        keys = tuple(
            Key(f, 0.1 * (f % 7), INTERPOLATIONS[k]) for f, k in zip(frames, kinds, strict=True)
        )
        tracks.append(ControlTrack(NAMES[lane], keys))
    half = len(tracks) // 2
    layers = (Layer("edit", tuple(tracks[:half])), Layer("polish", tuple(tracks[half:])))
    return Document((project_of(made_face(FRAMES), layers, cuts=(6000, 12_000)),))
