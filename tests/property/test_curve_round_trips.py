"""Every curve format brings back what it was given, and changes do what they say."""

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
from mien.io.curves import CurveFormat, curve_formats
from mien.io.curves.changes import changed_curves
from mien.io.curves.collect import shot_curves
from mien.io.curves.columns import read_columns
from mien.io.curves.grid import MAX_FRAMES
from mien.model.controls import CONTROLS, HEAD, NAMES
from mien.model.curve_change import CurveChange, resampled, shifted
from mien.model.curve_file import CurveFile
from mien.timebase import Clock, Timecode
from tests.profiles import examples
from tests.property.test_curve_files import FRAMES, shot_of, through_file

rates = st.sampled_from(
    [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50),
     Fraction(60)]
)  # fmt: skip


def _values(seed: int, step: float) -> AnyArray:
    drawn = np.random.default_rng(seed).uniform(-1, 1.5, (FRAMES, len(NAMES)))
    return np.asarray(np.round(drawn / step) * step, dtype=np.float32)


# Of a seed: every value of so many drawn by itself takes seconds an example.
values = st.builds(_values, st.integers(0, 2**32), st.sampled_from([1e-6, 0.1, 1.0]))
gaps = arrays(np.bool_, FRAMES)
# Scenes take seconds an example, and have tests of their own.
FORMATS = [one for one in curve_formats() if {".npz", ".json", ".csv"} & set(one.suffixes)]


def curves_of(performance: AnyArray, valid: AnyArray, clock: Clock) -> CurveFile:
    shot = shot_of(performance, valid, clock)
    return shot_curves(shot, shot.faces)


@pytest.mark.parametrize("format", FORMATS, ids=lambda one: f"{one.name} {one.layout}".strip())
@examples(15)
@given(performance=values, valid=gaps, rate=rates)
def test_what_is_written_comes_back(
    format: CurveFormat, performance: AnyArray, valid: AnyArray, rate: Fraction
) -> None:
    # The ends of a Live Link take are held, and its rate is told by frames that follow each other.
    valid[[0, 4, 5, -1]] = True
    given_curves = curves_of(performance, valid, Clock(rate, FRAMES))
    back = through_file(format, given_curves)
    assert back.clock == given_curves.clock
    face, other = given_curves.face(), back.face()
    assert other.valid.tolist() == valid.tolist()
    names = set(face.controls) - set(HEAD)
    assert names <= set(other.controls)
    for name in names:
        assert np.abs(other.controls[name] - face.controls[name])[valid].max() < 1e-4


@examples(25)
@given(
    performance=values, valid=gaps, rate=rates, new=rates, cut=st.integers(0, FRAMES),
)  # fmt: skip
def test_resampled_curves_stay_within_their_neighbours_and_gaps_stay(
    performance: AnyArray, valid: AnyArray, rate: Fraction, new: Fraction, cut: int
) -> None:
    clock = Clock(rate, FRAMES, start=Timecode(7, 30))
    curves = replace(curves_of(performance, valid, clock), cuts=(cut,))
    out = resampled(curves, new)
    assert out.clock is not None
    assert abs(out.clock.duration - clock.duration) <= 1 / new
    for frame in range(out.clock.frame_count):
        shown = min(clock.frame_at(out.clock.seconds(frame)), FRAMES - 1)
        assert out.face().valid[frame] == valid[shown]
        if not valid[shown]:
            continue
        after = shown + 1
        near = [shown, after] if after < FRAMES and valid[after] and after != cut else [shown]
        for name in ("jawOpen", "headYaw"):
            own = curves.face().controls[name][near]
            assert own.min() - 1e-5 <= out.face().controls[name][frame] <= own.max() + 1e-5
        turned = out.face().pose
        assert turned is not None
        np.testing.assert_allclose(turned.rotation[frame] @ turned.rotation[frame].T, np.eye(3),
                                   atol=1e-5)  # fmt: skip


@given(performance=values, valid=gaps, offset=st.integers(1 - FRAMES, 12))
@examples(20)
def test_shifted_curves_are_the_same_at_another_frame(
    performance: AnyArray, valid: AnyArray, offset: int
) -> None:
    curves = curves_of(performance, valid, Clock(Fraction(25), FRAMES))
    out = shifted(curves, offset)
    assert out.clock == Clock(Fraction(25), FRAMES + offset)
    for frame in range(FRAMES + offset):
        source = frame - offset
        assert out.face().valid[frame] == (source >= 0 and valid[source])
        if source >= 0:
            assert (
                out.face().controls["jawOpen"][frame] == performance[source, NAMES.index("jawOpen")]
            )


@given(
    performance=values,
    gain=st.floats(-2, 2),
    only=st.sets(st.sampled_from(["mouth", "jaw", "eyes"])),
)
@examples(10)
def test_gains_and_groups_reach_their_controls_alone(
    performance: AnyArray, gain: float, only: set[str]
) -> None:
    curves = curves_of(performance, np.ones(FRAMES, bool), Clock(Fraction(25), FRAMES))
    out = changed_curves(curves, CurveChange(gains={"mouthSmile": gain}, only=sorted(only)))
    for i, control in enumerate(CONTROLS):
        if only and control.region not in only:
            assert control.name not in out.face().controls
            continue
        factor = gain if control.name.startswith("mouthSmile") else 1
        np.testing.assert_allclose(
            out.face().controls[control.name], performance[:, i] * np.float32(factor), atol=1e-6
        )


TAKE = "Timecode,BlendShapeCount,JawOpen,HeadYaw,LeftEyeYaw,Notes\n" + "".join(
    f"10:00:00:{2 * i:02}.000,61,0.{i},0,0.1,x\n" for i in range(9)
)
spoilt = st.sampled_from(["", ",", "\n", '"', "nan", "1e999", "1e308", "-", "9999999999", ":", ";"])


@examples(60)
@given(st.lists(st.tuples(st.integers(0, len(TAKE)), st.integers(0, 20), spoilt), max_size=4))
def test_a_spoilt_table_is_read_or_refused(damage: list[tuple[int, int, str]]) -> None:
    text = TAKE
    for place, cut, put in damage:
        text = text[:place] + put + text[place + cut :]
    try:
        curves = read_columns(io.BytesIO(text.encode()))
    except ValueError:
        return
    assert 0 < len(curves.face()) <= MAX_FRAMES
    assert not any(np.isinf(values).any() for values in curves.face().controls.values())
