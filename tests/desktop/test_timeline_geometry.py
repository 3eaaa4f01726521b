from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.model.interpolate import INTERPOLATIONS
from mien.session.refs import KeyRef, TrackRef
from mien.timebase import Clock, FrameRange, Timecode
from mien_desktop.geometry.axis import MOST, Axis
from mien_desktop.geometry.bands import Bands, cells
from mien_desktop.geometry.lanes import ROW, lay_out, region
from mien_desktop.geometry.marks import CLASSES, DENSE, LEVELS, OUTLINE, SUM, Dots, paint, radius
from mien_desktop.geometry.ruler import label, ticks
from mien_desktop.geometry.select import chosen, key_at, keys_in
from mien_desktop.geometry.sight import runs
from mien_desktop.geometry.snap import Snapped, snap, targets
from mien_desktop.geometry.strips import columns, edges, tiles
from mien_desktop.view_state import TimeView
from mien_desktop.words import count, short_title, title
from tests.desktop.shots import made_project

AXES = st.builds(Axis, st.floats(-500, 5000), st.floats(0.01, MOST), st.floats(50, 3000))
DROP = Fraction(30000, 1001)


class TestAxis:
    @given(AXES, st.integers(-1000, 10_000))
    def test_a_frames_pixels_belong_to_it(self, axis: Axis, frame: int) -> None:
        assert axis.frame(axis.x(frame)) == frame
        assert axis.x(frame) == pytest.approx((axis.edge(frame) + axis.edge(frame + 1)) / 2)
        assert axis.time(axis.x(frame)) == pytest.approx(frame, abs=1e-6)
        assert axis.xs([frame])[0] == pytest.approx(axis.x(frame))

    @given(st.integers(1, 20_000), st.floats(0.2, 5), st.floats(0, 1000))
    def test_zooming_keeps_what_is_under_the_pointer(
        self, frames: int, factor: float, x: float
    ) -> None:
        axis = Axis.of(TimeView(), 1000, frames)
        x = min(max(x, axis.edge(0)), axis.edge(frames))
        zoomed = axis.zoomed(x, factor, frames)
        moved = abs(zoomed.edge(axis.first + x / axis.scale) - x)
        # Only where the end of the shot would come too far inwards is it moved.
        assert moved < 1e-6 or zoomed == zoomed.within(frames)
        if factor > 1 and zoomed.scale < MOST:
            assert moved < 1e-6

    def test_a_view_that_is_not_set_shows_the_whole_shot(self) -> None:
        axis = Axis.of(TimeView(), 800, 250)
        assert axis.edge(0) == pytest.approx(12)
        assert axis.edge(250) == pytest.approx(788)
        assert axis.visible(250) == FrameRange(0, 250)
        assert Axis.of(axis.view, 800, 250) == axis

    def test_zoom_and_scroll_end_somewhere(self) -> None:
        axis = Axis.of(TimeView(), 800, 250)
        for _ in range(50):
            axis = axis.zoomed(400, 0.5, 250)
        assert axis.scale * 250 == pytest.approx(400)
        for _ in range(50):
            axis = axis.zoomed(400, 2, 250)
        assert axis.scale == MOST
        assert axis.panned(1e9, 250).visible(250).start == 0
        assert axis.panned(-1e9, 250).visible(250).stop == 250

    def test_pages_turn_with_the_playhead(self) -> None:
        axis = Axis(0, 10, 500)
        assert axis.revealing(30, 1000) is axis
        later, earlier = axis.revealing(51, 1000), Axis(300, 10, 500).revealing(200, 1000)
        assert 0 < later.x(51) < 50
        assert 450 < earlier.x(200) < 500


class TestRuler:
    def test_a_minute_of_drop_frame_timecode_begins_at_its_first_number(self) -> None:
        clock = Clock(DROP, 18_000 * 3, None, Timecode.parse("01:00:00;00", DROP))
        found = {t.text: t.frame for t in ticks(Axis(0, 0.3, 16_000), clock, "timecode") if t.text}
        assert found["01:01:00;02"] == 1800
        assert found["01:10:00;00"] == 17_982
        for text, frame in found.items():
            assert str(clock.timecode(frame)) == text

    @pytest.mark.parametrize("units", ["timecode", "frames", "seconds"])
    @pytest.mark.parametrize("rate", [Fraction(24), Fraction(24000, 1001), DROP, Fraction(60)])
    def test_labels_do_not_touch_and_ticks_lie_on_frames(self, units: str, rate: Fraction) -> None:
        clock = Clock(rate, 5000)
        for scale in (0.05, 0.4, 2, 9, 40, MOST):
            axis = Axis(-4.5, scale, 1500)
            found = ticks(axis, clock, units)  # type: ignore[arg-type]
            places = [tick.x for tick in found if tick.text]
            assert all(b - a > 40 for a, b in itertools.pairwise(places))
            assert all(tick.x == axis.edge(tick.frame) for tick in found)
            assert [t.frame for t in found] == sorted({t.frame for t in found})

    def test_seconds_of_varying_frames_lie_where_they_begin(self) -> None:
        times = tuple(Fraction(i, 10) if i < 20 else 2 + Fraction(i - 20, 40) for i in range(100))
        clock = Clock(Fraction(25), 100, times)
        found = {t.text: t.frame for t in ticks(Axis(0, 20, 2000), clock, "seconds") if t.text}
        assert found["1.0s"] == 10
        assert found["3.0s"] == 60
        assert label(clock, 60, "seconds") == "3.00s"


