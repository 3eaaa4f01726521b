"""The face lane: who is seen when, and faces merged, split, renamed and removed in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMenu, QToolButton

import mien
from mien.model.document import Document, Project
from mien.session.commands import set_key
from mien.session.session import Session
from mien_desktop import theme
from mien_desktop.background import Background
from mien_desktop.faces.repairs import FaceRepairs
from mien_desktop.geometry.lanes import ROW
from mien_desktop.timeline.panel import TimelinePanel
from mien_desktop.timeline.words import describe
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    CTRL,
    LEFT,
    RIGHT,
    click,
    double_click,
    drag,
    keys,
    known,
    move,
    named,
    press,
    release,
    settle,
    shown,
    wait_until,
)
from tests.desktop.timelines import cell, enter, open_menu, undo_name

CUT = 24
"""Where the one face of the clip is made two."""


@pytest.fixture(scope="session")
def people(tracked: Path) -> Project:
    """One person as two faces that follow each other, and a third that is there all the time."""
    project = mien.load_project(tracked)
    twin = dataclasses.replace(project.shot.faces[0], number=3, name="Twin")
    project = mien.split_face(project, 1, f"{CUT}:", progress=False)
    shot = dataclasses.replace(project.shot, faces=(*project.shot.faces, twin))
    return Document((dataclasses.replace(project, shot=shot),)).shots[0]


@pytest.fixture
def faces(app: object, people: Project) -> Iterator[Workspace]:
    """They in a workspace; face 2 opens its jaw."""
    workspace = Workspace(Session(Document((people,))))
    shot = known(workspace.project).id
    workspace.apply("Key", lambda d: set_key(d, shot, 2, "jawOpen", 30, 0.5))
    yield workspace
    workspace.close()
    workspace.deleteLater()


@pytest.fixture
def panel(faces: Workspace) -> Iterator[TimelinePanel]:
    background = Background(faces)
    with shown(TimelinePanel(faces, FaceRepairs(faces, background)), 900, 420) as panel:
        yield panel
        background.close()


def names(workspace: Workspace) -> list[str]:
    return [face.name for face in known(workspace.now.shot).faces]


def bar(panel: TimelinePanel, row: int, frame: int) -> tuple[float, float]:
    scene = panel.view.scene
    return scene.x(frame), scene.top(row) + ROW / 2


def done(panel: TimelinePanel) -> None:
    wait_until(lambda: not panel.repairs.working, what="the repair is worked out")
    settle()


def button(panel: TimelinePanel, name: str) -> QToolButton:
    return named(panel, name, QToolButton)


class TestMerging:
    def test_a_drag_onto_another_face_makes_them_one_and_edits_go_along(
        self, panel: TimelinePanel, faces: Workspace
    ) -> None:
        drag(panel.view.viewport(), bar(panel, 1, 30), bar(panel, 0, 30))
        done(panel)
        assert names(faces) == ["face 1", "Twin"]
        assert undo_name(faces) == "Merge face 2 into face 1"
        assert faces.state.face == 1
        assert known(faces.project).edit(1).layers[0].tracks[0].keys[0].frame == 30
        faces.session.undo()
        assert names(faces) == ["face 1", "face 2", "Twin"]

    def test_two_clicks_do_it_as_well(self, panel: TimelinePanel, faces: Workspace) -> None:
        faces.set(face=1)
        assert "Select two faces" in button(panel, "Merge faces").toolTip()
        click(panel.view.viewport(), cell(panel.view, 1, "name"), modifiers=CTRL)
        assert faces.state.faces == {1, 2}
        click(button(panel, "Merge faces"))
        done(panel)
        assert names(faces) == ["face 1", "Twin"]

    def test_two_that_are_seen_together_are_refused_and_why_is_said(
        self, panel: TimelinePanel, faces: Workspace
    ) -> None:
        before, view = faces.session.document, panel.view.viewport()
        press(view, bar(panel, 2, 30))
        for y in range(0, ROW + 1, 5):
            move(view, (bar(panel, 2, 30)[0], bar(panel, 2, 30)[1] - y), LEFT)
        overlay = panel.view.mouse.overlay
        assert overlay.refused
        assert overlay.note.startswith("face 2 and Twin are two people: both are seen in 24 frames")
        release(view, bar(panel, 1, 30))
        assert faces.session.document is before
        click(view, cell(panel.view, 1, "name"), modifiers=CTRL)
        merge = button(panel, "Merge faces")
        assert not merge.isEnabled()
        assert "two people" in merge.toolTip()

    def test_what_is_edited_meanwhile_is_kept(self, panel: TimelinePanel, faces: Workspace) -> None:
        shot = known(faces.project).id
        panel.repairs.merge({1, 2}, into=1)
        assert "is being worked out" in panel.repairs.splitting()
        faces.apply("Key", lambda d: set_key(d, shot, 3, "jawOpen", 5, 0.4))
        done(panel)
        assert names(faces) == ["face 1", "Twin"]
        assert known(faces.project).edit(3).layers[0].tracks[0].keys[0].value == 0.4


class TestSplitting:
    def test_the_face_is_two_from_the_playhead_on(
        self, panel: TimelinePanel, faces: Workspace
    ) -> None:
        faces.set(face=3, frame=10)
        click(button(panel, "Split face"))
        done(panel)
        shot = known(faces.now.shot)
        assert [face.number for face in shot.faces] == [1, 2, 3, 4]
        assert not (shot.face(3).confidence[10:] > 0).any()
        assert not (shot.face(4).confidence[:10] > 0).any()
        assert faces.state.face == 4
        assert undo_name(faces) == "Split Twin at frame 10"

    @pytest.mark.parametrize(
        ("face", "frame", "reason"),
        [
            (1, 30, "face 1 is not seen at the playhead"),
            (2, CUT, "face 2 is not seen before the playhead"),
        ],
        ids=["nobody", "all of it"],
    )
    def test_where_there_is_nobody_to_split_it_is_greyed(
        self, panel: TimelinePanel, faces: Workspace, face: int, frame: int, reason: str
    ) -> None:
        faces.set(face=face, frame=frame)
        split, said = button(panel, "Split face"), list[str]()
        assert not split.isEnabled()
        assert reason in split.toolTip()
        faces.said.connect(said.append)
        panel.repairs.split()  # as its key does
        assert len(said) == 1
        assert reason in said[0]


class TestRows:
    def test_a_face_is_chosen_renamed_and_removed(
        self, panel: TimelinePanel, faces: Workspace
    ) -> None:
        view = panel.view
        click(view.viewport(), bar(panel, 2, 12))
        assert (faces.state.face, faces.state.faces) == (3, {3})
        double_click(view.viewport(), cell(view, 2, "name"))
        enter(view, "Name of the face", "Anna")
        assert names(faces)[2] == "Anna"
        panel.repairs.remove()
        assert names(faces) == ["face 1", "face 2"]
        assert undo_name(faces) == "Remove Anna"

    def test_bars_show_where_a_face_is_seen(self, panel: TimelinePanel, faces: Workspace) -> None:
        faces.set(face=3)
        picture = panel.view.viewport().grab().toImage()

        def at(frame: int) -> int:
            x, y = bar(panel, 0, frame)
            return picture.pixelColor(round(x), round(y)).rgb()

        assert at(5) != at(30) == theme.WELL.rgb()

    def test_menus_grey_out_what_cannot_be_done(
        self, panel: TimelinePanel, faces: Workspace
    ) -> None:
        view = panel.view
        press(view.viewport(), bar(panel, 0, 5), RIGHT)
        open_menu(view, bar(panel, 0, 5))
        menu = next(menu for menu in view.findChildren(QMenu) if menu.isVisible())
        entries = {action.text(): action for action in menu.actions()}
        assert entries["Rename…"].isEnabled()
        assert not entries["Merge"].isEnabled()
        assert "Select two faces" in entries["Merge"].toolTip()
        below = entries["Merge into"].menu()
        assert isinstance(below, QMenu)
        into = {action.text(): action.isEnabled() for action in below.actions()}
        assert into == {"face 2": True, "Twin": False}
        menu.close()

    def test_faces_are_chosen_from_the_keyboard(
        self, panel: TimelinePanel, faces: Workspace
    ) -> None:
        run = {command.id: command.run for command in panel.commands()}
        faces.set(face=1)
        run["faces.down"]()
        assert faces.state.face == 2
        run["faces.extend-up"]()
        assert (faces.state.face, faces.state.faces) == (2, {1, 2})
        run["faces.rename"]()
        enter(panel.view, "Name of the face", "Ben")
        assert names(faces)[1] == "Ben"
        run["faces.merge"]()
        done(panel)
        assert names(faces) == ["Ben", "Twin"]

    def test_portraits_come_and_the_pointer_is_told_who_it_is(
        self, panel: TimelinePanel, faces: Workspace
    ) -> None:
        face = known(faces.now.shot).faces[0]
        wait_until(lambda: panel.view.portraits.portrait(face), what="the portrait is read")
        scene, mouse = panel.view.scene, panel.view.mouse
        assert "not seen" in describe(scene, mouse.target_at(*bar(panel, 0, 30)))
        assert "seen with" in describe(scene, mouse.target_at(*bar(panel, 0, 5)))

    def test_the_lane_can_be_put_away(self, panel: TimelinePanel) -> None:
        shown_button = button(panel, "Faces")
        assert shown_button.isChecked()
        click(shown_button)
        assert all(lane.kind != "person" for lane in panel.view.scene.lanes.rows)
        keys(panel.view, "Escape")
