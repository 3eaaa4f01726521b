"""Geometry of viewer and transport: where a picture lies, and when which frame is due."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.timebase import Clock, FrameRange
from mien_desktop.geometry.bar import Bar, runs
from mien_desktop.geometry.faces import apart
from mien_desktop.geometry.picture import (
    HIGHEST,
    LOWEST,
    Area,
    Placement,
    divider,
    fitted,
    panes,
    sampling,
)
from mien_desktop.geometry.playback_clock import PlaybackClock, shuttled

PAL = Clock(Fraction(25), 100)
VARIABLE = Clock(Fraction(25), 6, times=tuple(Fraction(n, 100) for n in (0, 4, 8, 20, 24, 30)))


@given(
    st.floats(0.1, 10), st.floats(-500, 500), st.floats(-500, 500),
    st.floats(0, 800), st.floats(0, 600), st.floats(0.01, 100),
)  # fmt: skip
def test_zooming_keeps_what_lies_under_the_pointer(
    zoom: float, left: float, top: float, x: float, y: float, to: float
) -> None:
    placement = Placement(zoom, left, top)
    zoomed = placement.zoomed(to, x, y)
    assert LOWEST <= zoomed.zoom <= HIGHEST
    assert zoomed.to_picture(x, y) == pytest.approx(placement.to_picture(x, y), abs=1e-6)


@given(st.floats(0.05, 32), st.floats(-900, 900), st.floats(-900, 900))
def test_view_and_picture_are_each_others_inverse(zoom: float, left: float, top: float) -> None:
    placement = Placement(zoom, left, top)
    x, y = placement.to_view((12.0, 34.0)).tolist()
    assert placement.to_picture(x, y) == pytest.approx((12, 34), abs=1e-6)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (64, 64), (7680, 4320)])
def test_a_fitted_picture_is_whole_and_touches_two_edges(size: tuple[int, int]) -> None:
    area = Area(0, 0, 700, 400)
    placement = fitted(size, area)
    width, height = size[0] * placement.zoom, size[1] * placement.zoom
    assert width <= 700.001
    assert height <= 400.001
    assert width == pytest.approx(700) or height == pytest.approx(400)
    assert placement.left == pytest.approx((700 - width) / 2)


def test_pictures_cannot_be_lost_out_of_sight() -> None:
    area = Area(0, 0, 700, 400)
    far = Placement(1, 5000, -5000).held((1280, 720), area)
    assert 0 < far.left < 700
    assert -720 < far.top < 0


def test_pixels_at_a_hundred_per_cent_lie_on_those_of_the_display() -> None:
    placement = Placement(0.5, 10.3, 20.8).on_grid(2.0)
    assert (placement.left * 2, placement.top * 2) == (21, 42)
    assert sampling(1.0) == "exact"


def test_sampling_shows_single_pixels_only_far_in() -> None:
    assert [sampling(s) for s in (0.3, 2.0, 3.0, 8.0)] == [
        "averaged", "smooth", "nearest", "nearest",
    ]  # fmt: skip


def test_pictures_side_by_side_take_the_larger_of_both_ways() -> None:
    wide = panes("side", (1600, 500), (1280, 720))
    assert wide[1].area.left > 0
    tall = panes("side", (600, 900), (1280, 720))
    assert tall[1].area.top > 0
    assert [pane.edited for pane in tall] == [False, True]


def test_a_wipe_divides_one_picture() -> None:
    placement = fitted((1280, 720), Area(0, 0, 640, 400))
    at = divider(0.25, placement, 1280, 640)
    left, right = panes("wipe", (640, 400), (1280, 720), at)
    assert at == 160
    assert left.area == right.area
    assert (left.clip.width, right.clip.left) == (160, 160)
    assert divider(3.0, placement, 1280, 640) == 640


def test_handles_that_cover_each_other_give_way_to_the_first() -> None:
    kept = apart({"a": (0, 0), "b": (3, 0), "c": (20, 0)}, 11)
    assert list(kept) == ["a", "c"]


# -- time ----------------------------------------------------------------------------------


def test_forward_every_frame_is_due_for_as_long_as_it_lasts() -> None:
    course = PlaybackClock(VARIABLE, VARIABLE.all, 0, 1.0, loop=False)
    times = [0.0, 0.039, 0.04, 0.08, 0.199, 0.2, 0.3, 0.339]
    assert [course.frame(t) for t in times] == [0, 0, 1, 2, 2, 3, 5, 5]
    assert course.until_next(0.08) == pytest.approx(0.12)


def test_backward_too() -> None:
    course = PlaybackClock(VARIABLE, VARIABLE.all, 3, -1.0, loop=False)
    assert [course.frame(t) for t in (0.0, 0.03, 0.041, 0.159, 0.17)] == [3, 3, 2, 2, 1]
    assert course.ended(0.24)
    assert course.frame(9.0) == 0


def test_it_ends_on_the_last_frame() -> None:
    course = PlaybackClock(PAL, PAL.all, 90, 1.0, loop=False)
    assert not course.ended(0.39)
    assert course.ended(0.4)
    assert course.frame(0.4) == 99


def test_a_loop_goes_round_in_its_span() -> None:
    course = PlaybackClock(PAL, FrameRange(10, 20), 18, 1.0, loop=True)
    assert [course.frame(n * 0.04 + 0.001) for n in range(4)] == [18, 19, 10, 11]
    back = PlaybackClock(PAL, FrameRange(10, 20), 11, -1.0, loop=True)
    assert [back.frame(n * 0.04 + 0.001) for n in range(4)] == [11, 10, 19, 18]
    assert not back.ended(100)


@given(
    st.sampled_from([0.25, 1.0, 2.0, 8.0, -1.0, -4.0]), st.integers(0, 99), st.booleans(),
    st.floats(0, 50),
)  # fmt: skip
def test_what_is_due_next_is_another_frame(
    speed: float, start: int, loop: bool, elapsed: float
) -> None:
    course = PlaybackClock(PAL, PAL.all, start, speed, loop)
    frame = course.frame(elapsed)
    assert 0 <= frame < 100
    wait = course.until_next(elapsed)
    assert 0 <= wait <= 0.04 / abs(speed) + 1e-6
    if not course.ended(elapsed + wait + 1e-5):
        assert course.frame(elapsed + wait + 1e-5) != frame


def test_the_shuttle_doubles_and_turns() -> None:
    speeds = [0.0]
    for direction in (1, 1, 1, 1, 1, -1, -1):
        speeds.append(shuttled(speeds[-1], direction))
    assert speeds[1:] == [1, 2, 4, 8, 8, -1, -2]


def test_a_bar_holds_every_frame() -> None:
    bar = Bar(282, 640)
    assert [bar.frame(bar.edge(frame) + 0.1) for frame in (0, 1, 140, 281)] == [0, 1, 140, 281]
    assert (bar.frame(-50), bar.frame(9999)) == (0, 281)


def test_runs_are_the_stretches_that_are_true() -> None:
    flags = np.array([1, 1, 0, 0, 1, 0, 1], dtype=bool)
    assert runs(flags) == [(0, 2), (4, 5), (6, 7)]
    assert runs(np.zeros(4, dtype=bool)) == []
