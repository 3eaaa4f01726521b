"""Final Cut Pro 7 XML as a whole: tracks, bins, paths, and what is wrong with documents."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio
import pytest

from mien.editorial.finder import reel_of
from mien.editorial.formats import open_cut
from mien.editorial.uses import sequences
from mien.errors import InputError
from tests.xmemls import (
    facts,
    file,
    item,
    opened,
    path_of,
    rate,
    sequence,
    track,
    uses_of,
    xmeml,
)  # fmt: skip


def test_what_is_off_or_only_heard_is_not_shown(tmp_path: Path) -> None:
    off = item("off", 0, 24, 0, 24, "<enabled>FALSE</enabled>" + file("f1"))
    on = item("on", 24, 48, 0, 24, "<enabled>TRUE</enabled>" + file("f2"))
    hidden = track(item("hidden", 0, 24, 0, 24, file("f3")), "<enabled>FALSE</enabled>")
    sound = track(item("sound", 0, 24, 0, 24, '<file id="f1"/>'))
    cut = opened(tmp_path, xmeml(sequence(track(off + on) + hidden + track(""), sound)))
    assert [facts(use) for use in uses_of(cut)] == [("on", 24, 0, 24)]
    assert [one.kind for one in cut.content.tracks] == ["Video", "Video", "Video", "Audio"]
    assert cut.notices == ()


def test_a_sequence_of_sound_alone_shows_nothing(tmp_path: Path) -> None:
    sound = track(item("sound", 0, 24, 0, 24, file("f1")))
    assert uses_of(opened(tmp_path, xmeml(sequence("", sound)))) == []


def test_sequences_of_bins_are_read_in_the_order_of_the_file(tmp_path: Path) -> None:
    def one(key: str) -> str:
        return sequence(track(item(key, 0, 24, 0, 24, file(f"f{key}"))), key=key)

    text = (
        f"<project><name>p</name><children>{one('a')}<bin><name>b</name><children>{one('b')}"
        f"</children></bin>{one('c')}</children></project>{one('d')}"
    )
    cut = opened(tmp_path, xmeml(text))
    assert [kept.name for kept in sequences(cut.content)] == ["a", "b", "c", "d"]


def test_clips_without_a_sequence_are_read_one_after_another(tmp_path: Path) -> None:
    def clip(name: str, span: str) -> str:
        return f'<clip id="{name}"><name>{name}</name><duration>48</duration>{rate()}{span}' + (
            f"{file(f'f{name}', frames=48)}</clip>"
        )

    clips = clip("a", "<in>-1</in><out>-1</out>") + clip("b", "<in>10</in><out>34</out>")
    cut = opened(tmp_path, xmeml(f"<bin><children>{clips}</children></bin>"))
    assert [facts(use) for use in uses_of(cut)] == [("a", 0, 0, 48), ("b", 48, 10, 34)]
    assert "holds clips and no sequence" in cut.notices[0]


def test_a_sequence_that_cannot_be_read_is_left_out_alone(tmp_path: Path) -> None:
    empty = "<sequence><name>bad</name><media/></sequence>\n"
    good = sequence(track(item("A", 0, 24, 0, 24, file("f1"))))
    cut = opened(tmp_path, xmeml(empty + good))
    assert [use.clip.name for use in uses_of(cut)] == ["A"]
    assert cut.notices == (
        "sequence bad (line 4): it does not say its frame rate; it was left out.",
    )
    with pytest.raises(
        InputError, match="as Final Cut Pro 7 XML: line 4: it does not say its frame"
    ):
        opened(tmp_path, xmeml(empty))


def test_markers_lie_in_their_clips(tmp_path: Path) -> None:
    marker = "<marker><name>look</name><in>110</in><out>-1</out></marker>"
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(
        item("A", 0, 24, 100, 124, marker + file("f1"))
    )))))  # fmt: skip
    (made,) = use.clip.markers
    assert (made.name, made.marked_range.start_time.value) == ("look", 110)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file://localhost/media/A%20001.mov", "/media/A 001.mov"),
        ("file:///Volumes/Raid/%C3%A4.mov", "/Volumes/Raid/ä.mov"),
        ("file:/media/A.mov", "/media/A.mov"),
        ("/media/plain path.mov", "/media/plain path.mov"),
        ("\n  file:///media/A.mov \n", "/media/A.mov"),
        ("file:///media/A&amp;B %231 50%.mov", "/media/A&B #1 50%.mov"),
        ("file:///media/A#1?.mov", "/media/A#1?.mov"),
    ],
    ids=["localhost", "volumes", "one-slash", "plain", "blanks", "mixed", "bare"],
)
def test_paths_of_this_machine(tmp_path: Path, url: str, path: str) -> None:
    items = item("A", 0, 24, 0, 24, file("f1", url))
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(items)))))
    assert path_of(use, tmp_path) == Path(path)


@pytest.mark.parametrize(
    "url",
    ["file://localhost/C%3a/shows/A%20001.mov", "file:///C:/shows/A%20001.mov",
     "file://C:/shows/A%20001.mov", "C:\\shows\\A 001.mov", "file://server/share/A%20001.mov",
     "./A 001.mov", "media/A 001.mov"],
    ids=["premiere", "drive", "drive-as-host", "windows", "server", "here", "below"],
)  # fmt: skip
def test_paths_of_other_machines_are_looked_for_by_name(tmp_path: Path, url: str) -> None:
    (tmp_path / "A 001.mov").write_bytes(b"x")
    items = item("A", 0, 24, 0, 24, file("f1", url))
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(items)))))
    assert path_of(use, tmp_path) == tmp_path / "A 001.mov"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_documents_come_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = xmeml(sequence(track(item("Ä", 0, 24, 0, 24, file("f1")))))
    (use,) = uses_of(opened(tmp_path, text.encode(encoding)))
    assert use.clip.name == "Ä"


def test_what_xml_forbids_in_a_name_costs_no_cut(tmp_path: Path) -> None:
    text = xmeml(sequence(track(item("A\x02B", 0, 24, 0, 24, file("f1")))))
    assert len(uses_of(opened(tmp_path, text + "\0\0"))) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (xmeml("<sequence><name>x</sequence>"), "Final Cut Pro 7 XML: line 4: mismatched tag"),
        (xmeml(""), "line 3: it holds no sequence and no clip"),
        (xmeml(sequence(""))[:200], r"Final Cut Pro 7 XML: line \d: "),
        ('<!DOCTYPE xmeml [<!ENTITY a "b">]><xmeml/>', "line 1: it declares entities"),
        ("<PremiereData Version='3'/>", "outermost element is <PremiereData>"),
    ],
    ids=["crossed", "empty", "cut-short", "entities", "premiere-project"],
)
def test_what_cannot_be_read_is_refused_with_its_line_and_format(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        opened(tmp_path, text)


@pytest.mark.shared
def test_the_cases_come_out_right(shared: Path) -> None:
    folder = shared / "cases" / "cuts"
    nested = open_cut(folder / "fcp7_nested.xml", None)
    assert [facts(use) for use in uses_of(nested)] == [
        ("A.mov", 0, 124, 148),
        ("B.mov", 24, 200, 224),
    ]
    assert nested.notices == ()
    without = open_cut(folder / "fcp7_item_without_file.xml", None)
    (gap,) = without.content.tracks[0]
    assert isinstance(gap, otio.schema.Gap)
    assert gap.duration().value == 48
    assert without.notices == ("clipitem A.mov (line 1): it names no file; it was left out.",)


def test_the_reel_of_a_file_is_the_clips(tmp_path: Path) -> None:
    timecode = f"<timecode>{rate()}<frame>0</frame><reel><name>A001</name></reel></timecode>"
    items = item("A", 0, 24, 0, 24, file("f1", more=timecode))
    items += item("B", 24, 48, 0, 24, file("f2"))
    assert [reel_of(use) for use in uses_of(opened(tmp_path, xmeml(sequence(track(items)))))] == [
        "A001", "",
    ]  # fmt: skip
