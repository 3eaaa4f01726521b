"""Pictures of the window in its states: python -m tests.desktop.screenshots FOLDER [PROJECT CLIP]

Without a project the demo's public-domain footage is made and tracked: these are the pictures
of the docs. Each state is taken at 1280 x 720 and at 2560 x 1440.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton, QWidget

from mien.errors import MediaError
from mien.session.commands import set_key
from mien_desktop.app import launch
from mien_desktop.controls.wheel import FeelingsWheel
from mien_desktop.window import Window
from tests.desktop.driving import click, drag, keys, move, named, settle, type_text

CURVES = ("mouthSmileLeft", "eyeSquintLeft", "browInnerUp", "browDownLeft")
KEYS = {
    "mouthSmile": ((12, 0.0), (34, -0.75), (70, -0.7), (100, 0.0)),
    "browInnerUp": ((24, 0.0), (40, 0.7), (86, 0.0)),
    "eyeSquint": ((18, 0.0), (36, 0.3), (84, 0.0)),
    "browDown": ((20, 0.0), (44, -0.1), (92, 0.0)),
}
"""A smile that fades and comes back: the demo's portrait smiles already."""


def main() -> None:
    """Take them all."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        for name in ("CONFIG", "STATE", "DATA"):
            os.environ[f"XDG_{name}_HOME"] = home
        project, clip = map(Path, sys.argv[2:4]) if len(sys.argv) > 3 else _demo(Path(home))
        window = launch()
        for size in ((1280, 720), (2560, 1440)):
            window.resize(*size)
            window.panels.reset()
            _take_all(window, folder, f"{size[0]}", project, clip)
            window.workspace.session.new()
        window.stop()


def _take_all(window: Window, folder: Path, size: str, project: Path, clip: Path) -> None:
    def take(state: str) -> None:
        settle()
        _compose(window).save(str(folder / f"desktop-{state}-{size}.png"))

    workspace = window.workspace
    if size == "1280":
        _wait(lambda: window.tour, 20)
    if window.tour is not None:
        take("tour")
        window.tour.end()
    take("empty")
    window.documents.add_media([clip])
    _wait(lambda: window.viewer.canvas.settled)
    take("untracked")
    workspace.session.new()
    window.documents.open_project(project)
    _wait(lambda: workspace.project and workspace.project.tracked)
    _show(window, 30)
    take("tracked")
    shot = workspace.now.document.shots[0].id
    for control, places in KEYS.items():
        for frame, value in places:
            key = partial(set_key, shot=shot, face=1, control=control, frame=frame, value=value)
            workspace.apply("Key", key)
    workspace.set(controls=CURVES)
    _show(window, 40)
    view = window.timeline.view
    view.setFocus()
    keys(view, "Ctrl+A")
    take("keys")
    window.viewer.canvas.frame_face()
    _show(window, 40)
    move(window.viewer.canvas, (window.viewer.canvas.width() / 2, 40))
    take("face")
    _front(window, take)
    window.viewer.canvas.fit()
    window.panels.bring(window.curves_place)
    window.curves.setFocus()
    keys(window.curves, "Shift+F")
    take("curves")
    window.panels.set_side_by_side(True)
    workspace.set(mode="wipe", frame=48)
    _show(window, 48)
    take("wipe")
    workspace.set(mode="side")
    _show(window, 48)
    take("side")
    workspace.set(mode="edited")
    window.panels.set_side_by_side(False)
    window.panels.bring(window.timeline_place)
    window.panels.bring(window.expressions)
    take("expressions")
    _wheel(window, take)
    window.panels.bring(window.controls)
    _export(window, folder, take)
    window.show_keys()
    take("keymap")
    _dialogs()[0].accept()
    window.show_problem(
        MediaError(
            "interview.mov is cut short: its index is missing.",
            "Copy it again from the camera's card, or repair it with the camera's software.",
        )
    )
    take("error")
    _dialogs()[0].close()
    settle()


def _wheel(window: Window, take: Callable[[str], None]) -> None:
    """The wheel of feelings, with a word that is tried."""
    window.expressions.show_wheel()
    (wheel,) = window.findChildren(FeelingsWheel)
    wheel.resize(890, 648)
    settle()
    word = wheel.canvas.map.word("astonishment")
    assert word is not None
    move(wheel.canvas, wheel.canvas.place_of(word))
    _wait(lambda: window.workspace.state.audition)
    _show(window, window.workspace.state.frame)
    take("wheel")
    wheel.close()
    settle()


def _front(window: Window, take: Callable[[str], None]) -> None:
    """A stroke over a corner of the mouth, the brush over it, and the dialog on all of it."""
    canvas = window.viewer.canvas
    canvas.setFocus()
    keys(canvas, "P")
    placement, shapes = canvas.placement(), canvas.shapes()
    if placement is None or not shapes:
        return
    x, y = placement.to_view(shapes[0].points[61]).tolist()
    drag(canvas, (x - 30, y + 40), (x + 20, y - 30))
    _show(window, 40)
    move(canvas, (x + 20, y - 30))
    take("front")
    window.ask_front()
    settle()
    take("front-dialog")
    _dialogs()[0].accept()
    keys(canvas, "Esc")
    window.workspace.set(overlays=window.workspace.state.overlays - {"front"})
    window.workspace.session.undo()


def _export(window: Window, folder: Path, take: Callable[[str], None]) -> None:
    window.ask_export()
    settle()
    dialog = _dialogs()[0]
    line = named(dialog, "Output", QLineEdit)
    line.selectAll()
    type_text(line, str(Path(tempfile.mkdtemp()) / "smile.mp4"))
    take("export")
    click(named(dialog, "Export", QPushButton))
    window.panels.bring(window.jobs)
    _wait(lambda: (window.queue.jobs[-1].fraction or 0) > 0.3 or not window.queue.busy)
    take("exporting")
    for job in window.queue.jobs:
        job.cancel()
    _wait(lambda: not window.queue.busy)
    window.panels.bring(window.shots)


def _demo(home: Path) -> tuple[Path, Path]:
    import mien
    from mien.demo.footage import make_footage

    clip = make_footage(home / "interview.mp4")
    project = home / "interview.mien"
    mien.save_project(mien.track(clip, progress=False), project)
    return project, clip


def _show(window: Window, frame: int) -> None:
    window.workspace.set(frame=frame)
    settle()
    _wait(lambda: window.viewer.canvas.settled)


def _wait(true: Callable[[], object], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        settle(1)
        time.sleep(0.01)
    for _ in range(20):
        settle(1)
        time.sleep(0.02)


def _dialogs() -> list[QDialog]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]


def _compose(window: QWidget) -> QPixmap:
    """The window with its dialogs over it, as on a screen."""
    picture = window.grab()
    painter = QPainter(picture)
    for dialog in _dialogs():
        shown = dialog.grab()
        painter.drawPixmap(
            (window.width() - dialog.width()) // 2, (window.height() - dialog.height()) // 2, shown
        )
    painter.end()
    return picture


if __name__ == "__main__":
    main()
