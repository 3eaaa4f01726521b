"""How surely a face is seen: where it lies in the lane, and how its weak frames are found."""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtGui import QColor

from mien._types import BoolArray, FloatArray
from mien.model.document import Document
from mien.model.face import Face
from mien.model.fading import COVERED, SEEN
from mien.model.occlusion import REGIONS, MatteStroke
from mien.timebase import FrameRange
from mien_desktop import theme
from mien_desktop.geometry.axis import MOST, Axis
from mien_desktop.geometry.lanes import ROW
from mien_desktop.geometry.sight import (
    CLEAR,
    NOTHING,
    SHADES,
    bar_at,
    bars,
    columns,
    joined,
    runs,
    shades,
    sight_of,
    step,
    stroked,
)
from mien_desktop.timeline.panel import TimelinePanel
from mien_desktop.timeline.words import describe
from mien_desktop.workspace import Workspace
from tests.desktop.driving import click
from tests.desktop.shots import made_face
from tests.desktop.timelines import cell

MASKS = arrays(bool, st.integers(0, 60))
AXES = st.builds(Axis, st.floats(-300, 900), st.floats(0.01, MOST), st.just(100.0))


def seen_face(frames: int, hidden: dict[str, tuple[int, int]]) -> Face:
    """A face of which regions are hidden over some frames, and all else is clear."""
    regions = np.full((frames, len(REGIONS)), 0.95, np.float32)
    for name, (start, stop) in hidden.items():
        regions[start:stop, REGIONS.index(name)] = 0.1
    clear = np.full(frames, 0.95, np.float32)
    return dataclasses.replace(made_face(frames), confidence=clear, region_confidence=regions)


class TestStretches:
    @given(MASKS)
    def test_runs_cover_exactly_what_is_true(self, mask: BoolArray) -> None:
        found = runs(mask)
        again = np.zeros_like(mask)
        for start, stop in found:
            assert start < stop
            again[start:stop] = True
        assert np.array_equal(again, mask)
        assert all(a[1] < b[0] for a, b in itertools.pairwise(found))

    @given(MASKS, st.integers(0, 9))
    def test_joining_closes_small_gaps_only(self, mask: BoolArray, apart: int) -> None:
        found, closer = runs(mask), joined(runs(mask), apart)
        assert all(b[0] - a[1] > apart for a, b in itertools.pairwise(closer))
        for start, stop in found:
            assert any(a <= start and stop <= b for a, b in closer)
        assert {start for start, _ in closer} <= {start for start, _ in found}
        assert joined(found, 0) == found

    @given(MASKS, st.integers(-3, 63))
    def test_a_step_goes_to_the_nearest_beginning_that_way(
        self, mask: BoolArray, frame: int
    ) -> None:
        starts = [start for start, _ in runs(mask)]
        assert step(runs(mask), frame, 1) == min((s for s in starts if s > frame), default=None)
        assert step(runs(mask), frame, -1) == max((s for s in starts if s < frame), default=None)

    def test_strokes_are_told_by_face_with_the_frames_they_are_for(self) -> None:
        def stroke(face: int, frame: int, stop: int) -> MatteStroke:
            return MatteStroke(face, frame, FrameRange(frame, stop), ((1.0, 2.0),), 5.0)

        strokes = (stroke(1, 30, 40), stroke(2, 5, 90), stroke(1, 10, 30), stroke(1, 60, 61))
        assert stroked(strokes, 1) == ((10, 30, 60), ((10, 40), (60, 61)))
        assert stroked((), 1) == ((), ())


