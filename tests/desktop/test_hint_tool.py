"""A face tracked from a box: what is drawn, what is asked, and what becomes of the shot."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox

from mien.model.document import Document, Project
from mien.session.commands import set_key, set_span
from mien.timebase import FrameRange
from mien_desktop.faces.hint import Hint, with_followed
from mien_desktop.viewer.panel import ViewerPanel
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click, drag, keys, known, named, settle, shown, wait_until
from tests.desktop.shots import made_face, project_of


@pytest.fixture
def panel(workspace: Workspace) -> Iterator[ViewerPanel]:
    """The viewer with the tool in the hand."""
    with shown(ViewerPanel(workspace), 760, 470) as panel:
        wait_until(lambda: panel.canvas.showing)
        panel.canvas.hint.take()
        settle()
        yield panel
        panel.canvas.close_pictures()


def box(panel: ViewerPanel, *corners: float) -> None:
    """Draw a box between two corners in the picture."""
    placement = known(panel.canvas.placement())
    start, end = (tuple(placement.to_view(corners[i : i + 2]).tolist()) for i in (0, 2))
    drag(panel.canvas, start, end)


class TestTool:
    def test_a_box_asks_for_the_face_and_is_cut_to_the_picture(
        self, panel: ViewerPanel, workspace: Workspace
    ) -> None:
        hints: list[Hint] = []
        panel.canvas.hinted.connect(hints.append)
        workspace.set(frame=12)
        box(panel, 400, 300, -30, 90)
        (hint,) = hints
        assert (hint.face, hint.frame, hint.frames) == (1, 12, None)
        assert hint.box == pytest.approx((0, 90, 400, 300), abs=1)
        assert workspace.state.tool == "pull"

    def test_who_and_which_frames_are_chosen(
        self, panel: ViewerPanel, workspace: Workspace
    ) -> None:
        hints: list[Hint] = []
        panel.canvas.hinted.connect(hints.append)
        shot = known(workspace.project).id
        workspace.apply("In", lambda d: set_span(d, shot, FrameRange(5, 20)))
        click(named(panel, "New face", QCheckBox))
        reach = named(panel, "Frames", QComboBox)
        reach.setCurrentIndex(reach.findText("From in to out"))
        reach.activated.emit(reach.currentIndex())
        workspace.set(frame=30)
        said: list[str] = []
        workspace.said.connect(said.append)
        box(panel, 100, 100, 300, 300)
        assert said == ["Go to a frame between in and out, and draw the box there."]
        workspace.set(frame=6)
        box(panel, 100, 100, 300, 300)
        assert [(hint.face, hint.frames) for hint in hints] == [(None, FrameRange(5, 20))]

    def test_a_click_asks_for_nothing_and_escape_puts_it_away(
        self, panel: ViewerPanel, workspace: Workspace
    ) -> None:
        hints: list[Hint] = []
        panel.canvas.hinted.connect(hints.append)
        click(panel.canvas, (300, 200))
        assert not hints
        keys(panel.canvas, "Escape")
        assert workspace.state.tool == "pull"


class TestShot:
    """What else was done meanwhile stays."""

    @pytest.fixture
    def before(self) -> Project:
        return project_of(made_face(30), ())

    def test_the_face_is_replaced_under_its_name_and_its_edit_stays(self, before: Project) -> None:
        face = before.shot.faces[0]
        document = set_key(Document((before,)), before.id, 1, "jawOpen", 4, 0.5)
        named_ = dataclasses.replace(
            document.shots[0].shot, faces=(dataclasses.replace(face, name="Anna"),)
        )
        document = document.with_shot(document.shots[0].with_faces_of(named_))
        again = dataclasses.replace(face, confidence=face.confidence * 0.5)
        followed = dataclasses.replace(before.shot, faces=(again,))
        hint = Hint(before.id, 1, 4, (0, 0, 9, 9), None)
        made = with_followed(document, before, hint, followed).shots[0]
        assert made.shot.faces[0].name == "Anna"
        assert made.shot.faces[0].confidence is again.confidence
        assert made.edit(1).layers[0].tracks[0].keys[0].frame == 4

    def test_a_new_face_takes_a_number_that_is_free(self, before: Project) -> None:
        face = before.shot.faces[0]
        second = dataclasses.replace(face, number=2, name="face 2")
        both = dataclasses.replace(before.shot, faces=(face, second))
        document = Document((before,)).with_shot(before.with_faces_of(both))
        hint = Hint(before.id, None, 4, (0, 0, 9, 9), None)
        made = with_followed(document, before, hint, both).shots[0]
        assert [one.name for one in made.shot.faces] == ["face 1", "face 2", "face 3"]

    def test_a_face_that_was_removed_meanwhile_stays_away(self, before: Project) -> None:
        gone = dataclasses.replace(before.shot, faces=())
        document = Document((dataclasses.replace(before, shot=gone, edits=()),))
        hint = Hint(before.id, 1, 4, (0, 0, 9, 9), None)
        assert with_followed(document, before, hint, before.shot) is document
