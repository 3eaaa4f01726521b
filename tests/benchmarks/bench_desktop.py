"""How long the window takes: to be seen, to open a long film, to show another frame.

Bounds: 1.5 s from the start of the process to the first painted window, 1 s to the first picture of
a ten-minute film. The platform is Qt's offscreen one, so that no X server takes part.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from tests.benchmarks.common import clip
from tests.benchmarks.long_film import long_film

RUNS = 7
STEPS = 120

_LAUNCH = """
import json, sys, time
from mien_desktop.app import launch
from PySide6.QtWidgets import QApplication

window = launch()
window.repaint()
QApplication.processEvents()
took = time.time() - float(sys.argv[1])
print(json.dumps([took, time.process_time()]), flush=True)
loaded = {name.partition(".")[0] for name in sys.modules}
heavy = {"torch", "mediapipe", "cv2", "av", "scipy", "OpenEXR"} & loaded
print(json.dumps(sorted(heavy)), flush=True)
window.stop()
"""

_STEP = """
import json, sys, time
from mien_desktop.app import launch
from PySide6.QtWidgets import QApplication
from pathlib import Path

window = launch([sys.argv[1]])
window.resize(1920, 1080)
workspace = window.workspace
end = time.monotonic() + 60
while not (workspace.project and window.viewer.canvas.settled) and time.monotonic() < end:
    QApplication.processEvents()
    time.sleep(0.01)
took = []
for step in range(int(sys.argv[2])):
    start = time.perf_counter()
    workspace.set(frame=step % workspace.now.frame_count)
    window.repaint()
    took.append(time.perf_counter() - start)
    QApplication.processEvents()
print(json.dumps(took), flush=True)
window.stop()
"""

_OPEN = """
import json, sys, time
from pathlib import Path
from mien_desktop.app import launch
from PySide6.QtWidgets import QApplication

window = launch()
end = time.monotonic() + 2
while time.monotonic() < end:
    QApplication.processEvents()
    time.sleep(0.01)
began = last = time.perf_counter()
window.documents.add_media([Path(sys.argv[1])])
first = whole = away = 0.0
while not whole and last < began + 60:
    QApplication.processEvents()
    now = time.perf_counter()
    away, last = max(away, now - last), now
    if not first and window.loading.isVisible():
        first = now - began
    if window.workspace.project and window.viewer.canvas.settled:
        whole = now - began
    time.sleep(0.002)
print(json.dumps([first, whole, away]), flush=True)
window.stop()
"""


def main() -> None:
    """Print them all."""
    with tempfile.TemporaryDirectory() as folder:
        launches = [_run(_LAUNCH, folder, str(time.time())) for _ in range(RUNS)]
        seconds, busy = zip(*(lines[0] for lines in launches), strict=True)
        print(f"launch to window {median(seconds):6.2f} s  (median of {RUNS}; at most 1.5;"
              f" {min(seconds):.2f} to {max(seconds):.2f}, CPU {median(busy):.2f})")  # fmt: skip
        print(f"heavy packages loaded by then: {', '.join(launches[0][1]) or 'none'}")
        first, whole, away = _run(_OPEN, folder, str(long_film(Path(folder) / "film")))[0]
        print(f"ten-minute 1080p {first:6.2f} s  to its first picture (at most 1), {whole:.2f} to"
              f" be open; the window was away for {1e3 * away:.0f} ms at most")  # fmt: skip
        project = _tracked(Path(folder))
        took = np.array(_run(_STEP, folder, str(project), str(STEPS))[0]) * 1e3
        print(f"another frame    {np.percentile(took, 95):6.1f} ms (p95 of {STEPS}, 1920 x 1080,"
              f" all panels; median {np.median(took):.1f})")  # fmt: skip


def _tracked(folder: Path) -> Path:
    import mien

    path = folder / "shot.mien"
    mien.save_project(mien.track(clip("lp_s18.mp4"), progress=False), path)
    return path


def _run(script: str, folder: str, *arguments: str) -> list:  # type: ignore[type-arg]
    homes = {f"XDG_{name}_HOME": folder for name in ("CONFIG", "STATE", "CACHE", "DATA")}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True, text=True, check=True,
        env=os.environ | homes | {"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]
