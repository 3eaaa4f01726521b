from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import TimeError
from mien.timebase import Clock, FrameRange, Timecode

RATES = [
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30),
    Fraction(50), Fraction(60000, 1001), Fraction(60),
]  # fmt: skip
rates = st.sampled_from(RATES)
frames = st.integers(0, 24 * 3600 * 24 - 1)


@given(frames, rates, st.booleans())
def test_timecode_survives_text(count: int, rate: Fraction, drop: bool) -> None:
    drop = drop and rate.denominator == 1001 and rate > 29
    nominal = -(-rate.numerator // rate.denominator)
    timecode = Timecode(count % (nominal * 86000), nominal, drop)
    assert Timecode.parse(str(timecode), rate) == timecode


@given(st.integers(0, 107_000))
def test_drop_frame_stays_within_two_frames_of_the_wall(count: int) -> None:
    rate = Fraction(30000, 1001)
    text = str(Timecode(count, 30, drop=True))
    hours, minutes, rest = text.split(":")
    seconds, frame = rest.split(";")
    shown = int(hours) * 3600 + int(minutes) * 60 + int(seconds) + int(frame) / 30
    assert abs(shown - count / float(rate)) < 2.1 / 30


@given(rates, st.integers(1, 5000), st.data())
def test_a_frame_is_on_screen_when_it_starts(
    rate: Fraction, count: int, data: st.DataObject
) -> None:
    clock = Clock(rate, count)
    frame = data.draw(st.integers(0, count + 100))
    assert clock.frame_at(clock.seconds(frame)) == frame
    assert clock.parse(str(frame)) == frame


@given(
    st.lists(
        st.fractions(Fraction(1, 100), Fraction(1, 5), max_denominator=1000),
        min_size=2,
        max_size=60,
    ),
    st.data(),
)
def test_variable_rate_frames_are_found_at_their_own_times(
    steps: list[Fraction], data: st.DataObject
) -> None:
    times = [Fraction(0)]
    for step in steps:
        times.append(times[-1] + step)
    clock = Clock(Fraction(25), len(times), tuple(times))
    frame = data.draw(st.integers(0, len(times) + 10))
    assert clock.frame_at(clock.seconds(frame)) == frame
    between = (clock.seconds(frame) + clock.seconds(frame + 1)) / 2
    assert clock.frame_at(between) == frame


@given(rates, st.integers(30, 5000), st.data())
def test_seconds_typed_with_three_decimals_find_their_frame(
    rate: Fraction, count: int, data: st.DataObject
) -> None:
    clock = Clock(rate, count)
    frame = data.draw(st.integers(0, count - 1))
    assert clock.parse(f"{float(clock.seconds(frame)):.3f}s") == frame


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_intersection_holds_the_common_frames(a: int, b: int, c: int, d: int) -> None:
    one, two = FrameRange(min(a, b), max(a, b)), FrameRange(min(c, d), max(c, d))
    assert set(one.intersection(two)) == set(one) & set(two)


@pytest.mark.parametrize("text", ["", "abc", "1.5", "-3", "1:2:3", "00:00:61:00", "1s2"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(TimeError, match="not a time"):
        Clock(Fraction(25), 100).parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30:60", (30, 60)), (":60", (0, 60)), ("30:", (30, 100)), (":", (0, 100)),
        ("1.0s:2.0s", (25, 50)), ("1s:60", (25, 60)),
        ("01:00:01:00:01:00:02:00", (25, 50)), ("01:00:01:00:", (25, 100)),
        ("1s:01:00:02:00", (25, 50)),
    ],
)  # fmt: skip
def test_spans_are_read(text: str, expected: tuple[int, int]) -> None:
    clock = Clock(Fraction(25), 100, start=Timecode.parse("01:00:00:00", Fraction(25)))
    span = clock.parse_range(text)
    assert (span.start, span.stop) == expected


@pytest.mark.parametrize(
    "text", ["30:30", "60:30", "90:101", "a:b", "1:2:3", "5s:6s", "25:01:00:02:00"]
)
def test_spans_outside_or_backwards_are_refused(text: str) -> None:
    with pytest.raises(TimeError) as caught:
        Clock(Fraction(25), 100).parse_range(text)
    assert caught.value.remedy


def test_timecode_before_the_shot_is_refused() -> None:
    clock = Clock(Fraction(25), 100, start=Timecode.parse("01:00:00:00", Fraction(25)))
    with pytest.raises(TimeError, match="before the shot"):
        clock.parse("00:59:59:24")


def test_dropped_numbers_do_not_exist() -> None:
    with pytest.raises(TimeError, match="does not exist"):
        Timecode.parse("00:01:00;00", Fraction(30000, 1001))


def test_numbers_of_other_kinds() -> None:
    """Frames come from arrays too; 1.5 could be meant as a frame or as seconds."""
    clock = Clock(Fraction(25), 100)
    frame = clock.parse(np.int64(7))
    assert (frame, type(frame)) == (7, int)
    with pytest.raises(TimeError, match=r"1\.5 is not a time"):
        clock.parse(1.5)  # type: ignore[arg-type]
