"""The matte brush: what is painted in the viewer is in front of the face, and can be undone."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QToolButton

from mien.model.face import Face
from mien.model.occlusion import MatteStroke, Occlusion
from mien.model.shot import Shot
from mien.session.commands import set_value
from mien.session.session import Session
from mien.timebase import FrameRange
from mien_desktop.geometry.brush import POINTS, ended, reach, resized, stretched, thinned
from mien_desktop.viewer.canvas import Canvas
from mien_desktop.viewer.panel import ViewerPanel
from mien_desktop.workspace import Workspace
from tests.desktop.driving import (
    ALT,
    CTRL,
    LEFT,
    SHIFT,
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
from tests.desktop.shots import FRAMES, made_face, project_of

FRAME = 20
PLACES = st.floats(0, 2000)
SPANS = st.tuples(st.integers(0, 90), st.integers(1, 9), st.integers(0, 8)).map(
    lambda t: (FrameRange(t[0], t[0] + t[1]), t[0] + min(t[2], t[1] - 1))
)


def stroke(frame: int, span: FrameRange, face: int = 1) -> MatteStroke:
    return MatteStroke(face, frame, span, ((1.0, 2.0),), 5.0)


class TestPoints:
    @given(st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=80), st.floats(0.5, 200))
    def test_thinning_keeps_the_ends_and_strays_from_no_point(
        self, points: list[tuple[float, float]], radius: float
    ) -> None:
        kept = thinned(points, radius)
        assert kept[0] == points[0]
        assert kept[-1] == points[-1]
        for point in points:
            assert min(math.dist(point, other) for other in kept) <= 0.15 * radius

    def test_no_stroke_has_more_points_than_a_project_holds(self) -> None:
        wild = [(float(i % 977), float(i * 7 % 1009)) for i in range(20_000)]
        kept = thinned(wild, 1.0)
        assert POINTS / 4 < len(kept) <= POINTS

    @given(st.floats(0.0015, 0.25), st.integers(-60, 60))
    def test_the_size_has_limits_and_steps_can_be_taken_back(self, radius: float, way: int) -> None:
        assert 0 < resized(radius, way) <= 0.25
        assert stretched(radius, 0) == radius
        assert stretched(0.02, 120) == pytest.approx(0.04)
        assert resized(resized(0.02, 1), -1) == pytest.approx(0.02)


class TestReach:
    def shot(self, *strokes: MatteStroke, lost: tuple[int, ...] = ()) -> tuple[Shot, Face]:
        """A hundred frames with a cut at 60 and a dissolve from 80 to 86."""
        face = made_face(FRAMES)
        valid = np.ones(FRAMES, bool)
        valid[list(lost)] = False
        face = dataclasses.replace(face, curves=dataclasses.replace(face.curves, valid=valid))
        shot = project_of(face, (), cuts=(60,)).shot
        mixes, occlusion = (FrameRange(80, 86),), Occlusion(strokes=strokes)
        return dataclasses.replace(shot, mixes=mixes, occlusion=occlusion), face

    def test_a_stroke_holds_on_until_the_next_or_until_the_picture_is_another(self) -> None:
        later = stroke(40, FrameRange(40, 60))
        once, other = stroke(30, FrameRange(30, 31)), stroke(35, FrameRange(35, 60), face=2)
        shot, face = self.shot(later, once, other, lost=(95, 96))
        assert reach(shot, face, 10) == FrameRange(10, 40)
        assert reach(shot, face, 40) == FrameRange(40, 60)
        assert reach(shot, face, 59) == FrameRange(59, 60)
        assert reach(shot, face, 60) == FrameRange(60, 80)
        assert reach(shot, face, 90) == FrameRange(90, 95)
        assert reach(shot, face, 97) == FrameRange(97, FRAMES)
        assert reach(shot, face, 10, once=True) == FrameRange(10, 11)

    @given(st.lists(SPANS, max_size=6), st.integers(0, FRAMES - 1))
    def test_it_begins_where_it_is_painted(
        self, spans: list[tuple[FrameRange, int]], frame: int
    ) -> None:
        shot, face = self.shot(*(stroke(at, span) for span, at in spans))
        found = reach(shot, face, frame)
        assert found.start == frame
        assert frame < found.stop <= FRAMES

    @given(st.lists(SPANS, max_size=6), st.integers(0, FRAMES - 1))
    def test_ended_strokes_leave_the_frame_and_nothing_before_it(
        self, spans: list[tuple[FrameRange, int]], frame: int
    ) -> None:
        strokes = [stroke(at, span) for span, at in spans]
        left = ended(strokes, 1, frame)
        assert not any(frame in one.span for one in left)
        for at in range(frame):
            kept = sum(at in one.span for one in left)
            assert kept == sum(at in one.span and one.frame != frame for one in strokes) or any(
                one.frame > frame and at in one.span for one in strokes
            )
        assert ended(strokes, 2, frame) == tuple(strokes)


@pytest.fixture(scope="module")
def workspace(app: QApplication, tracked: Path) -> Iterator[Workspace]:
    """The tracked project with an edit, for all tests: to learn what is in front takes seconds."""
    session = Session()
    session.open(tracked)
    workspace = Workspace(session)
    problems: list[object] = []
    workspace.problem.connect(problems.append)
    shot = known(workspace.state.shot)
    workspace.apply(
        "Open", lambda d: set_value(d, shot, 1, {"jawOpen": 0.9}, FRAME, auto_key=False)
    )
    yield workspace
    workspace.close()
    workspace.deleteLater()
    assert not problems, f"problems were reported: {problems}"


@pytest.fixture
def panel(workspace: Workspace) -> Iterator[ViewerPanel]:
    """The viewer, the brush in the hand; what a test paints is taken back."""
    radius = workspace.state.brush
    with shown(ViewerPanel(workspace), 760, 470) as panel:
        workspace.set(frame=FRAME)
        click(named(panel, "Brush", QToolButton))
        settled(panel.canvas)
        yield panel
    while len(workspace.session.undo_names) > 1:
        workspace.session.undo()
    workspace.set(tool="pull", brush=radius)


def settled(canvas: Canvas) -> None:
    wait_until(lambda: canvas.settled, what="the picture and what is in front")
    settle()


def strokes(workspace: Workspace) -> tuple[MatteStroke, ...]:
    return known(workspace.now.shot).occlusion.strokes


def mouth(canvas: Canvas) -> tuple[float, float]:
    """The upper lip's middle, in the view."""
    (shape,) = canvas.shapes()
    x, y = known(canvas.placement()).to_view(shape.points[13]).tolist()
    return x, y


