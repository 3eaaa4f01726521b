"""Final Cut Pro 7 XML as Final Cut, Premiere and Resolve write it, item kind by item kind."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from mien.editorial import fcp7
from mien.editorial.conform import _drops
from mien.editorial.cut import all_uses
from mien.editorial.formats import OpenedCut, open_cut
from mien.editorial.media_refs import resolve_media, source_reference
from mien.editorial.uses import ClipUse, sequences
from mien.errors import InputError


def rate(base: int | str = 24, ntsc: str = "FALSE") -> str:
    return f"<rate><timebase>{base}</timebase><ntsc>{ntsc}</ntsc></rate>"


def file(
    key: str, url: str = "file:///media/A.mov", frames: int = 1000, more: str = "", base: int = 24
) -> str:
    path = f"<pathurl>{url}</pathurl>" if url else ""
    return (
        f'<file id="{key}"><name>{key}.mov</name>{path}{rate(base)}<duration>{frames}</duration>'
        f"{more}<media><video/></media></file>"
    )


def item(
    name: str, start: int, end: int, first: int | str, last: int | str, more: str, *,
    own: str = rate(), duration: int = 1000, tag: str = "clipitem",
) -> str:  # fmt: skip
    return (
        f'<{tag} id="{name}"><name>{name}</name><duration>{duration}</duration>{own}'
        f"<start>{start}</start><end>{end}</end><in>{first}</in><out>{last}</out>{more}</{tag}>\n"
    )


def sequence(video: str, audio: str = "", *, key: str = "s", base: str = rate()) -> str:
    return (
        f'<sequence id="{key}"><name>{key}</name><duration>500</duration>{base}'
        f"<timecode>{base}<string>01:00:00:00</string><frame>86400</frame>"
        "<displayformat>NDF</displayformat></timecode>"
        f"<media><video>{video}</video><audio>{audio}</audio></media></sequence>"
    )


def track(items: str, more: str = "") -> str:
    return f"<track>{items}{more}</track>"


def xmeml(content: str, version: int = 4) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n<xmeml version="{version}">\n'
        f"{content}\n</xmeml>"
    )


def opened(folder: Path, text: str | bytes) -> OpenedCut:
    path = folder / "a.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_cut(path, None)


def uses_of(cut: OpenedCut) -> list[ClipUse]:
    return [use for _, use in all_uses(cut.content)]


def facts(use: ClipUse) -> tuple[Any, ...]:
    assert use.frames_known
    return use.clip.name, use.record * 24, use.start, use.start + use.length


def shown(folder: Path, items: str) -> list[tuple[Any, ...]]:
    """Name, record frame and frames used, of every clip of one track."""
    cut = opened(folder, xmeml(sequence(track(items))))
    assert cut.notices == ()
    return [facts(use) for use in uses_of(cut)]


def path_of(use: ClipUse, folder: Path) -> Path | None:
    media = resolve_media(source_reference(use.clip), folder)
    return None if media is None else media.path


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
    assert not _drops(kept)
    (drop,) = sequences(opened(tmp_path, text.replace("NDF", "DF")).content)
    assert _drops(drop)


# -- transitions --


def transition(start: int, end: int, alignment: str) -> str:
    return (
        f"<transitionitem><start>{start}</start><end>{end}</end><alignment>{alignment}</alignment>"
        f"{rate()}<effect><name>Cross Dissolve</name></effect></transitionitem>"
    )


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


def multiclip(first: int, second: int) -> str:
    def angle(active: str, name: str, frames: int) -> str:
        return (
            f"<angle><activevideoangle>{active}</activevideoangle><clip id='{name}'>"
            f"<name>{name}</name><duration>{frames}</duration>{rate()}"
            f"{file(name, f'file:///media/{name}.mov')}</clip></angle>"
        )

    return (
        '<multiclip id="mc"><collapsed>FALSE</collapsed><synctype>1</synctype>'
        f"{angle('FALSE', 'one', first)}{angle('TRUE', 'two', second)}</multiclip>"
    )


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


# -- retimes --


def remap(speed: str = "100", reverse: str = "FALSE", variable: str = "0", graph: str = "") -> str:
    def parameter(name: str, value: str) -> str:
        return f"<parameter><parameterid>{name}</parameterid><value>{value}</value></parameter>"

    keys = "".join(
        f"<keyframe><when>{when}</when><value>{value}</value>{flag and f'<{flag}>TRUE</{flag}>'}"
        "</keyframe>"
        for when, value, flag in (key.split(":") for key in graph.split())
    )
    return (
        "<filter><enabled>TRUE</enabled><start>-1</start><end>-1</end><effect>"
        "<name>Time Remap</name><effectid>timeremap</effectid>"
        f"{parameter('variablespeed', variable)}{parameter('speed', speed)}"
        f"{parameter('reverse', reverse)}"
        + (f"<parameter><parameterid>graphdict</parameterid>{keys}</parameter>" if keys else "")
        + "</effect></filter>"
    )


def retimed(
    folder: Path, effect: str, first: int, last: int, *, duration: int = 1000, end: int = 48
) -> Any:
    items = item("A", 0, end, first, last, file("f1") + effect, duration=duration)
    (use,) = uses_of(opened(folder, xmeml(sequence(track(items)))))
    if not use.frames_known:
        return None
    return use.start, use.start + use.length, use.speed


GRAPH_HALF = "0:0:speedkfstart 400:-1815255671:speedkfin 800:7:speedkfout 2000:1000:speedkfend"


@pytest.mark.parametrize(
    ("effect", "span", "expected"),
    [
        # In and out count the media: as many as are used.
        (remap("200"), (100, 196, 500), (100, 196, 2)),
        (remap("50"), (100, 124, 2000), (100, 124, Fraction(1, 2))),
        (remap("-100", "FALSE"), (0, 48, 48), None),
        (remap("200", "TRUE"), (100, 196, 500), (100, 196, -2)),
        (remap("-200"), (100, 196, 500), (100, 196, -2)),
        # They count the retimed clip, and its length says so.
        (remap("200"), (100, 148, 500), (200, 296, 2)),
        (remap("50"), (100, 148, 2000), (50, 74, Fraction(1, 2))),
        (remap("50"), (0, 48, 77), (0, 24, Fraction(1, 2))),
        # A graph says it, whatever Premiere's inner keys hold.
        (remap("50", graph=GRAPH_HALF), (100, 148, 7), (50, 74, Fraction(1, 2))),
        (remap("-100", graph="0:1000:speedkfstart 1000:0:speedkfend"), (100, 148, 7),
         (852, 900, -1)),
        (remap("100", "TRUE", graph="0:1000:speedkfstart 1000:0:speedkfend"), (100, 148, 7),
         (852, 900, -1)),
        (remap("50", variable="1", graph="0:0: 1000:500: 2000:1000:"), (100, 148, 7),
         (50, 74, Fraction(1, 2))),
        (remap("0", graph="0:300: 2000:300:"), (100, 148, 7), (300, 301, 0)),
        # What is no retime.
        (remap("100.00"), (100, 148, 1000), (100, 148, 1)),
        (remap("50").replace("<enabled>TRUE", "<enabled>FALSE"), (100, 148, 9), (100, 148, 1)),
    ],
)  # fmt: skip
def test_constant_retimes_are_followed_where_it_is_certain(
    tmp_path: Path, effect: str, span: tuple[int, int, int], expected: Any
) -> None:
    first, last, duration = span
    assert retimed(tmp_path, effect, first, last, duration=duration) == expected


@pytest.mark.parametrize(
    ("effect", "span"),
    [
        (remap("50"), (100, 148, 77)),
        (remap("50"), (100, 300, 2000)),
        (remap("100", "TRUE"), (100, 148, 1000)),
        (remap("80", variable="1", graph="0:0: 100:50: 500:450:"), (0, 48, 1000)),
        (remap("80", variable="1"), (0, 48, 1000)),
        (remap("200", graph="0:0: 2000:1000:"), (100, 148, 2000)),
        (remap("50", graph="0:0: 100:50:"), (100, 148, 2000)),
        (remap("0"), (100, 148, 1000)),
        (remap("50") + remap("50"), (0, 12, 1000)),
    ],
    ids=["length-unsaid", "no-count-fits", "backwards", "ramp", "ramp-unsaid", "graph-disagrees",
         "beyond-the-graph", "frozen", "twice"],
)  # fmt: skip
def test_other_retimes_are_said_not_to_be_followed(
    tmp_path: Path, effect: str, span: tuple[int, int, int]
) -> None:
    first, last, duration = span
    assert retimed(tmp_path, effect, first, last, duration=duration) is None


def test_all_of_the_media_backwards_is_certain(tmp_path: Path) -> None:
    effect = remap("100", "TRUE")
    assert retimed(tmp_path, effect, 0, 1000, end=1000) == (0, 1000, -1)


def test_a_retimed_clip_under_a_transition(tmp_path: Path) -> None:
    items = item("A", 0, -1, 0, 54, file("f1")) + transition(42, 54, "center")
    items += item("B", -1, 96, 100, 154, file("f2") + remap("200"), duration=500)
    assert shown(tmp_path, items)[1] == ("B", 48, 200, 308)
    back = remap("-100", graph="0:1000:speedkfstart 1000:0:speedkfend")
    items = item("A", 0, -1, 0, 54, file("f1")) + transition(42, 54, "center")
    items += item("B", -1, 96, 100, 154, file("f2") + back)
    assert shown(tmp_path, items)[1] == ("B", 48, 846, 900)


# -- tracks, sounds, bins --


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


# -- paths and documents --


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file://localhost/media/A%20001.mov", "/media/A 001.mov"),
        ("file:///Volumes/Raid/%C3%A4.mov", "/Volumes/Raid/ä.mov"),
        ("file:/media/A.mov", "/media/A.mov"),
        ("file:////media/A.mov", "/media/A.mov"),
        ("/media/plain path.mov", "/media/plain path.mov"),
        ("\n  file:///media/A.mov \n", "/media/A.mov"),
        ("file:///media/A&amp;B %231 50%.mov", "/media/A&B #1 50%.mov"),
        ("file:///media/A#1?.mov", "/media/A#1?.mov"),
    ],
    ids=["localhost", "volumes", "one-slash", "four-slashes", "plain", "blanks", "mixed", "bare"],
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
        ("<PremiereData Version='3'/>", "a document of <PremiereData>, not <xmeml> or <fcpxml>"),
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
