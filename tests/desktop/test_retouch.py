"""The panel of everyday jobs, with a real face and real events."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QCheckBox, QPushButton, QSlider

from mien.model.controls import CONTROLS, INDEX
from mien.session.commands import set_span
from mien.timebase import FrameRange
from mien_desktop.background import Background
from mien_desktop.performance.retouch_panel import RetouchPanel
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, known, named, shown, wait_until

matched: list[bool] = []


@pytest.fixture
def panel(workspace: Workspace) -> Iterator[RetouchPanel]:
    background = Background(workspace)
    matched.clear()
    with shown(
        RetouchPanel(workspace, background, lambda: matched.append(True)), 300, 600
    ) as panel:
        yield panel
        background.close()


def done(panel: RetouchPanel, text: str) -> None:
    """Click a button and wait until the job is done, or was refused."""
    click(named(panel, text, QPushButton))
    wait_until(lambda: not panel._working, what=text)


def test_each_job_is_a_click_and_a_step(panel: RetouchPanel, workspace: Workspace) -> None:
    workspace.set(frame=30)
    shot = known(workspace.project).id
    workspace.apply("Span", lambda d: set_span(d, shot, FrameRange(8, 40)))
    for text, layer in (
        ("Look at the lens", "lens"), ("Add a blink", "blink"), ("Soften", "soften"),
    ):  # fmt: skip
        done(panel, text)
        assert workspace.session.undo_names[0].startswith(text), panel.notes.text()
        assert workspace.state.layer == layer
        assert panel.notes.text()
    evaluated = known(workspace.now.evaluated)
    assert float(evaluated.target[30, INDEX["eyeBlinkLeft"]]) > 0.4  # softened by half
    assert not evaluated.delta[:8].any()
    for _ in range(3):
        workspace.session.undo()
    assert not known(workspace.project).edits


def test_strength_and_parts_of_the_face_count(panel: RetouchPanel, workspace: Workspace) -> None:
    named(panel, "Softer by", QSlider).setValue(100)
    for box in panel.findChildren(QCheckBox):
        if box.text() in ("Brows", "Eyes", "Cheeks", "Nose", "Jaw", "Keep speech"):
            box.setChecked(False)
    done(panel, "Soften")
    delta = known(workspace.now.evaluated).delta
    mouth_controls = [INDEX[one.name] for one in CONTROLS if one.region == "mouth"]
    assert delta[:, mouth_controls].any()
    assert not delta[:, INDEX["browInnerUp"]].any()
    (mouth,) = (box for box in panel.findChildren(QCheckBox) if box.text() == "Mouth")
    mouth.setChecked(False)
    before = workspace.session.undo_names
    done(panel, "Neutralise")
    assert workspace.session.undo_names == before
    assert "part of the face" in panel.notes.text()


def test_commands_and_another_take(panel: RetouchPanel, workspace: Workspace) -> None:
    commands = {command.id: command for command in panel.commands()}
    assert len(commands) == 7
    click(named(panel, "Match a take…", QPushButton))
    commands["retouch.match"].run()
    assert matched == [True, True]
    workspace.session.new()
    assert all(known(command.why)() for command in commands.values())
    assert not named(panel, "Soften", QPushButton).isEnabled()
