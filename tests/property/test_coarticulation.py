"""A mouth that speaks, whatever is said and however frames fall."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mien.errors import InputError, UsageError
from mien.model.speech import CLOSURES, PHONES, SILENCE, Phone, Speech
from mien.model.voice import MouthAmounts
from mien.session.voices import change_phones
from mien.speech.coarticulation import mouth_curves
from mien.speech.mouth import MOUTH, articulation

PARTING = ("jawOpen", "mouthLowerDownLeft", "mouthUpperUpLeft", "mouthFunnel")


@st.composite
def speeches(draw: st.DrawFn) -> Speech:
    """Some phones in order, with pauses between them."""
    names = draw(st.lists(st.sampled_from(PHONES), min_size=1, max_size=12))
    time, phones = draw(st.floats(0, 1)), []
    for name in names:
        time += draw(st.sampled_from([0.0, 0.0, 0.0, 0.05, 0.7]))
        stop = time + draw(st.floats(0.03, 0.3))
        phones.append(Phone(name, time, stop))
        time = stop
    if not any(phone.name != SILENCE for phone in phones):
        phones.append(Phone("AA", time, time + 0.1))
    return Speech(tuple(phones), (), time + 1, "test")


def _frames(speech: Speech, rate: float, first: float = 0.0) -> npt.NDArray[np.float64]:
    return np.arange(first, speech.seconds, 1 / rate)


@settings(max_examples=40, deadline=None)
@given(speeches(), st.sampled_from([23.976, 25.0, 30.0, 60.0]), st.floats(0, 0.04))
@example(
    Speech(
        (Phone("AA", 0, 0.25), Phone("B", 0.25, 0.3125), Phone("F", 0.3125, 0.5625)), (), 1.6, ""
    ),
    23.976,
    0.0,
)
def test_curves_are_weights_and_lips_meet(speech: Speech, rate: float, first: float) -> None:
    times = _frames(speech, rate, first)
    curves = mouth_curves(speech, times)
    assert set(curves) == set(MOUTH)
    for values in curves.values():
        assert len(values) == len(times)
        assert np.isfinite(values).all()
        assert values.min() >= 0
        assert values.max() <= 1
    for phone in speech.phones:
        made = articulation(phone)
        near = np.flatnonzero(np.abs(times - phone.middle) <= 1 / rate)
        # What is over before the first frame begins is in no frame.
        if not len(near) or times[0] >= phone.stop or times[-1] <= phone.start:
            continue
        if phone.name in CLOSURES:
            assert min(max(curves[name][i] for name in PARTING) for i in near) < 1e-6
        if made.narrow is not None:
            assert min(curves["jawOpen"][i] for i in near) <= made.narrow + 1e-6


@settings(max_examples=20, deadline=None)
@given(speeches(), st.floats(-20, 20))
def test_what_is_said_later_is_done_later(speech: Speech, seconds: float) -> None:
    times = _frames(speech, 30)
    here = mouth_curves(speech, times)
    there = mouth_curves(speech.moved(seconds), times + seconds)
    for name in MOUTH:
        np.testing.assert_allclose(there[name], here[name], atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(speeches())
def test_amounts_scale_and_silence_rests(speech: Speech) -> None:
    rest = {"mouthPucker": 0.2, "jawOpen": 0.05}
    times = np.arange(0, speech.seconds + 2, 1 / 30)
    usual = mouth_curves(speech, times, rest=rest)
    still = mouth_curves(speech, times, rest=rest, amounts=MouthAmounts(0, 0))
    assert still["jawOpen"].max() <= 0.05 + 1e-9
    assert usual["jawOpen"].max() >= still["jawOpen"].max() - 1e-9
    # A second after all is said.
    end = speech.spoken[-1].stop + 1
    after = int(np.searchsorted(times, end))
    if after < len(times):
        assert usual["jawOpen"][after] == pytest.approx(0.05, abs=0.02)
        assert usual["mouthPucker"][after] == pytest.approx(0.2, abs=0.02)


def test_loud_and_long_vowels_open_further() -> None:
    long = Speech((Phone("AA", 0.5, 0.8),), (), 1.5, "test")
    short = Speech((Phone("AA", 0.62, 0.68),), (), 1.5, "test")
    times = np.arange(0, 1.5, 1 / 100)
    loud = np.full(150, -20, np.float32)
    soft = loud.copy()
    soft[45:85] = -45
    open_at = [
        mouth_curves(speech, times, loudness=loudness)["jawOpen"].max()
        for speech, loudness in ((long, loud), (long, soft), (short, loud))
    ]
    assert open_at[0] > open_at[1] + 0.05
    assert open_at[0] > open_at[2] + 0.05


def test_rounding_leads() -> None:
    speech = Speech((Phone("T", 0.9, 1.0), Phone("UW", 1.0, 1.2)), (), 2, "test")
    times = np.arange(0, 2, 1 / 100)
    curves = mouth_curves(speech, times)
    before = int(np.searchsorted(times, 0.9))
    assert curves["mouthPucker"][before] > 0.2 * curves["mouthPucker"].max()


def test_a_shape_can_be_asked_for() -> None:
    phone = Phone("AA", 0.4, 0.6)
    times = np.arange(0, 1, 1 / 30)
    usual = mouth_curves(Speech((phone,), (), 1, "test"), times)
    shut = dataclasses.replace(phone, viseme="PP")
    assert usual["jawOpen"].max() > 0.2
    changed = mouth_curves(Speech((shut,), (), 1, "test"), times)
    assert changed["jawOpen"][15] == pytest.approx(0, abs=1e-6)
    with pytest.raises(InputError, match="no viseme"):
        dataclasses.replace(phone, viseme="XX")


@settings(max_examples=60, deadline=None)
@given(speeches(), st.data())
def test_edges_of_phones_move_and_order_stays(speech: Speech, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(speech.phones) - 1))
    time = data.draw(st.floats(-2, 6))
    which = data.draw(st.sampled_from(["start", "stop"]))
    changed = change_phones(speech, index, **{which: time})  # type: ignore[arg-type]
    assert len(changed.phones) == len(speech.phones)
    others = {index, index - 1 if which == "start" else index + 1}
    for place, (new, old) in enumerate(zip(changed.phones, speech.phones, strict=True)):
        assert place in others or new == old
        assert new.seconds >= 0.01 - 1e-9


def test_wrong_amounts_phones_and_orders_are_refused() -> None:
    with pytest.raises(UsageError, match="jaw cannot be 2"):
        MouthAmounts(jaw=2)
    with pytest.raises(InputError, match="no phone"):
        Phone("QQ", 0, 1)
    with pytest.raises(InputError, match="ends after it begins"):
        Phone("AA", 1, 1)
    with pytest.raises(InputError, match="overlap"):
        Speech((Phone("AA", 0, 1), Phone("B", 0.5, 2)), (), 2, "test")
    with pytest.raises(UsageError, match="no phone 4"):
        change_phones(Speech((Phone("AA", 0, 1),), (), 2, "test"), 4, stop=1.5)
