"""The dialog on things in front of faces: every change is a step of undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton

from mien.errors import MienError
from mien.model.occlusion import MatteStroke, Occlusion
from mien.session.commands import add_stroke
from mien.timebase import FrameRange
from mien_desktop.background import Background
from mien_desktop.front_dialog import FrontDialog
from mien_desktop.window import Window
from mien_desktop.workspace import Workspace
from tests.desktop.conftest import FRAMES
from tests.desktop.driving import click, known, named, shown, wait_until
from tests.mattes import write_images


@pytest.fixture
def dialog(workspace: Workspace) -> Iterator[FrontDialog]:
    background = Background(workspace)
    with shown(FrontDialog(workspace, background, known(workspace.state.shot))) as dialog:
        yield dialog
    background.close()


def occlusion(workspace: Workspace) -> Occlusion:
    return known(workspace.now.shot).occlusion


def test_switches_are_steps_that_undo_takes_back(dialog: FrontDialog, workspace: Workspace) -> None:
    look = named(dialog, "Look for what is in front of faces", QCheckBox)
    click(look, (8, look.height() // 2))
    assert not occlusion(workspace).detect
    assert workspace.session.undo_names == ("Do not look for what is in front of faces",)
    click(dialog.fade, (8, dialog.fade.height() // 2))
    assert not occlusion(workspace).fade
    box = named(dialog, "Glasses of face 1", QComboBox)
    box.setCurrentIndex(1)
    assert occlusion(workspace).glasses == {1: "yes"}
    for _ in range(3):
        workspace.session.undo()
    assert occlusion(workspace) == Occlusion()
    assert look.isChecked()
    assert dialog.fade.isChecked()
    assert box.currentIndex() == 0


def test_strokes_are_counted_and_cleared(dialog: FrontDialog, workspace: Workspace) -> None:
    shot = known(workspace.state.shot)
    words = named(dialog, "Strokes", QLabel)
    assert words.text() == "None"
    stroke = MatteStroke(1, 5, FrameRange(5, 9), ((9.0, 9.0),), 4.0)
    workspace.apply("Paint", lambda d: add_stroke(d, shot, stroke))
    workspace.apply("Paint", lambda d: add_stroke(d, shot, stroke))
    assert words.text() == "2 strokes in 1 frame"
    click(named(dialog, "Clear all", QPushButton))
    assert words.text() == "None"


def test_a_matte_is_looked_at_before_it_is_used(
    dialog: FrontDialog, workspace: Workspace, tmp_path: Path
) -> None:
    white = np.zeros((FRAMES, 72, 128), np.float32)
    white[:, 40:] = 1
    pattern = write_images(tmp_path / "hand.%04d.png", white)
    dialog.take_matte(pattern)
    wait_until(lambda: occlusion(workspace).matte, what="the matte")
    assert named(dialog, "Matte", QLabel).text() == "hand.%04d.png"
    assert occlusion(workspace).matte_content
    assert not dialog.detect.isEnabled()
    dialog.remove_matte()
    assert occlusion(workspace) == Occlusion()
    assert workspace.session.undo_names == ("Remove the matte", "Choose a matte")


def test_a_matte_that_does_not_fit_is_refused(
    dialog: FrontDialog, workspace: Workspace, tmp_path: Path
) -> None:
    problems: list[MienError] = []
    workspace.problem.disconnect()
    workspace.problem.connect(problems.append)
    dialog.take_matte(write_images(tmp_path / "short.%04d.png", np.zeros((3, 72, 128), np.float32)))
    wait_until(lambda: problems, what="the refusal")
    assert occlusion(workspace).matte is None
    assert named(dialog, "Choose…", QPushButton).isEnabled()


def test_the_window_opens_it(main_window: Window, tracked: Path) -> None:
    main_window.documents.open_project(tracked)
    wait_until(lambda: main_window.workspace.project, what="the project")
    main_window.menu_actions.action("shot.front").trigger()
    (dialog,) = main_window.findChildren(FrontDialog)
    assert dialog.isVisible()
    click(named(dialog, "Close", QPushButton))
    assert not main_window.findChildren(FrontDialog)