def color(canvas: Canvas, place: tuple[float, float]) -> QColor:
    image: QImage = canvas.grab().toImage()
    return image.pixelColor(round(place[0]), round(place[1]))


def test_a_stroke_is_one_step_and_the_plate_is_seen_in_it(
    panel: ViewerPanel, workspace: Workspace
) -> None:
    canvas, previewer = panel.canvas, known(workspace.previewer)
    x, y = mouth(canvas)
    before = color(canvas, (x, y + 4))
    drag(canvas, (x - 30, y + 4), (x + 30, y + 4))
    (made,) = strokes(workspace)
    assert workspace.session.undo_names[0] == "Paint what is in front"
    assert (made.face, made.frame, made.span) == (1, FRAME, FrameRange(FRAME, 48))
    assert not made.erase
    assert made.radius == pytest.approx(0.02 * 720)
    assert known(workspace.previewer) is previewer, "the shot is learned anew"
    settled(canvas)
    move(canvas, (5, 5))
    tinted = color(canvas, (x, y + 4))
    assert tinted.red() - tinted.blue() > before.red() - before.blue() + 30
    edited, plate = (known(previewer.picture(FRAME, edited=e)).rgb for e in (True, False))
    px, py = made.points[len(made.points) // 2]
    here = np.s_[round(py) - 4 : round(py) + 4, round(px) - 4 : round(px) + 4]
    assert np.array_equal(edited[here], plate[here])
    assert (edited != plate).any(), "nothing of the edit is left"
    workspace.session.undo()
    assert strokes(workspace) == ()
    settled(canvas)
    edited = previewer.picture(FRAME).rgb
    assert not np.array_equal(edited[here], plate[here])


def test_the_eraser_takes_away_what_was_painted(panel: ViewerPanel, workspace: Workspace) -> None:
    canvas = panel.canvas
    x, y = mouth(canvas)
    drag(canvas, (x - 30, y), (x + 30, y))
    click(named(panel, "Eraser", QToolButton))
    assert workspace.state.tool == "eraser"
    click(canvas, (x, y))
    assert [one.erase for one in strokes(workspace)] == [False, True]
    assert len(strokes(workspace)[1].points) == 1
    settled(canvas)
    matte: list[object] = []
    known(workspace.previewer).request_front(FRAME, 1, lambda found, whole: matte.append(found))
    wait_until(lambda: matte, what="what is in front")
    front = known(matte[0])
    assert isinstance(front, np.ndarray)
    (px, py), (left, top) = strokes(workspace)[1].points[0], strokes(workspace)[0].points[0]
    assert front[round(py), round(px)] == 0
    assert front[round(top), round(left)] == 1


def test_a_stroke_is_shown_while_it_is_painted_and_given_up_with_escape(
    panel: ViewerPanel, workspace: Workspace
) -> None:
    canvas = panel.canvas
    x, y = mouth(canvas)
    before = color(canvas, (x, y))
    press(canvas, (x - 20, y))
    move(canvas, (x, y), LEFT)
    move(canvas, (x + 40, y), LEFT)
    assert color(canvas, (x - 6, y)).red() - color(canvas, (x - 6, y)).blue() > 60
    assert before != color(canvas, (x, y))
    keys(canvas, "Esc")
    assert strokes(workspace) == ()
    assert workspace.state.tool == "brush"
    move(canvas, (5, 5))
    settle()
    assert color(canvas, (x, y)) == before
    keys(canvas, "Esc")
    assert workspace.state.tool == "pull"


def test_modifiers_turn_the_brush_around(panel: ViewerPanel, workspace: Workspace) -> None:
    canvas = panel.canvas
    x, y = mouth(canvas)
    click(canvas, (x, y), modifiers=CTRL)
    click(canvas, (x, y), modifiers=ALT)
    erased, once = strokes(workspace)
    assert erased.erase
    assert once.span == FrameRange(FRAME, FRAME + 1)
    drag(canvas, (x, y), (x + 120, y), modifiers=SHIFT)
    assert workspace.state.brush == pytest.approx(0.04)
    run = {command.id: command.run for command in panel.commands()}
    run["front.smaller"]()
    assert workspace.state.brush == pytest.approx(0.04 / 1.2)
    run["front.larger"]()
    assert workspace.state.brush == pytest.approx(0.04)
    assert len(strokes(workspace)) == 2


def test_strokes_are_cleared_from_here_on_or_all(panel: ViewerPanel, workspace: Workspace) -> None:
    canvas = panel.canvas
    x, y = mouth(canvas)
    run = {command.id: command.run for command in panel.commands()}
    click(canvas, (x, y))
    workspace.set(frame=30)
    settled(canvas)
    click(canvas, (x, y))
    assert [one.span for one in strokes(workspace)] == [FrameRange(20, 48), FrameRange(30, 48)]
    run["front.clear-here"]()
    assert [one.span for one in strokes(workspace)] == [FrameRange(20, 30)]
    workspace.session.undo()
    assert len(strokes(workspace)) == 2
    run["front.clear"]()
    assert strokes(workspace) == ()
    run["front.once"]()
    click(canvas, (x, y))
    assert strokes(workspace)[0].span == FrameRange(30, 31)


@pytest.mark.slow
def test_where_the_face_is_not_seen_nothing_is_painted(
    panel: ViewerPanel, workspace: Workspace
) -> None:
    def lose(document: object) -> object:
        project = workspace.now.document.shots[0]
        face = project.shot.faces[0]
        valid = face.curves.valid.copy()
        valid[40:] = False
        gone = dataclasses.replace(face, curves=dataclasses.replace(face.curves, valid=valid))
        shot = dataclasses.replace(project.shot, faces=(gone,))
        return workspace.now.document.with_shot(dataclasses.replace(project, shot=shot, edits=()))

    workspace.apply("Lose", lose)  # type: ignore[arg-type]
    said: list[str] = []
    workspace.said.connect(said.append)
    workspace.set(frame=44)
    settled(panel.canvas)
    drag(panel.canvas, (300, 200), (350, 220))
    assert strokes(workspace) == ()
    assert said == ["face 1 is not seen in this frame: paint where it is."]
