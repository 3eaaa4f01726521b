"""The window ends in order: while jobs run, when it is told to by a signal, in any state."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QMessageBox, QPushButton

from mien_desktop.window import Window
from tests.desktop.driving import click, keys, named, settle, wait_until
from tests.waiting import PATIENCE
from tests.waiting import wait_until as wait_for

ROOT = Path(__file__).parents[2]

_OPEN = """
import sys, time
from mien_desktop.app import launch
from PySide6.QtWidgets import QApplication

window = launch(sys.argv[1:])
window.ended.connect(QApplication.instance().quit)
while not (window.workspace.project and window.viewer.canvas.settled):
    QApplication.processEvents()
    time.sleep(0.01)
print("open", flush=True)
sys.exit(QApplication.instance().exec())
"""


def workers() -> list[psutil.Process]:
    """Processes of jobs that the window has begun; what decodes media is the whole program's."""
    running = [p for p in psutil.Process().children(recursive=True) if p.status() != "zombie"]
    return [p for p in running if "mien.media.apart.worker" not in " ".join(p.cmdline())]


@pytest.mark.slow
def test_closing_asks_about_jobs_and_ends_them(main_window: Window, short_clip: Path) -> None:
    window = main_window
    window.documents.add_media([short_clip])
    wait_until(lambda: window.workspace.project, what="the clip")
    window.workspace.session.saved(window.workspace.session.document, Path("talk.mien"))
    before = {p.pid for p in workers()}
    click(named(window.timeline_place, "Track faces", QPushButton))
    wait_until(lambda: {p.pid for p in workers()} - before, what="a worker")
    keys(window, "Ctrl+Q")
    box = next(b for b in window.findChildren(QMessageBox) if b.isVisible())
    click(named(box, "Keep working", QPushButton))
    settle()
    assert window.isVisible()
    assert window.queue.busy
    keys(window, "Ctrl+Q")
    box = next(b for b in window.findChildren(QMessageBox) if b.isVisible())
    click(named(box, "End jobs and close", QPushButton))
    wait_until(lambda: not window.isVisible(), what="the end")
    wait_until(lambda: not {p.pid for p in workers()} - before, what="the worker's end")


@pytest.mark.slow
def test_a_signal_ends_it_in_order(tracked: Path, short_clip: Path, tmp_path: Path) -> None:
    shutil.copy(short_clip, tmp_path)
    shutil.copy(tracked, tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", _OPEN, str(tmp_path / tracked.name)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n", process.communicate()[1]
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert not [line for line in errors.splitlines() if "does not support" not in line], errors
    wait_for(
        lambda: not any(child.is_running() and child.status() != "zombie" for child in children),
        "a worker outlived the window",
    )


def test_an_empty_window_closes_without_a_word(main_window: Window) -> None:
    keys(main_window, "Ctrl+Q")
    assert not main_window.isVisible()


def test_the_layout_is_remembered(main_window: Window) -> None:
    keys(main_window, "Ctrl+1")
    keys(main_window, "Ctrl+4")
    assert main_window.panels.left.isHidden()
    main_window.stop()
    again = Window(type(main_window.workspace)())
    again.show()
    settle()
    assert again.panels.left.isHidden()
    assert again.panels.side_by_side
    keys(again, "Ctrl+1")
    assert again.panels.left.isVisible()
    again.stop()
    again.deleteLater()
    settle()
