"""Curves through scenes and back: every number within 1e-4, gaps as gaps, clocks exactly."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien._types import AnyArray
from mien.io.curves.changes import changed_curves
from mien.io.curves.collect import shot_curves
from mien.io.curves.gltf import GlbFormat
from mien.io.curves.gltf_reading import sampled
from mien.io.curves.scene import scene_faces
from mien.io.curves.usd import UsdFormat, UsdTextFormat
from mien.io.curves.usd_apart import _pack, _unpacked
from mien.io.curves.usd_reading import read_stage
from mien.model.curve_change import CurveChange
from mien.model.curve_file import CurveFile
from mien.timebase import Clock, Timecode
from tests.profiles import examples
from tests.property.test_curve_files import FRAMES, gaps, performances, rates, shot_of

RoundTrip = Callable[[CurveFile], CurveFile]


@pytest.fixture(scope="module", params=["glb", "usda", "usdc"])
def through(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RoundTrip:
    """Writes curves and reads them, USD in this process."""
    path: Path = tmp_path_factory.mktemp("scenes") / f"scene.{request.param}"
    usd = UsdTextFormat() if request.param == "usda" else UsdFormat()
    numbers = iter(range(1 << 30))

    def back(curves: CurveFile) -> CurveFile:
        file = io.BytesIO()
        if request.param == "glb":
            GlbFormat().write(curves, file)
            return GlbFormat().read(file)
        usd.write(curves, file)
        # USD keeps layers by their names as long as they are looked at.
        other = path.with_stem(f"scene {next(numbers)}")
        other.write_bytes(file.getvalue())
        return _unpacked(_pack(read_stage(other)))

    return back


@examples(8)
@given(
    performance=performances,
    valid=gaps,
    rate=rates,
    start=st.one_of(st.none(), st.integers(0, 9999)),
)
def test_what_is_written_is_read(
    through: RoundTrip, performance: AnyArray, valid: AnyArray, rate: Fraction, start: int | None
) -> None:
    timecode = None if start is None else Timecode(start, round(rate))
    clock = Clock(rate, FRAMES, start=timecode)
    shot = shot_of(performance, valid, clock)
    curves = shot_curves(shot, shot.faces)
    back = through(curves)
    assert back.clock == clock
    assert back.source == "shot.mov"
    (face,), (before,) = back.faces, curves.faces
    assert (face.number, face.name) == (before.number, before.name)
    assert face.valid.tolist() == valid.tolist()
    assert set(face.controls) <= set(before.controls)
    for name, values in face.controls.items():
        np.testing.assert_allclose(values[valid], before.controls[name][valid], atol=1e-4)
        assert np.isnan(values[~valid]).all()
    if valid.any():
        assert set(face.controls) == set(before.controls)
    assert face.confidence is not None
    assert before.confidence is not None
    np.testing.assert_allclose(face.confidence, before.confidence, atol=1e-5)


@examples(4)
@given(steps=st.lists(st.integers(1000, 90_000), min_size=FRAMES - 1, max_size=FRAMES - 1))
def test_times_that_vary_come_back(through: RoundTrip, steps: list[int]) -> None:
    times = tuple(Fraction(int(t), 1_000_000) for t in np.cumsum([0, *steps]))
    clock = Clock(Fraction(30), FRAMES, times)
    shot = shot_of(np.zeros((FRAMES, 59), np.float32), np.ones(FRAMES, bool), clock)
    back = through(shot_curves(shot, shot.faces)).clock
    assert back is not None
    for frame in range(FRAMES):
        assert abs(back.seconds(frame) - clock.seconds(frame)) <= Fraction(1, 50_000)


def test_an_hour_in_values_are_as_exact(through: RoundTrip) -> None:
    rate = Fraction(60)
    times = tuple(Fraction(3600) * (i > 0) + i / rate for i in range(FRAMES))
    performance = np.linspace(0, 1, FRAMES * 59, dtype=np.float32).reshape(FRAMES, -1)
    shot = shot_of(performance, np.ones(FRAMES, bool), Clock(rate, FRAMES, times))
    face = through(shot_curves(shot, shot.faces)).face()
    for index, values in enumerate(face.controls.values()):
        assert len(values) == FRAMES, index
    before = shot.faces[0].curves.controls
    for name, values in face.controls.items():
        np.testing.assert_allclose(values, before[name], atol=1e-4)


def test_several_faces_stay_apart(through: RoundTrip) -> None:
    shot = shot_of(
        np.full((FRAMES, 59), 0.25, np.float32), np.ones(FRAMES, bool), Clock(Fraction(25), FRAMES)
    )
    face = shot.faces[0]
    late = replace(
        face, number=7, name="Anna",
        curves=replace(face.curves, valid=np.arange(FRAMES) > 4),
    )  # fmt: skip
    back = through(shot_curves(shot, [late, face]))
    assert [(one.number, one.name, int(one.valid.sum())) for one in back.faces] == [
        (7, "Anna", FRAMES - 5), (1, "face 1", FRAMES),
    ]  # fmt: skip


@given(
    values=arrays(np.float64, (4, 2), elements=st.floats(-2, 2)),
    at=arrays(np.float64, 9, elements=st.floats(-1, 4)),
)
def test_a_spline_with_straight_tangents_is_a_line(values: AnyArray, at: AnyArray) -> None:
    times = np.array([0, 0.5, 1.5, 3])
    slopes = np.diff(values, axis=0) / np.diff(times)[:, None]
    nothing = np.zeros((1, 2))
    spline = np.stack(
        [np.concatenate([nothing, slopes]), values, np.concatenate([slopes, nothing])], axis=1
    )
    line = sampled(times, values, "LINEAR", at)
    np.testing.assert_allclose(sampled(times, spline, "CUBICSPLINE", at), line, atol=1e-9)
    expected = np.stack([np.interp(at, times, column) for column in values.T], axis=1)
    np.testing.assert_allclose(line, expected, atol=1e-9)
    steps = sampled(times, values, "STEP", at)
    assert all(any(np.array_equal(row, value) for value in values) for row in steps)


def test_what_is_left_out_is_not_read(through: RoundTrip) -> None:
    performance = np.full((FRAMES, 59), 0.25, np.float32)
    shot = shot_of(performance, np.ones(FRAMES, bool), Clock(Fraction(25), FRAMES))
    curves = shot_curves(shot, shot.faces)
    jaw = changed_curves(curves, CurveChange(only=("jaw",), rate=Fraction(50)))
    face = through(jaw).face()
    assert {name for name in face.controls if name.startswith("jaw")} == set(face.controls)
    assert len(face) == 2 * FRAMES
    np.testing.assert_allclose(face.controls["jawOpen"], 0.25, atol=1e-4)
    assert np.abs(scene_faces(jaw)[0].path.translation).max() == 0
    turned = scene_faces(changed_curves(curves, CurveChange(rate=Fraction(50))))[0]
    assert len(turned.path.translation) == 2 * FRAMES
    assert np.abs(turned.path.translation).max() > 0
