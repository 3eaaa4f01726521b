"""CMX 3600 and its dialects: what each case shows, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial.cut import all_uses
from mien.editorial.edl import read_edl
from mien.editorial.formats import open_cut
from mien.editorial.media_refs import resolve_media, source_reference
from mien.editorial.text import decode_text
from mien.editorial.times import typed_rate
from mien.errors import InputError, UsageError

HOUR = 86400
"""Frames at 24 a second."""
DF_HOUR = 107_892
"""Frames of an hour of drop frame timecode."""


@dataclass(frozen=True)
class Use:
    """A clip as the reader tells of it, times in frames."""

    name: str
    record: Fraction
    length: Fraction
    source: Fraction
    used: Fraction
    speed: Fraction
    track: str


def opened(text: str | bytes, rate: str = "24") -> tuple[Any, tuple[str, ...]]:
    if isinstance(text, bytes):
        text = decode_text(text)
    return read_edl(text, typed_rate(rate), "a.edl")


def shown(text: str | bytes, rate: str = "24") -> list[Use]:
    return [
        Use(use.clip.name, use.record * use.rate, use.record_length * use.rate, use.start,
            use.length, use.speed, use.track)
        for _, use in all_uses(opened(text, rate)[0])
    ]  # fmt: skip


def spans(text: str | bytes, rate: str = "24") -> list[tuple[str, float, float, float, float]]:
    """Name, record, length, source, frames used of every clip."""
    return [
        (use.name, float(use.record), float(use.length), float(use.source), float(use.used))
        for use in shown(text, rate)
    ]


def said(text: str | bytes, rate: str = "24") -> str:
    return "\n".join(opened(text, rate)[1])


def cut(*events: str, mode: str = "NON-DROP FRAME") -> str:
    return "\n".join(["TITLE: show", f"FCM: {mode}", "", *events, ""])


ONE = "001  R1       V     C        10:00:00:00 10:00:02:00 01:00:00:00 01:00:02:00"
TWO = "002  R2       V     C        10:00:00:00 10:00:02:00 01:00:02:00 01:00:04:00"


# --- columns -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "reel"),
    [
        ("R1       V     C       ", "R1"),
        ("ROLL 7   V     C       ", "ROLL 7"),
        ("A B  C D V     C       ", "A B C D"),
        ("A001C003_150101_R1AB_with_32_chars V C", "A001C003_150101_R1AB_with_32_chars"),
        ("V 7\tV\tC\t", "V 7"),
        ("r1       v     c       ", "r1"),
        ("R1       B     C       ", "R1"),
        ("R1       A/V   C       ", "R1"),
        ("R1       AA/V  C       ", "R1"),
        ("R1       A2/V  C       ", "R1"),
        ("R1       VA12  C       ", "R1"),
        ("R1       VA1A2 C       ", "R1"),
        ("R1       V1    C       ", "R1"),
        ("R1       V,A   C       ", "R1"),
        ("0001     ASMBL C       ", "0001"),
        ("R1       C             ", "R1"),
        ("ROLL 7   C             ", "ROLL 7"),
        ("         V     C       ", ""),
        ("C        V     C       ", "C"),
        ("D        V     C       ", "D"),
        ("012      V     C    000", "012"),
    ],
)
def test_columns_are_read_from_the_right(columns: str, reel: str) -> None:
    content, notices = opened(
        cut(f"001  {columns} 10:00:00:00 10:00:02:00 01:00:00:00 01:00:02:00")
    )
    ((_, use),) = all_uses(content)
    assert use.clip.metadata["cmx_3600"]["reel"] == reel
    assert (use.start, use.length, use.track) == (10 * HOUR, 48, "V")
    assert not notices


@pytest.mark.parametrize("channel", ["A", "A2", "AA", "A12", "A3", "NONE"])
def test_what_has_no_picture_is_not_shown(channel: str) -> None:
    text = cut(ONE, TWO.replace(" V ", f" {channel} "))
    assert [use.name for use in shown(text)] == ["R1"]
    assert not opened(text)[1]
    alone = ONE.replace(" V ", f" {channel} ")
    assert "No event of the list has a picture" in said(cut(alone))


def test_sound_is_kept_on_its_own_tracks() -> None:
    content, _ = opened(cut(ONE.replace("V ", "AA/V "), "AUD  3    4"))
    assert [(track.name, track.kind) for track in content.tracks] == [
        ("V", "Video"), ("A", "Audio"), ("A2", "Audio"), ("A3", "Audio"), ("A4", "Audio"),
    ]  # fmt: skip


def test_pictures_may_be_on_several_tracks() -> None:
    upper = ONE.replace("001", "002").replace(" V ", " V2 ").replace("R1", "R2")
    assert [(use.name, use.track) for use in shown(cut(ONE, upper))] == [("R1", "V"), ("R2", "V2")]
    assert not said(cut(ONE, upper))


@pytest.mark.parametrize("number", ["1", "001", "0001", "000001", "001A", "12345"])
def test_event_numbers_are_as_long_as_they_are(number: str) -> None:
    assert spans(cut(ONE.replace("001", number))) == [("R1", 0, 48, 10 * HOUR, 48)]


def test_events_of_one_number_are_events() -> None:
    text = cut(ONE, "* FROM CLIP NAME: a", TWO.replace("002", "001"), "* FROM CLIP NAME: b")
    assert [(use.name, use.record) for use in shown(text)] == [("a", 0), ("b", 48)]
    assert not said(text)


def test_frame_numbers_may_stand_for_timecodes() -> None:
    text = "001 R1 V C 240 288 0 48\n002 R2 V D 012 240 288 48 96\n"
    assert spans(text) == [("R1", 0, 48, 240, 60), ("R2", 48, 48, 240, 48)]


def test_text_behind_the_timecodes_is_no_column() -> None:
    assert spans(cut(f"{ONE}   # good take 2")) == [("R1", 0, 48, 10 * HOUR, 48)]


def test_text_between_events_is_text() -> None:
    text = cut(
        "* made on a Tuesday", ">>> SOURCE 001 R1", "", ONE, "24 frames pushed in", "3 more",
        "SPLIT:    AUDIO DELAY=  00:00:00:05", "GPI  at 01:00:01:00", "EFFECTS NAME IS NOTHING",
        "* AUDIO LEVEL AT 00:00:00:00 IS -3 DB", "* ASC_SAT: nonsense", TWO, "END OF LIST",
    )  # fmt: skip
    assert [use.name for use in shown(text)] == ["R1", "R2"]
    assert not said(text)


def test_what_is_said_stays_with_its_clip() -> None:
    text = cut(ONE, "* COMMENT: good", "24 frames pushed in", TWO)
    first, second = (use.clip for _, use in all_uses(opened(text)[0]))
    fields = first.metadata["cmx_3600"]
    assert list(fields["comments"]) == ["COMMENT: good", "24 frames pushed in"]
    assert (fields["event"], fields["line"]) == ("001", 4)
    assert list(second.metadata["cmx_3600"]["comments"]) == []


# --- bytes ---------------------------------------------------------------------------------------

PLAIN = cut(ONE, "* FROM CLIP NAME: one.mov", TWO, "* FROM CLIP NAME: two.mov")


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + PLAIN.encode(),
        b"\xff\xfe" + PLAIN.encode("utf-16-le"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode() + b"\x1a" + b"\0" * 300,
        b"\0\0" + PLAIN.replace("R1", "R\x001").encode(),
        PLAIN.replace("\n", "\n\n\n").replace("  ", " \t").encode(),
        PLAIN.lower().encode(),
        PLAIN.replace("TITLE: show\n", "").encode(),
        PLAIN.encode().rstrip(),
        ("  " + PLAIN.replace("\n", "\n  ")).encode(),
    ],
    ids=list(map(str, range(15))),
)
def test_bytes_of_every_kind_hold_the_same_list(raw: bytes) -> None:
    assert [(use.name.lower(), use.record) for use in shown(raw)] == [
        ("one.mov", 0), ("two.mov", 48),
    ]  # fmt: skip
    assert not opened(raw)[1]


@pytest.mark.parametrize(
    ("name", "alphabet", "label"),
    [
        ("Schöne Größe é.mov", "cp1252", "Windows-1252"),
        ("Schöne Größe é.mov", "mac_roman", "Mac Roman"),
        ("été à la plage", "cp1252", "Windows-1252"),
        ("été à la plage", "mac_roman", "Mac Roman"),
        ("東京タワー.mov", "cp932", "Shift-JIS"),
        ("カット１", "cp932", "Shift-JIS"),
    ],
)
def test_names_of_other_alphabets_are_read(
    tmp_path: Path, name: str, alphabet: str, label: str
) -> None:
    path = tmp_path / "a.edl"
    for encoding in (alphabet, "utf-8", "utf-16"):
        path.write_bytes(cut(ONE, f"* FROM CLIP NAME: {name}").encode(encoding))
        read = open_cut(path, "24")
        assert [use.clip.name for _, use in all_uses(read.content)] == [name]
        words = f"a.edl is not in Unicode: its names are read as {label}."
        assert (words in read.notices) == (encoding == alphabet)


# --- names and media -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("notes", "name", "url"),
    [
        (["* FROM CLIP NAME:  a b.mov "], "a b.mov", None),
        (["*FROM CLIP NAME: a.mov"], "a.mov", None),
        (["FROM CLIP NAME: a.mov"], "a.mov", None),
        (["* from clip name: a.mov"], "a.mov", None),
        (["* CLIP NAME: a.mov"], "a.mov", None),
        (["* FROM CLIP: /plates/a.mov"], "a", "/plates/a.mov"),
        (["* FROM CLIP NAME: a", r"* FROM CLIP: S:\path\a.0001.exr"], "a", r"S:\path\a.0001.exr"),
        (["* FROM CLIP NAME: a", "* FROM FILE: /plates/b.mov"], "a", "/plates/b.mov"),
        (["* FROM CLIP NAME: a", "* SOURCE FILE: b.mov"], "a", "b.mov"),
        (["* FROM CLIP NAME: a", "* SOURCE FILE: ZZ100.LAY3.01"], "a", None),
        (["* SOURCE FILE: ZZ100"], "ZZ100", None),
        (["* OTIO REFERENCE FROM: /plates/a.mov"], "a", "/plates/a.mov"),
        ([], "R1", None),
    ],
)
def test_clips_are_named_and_located(notes: list[str], name: str, url: str | None) -> None:
    ((_, use),) = all_uses(opened(cut(ONE, *notes))[0])
    assert use.clip.name == name
    assert getattr(use.clip.media_reference, "target_url", None) == url


@pytest.mark.parametrize("keyword", ["FROM CLIP NAME", "FROM CLIP", "FROM FILE", "SOURCE FILE"])
def test_images_are_named_by_their_range(tmp_path: Path, keyword: str) -> None:
    for number in range(1001, 1021):
        (tmp_path / f"shot.{number}.exr").write_bytes(b"x")
    event = ONE.replace("10:00:00:00 10:00:02:00", "00:00:41:17 00:00:42:13").replace(
        "01:00:02:00", "01:00:00:20"
    )
    ((_, use),) = all_uses(opened(cut(event, f"* {keyword}: shot.[1001-1020].exr"))[0])
    reference = use.clip.media_reference
    assert (reference.name_prefix, reference.name_suffix) == ("shot.", ".exr")
    assert (reference.start_frame, reference.frame_zero_padding) == (1001, 4)
    # 00:00:41:17 is 1001 at 24: source times are the numbers of the images.
    assert reference.available_range.start_time.value == 1001
    assert (use.start, use.length) == (1001, 20)
    resolved = resolve_media(source_reference(use.clip), tmp_path)
    assert resolved is not None
    assert resolved.path == tmp_path / "shot.%04d.exr"


def test_images_may_be_counted_from_none(tmp_path: Path) -> None:
    event = ONE.replace("10:00:00:00 10:00:02:00", "00:00:00:00 00:00:02:00")
    note = "* FROM CLIP: /x/shot_[0001-0100].DPX"
    ((_, use),) = all_uses(opened(cut(event, note))[0])
    assert use.clip.media_reference.available_range.start_time.value == 0
    assert use.clip.media_reference.target_url_base == "/x/"
    assert use.clip.name == "shot"
    ((_, use),) = all_uses(opened(cut(ONE, note))[0])
    assert use.clip.media_reference.available_range is None


def test_final_cut_says_which_reels_it_shortened() -> None:
    note = "FINAL CUT PRO REEL: Card01_Kyle Interview REPLACED BY: R1"
    ((_, use),) = all_uses(opened(cut(ONE, "* COMMENT:", note))[0])
    assert use.clip.metadata["cmx_3600"]["reel"] == "Card01_Kyle Interview"


def test_locators_are_markers_of_their_clips() -> None:
    text = cut(
        TWO, "* LOC: 01:00:02:14 RED     EYES", "*LOC: 01:00:03:00 mauve", "* LOC: soon",
        "* LOC: 01:00:03:02 GREEN   look  here",
    )  # fmt: skip
    ((_, use),) = all_uses(opened(text)[0])
    assert [
        (marker.name, marker.color, marker.marked_range.start_time.value - 10 * HOUR)
        for marker in use.clip.markers
    ] == [("EYES", "RED", 14), ("", "RED", 24), ("look  here", "GREEN", 26)]
    assert use.clip.markers[1].metadata["cmx_3600"]["color"] == "mauve"


def test_grades_are_kept() -> None:
    notes = ["* ASC_SOP: (0.1 0.2 0.3)(1.0 0.0122 0.0305) (1.0, 0.0, 1.0)", "* ASC_SAT: 0.9"]
    ((_, use),) = all_uses(opened(cut(ONE, *notes))[0])
    grade = use.clip.metadata["cdl"]
    assert list(grade["asc_sop"]["offset"]) == [1.0, 0.0122, 0.0305]
    assert grade["asc_sat"] == 0.9


# --- transitions ---------------------------------------------------------------------------------

FROM = "002  R1       V     C        10:00:02:00 10:00:02:00 01:00:02:00 01:00:02:00"
INTO = "002  R2       V     D    012 20:00:00:00 20:00:02:00 01:00:02:00 01:00:04:00"


@pytest.mark.parametrize("transition", ["D    012", "W001 012", "W001 1 012", "W 012", "d 012"])
def test_a_transition_shows_both_sides(transition: str) -> None:
    into = INTO.replace("D    012", transition)
    names = ["* FROM CLIP NAME: a.mov", "* TO CLIP NAME: b.mov"]
    text = cut(ONE, "* FROM CLIP NAME: a.mov", FROM, into, "* BLEND, DISSOLVE", *names)
    # Twelve frames more of the clip before, from where it ends.
    assert spans(text) == [
        ("a.mov", 0, 48, 10 * HOUR, 60), ("b.mov", 48, 48, 20 * HOUR, 48),
    ]  # fmt: skip
    assert not said(text)
    content, _ = opened(text)
    (item,) = [item for item in content.tracks[0] if isinstance(item, otio.schema.Transition)]
    assert (item.in_offset.value, item.out_offset.value) == (0, 12)
    wipe = transition[0] == "W"
    assert item.transition_type == ("SMPTE_Wipe" if wipe else "SMPTE_Dissolve")


def test_a_transition_may_stand_on_one_line() -> None:
    text = cut(ONE, "* FROM CLIP NAME: a", INTO, "* FROM CLIP NAME: a", "* TO CLIP NAME: b")
    assert spans(text) == [("a", 0, 48, 10 * HOUR, 60), ("b", 48, 48, 20 * HOUR, 48)]
    text = cut(ONE, "* FROM CLIP NAME: a", INTO, "* FROM CLIP NAME: b")
    assert [use.name for use in shown(text)] == ["a", "b"]
    text = cut(ONE, "* FROM CLIP NAME: a", INTO, "* FROM CLIP NAME: a")
    assert [use.name for use in shown(text)] == ["a", "R2"]


def test_the_outgoing_side_may_have_a_number_of_its_own() -> None:
    text = cut(ONE, FROM, INTO.replace("002", "003"), "* FROM CLIP NAME: a", "* TO CLIP NAME: b")
    assert spans(text) == [("R1", 0, 48, 10 * HOUR, 60), ("b", 48, 48, 20 * HOUR, 48)]
    assert not said(text)


def test_fcm_between_the_sides_of_a_transition_parts_nothing() -> None:
    text = cut(ONE, FROM, "FCM: NON-DROP FRAME", INTO, "* FROM CLIP NAME: a", "* TO CLIP NAME: b")
    assert [use.name for use in shown(text)] == ["R1", "b"]


def test_notes_may_stand_between_the_sides() -> None:
    text = cut(ONE, FROM, "* FROM CLIP NAME: a", INTO, "* FROM CLIP NAME: b")
    assert [use.name for use in shown(text)] == ["R1", "b"]


def test_what_a_transition_comes_from_may_be_shown_under_it_alone() -> None:
    """Premiere lists the clip that fades out even where it is not that of the event before."""
    other = FROM.replace("10:00:02:00 10:00:02:00", "11:00:00:00 11:00:00:00")
    text = cut(ONE, other, INTO, "* FROM CLIP NAME: x", "* TO CLIP NAME: y")
    assert spans(text) == [
        ("R1", 0, 48, 10 * HOUR, 48), ("x", 48, 0, 11 * HOUR, 12), ("y", 48, 48, 20 * HOUR, 48),
    ]  # fmt: skip


def test_a_mix_with_black_shows_one_side() -> None:
    black = "00:00:00:00 00:00:00:00 01:00:02:00 01:00:02:00"
    fade_in = cut(ONE, f"002  BL       V     C        {black}", INTO)
    assert spans(fade_in) == [("R1", 0, 48, 10 * HOUR, 48), ("R2", 48, 48, 20 * HOUR, 48)]
    fade_out = cut(ONE, FROM, INTO.replace("R2", "BL"))
    assert spans(fade_out) == [("R1", 0, 48, 10 * HOUR, 60)]
    first = cut("001  BL V C 00:00:00:00 00:00:00:00 01:00:02:00 01:00:02:00",
                INTO.replace("002", "001"))  # fmt: skip
    assert spans(first) == [("R2", 0, 48, 20 * HOUR, 48)]
    alone = cut(INTO)
    assert spans(alone) == [("R2", 0, 48, 20 * HOUR, 48)]
    assert not said(fade_in) + said(fade_out) + said(first) + said(alone)


@pytest.mark.parametrize("reel", ["BL", "BLACK", "bl"])
def test_black_is_a_gap(reel: str) -> None:
    text = cut(ONE, TWO.replace("R2", reel), TWO.replace("01:00:02:00 01:00:04:00",
                                                         "01:00:04:00 01:00:06:00"))  # fmt: skip
    assert [(use.name, use.record) for use in shown(text)] == [("R1", 0), ("R2", 96)]
    assert not said(text)


def test_a_transition_longer_than_its_event_is_cut_short() -> None:
    text = cut(ONE, FROM, INTO.replace("012", "072"))
    assert spans(text) == [("R1", 0, 48, 10 * HOUR, 96), ("R2", 48, 48, 20 * HOUR, 48)]
    assert "Event 002 (line 6) has a transition of 72 frames, but lasts 48" in said(text)


def test_the_event_before_may_be_listed_to_the_end_of_the_mix() -> None:
    longer = ONE.replace("10:00:02:00", "10:00:02:12").replace("01:00:02:00", "01:00:02:12")
    text = cut(longer, INTO)
    assert spans(text) == [("R1", 0, 48, 10 * HOUR, 60), ("R2", 48, 48, 20 * HOUR, 48)]
    whole = FROM.replace("10:00:02:00 10:00:02:00 01:00:02:00 01:00:02:00",
                         "10:00:02:00 10:00:02:12 01:00:02:00 01:00:02:12")  # fmt: skip
    assert spans(cut(ONE, whole, INTO)) == spans(text)


def test_keys_lie_over_their_background() -> None:
    text = cut(
        ONE,
        "002  R2       V     K B      10:00:00:00 10:00:02:00 01:00:02:00 01:00:04:00",
        "002  R3       V     K    000 11:00:00:00 11:00:02:00 01:00:02:00 01:00:04:00",
        "* FROM CLIP NAME: below", "* KEY CLIP NAME: above",
        "003  R4       V     C        10:00:00:00 10:00:02:00 01:00:04:00 01:00:06:00",
    )  # fmt: skip
    assert [(use.name, use.record, use.track) for use in shown(text)] == [
        ("R1", 0, "V"), ("below", 48, "V"), ("R4", 96, "V"), ("above", 48, "V over 1"),
    ]  # fmt: skip
    assert "Event 002 (line 6) is a key: its foreground, R3, lies over" in said(text)


@pytest.mark.parametrize("key", ["K    000", "K", "K O  024", "KO 024", "K    024", "KEY 012"])
def test_keys_of_every_kind_show_their_foreground(key: str) -> None:
    text = cut(ONE, TWO.replace("C       ", key))
    assert [(use.name, use.record) for use in shown(text)] == [("R1", 0), ("R2", 48)]
    assert "Event 002 (line 5) is a key" in said(text)


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
    assert opened(text, "29.97")[0].global_start_time.value == DF_HOUR
    assert not said(text, "29.97")


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


# --- several edits -------------------------------------------------------------------------------


def test_a_file_may_hold_several_edits() -> None:
    text = cut(ONE, TWO) + cut(ONE).replace("show", "other") + cut(ONE).replace("show", "other")
    content, notices = opened(text)
    assert [timeline.name for timeline in content] == ["show", "other", "other 3"]
    assert [len(list(timeline.find_clips())) for timeline in content] == [2, 1, 1]
    assert not notices


def test_a_title_on_every_page_is_one_edit() -> None:
    content, _ = opened(cut(ONE) + cut(TWO))
    assert content.name == "show"
    assert [use.record for _, use in all_uses(content)] == [0, 2]
