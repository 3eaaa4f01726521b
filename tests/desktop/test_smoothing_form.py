"""How curves are smoothed, chosen in the curve editor and seen there before and after."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QToolButton

import mien
from mien_desktop.curves.panel import CurvesPanel
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, keys, known, named, settle, shown, type_text, wait_until


@pytest.fixture
def panel(workspace: Workspace, repairs: FaceRepairs) -> Iterator[CurvesPanel]:
    workspace.set(controls=("eyeBlinkLeft",))
    with shown(CurvesPanel(workspace, repairs), 1000, 320) as panel:
        click(named(panel, "Smoothing", QToolButton))
        settle()
        yield panel


def choose(panel: CurvesPanel, method: str) -> None:
    """Choose a method with the keyboard, as users do."""
    box = named(panel, "Method of smoothing", QComboBox)
    for _ in range(box.count()):
        keys(box, "Up")
    while box.currentText() != method:
        keys(box, "Down")


def enter(panel: CurvesPanel, name: str, value: str) -> None:
    spin = named(panel, name, QDoubleSpinBox)
    spin.setFocus()
    spin.selectAll()
    type_text(spin, value)
    keys(spin, "Return")


def smoothed(workspace: Workspace, how: mien.Smoothing, what: str) -> None:
    wait_until(lambda: known(workspace.now.face).smoothing == how, what=what)
    settle()


def test_a_change_is_seen_beside_the_raw_curve_and_taken_back(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    face = known(workspace.now.face)
    channel = known(panel.canvas.scene.channel("eyeBlinkLeft"))
    np.testing.assert_array_equal(known(channel.raw), face.raw.controls["eyeBlinkLeft"])
    before = panel.canvas.grab().toImage()
    choose(panel, "Median")
    enter(panel, "Strength of eyes", "3")
    how = mien.Smoothing("median", groups=(("eyes", 3.0),))
    smoothed(workspace, how, "eyes are smoothed more")
    assert panel.smoothing.smoothing() == how
    expected = mien.smooth_faces(known(workspace.project), how).shot.faces[0]
    channel = known(panel.canvas.scene.channel("eyeBlinkLeft"))
    np.testing.assert_array_equal(known(channel.source), expected.curves.controls["eyeBlinkLeft"])
    np.testing.assert_array_equal(known(channel.raw), face.raw.controls["eyeBlinkLeft"])
    assert panel.canvas.grab().toImage() != before
    assert workspace.session.undo_names[0] == f"Smooth {face.name}: median, eyes 3"
    while workspace.session.undo_names:
        workspace.session.undo()
    assert panel.smoothing.smoothing() == mien.Smoothing()
    assert known(workspace.now.face) is face


def test_strengths_follow_the_whole_and_reset_brings_the_usual_back(
    panel: CurvesPanel, workspace: Workspace
) -> None:
    window = named(panel, "Window", QDoubleSpinBox)
    assert not window.isEnabled()  # adaptive finds its own
    choose(panel, "Savitzky-Golay")
    assert window.isEnabled()
    assert window.value() == pytest.approx(mien.Smoothing("savgol").window)
    enter(panel, "Strength of gaze", "2")
    enter(panel, "Strength", "0.5")
    enter(panel, "Window", "0.3")
    how = mien.Smoothing("savgol", 0.5, (("gaze", 2.0),), 0.3)
    smoothed(workspace, how, "it is smoothed so")
    assert named(panel, "Strength of jaw", QDoubleSpinBox).value() == 0.5
    steps = len(workspace.session.undo_names)
    click(named(panel, "Smooth as usual"))
    smoothed(workspace, mien.Smoothing(), "it is as usual")
    assert len(workspace.session.undo_names) == steps + 1
    choose(panel, "None")
    smoothed(workspace, mien.Smoothing("none"), "it is as solved")
    assert not named(panel, "Strength", QDoubleSpinBox).isEnabled()
    click(named(panel, "Smoothing", QToolButton))
    assert known(panel.canvas.scene.channel("eyeBlinkLeft")).raw is None
    assert not panel.smoothing.isVisible()
