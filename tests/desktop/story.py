"""The story of an edit, told in processes of their own: python -m tests.desktop.story CHAPTER ...

    edit CLIP FOLDER       open, track, key raised brows, scrub, undo, redo, drag a key, play, save,
                           change something more, and wait to be killed
    recover FOLDER OUTPUT  take up what the killed one had not saved, export, save, close

Everything is done with the mouse and the keys on the window that `mien desktop` shows. The last
line of standard output is a JSON object with what was seen.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from pathlib import Path

from PySide6.QtCore import QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from mien.model.controls import INDEX
from mien.model.edits import ControlTrack
from mien_desktop.app import launch
from mien_desktop.autosave import RecoveryDialog
from mien_desktop.controls.row import ControlRow
from mien_desktop.geometry.lanes import ROW
from mien_desktop.jobs.export import ExportDialog
from mien_desktop.window import Window
from mien_desktop.words import title
from tests.desktop.driving import click, drag, keys, named, settle, type_text, wait_until
from tests.waiting import PATIENCE

BROW = "browOuterUpLeft"
TRACKING = 240.0
"""Seconds that tracking and exporting may take on a busy machine."""


def main() -> None:
    """Run a chapter; what Qt warns of, or a slot raises, ends it."""
    chapter, first, second = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    qInstallMessageHandler(_no_warning)
    window = launch([str(first)] if chapter == "edit" else [])
    raised: list[BaseException] = []
    sys.excepthook = lambda kind, error, trace: raised.append(error)
    window.resize(1280, 720)
    try:
        seen = edit(window, second) if chapter == "edit" else recover(window, second)
        if raised:
            raise raised[0]
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the test that failed
        # Straight out: the window's threads and workers must not make another end of it.
        traceback.print_exception(error)
        sys.stderr.flush()
        os._exit(1)
    print(json.dumps(seen), flush=True)
    end = time.monotonic() + PATIENCE
    while chapter == "edit" and time.monotonic() < end:
        settle()
        time.sleep(0.01)


def edit(window: Window, folder: Path) -> dict[str, object]:
    """From a clip to a saved project, and a change that is not saved."""
    workspace = window.workspace
    wait_until(lambda: workspace.project, what="the clip")
    away = track(window)
    scrub(window, 20)
    click(named(window.controls, "Link left and right", QToolButton))
    row = find_slider(window, BROW)
    click(row, row._parts()["key"].center())
    scrub(window, 60)
    pull_slider(row, 0.3)
    assert frames(window) == [20, 60], frames(window)
    brows = value(window, 60)
    sweep(window, 40)
    keys(window, "Ctrl+Z")
    assert frames(window) == [20], "undone"
    keys(window, "Ctrl+Shift+Z")
    assert frames(window) == [20, 60], "done again"
    drag_key(window, 60, 70)
    assert frames(window) == [20, 70], frames(window)
    play(window)
    keys(window, "Ctrl+S")
    name_file(folder / "story.mien")
    wait_until(lambda: not workspace.session.modified, what="the save")
    jaw = find_slider(window, "jawOpen")
    scrub(window, 20)
    click(jaw, jaw._parts()["key"].center())
    scrub(window, 70)
    pull_slider(jaw, 0.15)
    assert workspace.session.modified
    # The test kills this process as soon as the change is kept.
    autosave = window.autosave
    wait_until(lambda: not autosave._timer.isActive(), what="the next keeping")
    autosave._threads.submit(int).result(PATIENCE)
    return {"brows": brows, "keys": frames(window), "away": away}


def recover(window: Window, output: Path) -> dict[str, object]:
    """From what the crash left to an exported film and a saved project."""
    workspace = window.workspace
    dialog = wait_for(RecoveryDialog)
    click(named(dialog, "Recover", QPushButton))
    wait_until(lambda: workspace.project and workspace.previewer, what="the recovered project")
    assert workspace.session.modified
    tracks = sorted(track.control for track in tracks_of(window))
    scrub(window, 10)
    keys(window, "I")
    scrub(window, 80)
    keys(window, "O")
    keys(window, "Ctrl+E")
    export = wait_for(ExportDialog)
    box = named(export, "Preset", QComboBox)
    box.setCurrentIndex(next(i for i in range(box.count()) if "FFV1" in box.itemText(i)))
    line = named(export, "Output", QLineEdit)
    line.setFocus()
    line.selectAll()
    type_text(line, str(output))
    click(named(export, "Export", QPushButton))
    wait_until(lambda: not window.queue.busy, TRACKING, "the export")
    job = window.queue.jobs[-1]
    assert job.state == "done", str(job.error)
    keys(window, "Ctrl+S")
    wait_until(lambda: not workspace.session.modified, what="the save")
    keys(window, "Ctrl+Q")
    wait_until(lambda: not window.isVisible(), what="the end")
    return {"tracks": tracks, "keys": frames(window)}


def track(window: Window) -> float:
    """Click `Track faces`; answers with the part of it for which the window was not there.

    That is the longest time in which no event was handled, of all the time that it took.
    """
    workspace = window.workspace
    click(named(window.timeline_place, "Track faces", QPushButton))
    assert window.queue.busy
    longest, start = 0.0, time.monotonic()
    last, end = start, start + TRACKING
    while not (workspace.project and workspace.project.tracked):
        settle(1)
        now = time.monotonic()
        assert now < end, "not tracked in time"
        longest, last = max(longest, now - last), now
        time.sleep(0.005)
    return longest / (last - start)


def scrub(window: Window, frame: int) -> None:
    """Type the frame into the transport's field."""
    field = named(window.transport, "Frame", QLineEdit)
    field.setFocus()
    field.selectAll()
    type_text(field, str(frame))
    keys(field, "Return")
    assert window.workspace.state.frame == frame


