"""CMX 3600 and its dialects: columns, bytes, names, transitions and keys."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from mien.editorial.cut import all_uses
from mien.editorial.formats import open_cut
from mien.editorial.media_refs import resolve_media, source_reference
from tests.edls import HOUR, ONE, TWO, cut, opened, said, shown, spans

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