class TestColumns:
    @given(
        arrays(np.float32, st.tuples(st.just(2), st.integers(1, 400)),
               elements=st.floats(0, 1, width=32)),
        AXES, st.sampled_from([1.0, 2.0]),
    )  # fmt: skip
    def test_a_column_has_the_least_of_its_frames(
        self, values: FloatArray, axis: Axis, ratio: float
    ) -> None:
        width = round(axis.width * ratio)
        shown = columns(values, axis, width, ratio)
        assert shown.shape == (2, width)
        for column in range(0, width, 7):
            first, stop = (axis.first + (column + i) / (axis.scale * ratio) for i in (0, 1))
            low = int(np.floor(first))
            frames = range(max(low, 0), min(max(int(np.ceil(stop)), low + 1), values.shape[1]))
            if not frames:
                assert np.isnan(shown[:, column]).all()
            else:
                assert np.array_equal(shown[:, column], values[:, frames].min(axis=1))

    @given(st.integers(0, 9_999), st.floats(0.01, 4))
    def test_one_hidden_frame_of_thousands_is_seen(self, frame: int, scale: float) -> None:
        values = np.full((1, 10_000), 0.9, np.float32)
        values[0, frame] = 0.1
        axis = Axis(0, scale, 40_000)
        assert np.nanmin(columns(values, axis, 40_000, 1.0)) == np.float32(0.1)

    def test_frames_without_the_face_show_nothing(self) -> None:
        values = np.array([[0.9, np.nan, 0.3]], np.float32)
        shown = columns(values, Axis(0, 10, 40), 40, 1.0)[0]
        assert np.isnan(shown[11:19]).all()
        assert np.isnan(shown[30:]).all()
        assert shades(np.array([0.9, np.nan, SEEN], np.float32)).tolist() == [
            CLEAR, NOTHING, CLEAR,
        ]  # fmt: skip


class TestShades:
    @given(arrays(np.float32, 50, elements=st.floats(0, 1, width=32)))
    def test_more_doubt_is_never_shown_as_less(self, confidence: FloatArray) -> None:
        index = shades(np.sort(confidence))
        assert (np.diff(index.astype(int)) <= 0).all()
        assert ((index == CLEAR) == (np.sort(confidence) >= SEEN)).all()
        assert ((index == CLEAR + SHADES) == (np.sort(confidence) < COVERED)).all()

    @pytest.mark.parametrize("count", [1, len(REGIONS)])
    def test_bars_fill_a_lane_and_are_found_again(self, count: int) -> None:
        found = bars(count)
        assert found[0][0] >= 0
        assert found[-1][0] + found[-1][1] <= ROW - 1
        for number, (top, height) in enumerate(found):
            assert bar_at(count, top) == bar_at(count, top + height - 1) == number


class TestSight:
    def test_what_is_hidden_is_weak_and_told_by_region(self) -> None:
        sight = sight_of(seen_face(100, {"mouth": (50, 60), "jaw": (63, 70)}))
        assert sight.bars == REGIONS
        # Three frames lie between: for whoever looks at them they are one.
        assert sight.weak == ((50, 70),)
        assert sight.worst(55) == ("mouth", pytest.approx(0.1))
        assert sight.worst(65) == ("jaw", pytest.approx(0.1))
        assert sight.lost == sight.bridged == ()

    def test_controls_are_concerned_by_what_they_move(self) -> None:
        sight = sight_of(seen_face(100, {"mouth": (50, 60), "jaw": (80, 90)}))
        assert sight.weak_of("mouthSmile") == sight.weak_of("tongueOut") == ((50, 60),)
        assert sight.weak_of("jawOpen") == sight.weak_of("smile") == ((50, 60), (80, 90))
        assert sight.weak_of("eyeBlink") == sight.weak_of("browInnerUp") == ()
        # A face that is seen badly as a whole concerns every control.
        assert sight.weak_of("headYaw") == ()
        assert sight_of(made_face(100)).weak_of("headYaw") == ((0, 40),)

    def test_without_regions_the_confidence_of_the_face_is_all_there_is(self) -> None:
        sight = sight_of(made_face(100))
        assert sight.bars == ("face",)
        assert sight.weak == ((0, 40),)
        assert sight.confidence.shape == (1, 100)

    def test_bridged_frames_are_weak_and_those_without_a_face_are_not(self) -> None:
        face = seen_face(60, {})
        valid, bridged = np.ones(60, bool), np.zeros(60, bool)
        valid[40:], bridged[10:14] = False, True
        curves = dataclasses.replace(face.curves, valid=valid, bridged=bridged)
        sight = sight_of(dataclasses.replace(face, curves=curves))
        assert sight.weak == sight.bridged == ((10, 14),)
        assert sight.lost == ((40, 60),)
        assert sight.worst(45) is None
        assert Fraction(1, 2) < sight.worst(5)[1]  # type: ignore[index]


