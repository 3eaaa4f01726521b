"""Final Cut Pro 7 XML as Final Cut, Premiere and Resolve write it, item kind by item kind."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from mien.editorial import fcp7
from mien.editorial.media_refs import source_reference
from mien.editorial.uses import drops_frames, sequences
from mien.errors import InputError
from tests.xmemls import (
    facts,
    file,
    item,
    multiclip,
    opened,
    path_of,
    rate,
    sequence,
    shown,
    track,
    transition,
    uses_of,
    xmeml,
)  # fmt: skip


@pytest.mark.parametrize("version", [1, 2, 3, 4, 5])
def test_items_lie_where_they_say(tmp_path: Path, version: int) -> None:
    items = item("A", 24, 72, 100, 148, file("f1")) + item("B", 96, 120, 0, 24, '<file id="f1"/>')
    cut = opened(tmp_path, xmeml(sequence(track(items)), version))
    assert [facts(use) for use in uses_of(cut)] == [("A", 24, 100, 148), ("B", 96, 0, 24)]
    assert cut.content.global_start_time == otio.opentime.RationalTime(86400, 24)
    assert cut.content.name == "s"


def test_a_file_may_be_written_after_it_is_used(tmp_path: Path) -> None:
    items = item("A", 0, 24, 0, 24, '<file id="f1"/>') + item("B", 24, 48, 0, 24, file("f1"))
    first, second = uses_of(opened(tmp_path, xmeml(sequence(track(items)))))
    assert path_of(first, tmp_path) == path_of(second, tmp_path) == Path("/media/A.mov")


def test_an_item_without_a_file_has_its_master_clips(tmp_path: Path) -> None:
    master = (
        f'<bin><name>b</name><children><clip id="m1"><name>A</name>{rate()}<duration>9</duration>'
        f"<media><video><track><clipitem>{file('f9')}</clipitem></track></video></media></clip>"
        "</children></bin>"
    )
    items = item("A", 0, 24, 5, 29, "<masterclipid>m1</masterclipid>")
    project = (
        f"<project><name>p</name><children>{master}{sequence(track(items))}</children></project>"
    )
    (use,) = uses_of(opened(tmp_path, xmeml(project)))
    assert path_of(use, tmp_path) == Path("/media/A.mov")
    assert facts(use) == ("A", 0, 5, 29)


def test_an_item_without_a_file_is_left_out_and_keeps_its_place(tmp_path: Path) -> None:
    items = item("A", 0, 48, 0, 48, "") + item("B", 48, 96, 10, 58, file("f1"))
    text = xmeml(sequence(track(items)))
    cut = opened(tmp_path, text)
    assert [facts(use) for use in uses_of(cut)] == [("B", 48, 10, 58)]
    gap = cut.content.tracks[0][0]
    assert isinstance(gap, otio.schema.Gap)
    assert gap.duration().value == 48
    assert cut.notices == ("clipitem A (line 4): it names no file; it was left out.",)


def test_media_that_are_offline_are_clips_without_a_path(tmp_path: Path) -> None:
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(
        item("A", 0, 24, 5, 29, file("f1", ""))
    )))))  # fmt: skip
    assert isinstance(source_reference(use.clip), otio.schema.MissingReference)
    assert facts(use) == ("A", 0, 5, 29)


def test_generators_titles_and_slugs_hold_their_place(tmp_path: Path) -> None:
    effect = "<effect><name>Text</name><effectid>Text</effectid><effecttype>generator</effecttype>"
    slug = file("f2", "", 100, "<mediaSource>Slug</mediaSource>")
    items = item("T", 0, 24, 0, 24, f"{effect}</effect>", tag="generatoritem")
    items += item("S", 24, 48, 0, 24, slug) + item("B", 48, 72, 10, 34, file("f1"))
    title, black, clip = uses_of(opened(tmp_path, xmeml(sequence(track(items)))))
    for use, kind in ((title, "Text"), (black, "Slug")):
        reference = source_reference(use.clip)
        assert isinstance(reference, otio.schema.GeneratorReference)
        assert reference.generator_kind == kind
    assert facts(clip) == ("B", 48, 10, 34)


# -- rates and timecode --


@pytest.mark.parametrize(
    ("base", "ntsc", "expected"),
    [(24, "TRUE", Fraction(24000, 1001)), (30, "true", Fraction(30000, 1001)), (25, "FALSE", 25),
     (60, "TRUE", Fraction(60000, 1001)), (25, "TRUE", 25), ("23.976", "", Fraction(24000, 1001)),
     (30, "", 30)],
)  # fmt: skip
def test_rates(tmp_path: Path, base: int | str, ntsc: str, expected: Fraction) -> None:
    own = rate(base, ntsc)
    items = item("A", 24, 72, 100, 148, '<file id="f"><pathurl>A.mov</pathurl></file>', own=own)
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(items), base=own))))
    assert use.rate == expected
    assert (use.start, use.length, use.record) == (100, 48, Fraction(24) / expected)


def test_source_timecode_begins_the_media(tmp_path: Path) -> None:
    def timecode(content: str) -> str:
        return f"<timecode>{content}<reel><name>R1</name></reel></timecode>"

    def start(content: str, base: str) -> Fraction:
        media = (
            f'<file id="f"><pathurl>A.mov</pathurl>{base}<duration>1000</duration>{content}</file>'
        )
        items = item("A", 0, 48, 100, 148, media, own=base)
        (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(items), base=base))))
        return use.start

    ntsc, film = rate(30, "TRUE"), rate(24)
    assert start(timecode(f"{film}<frame>86400</frame>"), film) == 86500
    assert start(timecode(f"{film}<string>01:00:00:00</string>"), film) == 86500
    drop = "<string>01:00:00;00</string><displayformat>DF</displayformat>"
    assert start(timecode(ntsc + drop), ntsc) == 107992
    assert start(timecode(ntsc + drop.replace(";", ":")), ntsc) == 107992
    # Timecode that counts at the nominal rate counts the same frames.
    assert start(timecode(f"{rate(30)}<frame>108000</frame>"), ntsc) == 108100


def test_media_at_another_rate_are_counted_at_their_own(tmp_path: Path) -> None:
    # Resolve counts `in` at the rate of the edit: two seconds in are 100 frames of these media.
    items = item("A", 0, 48, 48, 96, file("f1", base=50))
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(items)))))
    assert (use.rate, use.start, use.length) == (50, 100, 100)
    # Final Cut counts it at the rate of the media.
    items = item("A", 0, 48, 50, 100, file("f1", base=25), own=rate(25))
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(items)))))
    assert (use.rate, use.start, use.length) == (25, 50, 50)
    # Premiere's ticks say in seconds what its frames leave open.
    ticks = f"<pproTicksIn>{2 * 254016000000}</pproTicksIn>"
    items = item("A", 0, 48, 48, 96, ticks + file("f1", base=25), own=rate(25))
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(items)))))
    assert (use.rate, use.start, use.length) == (25, 50, 50)


def test_drop_frame_of_the_edit_is_kept_for_the_lists(tmp_path: Path) -> None:
    text = xmeml(sequence(track(item("A", 0, 24, 0, 24, file("f1")))))
    (kept,) = sequences(opened(tmp_path, text).content)
    assert not drops_frames(kept)
    (drop,) = sequences(opened(tmp_path, text.replace("NDF", "DF")).content)
    assert drops_frames(drop)


# -- transitions --


@pytest.mark.parametrize(
    ("alignment", "cut"), [("center", 48), ("start", 42), ("end", 54), ("", 48)]
)
def test_under_a_transition_clips_begin_and_end_at_its_cut(
    tmp_path: Path, alignment: str, cut: int
) -> None:
    items = item("A", 0, -1, 100, 154, file("f1")) + transition(42, 54, alignment)
    items += item("B", -1, 96, 200, 254, file("f2"))
    assert shown(tmp_path, items) == [("A", 0, 100, 154), ("B", cut, 200, 254)]


def test_a_neighbour_that_says_its_end_says_the_cut(tmp_path: Path) -> None:
    items = item("A", 0, 45, 100, 145, file("f1")) + transition(42, 54, "center")
    items += item("B", 45, 96, 203, 254, file("f2"))
    assert shown(tmp_path, items) == [("A", 0, 100, 154), ("B", 45, 200, 254)]


def test_fades_from_and_to_black(tmp_path: Path) -> None:
    items = transition(0, 12, "start-black") + item("A", -1, -1, 100, 148, file("f1"))
    items += transition(36, 48, "end-black")
    assert shown(tmp_path, items) == [("A", 0, 100, 148)]


def test_edges_that_are_nowhere_are_taken_from_the_length(tmp_path: Path) -> None:
    items = item("A", 0, -1, 100, 148, file("f1")) + item("B", -1, 96, 0, 48, file("f2"))
    assert shown(tmp_path, items) == [("A", 0, 100, 148), ("B", 48, 0, 48)]
    cut = opened(tmp_path, xmeml(sequence(track(item("A", -1, -1, 0, 48, file("f1"))))))
    assert "it does not say when it is shown" in cut.notices[0]


# -- nests, multiclips, subclips, stills --


def test_a_nest_is_shown_as_far_as_its_item_shows_it(tmp_path: Path) -> None:
    inner = item("A", 0, 48, 100, 148, file("f5")) + item("B", 48, 96, 200, 248, file("f6"))
    nest = item("n", 10, 58, 24, 72, sequence(track(inner), key="s2"))
    again = item("n", 58, 82, 60, 84, '<sequence id="s2"/>')
    assert shown(tmp_path, nest + again) == [
        ("A", 10, 124, 148), ("B", 34, 200, 224), ("B", 58, 212, 236),
    ]  # fmt: skip


def test_a_nest_at_its_own_rate(tmp_path: Path) -> None:
    inner = item("A", 0, 100, 0, 100, file("f5", base=25), own=rate(25))
    nest = item("n", 0, 48, 24, 72, sequence(track(inner), key="s2", base=rate(25)))
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(nest)))))
    assert (use.rate, use.start, use.length) == (25, 25, 50)


def test_a_nest_inside_itself_is_left_out(tmp_path: Path) -> None:
    loop = sequence(track(item("A", 0, 24, 0, 24, file("f1"))
                          + item("n", 24, 48, 0, 24, '<sequence id="s2"/>')), key="s2")  # fmt: skip
    cut = opened(tmp_path, xmeml(sequence(track(item("m", 0, 48, 0, 48, loop)))))
    assert [use.clip.name for use in uses_of(cut)] == ["A"]
    assert "clipitem n (line 5): it is inside itself; it was left out." in cut.notices


def test_nests_that_multiply_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcp7, "_MOST", 500)
    text = sequence(track(item("A", 0, 24, 0, 24, file("f"))), key="s0")
    for number in range(1, 8):
        nests = "".join(
            item(f"n{at}", at, at + 1, 0, 1, f'<sequence id="s{number - 1}"/>') for at in range(10)
        )
        text += sequence(track(nests), key=f"s{number}")
    with pytest.raises(InputError, match="nests show more than 500 clips"):
        opened(tmp_path, xmeml(text))


def test_of_a_multiclip_the_active_angle_is_shown(tmp_path: Path) -> None:
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(
        item("M", 0, 24, 10, 34, multiclip(700, 1000))
    )))))  # fmt: skip
    assert path_of(use, tmp_path) == Path("/media/two.mov")
    assert facts(use) == ("M", 0, 10, 34)


def test_of_an_angle_that_begins_elsewhere_all_is_used(tmp_path: Path) -> None:
    cut = opened(tmp_path, xmeml(sequence(track(item("M", 0, 24, 10, 34, multiclip(700, 900))))))
    assert not uses_of(cut)[0].frames_known
    assert "when the active angle of its multiclip begins" in cut.notices[0]


def test_a_subclip_counts_from_its_own_first_frame(tmp_path: Path) -> None:
    info = "<subclipinfo><startoffset>200</startoffset><endoffset>300</endoffset></subclipinfo>"
    part = item("A", 0, 24, 10, 34, info + file("f1"), duration=500)
    assert shown(tmp_path, part) == [("A", 0, 210, 234)]
    whole = item("A", 0, 24, 210, 234, info + file("f1"), duration=1000)
    assert shown(tmp_path, whole) == [("A", 0, 210, 234)]


def test_stills_are_one_picture_for_as_long_as_they_last(tmp_path: Path) -> None:
    still = item("S", 0, 240, 9000, 9240, "<stillframe>TRUE</stillframe>"
                 + file("f1", "file:///media/IMG_1234.jpg", 1))  # fmt: skip
    still += item("F", 240, 264, 50, 74, "<stillframe>TRUE</stillframe>"
                  "<stillframeoffset>50</stillframeoffset>" + file("f2"))  # fmt: skip
    still += item("P", 264, 288, 0, 24, file("f3", "file:///media/IMG_1234.jpg", 300))
    assert shown(tmp_path, still) == [("S", 0, 0, 1), ("F", 240, 50, 51), ("P", 264, 0, 1)]


@pytest.mark.parametrize(
    "name", ["shot.[1001-1200].exr", "shot.%5B1001-1200%5D.exr", "shot.1001.exr"]
)
def test_sequences_of_images(tmp_path: Path, name: str) -> None:
    for number in range(1001, 1004):
        (tmp_path / f"shot.{number}.exr").write_bytes(b"")
    media = file("f1", f"file:///elsewhere/{name}", 200)
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(item("A", 0, 24, 10, 34, media))))))
    reference = source_reference(use.clip)
    assert isinstance(reference, otio.schema.ImageSequenceReference)
    assert reference.start_frame == 1001
    assert path_of(use, tmp_path) == tmp_path / "shot.%04d.exr"
    assert facts(use) == ("A", 0, 10, 34)


def test_a_frozen_frame_of_a_movie_counts_by_its_timecode(tmp_path: Path) -> None:
    code = f"<timecode>{rate()}<string>10:00:00:00</string><frame>864000</frame></timecode>"
    frozen = "<stillframe>TRUE</stillframe><stillframeoffset>240</stillframeoffset>"
    items = item("i", 0, 24, 0, 24, file("f", more=code) + frozen)
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(items)))))
    assert (use.shown_from, use.speed, use.length) == (864240, 0, 1)
    assert use.clip.media_reference.available_range.start_time.value == 864000


def test_a_frozen_frame_is_numbered_at_the_items_rate(tmp_path: Path) -> None:
    frozen = "<stillframe>TRUE</stillframe><stillframeoffset>240</stillframeoffset>"
    items = item("i", 0, 24, 0, 24, file("f", base=48) + frozen)
    (use,) = uses_of(opened(tmp_path, xmeml(sequence(track(items)))))
    assert (use.shown_from, use.rate) == (480, 48)
