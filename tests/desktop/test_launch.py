"""The program from outside: what it loads before it is seen, and what it says without Qt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_LAUNCH = """
import json, sys
from mien_desktop.app import launch
from PySide6.QtWidgets import QApplication

window = launch()
window.repaint()
QApplication.processEvents()
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
window.stop()
"""

_WITHOUT_QT = """
import sys
sys.modules["PySide6"] = None
from mien.cli.main import run
sys.exit(run(["desktop"]))
"""


_NO_DISPLAY = """
import sys
from mien.cli.main import run
sys.exit(run(["desktop"]))
"""


def run(script: str, platform: str = "offscreen") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": platform, "DISPLAY": ":99999"},
        timeout=60,
        check=False,
    )


def test_the_window_is_seen_before_anything_heavy_is_loaded() -> None:
    done = run(_LAUNCH)
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    heavy = {"torch", "mediapipe", "cv2", "av", "scipy", "OpenEXR", "skimage", "sounddevice"}
    assert not loaded & heavy


def test_without_qt_the_verb_says_what_to_install() -> None:
    done = run(_WITHOUT_QT)
    assert done.returncode == 5
    assert 'pip install "mien[desktop]"' in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_display_the_reason_is_told() -> None:
    done = run(_NO_DISPLAY, "xcb")
    assert done.returncode == 5
    assert "Qt cannot open a window here" in done.stderr
    assert "Traceback" not in done.stderr
