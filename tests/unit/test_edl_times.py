"""CMX 3600 in frames: speeds, drop frame, rates, the record, and events that cannot be read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from mien.editorial.cut import all_uses
from mien.editorial.formats import open_cut
from mien.errors import InputError, UsageError
from mien.model.rates import typed_rate
from tests.edls import HOUR, ONE, TWO, cut, opened, said, shown, spans

DF_HOUR = 107_892
"""Frames of an hour of drop frame timecode."""
FROM = "002  R1       V     C        10:00:02:00 10:00:02:00 01:00:02:00 01:00:02:00"
INTO = "002  R2       V     D    012 20:00:00:00 20:00:02:00 01:00:02:00 01:00:04:00"


# --- speeds --------------------------------------------------------------------------------------


def retimed(note: str, source: int, record: int, rate: int = 24) -> str:
    """An event of frames of source and record with an M2 note."""
    codes = " ".join(
        f"{frames // rate // 3600:02}:{frames // rate // 60 % 60:02}:{frames // rate % 60:02}"
        f":{frames % rate:02}"
        for frames in (3600 * rate, 3600 * rate + source, 3600 * rate, 3600 * rate + record)
    )
    return cut(f"001  ROLL 7   V     C        {codes}", note)


@pytest.mark.parametrize(
    ("m2", "source", "record", "speed", "used"),
    [
        ("048.0", 200, 100, "2", 200),
        ("048.0", 100, 100, "2", 200),
        ("012.0", 50, 100, "1/2", 50),
        ("012.0", 100, 100, "1/2", 50),
        ("024.0", 100, 100, "1", 100),
        ("024", 100, 100, "1", 100),
        ("26.4", 109, 100, "11/10", 110),
        ("046.7", 70, 36, "35/18", 70),
        ("046.66", 70, 36, "35/18", 70),
        ("030.0", 9, 7, "5/4", 8.75),
        ("036.0", 1500, 1000, "3/2", 1500),
        ("008.0", 33, 100, "1/3", 100 / 3),
        ("000.0", 1, 100, "0", 1),
        ("000.0", 0, 100, "0", 1),
        ("000.0", 100, 100, "0", 1),
        ("+048.0", 200, 100, "2", 200),
        ("048,0", 200, 100, "2", 200),
        ("001.2", 5, 100, "1/20", 5),
        ("480.0", 2000, 100, "20", 2000),
    ],
)
def test_m2_counts_source_frames_a_second(
    m2: str, source: int, record: int, speed: str, used: float
) -> None:
    for note in (f"M2   ROLL 7       {m2}                01:00:00:00", f"M2 ROLL 7 {m2}",
                 f"m2   ROLL 7 {m2} 01:00:00:00 ", f"M2  {m2}  01:00:00:00"):  # fmt: skip
        text = retimed(note, source, record)
        (use,) = shown(text)
        assert (use.record, use.length, use.speed) == (0, record, Fraction(speed))
        assert float(use.used) == pytest.approx(used)
    disagree = m2.lstrip("+0") in ("48.0", "12.0") and source == record
    assert ("M2 holds" in said(text)) == disagree


@pytest.mark.parametrize("source", [200, -200, 100])
def test_m2_may_run_backwards(source: int) -> None:
    text = retimed("M2   ROLL 7       -048.0                01:00:00:00", source, 100)
    (use,) = shown(text)
    assert use.speed == -2
    # Editors differ on which end they name: both ways are rendered.
    assert (use.source, use.used) == (HOUR - 200, 400)


def test_frozen_frames_are_frozen() -> None:
    note = "M2   ROLL 7       000.0                01:00:00:00"
    text = retimed(note, 1, 17) + "* FROM CLIP NAME:  a FF \n* * FREEZE FRAME\n"
    (use,) = shown(text)
    assert (use.name, use.speed, use.used, use.length) == ("a", 0, 1, 17)
    assert not said(text)
    (use,) = shown(retimed("* FREEZE FRAME", 1, 17))
    assert use.speed == 0
    (use,) = shown(retimed("", 0, 17))
    assert use.speed == 0
    assert "Event 001 (line 4) uses 0 frames of source for 17 frames of record" in said(
        retimed("", 0, 17)
    )


@pytest.mark.parametrize(
    ("source", "speed", "words"),
    [
        (49, 1, "the record duration holds"),
        (47, 1, "the record duration holds"),
        (50, 1, "the record duration holds"),
        (96, 2, "without an M2 note: it is read at 200 %"),
        (24, Fraction(1, 2), "without an M2 note: it is read at 50 %"),
        (-48, -1, "running backwards"),
        (-500, 1, "no source out that fits"),
    ],
)
def test_durations_that_differ_are_named(source: int, speed: Fraction, words: str) -> None:
    text = retimed("", source, 48)
    (use,) = shown(text)
    assert (use.length, use.speed) == (48, speed)
    assert words in said(text)
    assert "Event 001 (line 4)" in said(text)


def test_both_sides_of_a_transition_have_their_own_speed() -> None:
    mixed = [ONE, "M2   R1       048.0                10:00:00:00", FROM,
             "M2   R1       048.0                10:00:02:00", INTO]  # fmt: skip
    for notes in (["M2   R2       012.0                20:00:00:00"], ["M2   R2   012.0"]):
        text = cut(*mixed, *notes)
        assert [(use.name, use.speed, use.used) for use in shown(text)] == [
            ("R1", 2, 120), ("R2", Fraction(1, 2), 24),
        ]  # fmt: skip


def test_of_sides_of_one_reel_the_timecode_tells() -> None:
    events = [ONE, FROM.replace("R1", "T").replace("10:00:02:00 10", "11:00:02:00 10"),
              INTO.replace("R2", "T")]  # fmt: skip
    events[1] = events[1].replace("10:00:02:00", "11:00:02:00")
    text = cut(*events, "M2  T  012.0  20:00:00:00", "M2  T  048.0  11:00:02:00")
    assert [(use.name, use.speed) for use in shown(text)] == [
        ("R1", 1), ("T", 2), ("T", Fraction(1, 2)),
    ]  # fmt: skip


def test_m2_of_a_shortened_reel_is_its_own() -> None:
    long = ONE.replace("R1      ", "A001C003_150101_R1AB")
    (use,) = shown(cut(long, "M2   A001C003       048.0                10:00:00:00"))
    assert use.speed == 2
    text = cut(ONE, "M2   OTHER       048.0                10:00:11:00")
    assert [use.speed for use in shown(text)] == [2]
    assert "M2 note of reel OTHER (line 5)" in said(text)
    text = cut(ONE, "M2   R1   fast")
    assert [use.speed for use in shown(text)] == [1]
    assert "M2 note on line 5 that cannot be read" in said(text)


# --- drop frame ----------------------------------------------------------------------------------

DROP = "001  T        V     C        01:00:00:00 01:00:10:00 01:00:00:00 01:00:10:00"


@pytest.mark.parametrize("code", [":", ";", ".", ","])
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("rate", ["29.97", "59.94", "30000/1001", "30"])
def test_drop_frame_is_what_fcm_says_however_it_is_marked(
    code: str, whole: bool, rate: str
) -> None:
    event = DROP.replace(":", code) if whole else DROP.replace(":00 ", f"{code}00 ")
    hour = DF_HOUR * 2 if rate == "59.94" else DF_HOUR
    second = 60 if rate == "59.94" else 30
    text = cut(event, mode="DROP FRAME")
    (use,) = shown(text, rate)
    assert (use.source, use.length, use.used) == (hour, 10 * second, 10 * second)
    assert opened(text, rate)[0].global_start_time.value == hour
    assert ("runs at 29.97" in said(text, rate)) == (rate == "30")


@pytest.mark.parametrize("mode", ["NON-DROP FRAME", "NON DROP FRAME", "NDF", "non-drop frame"])
def test_non_drop_is_said_in_several_ways(mode: str) -> None:
    text = cut(DROP, mode=mode)
    assert [use.source for use in shown(text, "29.97")] == [108_000]
    assert not said(text, "29.97")


def test_marks_that_fcm_contradicts_are_named() -> None:
    text = cut(DROP.replace(":00 ", ";00 "), DROP.replace("001", "002").replace(":00 ", ";00 "))
    assert [use.source for use in shown(text, "29.97")] == [DF_HOUR] * 2
    assert "Event 001 (line 4) and 1 more: FCM says non-drop" in said(text, "29.97")
    without = text.replace("FCM: NON-DROP FRAME", "")
    assert [use.source for use in shown(without, "29.97")] == [DF_HOUR] * 2
    assert "FCM" not in said(without, "29.97")
    # A point is a full stop as well.
    text = cut(DROP.replace(":00 ", ".00 "))
    assert [use.source for use in shown(text, "29.97")] == [108_000]


def test_fcm_changes_for_the_sources_that_follow() -> None:
    second = DROP.replace("001", "002").replace("01:00:00:00 01:00:10:00\n", "")
    second = "002  T2 V C 01:00:00:00 01:00:10:00 01:00:10:00 01:00:20:00"
    third = "003  T3 V C 01:00:00:00 01:00:10:00 01:00:20:00 01:00:30:00"
    text = cut(DROP, "FCM: NON-DROP FRAME", second, "FCM: DROP FRAME", third, mode="DROP FRAME")
    assert spans(text, "29.97") == [
        ("T", 0, 300, DF_HOUR, 300), ("T2", 300, 300, 108_000, 300), ("T3", 600, 300, DF_HOUR, 300),
    ]  # fmt: skip
    content, notices = opened(text, "29.97")
    assert content.global_start_time.value == DF_HOUR
    assert content.metadata["cmx_3600"]["drop_frame"]
    modes = [clip.metadata["cmx_3600"]["drop_frame"] for clip in content.find_clips()]
    assert modes == [True, False, True]
    assert not notices


def test_m2_in_drop_frame() -> None:
    event = DROP.replace("01:00:10:00", "01:00:05:00", 2).replace("01:00:05:00", "01:00:10:00", 1)
    for value in ("059.9", "059.94", "060.0"):
        text = cut(event, f"M2   T          {value}                01:00:00;00", mode="DROP FRAME")
        (use,) = shown(text, "29.97")
        assert (use.source, use.length, use.used, use.speed) == (DF_HOUR, 150, 300, 2)
        assert not said(text, "29.97")


def test_numbers_that_drop_frame_leaves_out_are_named() -> None:
    event = "001  T V C 01:01:00:00 01:01:02:02 01:00:00:00 01:00:02:00"
    text = cut(event, mode="DROP FRAME")
    (use,) = shown(text, "29.97")
    assert use.source == DF_HOUR + 1800
    assert "01:01:00:00, which drop frame leaves out" in said(text, "29.97")


def test_drop_frame_at_a_rate_without_it_is_said() -> None:
    text = cut(DROP.replace(":00 ", ";00 "), mode="DROP FRAME")
    assert [use.source for use in shown(text, "25")] == [90_000]
    assert "FCM says drop frame, which there is none of at 25" in said(text, "25")


# --- rates ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rate", ["24", "23.976", "25", "29.97", "30", "48", "50", "59.94", "60", "120"]
)
def test_every_rate_counts_to_its_end(rate: str) -> None:
    last = -(-typed_rate(rate).numerator // typed_rate(rate).denominator) - 1
    text = cut(f"001  R V C 00:00:00:{last:02} 00:00:01:00 01:00:00:{last:02} 01:00:01:00")
    assert spans(text, rate) == [("R", 0, 1, last, 1)]


@pytest.mark.parametrize(
    ("frame", "rate", "better"),
    [("24", "24", "25"), ("29", "25", "30"), ("29", "23.976", "30"), ("49", "30", "50"),
     ("59", "24", "60")],
)  # fmt: skip
def test_a_rate_that_cannot_be_right_is_refused_with_line_and_remedy(
    frame: str, rate: str, better: str
) -> None:
    text = cut(ONE, TWO.replace("01:00:04:00", f"01:00:03:{frame}"))
    with pytest.raises(InputError) as raised:
        opened(text, rate)
    assert f"a.edl, line 5: 01:00:03:{frame} is no timecode at" in str(raised.value)
    assert f"--rate {better} has all of them" in str(raised.value)


def test_a_rate_that_is_too_high_is_doubted() -> None:
    events = [
        f"{n:03}  R V C 01:00:{n:02}:{n % 24:02} 01:00:{n:02}:23 02:00:{n:02}:{n % 24:02}"
        f" 02:00:{n:02}:23"
        for n in range(1, 50)
        if n % 24 != 23
    ]
    assert "may be at 24 frames a second, not 30" in said(cut(*events), "30")
    assert "may be at" not in said(cut(*events), "24")
    assert "may be at" not in said(cut(*events), "25")


def test_an_edl_without_its_rate_is_told_what_would_fit(tmp_path: Path) -> None:
    path = tmp_path / "a.edl"
    for event, rate in ((ONE, "24"), (ONE.replace(":02:00", ":02:24"), "25"),
                        (ONE.replace("02:00", "02;29"), "29.97")):  # fmt: skip
        path.write_text(cut(event))
        with pytest.raises(UsageError, match=f"would fit --rate {rate}"):
            open_cut(path, None)


# --- the record ----------------------------------------------------------------------------------


def test_gaps_order_and_overlaps() -> None:
    late = TWO.replace("01:00:02:00 01:00:04:00", "01:00:10:00 01:00:12:00")
    assert [(use.name, use.record) for use in shown(cut(late, ONE))] == [("R1", 0), ("R2", 240)]
    assert not said(cut(late, ONE))
    over = TWO.replace("01:00:02:00 01:00:04:00", "01:00:01:00 01:00:03:00")
    text = cut(ONE, over)
    assert [(use.name, use.record, use.track) for use in shown(text)] == [
        ("R1", 0, "V"), ("R2", 24, "V over 1"),
    ]  # fmt: skip
    assert "Event 002 (line 5) overlaps an earlier event: it lies over it" in said(text)
    # What stands later in the list was recorded later, and lies over the earlier.
    assert [(use.name, use.track) for use in shown(cut(over, ONE))] == [
        ("R2", "V"), ("R1", "V over 1"),
    ]  # fmt: skip


def test_an_event_of_no_length_shows_nothing() -> None:
    empty = ONE.replace("10:00:02:00", "10:00:00:00").replace("01:00:02:00", "01:00:00:00")
    assert [use.name for use in shown(cut(empty, TWO))] == ["R2"]
    assert not said(cut(empty, TWO))
    text = cut(ONE.replace("01:00:02:00", "01:00:00:00"), TWO)
    assert [use.name for use in shown(text)] == ["R2"]
    assert "Event 001 (line 4) lasts no time in the record: it is left out" in said(text)


def test_a_record_may_run_over_midnight() -> None:
    text = cut(
        "001  R1 V C 10:00:00:00 10:00:02:00 23:59:56:00 23:59:58:00",
        "002  R2 V C 10:00:00:00 10:00:04:00 23:59:58:00 00:00:02:00",
        "* LOC: 00:00:01:00 RED after",
        "003  R3 V D 012 10:00:00:00 10:00:02:00 00:00:02:00 00:00:04:00",
    )
    assert spans(text) == [
        ("R1", 0, 48, 10 * HOUR, 48), ("R2", 48, 96, 10 * HOUR, 96 + 12),
        ("R3", 144, 48, 10 * HOUR, 48),
    ]  # fmt: skip
    assert opened(text)[0].global_start_time.value == 24 * HOUR - 96
    content, _ = opened(text)
    assert content.find_clips()[1].markers[0].marked_range.start_time.value == 10 * HOUR + 72
    assert not said(text)


def test_a_record_may_end_at_midnight() -> None:
    text = cut(
        "001  R1 V C 10:00:00:00 10:00:02:00 23:59:58:00 00:00:00:00",
        "002  R2 V C 10:00:00:00 10:00:02:00 00:00:00:00 00:00:02:00",
    )
    assert [(use.name, use.record) for use in shown(text)] == [("R1", 0), ("R2", 48)]


def test_midnight_in_drop_frame() -> None:
    text = cut(
        "001  R1 V C 23:59:58:00 00:00:02:00 23:59:58:00 00:00:02:00",
        "002  R2 V C 10:00:00:00 10:00:02:00 00:00:02:00 00:00:04:00",
        mode="DROP FRAME",
    )  # fmt: skip
    assert [(use.record, use.length) for use in shown(text, "29.97")] == [(0, 120), (120, 60)]


def test_a_source_may_run_over_midnight() -> None:
    text = cut(ONE.replace("10:00:00:00 10:00:02:00", "23:59:59:00 00:00:01:00"))
    assert spans(text) == [("R1", 0, 48, 24 * HOUR - 24, 48)]
    assert not said(text)


# --- what cannot be read -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (ONE.replace("01:00:02:00", ""), "has 3 timecodes that can be read, not 4"),
        (ONE.replace("10:00:00:00", "10:00:00"), "has 3 timecodes that can be read, not 4"),
        (ONE.replace("10:00:00:00", "10:61:00:00"), "10:61:00:00 is no time of day"),
        (ONE.replace("10:00:00:00", "10:00:00:99"), "10:00:00:99 is no timecode at 24"),
        (ONE.replace(" C ", "   "), "has no transition"),
        (ONE.replace(" C ", " X "), "has no transition"),
        ("001 10:00:00:00 10:00:02:00 01:00:00:00 01:00:02:00", "has nothing but timecodes"),
        (
            ONE.replace("01:00:02:00", "00:00:01:00").replace("10:00:02:00", "10:00:00:00"),
            "ends at 00:00:01:00, before it begins at 01:00:00:00",
        ),
    ],
)
def test_one_odd_event_costs_itself_only(odd: str, reason: str) -> None:
    text = cut(odd, "* FROM CLIP NAME: lost", TWO, "* FROM CLIP NAME: kept")
    assert [(use.name, use.length) for use in shown(text)] == [("kept", 48)]
    assert "Event 001 (line 4)" in said(text)
    assert reason in said(text)
    assert "it is left out" in said(text)
    # All others are where they were.
    content, _ = opened(cut(TWO, odd, ONE.replace("001", "003")))
    assert [use.record for _, use in all_uses(content)] == [0, 2]
    # Alone, it is the reason that nothing can be read.
    with pytest.raises(InputError) as raised:
        opened(cut(odd))
    assert "a.edl cannot be read as EDL (CMX 3600) at 24 frames a second" in str(raised.value)
    assert "line 4" in str(raised.value)
    assert reason in str(raised.value)


def test_what_of_an_odd_event_can_be_kept_is_kept() -> None:
    text = cut(ONE.replace("10:00:02:00", "10:99:02:00"), TWO)
    assert spans(text)[0] == ("R1", 0, 48, 10 * HOUR, 48)
    assert "no source out that fits" in said(text)
    text = cut(ONE.replace("01:00:02:00", "00:00:01:00"))
    assert spans(text) == [("R1", 0, 48, 10 * HOUR, 48)]
    assert "ends in the record at 00:00:01:00, before it begins" in said(text)


def test_many_of_a_kind_are_counted() -> None:
    events = [
        f"{n:03} R V C 01:00:{n:02}:00 01:00:{n + 1:02}:01 02:00:{n:02}:00 02:00:{n + 1:02}:00"
        for n in range(1, 20)
    ]
    lines = opened(cut(*events))[1]
    assert len(lines) == 6
    assert lines[-1].startswith("14 more events have durations of source and record that differ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("\n\n  \n", "it is empty"),
        ("TITLE: x\nFCM: DROP FRAME\nhello there\n", "line 3 is no event"),
        ("{}", "line 1 is no event"),
        ("<fcpxml/>", "line 1 is no event"),
    ],
)
def test_what_is_no_list_is_refused_with_the_first_reason(text: str, words: str) -> None:
    with pytest.raises(InputError, match=r"a\.edl cannot be read as EDL \(CMX 3600\)") as raised:
        opened(text)
    assert words in str(raised.value)
