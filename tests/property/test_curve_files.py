"""Curves through files and back into a shot: what is written is what the face follows."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mien._types import AnyArray
from mien.errors import InputError
from mien.io.curves import CurveFormat
from mien.io.curves.clock import read_clock
from mien.io.curves.collect import shot_curves
from mien.io.curves.json import JsonFormat
from mien.io.curves.npz import NpzFormat
from mien.model.controls import GAZE, HEAD, NAMES
from mien.model.curve_file import CurveFile
from mien.model.curve_layer import CurveImport, curves_layer
from mien.model.evaluate import evaluate
from mien.model.shot import Shot
from mien.timebase import Clock
from tests.documents import make_media
from tests.faces import make_curves, make_face
from tests.profiles import examples

FRAMES = 12
performances = arrays(np.float32, (FRAMES, len(NAMES)), elements=st.floats(0, 1, width=32))
gaps = arrays(np.bool_, FRAMES)
rates = st.sampled_from([Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30)])


def shot_of(performance: AnyArray, valid: AnyArray, clock: Clock) -> Shot:
    curves = replace(make_curves(FRAMES, performance), valid=valid)
    face = replace(make_face(FRAMES), curves=curves, clock=clock)
    return Shot(make_media(FRAMES, "shot", clock), (face,))


def through_file(format: CurveFormat, curves: CurveFile) -> CurveFile:
    file = io.BytesIO()
    format.write(curves, file)
    file.seek(0)
    return format.read(file)


@pytest.mark.parametrize("format", [NpzFormat(), JsonFormat()], ids=lambda format: format.name)
@examples(40)
@given(performance=performances, valid=gaps, rate=rates)
def test_a_face_follows_what_was_written_of_it(
    format: CurveFormat, performance: AnyArray, valid: AnyArray, rate: Fraction
) -> None:
    clock = Clock(rate, FRAMES)
    shot = shot_of(performance, valid, clock)
    back = through_file(format, shot_curves(shot, shot.faces))
    assert back.clock == clock
    assert back.face().valid.tolist() == valid.tolist()
    if not valid.any():
        with pytest.raises(InputError):
            curves_layer(back, clock)
        return
    made = curves_layer(back, clock)
    still = np.zeros_like(performance)
    after = evaluate(still, [made.layer], valid).target
    columns = [i for i, name in enumerate(NAMES) if name not in (*HEAD, *GAZE)]
    np.testing.assert_allclose(
        after[np.ix_(np.flatnonzero(valid), np.array(columns))],
        performance[np.ix_(np.flatnonzero(valid), np.array(columns))],
        atol=2e-4,
    )


@given(rate=rates, steps=st.lists(st.integers(1, 1_000_000), min_size=1, max_size=30))
def test_times_come_back_to_the_microsecond(rate: Fraction, steps: list[int]) -> None:
    times = [0.0, *(np.cumsum(steps) / 1e6).tolist()]
    clock = read_clock(str(rate), times)
    assert clock.rate == rate
    assert [float(clock.seconds(i)) for i in range(len(times))] == pytest.approx(times, abs=1e-5)


@given(rate=rates, file_rate=rates, offset=st.integers(-20, 20))
def test_retimed_or_not_nothing_is_beyond_the_files_values(
    rate: Fraction, file_rate: Fraction, offset: int
) -> None:
    shot = shot_of(np.linspace(0, 1, FRAMES * len(NAMES), dtype=np.float32).reshape(FRAMES, -1),
                   np.ones(FRAMES, bool), Clock(file_rate, FRAMES))  # fmt: skip
    curves, clock = shot_curves(shot, shot.faces), Clock(rate, 30)
    for retime in (False, True):
        try:
            made = curves_layer(curves, clock, CurveImport(offset=offset, retime=retime))
        except InputError:
            stretch = float(rate / file_rate) if retime else 1
            assert offset <= 1 - FRAMES * stretch
            continue
        for track in made.layer.tracks:
            given_values = curves.face().controls[track.control]
            found = track.values(np.arange(made.frames.start, made.frames.stop))
            assert given_values.min() - 1e-6 <= found.min()
            assert found.max() <= given_values.max() + 1e-6
        assert made.frames.start == max(offset, 0)
