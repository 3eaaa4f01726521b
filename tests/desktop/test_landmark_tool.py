"""Landmarks put right by hand in the viewer: what is dragged, what follows, what is taken back."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtWidgets import QPushButton, QSpinBox, QWidget

from mien.model.corrections import GROUPS, CorrectionGroup
from mien.model.face import Face
from mien_desktop import theme
from mien_desktop.geometry.landmark_groups import dragged, grips, group_at
from mien_desktop.timeline.panel import TimelinePanel
from mien_desktop.viewer.canvas import Canvas
from mien_desktop.viewer.panel import ViewerPanel
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    LEFT,
    click,
    drag,
    keys,
    known,
    move,
    named,
    press,
    settle,
    shown,
    wait_until,
)
from tests.desktop.timelines import choose_in_menu, open_menu, undo_name

FRAME = 20


@pytest.fixture
def panel(workspace: Workspace) -> Iterator[ViewerPanel]:
    """The viewer with the tool in the hand."""
    workspace.set(frame=FRAME)
    with shown(ViewerPanel(workspace), 760, 470) as panel:
        wait_until(lambda: panel.canvas.showing)
        panel.canvas.landmarks.take()
        settle()
        yield panel
        panel.canvas.close_pictures()


def face_of(workspace: Workspace) -> Face:
    return known(workspace.now.face)


def grip(canvas: Canvas, group: CorrectionGroup) -> tuple[float, float]:
    """Where a group is taken hold of, in the view."""
    x, y = known(canvas.placement()).to_view(canvas.landmarks.places()[group]).tolist()
    return x, y


def moved(workspace: Workspace, before: Face) -> list[int]:
    """The frames in which landmarks are elsewhere than in another version of the face."""
    apart = np.abs(face_of(workspace).landmarks - before.landmarks)
    return [int(frame) for frame in np.flatnonzero(np.nan_to_num(apart).any(axis=(1, 2)))]


class TestGroups:
    def test_each_is_held_by_itself_and_moves_without_the_others(
        self, workspace: Workspace
    ) -> None:
        points = face_of(workspace).landmarks[FRAME, :, :2]
        places = grips(points)
        assert set(places) == set(GROUPS)
        assert places["right_eye"][0] < places["nose"][0] < places["left_eye"][0]
        assert places["jaw"][1] > places["mouth"][1] > places["nose"][1] > places["brows"][1]
        assert all(math.dist(a, b) > 20 for a in places.values() for b in places.values() if a != b)
        assert group_at(places, places["jaw"], 5) == "jaw"
        assert group_at(places, (0, 0), 5) is None
        after = grips(dragged(points, "mouth", (6, -3)))
        assert after["mouth"] == pytest.approx((places["mouth"][0] + 6, places["mouth"][1] - 3))
        assert after["left_eye"] == places["left_eye"]


class TestTool:
    def test_a_drag_moves_the_group_here_and_less_around_it_as_one_step(
        self, panel: ViewerPanel, workspace: Workspace
    ) -> None:
        before, canvas = face_of(workspace), panel.canvas
        workspace.set(falloff=4)
        start = grip(canvas, "mouth")
        drag(canvas, start, (start[0] + 12, start[1] + 6))
        zoom = known(canvas.placement()).zoom
        (made,) = face_of(workspace).corrections
        assert (made.frame, made.group, made.before, made.after) == (FRAME, "mouth", 4, 4)
        assert (made.dx, made.dy) == pytest.approx((12 / zoom, 6 / zoom), abs=0.01)
        assert moved(workspace, before) == list(range(FRAME - 4, FRAME + 5))
        assert undo_name(workspace) == "Correct mouth of face 1"
        workspace.session.undo()
        assert face_of(workspace) is before

    def test_the_dragged_landmarks_are_shown_before_they_are_let_go(
        self, panel: ViewerPanel, workspace: Workspace
    ) -> None:
        canvas, document = panel.canvas, workspace.session.document
        start = grip(canvas, "jaw")
        press(canvas, start)
        move(canvas, (start[0] + 30, start[1] + 20), LEFT)
        picture = canvas.grab().toImage()
        ring = [
            picture.pixelColor(round(start[0] + 30 + dx), round(start[1] + 20)).rgb()
            for dx in (-8, -7, 7, 8)
        ]
        assert theme.SELECTION.rgb() in ring
        keys(canvas, "Escape")
        assert workspace.session.document is document
        assert workspace.state.tool == "landmarks"
        keys(canvas, "Escape")
        assert workspace.state.tool == "pull"

    def test_the_plate_is_shown_meanwhile_and_then_what_was_shown_before(
        self, panel: ViewerPanel, workspace: Workspace
    ) -> None:
        assert workspace.state.mode == "plate"
        assert named(panel, "Correcting landmarks", QWidget).isVisible()
        click(named(panel, "Done", QPushButton))
        assert (workspace.state.mode, workspace.state.tool) == ("edited", "pull")

    def test_the_fade_is_chosen_before_and_after(
        self, panel: ViewerPanel, workspace: Workspace
    ) -> None:
        before, canvas = face_of(workspace), panel.canvas
        spin = named(panel, "Falloff", QSpinBox)
        spin.setValue(2)
        start = grip(canvas, "nose")
        drag(canvas, start, (start[0] + 8, start[1]))
        assert moved(workspace, before) == list(range(FRAME - 2, FRAME + 3))
        spin.setValue(0)
        assert moved(workspace, before) == [FRAME]
        assert undo_name(workspace) == "Fade corrections over 0 frames"
        workspace.session.undo()
        assert spin.value() == 2

    def test_corrections_are_cleared_here_or_everywhere(
        self, panel: ViewerPanel, workspace: Workspace
    ) -> None:
        before, canvas = face_of(workspace), panel.canvas
        here, everywhere = (named(panel, f"Clear {what}", QPushButton) for what in ("frame", "all"))
        assert not here.isEnabled()
        assert "Nothing of face 1 was corrected in this frame" in here.toolTip()
        for frame in (FRAME, FRAME + 20):
            workspace.set(frame=frame)
            start = grip(canvas, "brows")
            drag(canvas, start, (start[0], start[1] + 6))
        click(here)
        assert [one.frame for one in face_of(workspace).corrections] == [FRAME]
        click(everywhere)
        assert moved(workspace, before) == []
        assert not everywhere.isEnabled()

    def test_groups_are_moved_from_the_keyboard(
        self, panel: ViewerPanel, workspace: Workspace
    ) -> None:
        run = {command.id: command.run for command in panel.commands()}
        run["landmarks.next"]()
        run["landmarks.left"]()
        run["landmarks.down"]()
        (made,) = face_of(workspace).corrections
        assert made.group == "jaw"
        assert (made.dx, made.dy) == pytest.approx((-1, 1))


def test_the_face_lane_shows_where_and_clears_it(workspace: Workspace, panel: ViewerPanel) -> None:
    start = grip(panel.canvas, "mouth")
    drag(panel.canvas, start, (start[0] + 9, start[1]))
    workspace.set(frame=0)
    with shown(TimelinePanel(workspace), 900, 420) as timeline:
        view = timeline.view
        place = (view.scene.x(FRAME), view.scene.top(0) + 10)
        picture = view.viewport().grab().toImage()
        assert picture.pixelColor(round(place[0]), round(place[1])) == theme.RESULT
        click(view.viewport(), place)
        assert workspace.state.frame == FRAME
        open_menu(view, place)
        choose_in_menu(view, "Clear the correction here")
        assert not face_of(workspace).corrections