class TestLanes:
    def test_groups_show_the_keys_below_them(self) -> None:
        project = made_project(
            polish={"smile": (30, 40)}, edit={"jawOpen": (3, 9), "browDown": (9,)}
        )
        lanes = lay_out(project)
        assert [lane.kind for lane in lanes.rows] == [
            "face", "sight", "layer", "track", "layer", "track", "track",
        ]  # fmt: skip
        assert lanes.rows[0].marks.frames.tolist() == [3, 9, 30, 40]
        assert lanes.rows[2].layer is project.edits[0].layers[1]  # the last applied is on top
        assert set(lanes.rows[0].marks.shapes) == {SUM}
        assert len(list(lanes.rows[0].keys_at(9))) == 2
        assert region("jawOpen") == "jaw"
        assert region("smile") is None

    def test_collapsed_lanes_are_hidden_and_unchanged_keys_are_kept(self) -> None:
        project = made_project(edit={"jawOpen": (3, 9)}, polish={"smile": (5,)})
        lanes = lay_out(project)
        assert len(lay_out(project, frozenset({(1, None)})).rows) == 1
        assert len(lay_out(project, frozenset({(1, "edit")})).rows) == 5
        again = lay_out(project, frozenset({(1, "polish")}), lanes)
        assert again.rows[-1].marks is lanes.rows[-1].marks
        assert lanes.at(ROW * 2 + 1) is lanes.rows[2]
        assert lanes.at(-1) is None
        assert lanes.at(ROW * 99) is None

    def test_cells_fill_the_column(self) -> None:
        for lane in lay_out(made_project(edit={"jawOpen": (3,)})).rows:
            found = cells(lane, 216)
            assert found[-1].left + found[-1].width == 216
            for a, b in itertools.pairwise(found):
                assert a.left + a.width == b.left

    def test_bands_follow_each_other(self) -> None:
        bands = Bands(thumbnails=False)
        assert [name for name, _, _ in bands.every()] == ["ruler", "markers", "waveform"]
        assert bands.at(bands.lanes - 1) == "waveform"
        assert bands.at(bands.lanes) == "lanes"


class TestMarks:
    def test_a_key_is_painted_in_its_middle_and_selection_lies_above(self) -> None:
        dots = Dots(
            np.array([0, 0, 1]), np.array([50, 90, -2]), np.array([1, 1, 2], np.uint8),
            np.array([1, 2, 1], np.uint8),
        )  # fmt: skip
        picture = paint(dots, 2, 120, 1.0)
        r = radius(1.0)
        assert picture.shape == (2, 2 * r + 1, 120)
        full = [OUTLINE + LEVELS * (c + 1) for c in range(len(CLASSES))]
        assert picture[0, r, 50] == full[1]
        assert picture[0, r, 90] == full[2]
        assert picture[0, r, 70] == 0
        assert picture[1, r, :3].any()  # a key just out of view is seen in part
        assert np.array_equal(picture, picture[:, ::-1])

    def test_a_crowd_is_drawn_as_bars(self) -> None:
        x = np.arange(0, 300, 2)
        dots = Dots(np.zeros_like(x), x, np.full(len(x), 2, np.uint8), np.ones(len(x), np.uint8))
        crowd = paint(dots, 1, 300, 1.0)[0]
        few = Dots(dots.lane[::10], x[::10], dots.shape[::10], dots.kind[::10])
        alone = paint(few, 1, 300, 1.0)[0]
        filled = (crowd > OUTLINE).sum(axis=0)
        assert filled[100] == filled[102] > 0
        assert (alone > OUTLINE).sum(axis=0)[100] > 0
        assert (alone[:, 110] == 0).all()

    def test_painting_equals_stamping_each_key(self) -> None:
        """The slow and obvious way gives the same picture."""
        random = np.random.default_rng(3)
        x = np.sort(random.choice(600, 30, replace=False))
        shapes = random.integers(0, len(INTERPOLATIONS), 30).astype(np.uint8)
        kinds = random.integers(0, len(CLASSES), 30).astype(np.uint8)
        lane = np.zeros(30, np.int64)
        whole = paint(Dots(lane, x, shapes, kinds), 1, 600, 2.0)
        each = [
            paint(Dots(lane[:1], x[i : i + 1], shapes[i : i + 1], kinds[i : i + 1]), 1, 600, 2.0)
            for i in range(30)
        ]
        assert 2 * np.count_nonzero(np.diff(x) < 2 * DENSE) <= len(x), "no crowd"
        assert np.array_equal(whole, np.max(each, axis=0))


