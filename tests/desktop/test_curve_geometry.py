"""Geometry of the curve editor: it draws what is evaluated, and finds what lies under a pointer."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.model.interpolate import INTERPOLATIONS, Key, sample
from mien_desktop.geometry.axis import Axis
from mien_desktop.geometry.curves import (
    ValueAxis,
    key_points,
    keyed_curve,
    nearest_point,
    points_inside,
    polyline_distance,
    sampled_curve,
)
from mien_desktop.geometry.handles import aligned, dragged, flattened, handles

TIME = Axis(first=-2.0, scale=8.0, width=1000.0)
VALUES = ValueAxis(middle=0.5, scale=100.0, height=240.0)
_value = st.floats(-1, 1.5, width=32)


@st.composite
def keyed(draw: st.DrawFn) -> tuple[Key, ...]:
    frames = sorted(draw(st.sets(st.integers(0, 119), min_size=1, max_size=8)))
    reach = st.tuples(st.floats(0, 40), st.floats(-1, 1))
    keys = []
    for frame in frames:
        out, back = draw(st.none() | reach), draw(st.none() | reach)
        kind = draw(st.sampled_from(INTERPOLATIONS))
        keys.append(Key(frame, draw(_value), kind, back and (-back[0], back[1]), out))  # type: ignore[arg-type]
    return tuple(keys)


@given(keyed())
def test_the_drawn_curve_is_the_evaluated_one(keys: tuple[Key, ...]) -> None:
    points = keyed_curve(keys, TIME, VALUES)
    assert points[0, 0] <= 0
    assert points[-1, 0] >= TIME.width
    assert (np.diff(points[:, 0]) >= -1e-9).all()
    frames = np.arange(0, 120)
    values = VALUES.ys(sample(keys, frames))
    worst = max(
        polyline_distance(points, x, y) for x, y in zip(TIME.xs(frames), values, strict=True)
    )
    # Chords of the cubics: under half a pixel from the curve, for segments as steep as these.
    assert worst < 0.5


def test_a_curve_with_more_keys_than_pixels_keeps_its_extremes() -> None:
    keys = tuple(Key(i, 1.0 if i == 777 else i % 2 * 0.1, "linear") for i in range(3000))
    time = Axis(0.0, 0.1, 300.0)
    points = keyed_curve(keys, time, VALUES)
    assert len(points) < 4 * 301 + 2
    assert points[:, 1].min() == VALUES.y(1.0)


def test_only_what_is_in_view_is_drawn() -> None:
    keys = tuple(Key(i * 10, 0.1, "bezier") for i in range(10_000))
    assert len(keyed_curve(keys, Axis(50_000.0, 8.0, 400.0), VALUES)) < 300


def test_sampled_curves_break_where_the_face_is_not_seen_and_keep_a_blink() -> None:
    values = np.zeros(5000)
    values[2345] = 1.0
    valid = np.ones(5000, dtype=bool)
    valid[1000:1100] = False
    runs = sampled_curve(values, valid, Axis(0.0, 0.1, 500.0), VALUES)
    assert len(runs) == 2
    assert runs[0][-1, 0] == pytest.approx(99.95)
    assert runs[1][:, 1].min() == VALUES.y(1.0)
    assert sampled_curve(values, valid, Axis(9000.0, 1.0, 500.0), VALUES) == []


@given(st.floats(-5, 240), st.floats(0.2, 5))
def test_zoom_keeps_the_value_under_the_pointer(y: float, factor: float) -> None:
    assert VALUES.zoomed(y, factor).value(y) == pytest.approx(VALUES.value(y), abs=1e-6)


def test_the_value_axis_fits_pans_and_labels() -> None:
    axis = VALUES.fitted(-1.0, 1.5)
    assert axis.y(1.5) == pytest.approx(14)
    assert axis.y(-1.0) == pytest.approx(240 - 14)
    assert axis.panned(20).y(0.3) == pytest.approx(axis.y(0.3) + 20)
    assert VALUES.fitted(0.4, 0.4).y(0.4) == pytest.approx(120)
    grown = VALUES.resized(480)
    assert grown.value(0) == pytest.approx(VALUES.value(0))
    step, ticks = VALUES.ticks()
    assert step == 0.5
    assert ticks == [-0.5, 0.0, 0.5, 1.0, 1.5]


def test_what_lies_under_the_pointer() -> None:
    points = key_points((Key(0, 0.0), Key(10, 1.0), Key(10, 1.0)), TIME, VALUES)
    assert points[0].tolist() == [20.0, 170.0]
    assert nearest_point(points, 22, 172, 6) == 0
    x, y = points[1]
    assert nearest_point(points, x, y, 6) == 2  # what lies on top
    assert nearest_point(points, 60, 60, 6) is None
    assert points_inside(points, 110, 80, 0, 0) == [1, 2]
    assert polyline_distance(points[:2], 20, 160) == pytest.approx(10 * 80 / np.hypot(80, 100))


def test_handles_are_those_of_bezier_segments() -> None:
    keys = (Key(0, 0.0, "bezier"), Key(12, 1.0, "linear", (-3, -0.5)), Key(24, 0.0))
    assert handles(keys, 0) == {"out": (4.0, 0.0)}
    assert handles(keys, 1) == {"in": (-3, -0.5)}
    assert handles(keys, 2) == {}


def test_an_aligned_handle_takes_its_twin_along_unless_it_is_freed() -> None:
    found = handles(tuple(Key(i * 12, 0.0, "bezier") for i in range(3)), 1)
    assert aligned(found)
    moved = dragged(found, "out", (6.0, 0.6), free=False)
    assert moved == {"out": (6.0, 0.6), "in": pytest.approx((-4.0, -0.4))}
    assert aligned(found | moved)
    alone = dragged(found, "out", (-6.0, 0.6), free=True)
    assert alone == {"out": (0.1, 0.6)}  # it does not cross its key
    broken = found | alone
    assert not aligned(broken)
    assert set(dragged(broken, "in", (-2.0, 0.0), free=False)) == {"in"}
    assert aligned(flattened(broken))
