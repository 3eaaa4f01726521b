"""The shot list, with real clips and a real hand on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QLineEdit

import mien
from mien.model.document import Document, Project
from mien.session.commands import set_key
from mien_desktop.background import Background
from mien_desktop.shots.panel import ShotsPanel
from mien_desktop.shots.rows import PICTURE, STATUS
from mien_desktop.shots.status import status
from mien_desktop.shots.thumbnails import Thumbnails
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, double_click, keys, settle, shown, type_text, wait_until


@pytest.fixture
def panel(workspace: Workspace, short_clip: Path) -> Iterator[ShotsPanel]:
    """The list of three shots: tracked, untracked, and one whose media are missing."""
    untracked = Project(mien.open_shot(short_clip), name="B")
    lost = Project(mien.open_shot(short_clip), name="C", online=False)
    workspace.apply("Add", lambda document: Document((*document.shots, untracked, lost)))
    with shown(ShotsPanel(workspace), 220, 400) as panel:
        yield panel


def texts(panel: ShotsPanel) -> list[str]:
    return [panel.list.item(row).text() for row in range(panel.list.count())]


def place(panel: ShotsPanel, row: int) -> QPoint:
    return panel.list.visualItemRect(panel.list.item(row)).center()


def test_states_are_told(panel: ShotsPanel, workspace: Workspace) -> None:
    states = [panel.list.item(row).data(STATUS).text for row in range(3)]
    assert states == ["1 face", "untracked", "media missing"]
    shot = workspace.now.document.shots[0].id
    workspace.apply("Key", lambda d: set_key(d, shot, 1, "mouthSmile", 10, 0.5))
    assert panel.list.item(0).data(STATUS).text == "1 face, edited"
    panel.show_tracking({workspace.now.document.shots[1].id: 0.42})
    assert panel.list.item(1).data(STATUS).text == "tracking 42 %"
    assert "tracking 42 %" in panel.list.item(1).toolTip()


def test_a_shot_that_waits_is_not_told_to_run(short_clip: Path) -> None:
    project = Project(mien.open_shot(short_clip))
    assert status(project, (None,)).text == "waiting"
    assert status(replace(project, online=False), (0.5,)).text == "media missing"


def test_a_click_chooses_the_shot(panel: ShotsPanel, workspace: Workspace) -> None:
    workspace.set(frame=7)
    click(panel.list.viewport(), place(panel, 1))
    assert workspace.project is workspace.now.document.shots[1]
    assert workspace.state.frame == 0
    keys(panel.list, "Down")
    assert workspace.project is workspace.now.document.shots[2]
    click(panel.list.viewport(), place(panel, 0))
    assert workspace.state.frame == 7, "as it was left"


def test_a_shot_is_renamed_where_its_name_stands(panel: ShotsPanel, workspace: Workspace) -> None:
    double_click(panel.list.viewport(), place(panel, 1))
    field = panel.list.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    type_text(field, "wide")
    keys(field, "Return")
    assert workspace.now.document.shots[1].title == "wide"
    assert workspace.session.undo_names[0] == "Rename shot"
    workspace.session.undo()
    assert texts(panel)[1] == "B"


def test_shots_are_reordered_and_removed(panel: ShotsPanel, workspace: Workspace) -> None:
    commands = {command.id: command for command in panel.commands()}
    click(panel.list.viewport(), place(panel, 1))
    commands["shots.up"].run()
    assert texts(panel)[0] == "B"
    assert panel.list.currentRow() == 0
    commands["shots.remove"].run()
    assert [project.title for project in workspace.now.document.shots][-1] == "C"
    assert panel.list.count() == 2
    workspace.session.undo()
    assert panel.list.count() == 3


def test_a_moved_row_moves_its_shot(panel: ShotsPanel, workspace: Workspace) -> None:
    panel.list.setCurrentRow(2)
    # What a drag inside the list ends in; the drag itself runs in a loop of the platform's.
    assert panel.list.model().moveRow(panel.list.rootIndex(), 2, panel.list.rootIndex(), 0)
    assert workspace.now.document.shots[0].title == "C"
    assert texts(panel)[0] == "C"


def test_pictures_come_from_the_clips(panel: ShotsPanel, workspace: Workspace) -> None:
    background = Background(workspace)
    Thumbnails(workspace, background, panel)
    wait_until(lambda: panel.list.item(1).data(PICTURE) is not None, what="a thumbnail")
    picture = panel.list.item(1).data(PICTURE)
    assert picture.width() > picture.height() > 0
    assert panel.list.item(2).data(PICTURE) is None
    background.close()


def test_the_empty_list_says_what_to_do(app: QApplication) -> None:
    workspace = Workspace()
    with shown(ShotsPanel(workspace), 220, 300) as panel:
        assert panel.list.count() == 0
        assert not panel.grab().toImage().isNull()
    workspace.close()
    workspace.deleteLater()
    settle()