class TestSelecting:
    def test_the_nearest_key_in_reach_is_taken(self) -> None:
        lanes = lay_out(made_project(edit={"jawOpen": (3, 9), "browDown": (9,)}))
        axis = Axis(0, 10, 500)
        found = key_at(lanes, axis, axis.x(9) + 4, 3.5 * ROW)
        assert found is not None
        assert (found[0].track.control, found[1]) == ("jawOpen", 9)
        assert key_at(lanes, axis, axis.x(6), 3.5 * ROW) is None
        assert key_at(lanes, axis, axis.x(9), 99 * ROW) is None

    def test_a_box_takes_what_it_covers_however_it_is_drawn(self) -> None:
        lanes = lay_out(made_project(edit={"jawOpen": (3, 9), "browDown": (9,)}))
        axis = Axis(0, 10, 500)
        one = TrackRef(lanes.rows[3].ref.shot, 1, "edit", 0)
        corners = ((axis.x(2), 3 * ROW), (axis.x(10), 4 * ROW))
        found = keys_in(lanes, axis, *corners)
        assert found == {KeyRef(one, 3), KeyRef(one, 9)}
        assert keys_in(lanes, axis, *reversed(corners)) == found
        assert chosen(found, frozenset({KeyRef(one, 3)}), "other") == {KeyRef(one, 9)}
        assert chosen(found, frozenset(), "only") == frozenset()


class TestSnapping:
    def test_targets_leave_out_what_is_dragged(self) -> None:
        project = made_project(edit={"jawOpen": (3, 9), "browDown": (20,)})
        ref = TrackRef(project.id, 1, "edit", 0)
        last = project.shot.clock.frame_count - 1
        assert targets(project, 30).tolist() == [0, 3, 9, 20, 30, last]
        assert targets(project, 30, [KeyRef(ref, 9)]).tolist() == [0, 3, 20, 30, last]

    @given(
        st.lists(st.integers(0, 500), min_size=1, max_size=9),
        st.integers(-50, 50),
        st.lists(st.integers(0, 500), min_size=1, max_size=9, unique=True),
        st.floats(0, 20),
    )
    def test_the_least_change_that_lays_a_frame_on_a_place(
        self, moved: list[int], delta: int, places: list[int], reach: float
    ) -> None:
        found = snap(moved, delta, np.array(sorted(places)), reach)
        gaps = [place - (frame + delta) for frame in moved for place in places]
        best = min(abs(gap) for gap in gaps)
        if best > reach:
            assert found == Snapped(delta)
        else:
            assert abs(found.delta - delta) == best
            assert found.target in places
            assert found.target - found.delta in moved


class TestStrips:
    def test_pictures_lie_side_by_side_on_frames_that_are_used_again(self) -> None:
        near = list(tiles(Axis(0, 4, 400), 64, 250))
        assert [tile.x for tile in near] == [64 * i for i in range(7)]
        assert {tile.frame % 16 for tile in near} == {0}
        far = list(tiles(Axis(0, 2, 400), 64, 250))
        assert {tile.frame for tile in far[:4]} <= {tile.frame for tile in near} | {96}
        assert list(tiles(Axis(0, 4, 400), 64, 0)) == []

    def test_every_column_has_the_sound_of_its_time(self) -> None:
        clock = Clock(Fraction(25), 100)
        high = np.zeros(800, np.float32)
        high[400] = 1  # at two seconds, which is frame 50
        xs, low, top = columns(Axis(0, 10, 1000), edges(clock), 200, -high, high)
        assert xs[np.argmax(top)] == pytest.approx(500)
        assert low.min() == -1
        assert np.count_nonzero(top) == pytest.approx(10 * 25 / 200, abs=1)

    def test_runs_are_half_open(self) -> None:
        there = np.array([1, 1, 0, 0, 1, 0, 1], bool)
        assert runs(there) == ((0, 2), (4, 5), (6, 7))
        assert runs(np.zeros(3, bool)) == ()


def test_words() -> None:
    assert title("mouthSmileLeft") == "Mouth smile left"
    assert title("PP") == "PP"
    assert (count(1, "key"), count(3, "key")) == ("1 key", "3 keys")


def test_short_titles_keep_the_side_and_directions_stay_whole() -> None:
    assert short_title("mouthSmileRight") == "Mouth smile R"
    assert short_title("mouthRight") == "Mouth right"
    assert short_title("jawOpen") == "Jaw open"
