"""Whether an edited shot plays in real time once it is rendered. Bound: 95 % of the frames shown.

The viewer and the transport, without the rest of the window, painted in memory (Qt's offscreen
platform) at 1280 x 760. A frame is shown when it is painted while it is due.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np

import mien
from mien.timebase import FrameRange
from tests.benchmarks.common import clip

CLIPS = ("lp_s18.mp4", "derived_two_faces_1080p30.mp4")
FRAMES = 120
_WAIT = 240.0
"""Seconds after which a shot should have been rendered."""
_RESTED = 8.0
"""Seconds for which it has stayed rendered before it is played; once the shot was looked through
for open mouths, frames are rendered anew."""


def main() -> None:
    """Play both clips and print what was shown."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication(["bench"])
    with tempfile.TemporaryDirectory() as folder:
        for name in CLIPS:
            short = Path(folder, name)
            mien.render(clip(name), short, frames=FrameRange(0, FRAMES), progress=False)
            _measure(app, name, mien.track(short, progress=False))


def _measure(app: object, name: str, shot: mien.Shot) -> None:
    from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

    from mien.model.document import Document, Project
    from mien.session.session import Session
    from mien_desktop.transport.bar import TransportBar
    from mien_desktop.viewer.panel import ViewerPanel
    from mien_desktop.workspace import Workspace

    assert isinstance(app, QApplication)
    edit = mien.Edit(shot.faces[0]).set("mouthSmile", 0.6)
    workspace = Workspace(Session(Document((Project(shot, (edit,)),))))
    window = QWidget()
    column = QVBoxLayout(window)
    panel, bar = ViewerPanel(workspace), TransportBar(workspace)
    column.addWidget(panel, 1)
    column.addWidget(bar)
    window.resize(1280, 760)
    window.show()
    start = ready = time.perf_counter()
    while time.perf_counter() - ready < _RESTED and time.perf_counter() - start < _WAIT:
        app.processEvents()
        time.sleep(0.005)
        if bar.cache_bar.cached != [(0, FRAMES)]:
            ready = time.perf_counter()
    rendered = ready - start
    asked: dict[int, float] = {}
    shown: dict[int, float] = {}
    workspace.changed.connect(
        lambda now, before: asked.setdefault(now.state.frame, time.perf_counter())
    )
    panel.canvas.painted.connect(lambda frame: shown.setdefault(frame, time.perf_counter()))
    began, busy = time.perf_counter(), time.process_time()
    bar.playback.play()
    while workspace.state.speed:
        app.processEvents()
        time.sleep(0.001)
    took, busy = time.perf_counter() - began, time.process_time() - busy
    late = [1000 * (shown[frame] - asked[frame]) for frame in asked if frame in shown]
    width, height = shot.media.orientation.upright_size
    print(
        f"{name} {width}x{height}: {len(late)} of {FRAMES} frames shown"
        f" ({len(late) / FRAMES:.0%}; at least 95 %), {np.percentile(late, 95):.0f} ms after"
        f" they were due at p95; {FRAMES / float(shot.clock.rate):.2f} s played in {took:.2f} s;"
        f" {1000 * busy / len(late):.0f} ms of a processor a frame; rendered before in"
        f" {rendered:.1f} s"
    )
    for widget in (panel, bar, window):
        widget.close()
    workspace.close()