def sweep(window: Window, frame: int) -> None:
    """Drag the playhead along the transport's bar, to the picture at a frame."""
    workspace, bar = window.workspace, window.transport.cache_bar
    share = bar.width() / workspace.now.frame_count
    y = bar.height() / 2
    drag(bar, ((workspace.state.frame + 0.5) * share, y), ((frame + 0.5) * share, y))
    assert workspace.state.frame == frame
    wait_until(lambda: window.viewer.canvas.settled, what="the picture")


def find_slider(window: Window, control: str) -> ControlRow:
    """Search for a control and see its row."""
    search = named(window.controls, "Search controls", QLineEdit)
    search.setFocus()
    search.selectAll()
    type_text(search, title(control))
    return named(window.controls, title(control), ControlRow)


def pull_slider(row: ControlRow, share: float) -> None:
    """Drag the thumb over a share of the slider's length."""
    groove = row.groove()
    start = groove.left() + row.slider.fraction(row.slider.target) * groove.width()
    y = groove.center().y()
    drag(row, (start, y), (start + share * groove.width(), y))


def drag_key(window: Window, frame: int, to: int) -> None:
    """Drag a key of the first lane with keys along the timeline."""
    view = window.timeline.view
    scene = view.scene
    rows = [i for i, lane in enumerate(scene.lanes.rows) if lane.kind == "track"]
    y = scene.top(rows[0]) + ROW / 2
    drag(view.viewport(), (scene.x(frame), y), (scene.x(to), y))


def play(window: Window) -> None:
    """Play until ten frames have been shown."""
    start = window.workspace.state.frame
    window.viewer.setFocus()
    keys(window, "Space")
    wait_until(lambda: window.workspace.state.frame >= start + 10, what="the playhead")
    keys(window, "Space")
    settle()


def tracks_of(window: Window) -> list[ControlTrack]:
    project = window.workspace.project
    assert project is not None
    return [t for e in project.edits for layer in e.layers for t in layer.tracks]


def frames(window: Window) -> list[int]:
    """The frames of the keys of the smile."""
    found = [t for t in tracks_of(window) if t.control == BROW]
    return [key.frame for track in found for key in track.keys]


def value(window: Window, frame: int) -> float:
    """What the smile is to be at a frame."""
    evaluated = window.workspace.now.evaluated
    assert evaluated is not None
    return float(evaluated.target[frame, INDEX[BROW]])


def wait_for(kind: type[QDialog]) -> QWidget:
    """The dialog of a kind, once it is open."""
    found: list[QWidget] = []

    def there() -> bool:
        found[:] = [
            w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()
        ]
        return bool(found)

    wait_until(there, what=f"a {kind.__name__}")
    return found[0]


def name_file(path: Path) -> None:
    """Answer the file dialog that is open."""
    dialog = wait_for(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    line = dialog.findChild(QLineEdit)
    assert line is not None
    line.setText(str(path))
    dialog.accept()
    settle()


def _no_warning(kind: QtMsgType, context: object, message: str) -> None:
    if kind != QtMsgType.QtDebugMsg and not message.startswith("This plugin does not support"):
        raise AssertionError(f"Qt warned: {message}")


if __name__ == "__main__":
    main()