class TestLane:
    @pytest.fixture
    def hidden(self, keyed: Workspace) -> Workspace:
        """The clip's face, its mouth hidden for some frames, its eyes for one."""

        def hide(document: Document) -> Document:
            project = document.shots[0]
            face = project.shot.faces[0]
            regions = np.full((len(face.confidence), len(REGIONS)), 0.95, np.float32)
            regions[20:28, REGIONS.index("mouth")] = 0.1
            regions[40, REGIONS.index("eyes")] = 0.4
            shown = dataclasses.replace(face, region_confidence=regions)
            shot = dataclasses.replace(project.shot, faces=(shown,))
            edits = tuple(dataclasses.replace(edit, face=shown) for edit in project.edits)
            return Document((dataclasses.replace(project, shot=shot, edits=edits),))

        keyed.apply("Hide", hide)
        return keyed

    def test_what_is_hidden_is_red_and_what_is_doubtful_amber(
        self, hidden: Workspace, timeline: TimelinePanel
    ) -> None:
        view = timeline.view
        row = next(i for i, lane in enumerate(view.scene.lanes.rows) if lane.kind == "sight")
        picture = view.viewport().grab().toImage()
        top = view.scene.top(row)

        def color(frame: int, bar: int) -> QColor:
            middle = sum(bars(4)[bar][:1]) + bars(4)[bar][1] // 2
            return picture.pixelColor(round(view.scene.x(frame)), top + middle)

        assert color(24, 2) == theme.HIDDEN
        assert color(24, 0) == color(10, 2) == theme.SEEN
        assert color(40, 0).red() > color(40, 0).blue() + 50
        assert color(40, 2) == theme.SEEN

    def test_the_lane_tells_the_region_moves_the_playhead_and_chooses_the_face(
        self, hidden: Workspace, timeline: TimelinePanel
    ) -> None:
        view = timeline.view
        row = next(i for i, lane in enumerate(view.scene.lanes.rows) if lane.kind == "sight")
        place = view.scene.x(24), view.scene.top(row) + bars(4)[2][0] + 2
        target = view.mouse.target_at(*place)
        assert (target.kind, target.frame, target.bar) == ("sight", 24, "mouth")
        words = describe(view.scene, target)
        assert words.startswith("Mouth 10% (something is in front)")
        assert "eyes 95%" in words.lower()
        click(view.viewport(), place)
        assert hidden.state.frame == 24
        assert hidden.state.face == 1

    def test_weak_frames_are_walked_through(
        self, hidden: Workspace, timeline: TimelinePanel
    ) -> None:
        said: list[str] = []
        hidden.said.connect(said.append)
        run = {command.id: command.run for command in timeline.commands()}
        frames = []
        for way in ("next", "next", "next", "previous"):
            run[f"time.{way}-weak"]()
            frames.append(hidden.state.frame)
        assert frames == [20, 40, 40, 20]
        assert said == ["No weak frame follows."]

    def test_a_folded_face_still_shows_its_weak_frames(
        self, hidden: Workspace, timeline: TimelinePanel
    ) -> None:
        view = timeline.view
        click(view.viewport(), cell(view, 1, "fold"))
        assert [lane.kind for lane in view.scene.lanes.rows] == ["person", "face"]
        picture = view.viewport().grab().toImage()
        bottom = view.scene.top(1) + ROW - 3
        assert picture.pixelColor(round(view.scene.x(24)), bottom) == theme.HIDDEN
        assert picture.pixelColor(round(view.scene.x(34)), bottom) == theme.RAISED
