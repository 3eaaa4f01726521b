"""What belongs to no panel: what is dropped, first pictures, the tour, messages, small screens."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QWidget

from mien.errors import MediaError
from mien_desktop.loading import Loading, first_picture
from mien_desktop.tour import tour_was_seen
from mien_desktop.window import Window
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, keys, named, settle, shown, wait_until


def drop(window: Window, paths: list[Path]) -> None:
    """Drag files from another program over the viewer, and let them go."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    place = QPointF(600, 200)
    enter = QDragEnterEvent(place.toPoint(), copy, data, left, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(place, copy, data, left, none))
    settle()


def test_dropped_clips_become_shots(main_window: Window, short_clip: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    shutil.copy(short_clip, other)
    drop(main_window, [short_clip, other])
    workspace = main_window.workspace
    wait_until(lambda: len(workspace.now.document.shots) == 2, what="two shots")
    wait_until(lambda: main_window.viewer.canvas.showing is not None, what="the first picture")
    assert main_window.windowTitle().startswith("Untitled")
    assert main_window.isWindowModified()
    button = named(main_window.timeline_place, "Track faces", QPushButton)
    assert button.isVisible()


def test_a_dropped_project_is_opened(main_window: Window, tracked: Path) -> None:
    drop(main_window, [tracked])
    wait_until(lambda: main_window.workspace.project, what="the project")
    assert main_window.windowTitle() == f"{tracked.stem}[*] – mien"
    assert not main_window.isWindowModified()
    assert main_window.timeline.isVisible()


def test_a_project_dropped_with_clips_takes_them_in(
    main_window: Window, tracked: Path, short_clip: Path
) -> None:
    drop(main_window, [short_clip, tracked])
    workspace = main_window.workspace
    wait_until(lambda: len(workspace.now.document.shots) == 2, what="the shot and the clip")
    first, second = workspace.now.document.shots
    assert first.tracked
    assert not second.tracked
    assert main_window.workspace.session.undo_names == (f"Add {short_clip.stem}",)


def test_the_first_key_is_no_text(main_window: Window, tracked: Path) -> None:
    main_window.documents.open_project(tracked)
    wait_until(lambda: main_window.workspace.project, what="the project")
    focused = QApplication.focusWidget()
    assert focused is not None
    keys(focused, "End")
    assert main_window.workspace.state.frame == main_window.workspace.now.frame_count - 1


def test_the_first_picture_is_there_before_the_clip_is_read(
    app: QApplication, short_clip: Path, tmp_path: Path
) -> None:
    with shown(QWidget(), 640, 360) as viewer:
        loading = Loading(viewer)
        loading.begin("Reading talk.mp4…")
        loading.show_picture(first_picture(short_clip))
        assert loading.isVisible()
        assert loading.image.width() >= 640
        assert loading.size() == viewer.size()
        loading.end()
        loading.show_picture(first_picture(short_clip))
        assert not loading.isVisible(), "it came after the clip was read"
    assert first_picture(tmp_path / "gone.mov") is None


def test_escape_leaves_the_tour(main_window: Window) -> None:
    main_window.start_tour()
    assert main_window.tour is not None
    keys(main_window.tour.bubble, "Escape")
    wait_until(lambda: main_window.tour is None, what="the end of the tour")
    assert tour_was_seen()


def test_the_tour_has_four_steps_and_is_shown_once(main_window: Window) -> None:
    assert not tour_was_seen()
    main_window.begin([])
    wait_until(lambda: main_window.tour, what="the tour")
    tour = main_window.tour
    assert tour is not None
    titles = []
    for _ in range(4):
        titles.append(tour.bubble.accessibleName())
        inside = tour.bubble.geometry()
        assert main_window.rect().contains(inside), "part of the bubble is off the window"
        click(named(tour.bubble, "Done" if len(titles) == 4 else "Next", QPushButton))
    assert len(set(titles)) == 4
    settle()
    assert main_window.tour is None
    assert tour_was_seen()


def test_the_tour_brings_its_own_shot(
    main_window: Window, short_clip: Path, tmp_path: Path
) -> None:
    made = tmp_path / "data" / "mien" / "demo" / "demo.mp4"
    made.parent.mkdir(parents=True)
    shutil.copy(short_clip, made)  # as if it had been made before, which takes long
    main_window.start_tour()
    assert main_window.tour is not None
    click(named(main_window.tour.bubble, "Use the demo shot", QPushButton))
    wait_until(lambda: main_window.workspace.project, what="the demo shot")
    project = main_window.workspace.project
    assert project is not None
    assert project.title == "demo"
    main_window.tour.end()


def test_a_problem_is_a_message_with_its_remedy(main_window: Window) -> None:
    main_window.workspace.problem.emit(MediaError("talk.mov is cut short.", "Copy it again."))
    settle()
    box = next(d for d in main_window.findChildren(QDialog) if d.isVisible())
    words = " ".join(label.text() for label in box.findChildren(QLabel))
    assert "talk.mov is cut short." in words
    assert "Copy it again." in words
    box.close()
    settle()


@pytest.mark.parametrize("name", ["show_preferences", "show_about", "show_keys", "ask_relink"])
def test_dialogs_open_and_go_with_escape(main_window: Window, name: str) -> None:
    getattr(main_window, name)()
    settle()
    box = next(d for d in main_window.findChildren(QDialog) if d.isVisible())
    keys(box, "Esc")
    settle()
    assert not [d for d in main_window.findChildren(QDialog) if d.isVisible()]


def test_everything_fits_a_small_screen(main_window: Window, tracked: Path) -> None:
    main_window.documents.open_project(tracked)
    wait_until(lambda: main_window.workspace.project, what="the project")
    assert (main_window.width(), main_window.height()) == (1280, 720)
    assert main_window.viewer.canvas.width() > 640
    assert main_window.viewer.canvas.height() > 300
    assert main_window.controls.width() >= 240


def test_every_control_has_a_name_for_those_who_do_not_see_it(
    main_window: Window, tracked: Path
) -> None:
    main_window.documents.open_project(tracked)
    wait_until(lambda: main_window.workspace.project, what="the project")
    nameless = [
        f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}"
        for widget in main_window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isVisible()
        and not widget.accessibleName()
        and not getattr(widget, "text", lambda: "")()
        and not widget.objectName().startswith("qt_")
    ]
    assert not nameless


def test_no_thread_calls_a_window_that_has_ended(app: QApplication, tracked: Path) -> None:
    """What is read for the timeline ends with it, and what comes later is dropped."""
    del app
    before = set(threading.enumerate())
    called: list[bool] = []
    window = Window(Workspace())
    window.show()
    window.documents.open_project(tracked)
    wait_until(lambda: window.workspace.project, what="the project")
    window.stop()
    left = [
        thread.name
        for thread in set(threading.enumerate()) - before
        if thread.name.startswith("mien-desktop")
    ]
    assert not left
    window.workspace.later(lambda: called.append(True))
    settle()
    assert not called
    window.deleteLater()
    settle()
