"""FCPXML as Final Cut Pro, Resolve and small exporters write it, element kind by element kind."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.editorial import fcpx_items
from mien.editorial.conform import _drops, conform_lists
from mien.editorial.cut import all_uses
from mien.editorial.formats import OpenedCut, open_cut
from mien.editorial.media_refs import resolve_media, source_reference
from mien.editorial.uses import ClipUse, sequences
from mien.errors import InputError

RESOURCES = """
<format id="r1" frameDuration="100/2400s" width="1920" height="1080"/>
<format id="r25" name="FFVideoFormat1080p25"/>
<format id="r9" name="FFVideoFormatRateUndefined"/>
<asset id="a" name="A001" start="0s" duration="1000/24s" hasVideo="1" format="r1">
 <media-rep kind="original-media" src="file:///media/A.mov"><bookmark>Ym9v</bookmark></media-rep>
</asset>
<asset id="b" name="B001" start="3600s" duration="2400/24s" hasVideo="1" format="r1">
 <media-rep kind="proxy-media" src="file:///media/proxy.mov"/>
 <media-rep kind="original-media" src="file:///media/B%20one.mov"/></asset>
<asset id="pal" name="P" start="0s" duration="40s" hasVideo="1" format="r25" src="file:///P.mov"/>
<asset id="still" name="S" start="0s" duration="0s" hasVideo="1" format="r9" src="file:///S.png"/>
<asset id="wav" name="W" start="0s" duration="100s" hasAudio="1" src="file:///media/W.wav"/>
<effect id="gen" name="Custom" uid="x"/>
"""


def document(spine: str, resources: str = "", sequence: str = 'format="r1" tcStart="0s"') -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.11"><resources>{RESOURCES}{resources}</resources>
<library location="file:///x.fcpbundle"><event name="e"><project name="show">
<sequence {sequence} tcFormat="NDF" duration="240/24s"><spine>
{spine}
</spine></sequence></project></event></library></fcpxml>"""


def opened(folder: Path, text: str | bytes, name: str = "a.fcpxml") -> OpenedCut:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return open_cut(path, None)


def uses_of(cut: OpenedCut) -> list[ClipUse]:
    return [use for _, use in all_uses(cut.content)]


def shown(folder: Path, spine: str, resources: str = "") -> list[tuple[Any, ...]]:
    """Name, record frame and frames used, of every clip with pictures."""
    cut = opened(folder, document(spine, resources))
    assert cut.notices == ()
    return [facts(use) for use in uses_of(cut)]


def facts(use: ClipUse) -> tuple[Any, ...]:
    assert use.frames_known
    return use.clip.name, use.record * 24, use.start, use.start + use.length


CLIP = '<asset-clip ref="a" name="A" offset="0s" duration="48/24s" start="10/24s"/>'


def test_asset_clips_and_gaps_lie_where_they_say(tmp_path: Path) -> None:
    spine = f"""{CLIP}<gap offset="48/24s" duration="24/24s" start="3600s"/>
    <asset-clip ref="b" name="B" offset="72/24s" duration="24/24s" start="86424/24s"/>"""
    assert shown(tmp_path, spine) == [("A", 0, 10, 58), ("B", 72, 86424, 86448)]


def test_what_is_not_said_is_the_mediums_own(tmp_path: Path) -> None:
    spine = '<asset-clip ref="b" offset="0s"/><asset-clip ref="a" duration="2s"/>'
    assert shown(tmp_path, spine) == [("B001", 0, 86400, 88800), ("A001", 2400, 0, 48)]


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("5s", 5), ("1001/24000s", Fraction(1001, 24000)), ("0.5s", Fraction(1, 2)), ("3", 3),
     ("123456789/987654321s", Fraction(123456789, 987654321)), (" 2s ", 2)],
)  # fmt: skip
def test_times_are_exact_whatever_their_denominator(
    tmp_path: Path, time: str, seconds: Fraction
) -> None:
    (use,) = uses_of(opened(tmp_path, document(
        f'<asset-clip ref="a" offset="0s" duration="2s" start="{time}"/>'
    )))  # fmt: skip
    assert abs(use.start - Fraction(seconds) * 24) < Fraction(1, 10**6)
    assert use.record_length == 2


@given(
    first=st.integers(0, 10**7), frames=st.integers(1, 10**5), at=st.integers(0, 10**6),
    rate=st.sampled_from([(1001, 24000), (1001, 30000), (1001, 60000), (1, 24), (1, 25)]),
)  # fmt: skip
def test_whole_frames_stay_whole(
    tmp_path_factory: pytest.TempPathFactory, first: int, frames: int, at: int,
    rate: tuple[int, int],
) -> None:  # fmt: skip
    above, below = rate
    text = f"""<fcpxml version="1.9"><resources>
    <format id="f" frameDuration="{above}/{below}s"/>
    <asset id="x" start="0s" duration="{above * (first + frames)}/{below}s" format="f" src="x.mov"/>
    </resources><project><sequence format="f" tcStart="{above * 100}/{below}s"><spine>
    <asset-clip ref="x" offset="{above * (at + 100)}/{below}s" duration="{above * frames}/{below}s"
     start="{above * first}/{below}s"/></spine></sequence></project></fcpxml>"""
    (use,) = uses_of(opened(tmp_path_factory.getbasetemp(), text))
    assert (use.start, use.length, use.rate) == (first, frames, Fraction(below, above))
    assert use.record == Fraction(at * above, below)


def test_a_clip_shows_what_is_in_it(tmp_path: Path) -> None:
    spine = """<clip name="B" offset="0s" duration="48/24s" start="3600s" format="r1">
     <video ref="b" offset="3600s" start="86448/24s" duration="400/24s">
      <audio ref="b" lane="-1" offset="86448/24s" duration="400/24s"/></video></clip>"""
    assert shown(tmp_path, spine) == [("B", 0, 86448, 86496)]


def test_a_clip_of_several_pictures_shows_each_as_far_as_it_does(tmp_path: Path) -> None:
    spine = """<clip name="two" offset="0s" duration="48/24s" start="36/24s">
     <spine><video ref="a" name="one" offset="0s" duration="48/24s" start="100/24s"/>
     <video ref="b" name="two" offset="48/24s" duration="48/24s" start="3600s"/></spine></clip>"""
    assert shown(tmp_path, spine) == [("one", 0, 136, 148), ("two", 12, 86400, 86436)]


def test_a_synchronized_clip_counts_from_its_own_start(tmp_path: Path) -> None:
    spine = """<sync-clip offset="0s" name="S" duration="96/24s" start="12/24s"><spine>
     <asset-clip ref="a" offset="0s" name="A" start="0s" duration="480/24s">
      <asset-clip ref="wav" lane="-1" offset="0s" duration="480/24s"/></asset-clip></spine>
     <sync-source sourceID="storyline"/></sync-clip>
    <sync-clip offset="4s" name="T" duration="24/24s" start="3601s">
     <asset-clip ref="b" name="B" offset="3600s" duration="100s">
      <asset-clip ref="wav" lane="-1" offset="3600s" duration="20s"/></asset-clip></sync-clip>"""
    assert shown(tmp_path, spine) == [("A", 0, 12, 108), ("B", 96, 86424, 86448)]


def test_of_an_audition_only_the_first_pick_is_shown(tmp_path: Path) -> None:
    spine = """<audition offset="0s"><asset-clip ref="a" offset="0s" name="A" duration="1s"/>
     <asset-clip ref="b" name="B" duration="5s"/></audition>
    <audition><clip name="C" offset="1s" duration="1s"><video ref="a" offset="0s" duration="9s"/>
     </clip><asset-clip ref="b" duration="5s"/></audition>
    <asset-clip ref="b" name="D" duration="1s" start="3600s"/>"""
    assert shown(tmp_path, spine) == [
        ("A", 0, 0, 24), ("C", 24, 0, 24), ("D", 48, 86400, 86424),
    ]  # fmt: skip


COMPOUND = """<media id="m" name="comp"><sequence format="r25" tcStart="3600s" duration="8s"><spine>
 <asset-clip ref="pal" name="one" offset="3600s" duration="4s" start="1s"/>
 <asset-clip ref="pal" name="two" offset="3604s" duration="4s" start="10s">
  <asset-clip ref="pal" name="over" lane="1" offset="11s" duration="1s" start="20s"/></asset-clip>
</spine></sequence></media>"""


def test_a_compound_clip_is_shown_as_far_as_it_says_at_its_own_rate(tmp_path: Path) -> None:
    spine = '<ref-clip ref="m" offset="0s" duration="48/24s" start="3603s"/>'
    assert shown(tmp_path, spine, COMPOUND) == [("one", 0, 100, 125), ("two", 24, 250, 275)]
    whole = '<ref-clip ref="m" offset="0s"/>'
    assert shown(tmp_path, whole, COMPOUND) == [
        ("one", 0, 25, 125), ("two", 96, 250, 350), ("over", 120, 500, 525),
    ]  # fmt: skip


def test_a_compound_clip_inside_itself_is_left_out(tmp_path: Path) -> None:
    loop = """<media id="m"><sequence format="r1" tcStart="0s"><spine>
     <asset-clip ref="a" name="A" offset="0s" duration="1s"/>
     <ref-clip ref="m" name="again" offset="1s" duration="1s"/></spine></sequence></media>"""
    cut = opened(tmp_path, document('<ref-clip ref="m" offset="0s" duration="2s"/>', loop))
    assert [use.clip.name for use in uses_of(cut)] == ["A"]
    assert len(cut.notices) == 1
    assert "ref-clip again (line " in cut.notices[0]
    assert "inside itself" in cut.notices[0]


def test_compound_clips_that_multiply_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcpx_items, "_MOST", 500)
    media = '<media id="m0"><sequence format="r1"><spine><video ref="a" duration="1s"/></spine>'
    media += "</sequence></media>"
    for number in range(1, 12):
        spine = f'<ref-clip ref="m{number - 1}" duration="1s"/>' * 10
        media += f'<media id="m{number}"><sequence format="r1"><spine>{spine}</spine></sequence>'
        media += "</media>"
    with pytest.raises(InputError, match="compound clips show more than 500 clips"):
        opened(tmp_path, document('<ref-clip ref="m11" duration="1s"/>', media))


MULTICAM = """<media id="m" name="mc"><multicam format="r1" tcStart="0s">
 <mc-angle angleID="x"><asset-clip ref="a" name="A" offset="0s" duration="40s"/></mc-angle>
 <mc-angle name="two" angleID="y"><gap offset="0s" duration="1s"/>
  <asset-clip ref="b" name="B" offset="1s" duration="40s" start="3600s"/></mc-angle>
 <mc-angle name="sound" angleID="z"><asset-clip ref="wav" offset="0s" duration="40s"/></mc-angle>
</multicam></media>"""


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ('<mc-source angleID="y" srcEnable="all"/>', [("B", 0, 86424, 86448)]),
        ('<mc-source angleID="z" srcEnable="audio"/><mc-source angleID="y" srcEnable="video"/>',
         [("B", 0, 86424, 86448)]),
        ('<mc-source angleID="y"><adjust-volume amount="-3dB"/></mc-source>',
         [("B", 0, 86424, 86448)]),
        ("", [("A", 0, 48, 72)]),
        ('<mc-source angleID="y" srcEnable="none"/><mc-source angleID="x"/>', [("A", 0, 48, 72)]),
        ('<mc-source angleID="z" srcEnable="audio"/>', []),
    ],
    ids=["all", "video-of-another", "all-unsaid", "no-source", "none-and-all", "sound-alone"],
)  # fmt: skip
def test_of_a_multicam_clip_the_active_angle_is_shown(
    tmp_path: Path, sources: str, expected: list[Any]
) -> None:
    spine = f'<mc-clip ref="m" offset="0s" duration="1s" start="2s">{sources}</mc-clip>'
    assert shown(tmp_path, spine, MULTICAM) == expected


def test_videos_titles_generators_and_stills(tmp_path: Path) -> None:
    spine = """<video ref="a" name="V" offset="0s" duration="1s" start="10/24s" role="video"/>
    <video ref="gen" name="G" offset="1s" duration="1s" start="3600s"/>
    <title ref="gen" name="T" offset="2s" duration="1s" start="3600s"><text/></title>
    <video ref="still" name="S" offset="3s" duration="2s" start="0s"/>"""
    cut = opened(tmp_path, document(spine))
    video, generator, title, still = uses_of(cut)
    assert facts(video) == ("V", 0, 10, 34)
    assert isinstance(source_reference(generator.clip), otio.schema.GeneratorReference)
    assert isinstance(source_reference(title.clip), otio.schema.GeneratorReference)
    assert (still.start, still.length, still.speed, still.record_length) == (0, 1, 0, 2)
    assert cut.notices == ()


def test_connected_clips_lie_in_their_parents_time(tmp_path: Path) -> None:
    spine = """<asset-clip ref="b" name="B" offset="0s" duration="4s" start="3610s">
     <asset-clip ref="a" name="over" lane="1" offset="3611s" duration="8s">
      <asset-clip ref="a" name="higher" lane="1" offset="2s" duration="1s" start="3s"/>
      <asset-clip ref="a" name="between" lane="-1" offset="1s" duration="1s"/></asset-clip>
     <video ref="a" name="under" lane="-1" offset="3610s" duration="1s"/></asset-clip>"""
    assert shown(tmp_path, spine) == [
        ("under", 0, 0, 24), ("B", 0, 86640, 86736), ("between", 48, 0, 24),
        ("over", 24, 0, 192), ("higher", 72, 72, 96),
    ]  # fmt: skip


@pytest.mark.parametrize("first", ["0s", "3611s"])
def test_connected_storylines_lie_at_their_offset(tmp_path: Path, first: str) -> None:
    second = "1s" if first == "0s" else "3612s"
    spine = f"""<asset-clip ref="b" name="B" offset="0s" duration="4s" start="3610s">
     <spine lane="1" offset="3611s" name="story">
      <asset-clip ref="a" name="one" offset="{first}" duration="1s"/>
      <transition name="Cross" offset="{second}" duration="4/24s"/>
      <asset-clip ref="a" name="two" offset="{second}" duration="2s" start="5s"/></spine>
     </asset-clip>"""
    assert shown(tmp_path, spine)[1] == ("one", 24, 0, 28)
    assert shown(tmp_path, spine)[2] == ("two", 48, 120, 168)


def test_what_hangs_on_a_gap_is_shown(tmp_path: Path) -> None:
    spine = """<gap offset="0s" start="3600s" duration="10s">
     <asset-clip ref="a" name="A" lane="1" offset="3602s" duration="1s"/>
     <asset-clip ref="a" name="B" lane="1" offset="3602s" duration="1s"/></gap>"""
    # Two at one time in one lane: neither may hide the other, or move.
    assert shown(tmp_path, spine) == [("A", 48, 0, 24), ("B", 48, 0, 24)]


def test_what_is_connected_before_the_edit_begins_loses_its_head(tmp_path: Path) -> None:
    spine = """<asset-clip ref="b" name="B" offset="0s" duration="4s" start="3610s">
     <asset-clip ref="a" name="early" lane="1" offset="3609s" start="2s" duration="3s"/>
     </asset-clip>"""
    assert shown(tmp_path, spine)[1] == ("early", 0, 72, 120)


def test_sound_is_no_picture_and_keeps_its_place(tmp_path: Path) -> None:
    spine = """<asset-clip ref="wav" name="W" offset="0s" duration="1s"/>
    <asset-clip ref="a" name="heard" srcEnable="audio" offset="1s" duration="1s"/>
    <asset-clip ref="a" name="A" offset="2s" duration="1s">
     <asset-clip ref="a" name="detached" srcEnable="audio" lane="-1" offset="0s" duration="9s"/>
     <audio ref="a" lane="-2" offset="0s" duration="1s"/></asset-clip>
    <clip name="sound" offset="3s" duration="1s"><audio ref="wav" offset="0s" duration="9s"/></clip>
    <asset-clip ref="a" name="B" srcEnable="video" offset="4s" duration="1s"/>"""
    assert shown(tmp_path, spine) == [("A", 48, 0, 24), ("B", 96, 0, 24)]


def test_what_is_off_is_not_shown_and_its_connected_clips_are(tmp_path: Path) -> None:
    spine = """<asset-clip ref="a" name="off" enabled="0" offset="0s" duration="1s">
     <asset-clip ref="a" name="on" lane="1" offset="0s" duration="1s"/></asset-clip>
    <clip name="off too" enabled="0" offset="1s" duration="1s">
     <video ref="a" offset="0s" duration="9s"/></clip>"""
    assert shown(tmp_path, spine) == [("on", 0, 0, 24)]


def test_transitions_show_frames_beyond_their_clips(tmp_path: Path) -> None:
    spine = """<transition offset="0s" duration="6/24s" name="in"/>
    <asset-clip ref="a" name="A" offset="0s" duration="48/24s" start="24/24s"/>
    <transition offset="44/24s" duration="8/24s"><filter-video ref="gen"/></transition>
    <asset-clip ref="b" name="B" offset="48/24s" duration="48/24s" start="3601s"/>
    <transition offset="90/24s" duration="6/24s"/>"""
    assert shown(tmp_path, spine) == [("A", 0, 24, 76), ("B", 48, 86420, 86472)]


# -- retimes --

RETIMED = '<asset-clip ref="{ref}" name="A" offset="0s" duration="{length}" start="{start}">{map}'


def retimed(
    folder: Path, points: str, start: str = "0s", length: str = "4s", ref: str = "a"
) -> Any:
    mapped = "".join(
        f'<timept time="{time}" value="{value}" interp="{interp}"/>'
        for time, value, interp in (point.split() for point in points.split(","))
    )
    clip = RETIMED.format(ref=ref, length=length, start=start, map=f"<timeMap>{mapped}</timeMap>")
    (use,) = uses_of(opened(folder, document(f"{clip}</asset-clip>")))
    if not use.frames_known:
        return None
    return use.start, use.start + use.length, use.speed


@pytest.mark.parametrize(
    ("points", "start", "expected"),
    [
        ("0s 0s smooth2, 20s 10s smooth2", "4s", (48, 96, Fraction(1, 2))),
        ("0s 0s linear, 20s 40s linear", "1s", (48, 240, 2)),
        ("0s 0s linear, 10s 20s linear, 20s 40s linear", "1s", (48, 240, 2)),
        ("0s 40s linear, 40s 0s linear", "0s", (864, 960, -1)),
        ("0s 40s linear, 20s 0s linear", "10s", (288, 480, -2)),
        ("0s 2s linear, 20s 2s linear", "4s", (48, 49, 0)),
        ("0s 0s linear, 4s 4s linear, 8s 4s linear, 12s 8s linear", "4s", (96, 97, 0)),
        ("0s 0s linear, 4s 4s linear, 8s 4s linear, 12s 8s linear", "8s", (96, 192, 1)),
    ],
    ids=["slow", "fast", "three-in-line", "backwards", "backwards-fast", "frozen", "held",
         "after-a-hold"],
)  # fmt: skip
def test_constant_retimes_are_followed_to_the_frame(
    tmp_path: Path, points: str, start: str, expected: Any
) -> None:
    assert retimed(tmp_path, points, start) == expected


@pytest.mark.parametrize(
    ("points", "start"),
    [
        ("0s 0s linear, 2s 2s linear, 12s 4s linear", "0s"),
        ("0s 0s linear, 1s 1s linear", "20s"),
        ("0s 0s linear", "0s"),
        ("0s 0s linear, 4s 400s linear", "0s"),
    ],
    ids=["over-a-corner", "beyond-the-map", "one-point", "beyond-the-medium"],
)
def test_retimes_that_cannot_be_followed_are_said_to_be(
    tmp_path: Path, points: str, start: str
) -> None:
    assert retimed(tmp_path, points, start) is None


def test_a_curve_is_followed_where_it_is_straight(tmp_path: Path) -> None:
    mapped = """<timeMap><timept time="0s" value="0s" interp="smooth2"/>
    <timept time="8s" value="8s" interp="smooth2" inTime="1s" outTime="1s"/>
    <timept time="20s" value="14s" interp="smooth2"/></timeMap>"""

    def known(start: str) -> list[tuple[bool, Fraction]]:
        clip = RETIMED.format(ref="a", length="4s", start=start, map=mapped)
        cut = opened(tmp_path, document(f"{clip}</asset-clip>"))
        return [(use.frames_known, use.speed) for use in uses_of(cut)]

    assert known("1s") == [(True, 1)]
    assert known("12s") == [(True, Fraction(1, 2))]
    assert not known("5s")[0][0]


def test_a_map_may_count_by_timecode_or_from_the_first_frame(tmp_path: Path) -> None:
    by_timecode = "3600s 3600s linear, 3640s 3620s linear"
    assert retimed(tmp_path, by_timecode, "3604s", ref="b") == (86448, 86496, Fraction(1, 2))
    from_zero = "0s 0s linear, 40s 20s linear"
    assert retimed(tmp_path, from_zero, "3604s", ref="b") == (86448, 86496, Fraction(1, 2))
    mixed = "0s 3600s linear, 40s 3620s linear"
    assert retimed(tmp_path, mixed, "4s", ref="b") == (86448, 86496, Fraction(1, 2))


def test_a_retimed_compound_retimes_what_is_in_it(tmp_path: Path) -> None:
    mapped = """<timeMap><timept time="3600s" value="3600s" interp="linear"/>
    <timept time="3604s" value="3608s" interp="linear"/></timeMap>"""
    spine = f'<ref-clip ref="m" offset="0s" duration="3s" start="3600s">{mapped}</ref-clip>'
    first, second = shown(tmp_path, spine, COMPOUND)[:2]
    assert first == ("one", 0, 25, 125)
    assert second == ("two", 48, 250, 300)


def test_a_backwards_clip_under_a_transition_uses_the_frames_around_its_own(tmp_path: Path) -> None:
    back = """<timeMap><timept time="0s" value="40s" interp="linear"/>
    <timept time="40s" value="0s" interp="linear"/></timeMap>"""
    spine = f"""<asset-clip ref="a" name="A" offset="0s" duration="2s"/>
    <transition offset="42/24s" duration="12/24s"/>
    <asset-clip ref="a" name="R" offset="2s" duration="1s" start="10s">{back}</asset-clip>"""
    use = uses_of(opened(tmp_path, document(spine)))[1]
    # 30 s in the medium at the cut, and a quarter of a second more of it before.
    assert facts(use) == ("R", 48, 696, 726)
    assert use.shown_from == 719


def test_conformed_rates_show_every_frame_once(tmp_path: Path) -> None:
    def used(conform: str) -> tuple[Fraction, Fraction]:
        clip = f'<asset-clip ref="pal" offset="0s" duration="4s" start="2s">{conform}</asset-clip>'
        (use,) = uses_of(opened(tmp_path, document(clip)))
        assert use.rate == 25
        return use.start, use.length

    assert used('<conform-rate srcFrameRate="25"/>') == (50, 96)
    assert used('<conform-rate scaleEnabled="1"/>') == (50, 96)
    assert used('<conform-rate scaleEnabled="0" srcFrameRate="25"/>') == (50, 100)
    assert used("") == (50, 100)


# -- formats, files, documents --


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("FFVideoFormat1080p25", 25), ("FFVideoFormat1080p2398", Fraction(24000, 1001)),
        ("FFVideoFormat1080i5994", Fraction(30000, 1001)), ("FFVideoFormat1080i50", 25),
        ("FFVideoFormat720p5994", Fraction(60000, 1001)), ("FFVideoFormat3840x2160p60", 60),
        ("FFVideoFormatDV720x480i5994_16x9", Fraction(30000, 1001)),
        ("FFVideoFormat4096x2160p24", 24), ("FFVideoFormat1080p120", 120),
    ],
)  # fmt: skip
def test_formats_may_say_their_rate_by_name(tmp_path: Path, name: str, rate: Fraction) -> None:
    text = f"""<fcpxml version="1.6"><resources><format id="f" name="{name}"/>
    <asset id="x" src="file:///x.mov" format="f" duration="9s"/></resources>
    <event><project name="p"><sequence format="f"><spine><asset-clip ref="x" duration="1s"/></spine>
    </sequence></project></event></fcpxml>"""
    (use,) = uses_of(opened(tmp_path, text))
    assert use.rate == rate


def test_media_are_where_the_document_says(tmp_path: Path) -> None:
    spine = """<asset-clip ref="b" offset="0s" duration="1s"/>
    <asset-clip ref="c" offset="1s" duration="1s"/>
    <asset-clip ref="d" offset="2s" duration="1s"/>"""
    more = """<asset id="c" name="C" format="r1" duration="9s"
     src="file://localhost/Volumes/A%26B/%C3%A4%20%231.mov"/>
    <asset id="d" name="D" format="r1" duration="9s">
     <media-rep kind="original-media" src="./Media/d%201.mov"/></asset>"""
    paths = []
    for use in uses_of(opened(tmp_path, document(spine, more))):
        media = resolve_media(source_reference(use.clip), tmp_path)
        assert media is not None
        paths.append(media.path)
    assert paths == [
        Path("/media/B one.mov"), Path("/Volumes/A&B/ä #1.mov"), tmp_path / "Media/d 1.mov",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Info.fcpxml", "Other.fcpxml"])
def test_paths_in_a_bundle_count_from_the_bundle(tmp_path: Path, name: str) -> None:
    bundle = tmp_path / "a.fcpxmld"
    bundle.mkdir()
    asset = '<asset id="c" format="r1" duration="9s" src="Media/c.mov"/>'
    (bundle / name).write_text(document('<asset-clip ref="c" duration="1s"/>', asset))
    (use,) = uses_of(open_cut(bundle, None))
    media = resolve_media(source_reference(use.clip), tmp_path)
    assert media is not None
    assert media.path == bundle / "Media/c.mov"


def test_a_library_of_many_projects_is_read_whole(tmp_path: Path) -> None:
    def project(name: str, clip: str) -> str:
        spine = f'<spine><asset-clip ref="a" name="{clip}" duration="1s"/></spine>'
        return f'<project name="{name}"><sequence format="r1">{spine}</sequence></project>'

    text = f"""<fcpxml version="1.13"><import-options/><resources>{RESOURCES}</resources><library>
    <event name="one">{project("p", "A")}<asset-clip ref="a" name="browser" duration="1s"/></event>
    <event name="two">{project("q", "B")}{project("r", "C")}</event>
    <smart-collection name="s" match="all"/></library></fcpxml>"""
    cut = opened(tmp_path, text)
    assert [sequence.name for sequence in sequences(cut.content)] == ["p", "q", "r"]
    assert [use.clip.name for use in uses_of(cut)] == ["A", "B", "C"]


def test_clips_without_a_project_are_read_one_after_another(tmp_path: Path) -> None:
    text = f"""<fcpxml version="1.10"><resources>{RESOURCES}</resources><event name="dailies">
    <asset-clip ref="a" name="A" duration="1s" start="1s"><keyword start="0s" value="k"/>
    </asset-clip><clip name="B" duration="2s"><video ref="b" offset="0s" duration="2s"/></clip>
    </event></fcpxml>"""
    cut = opened(tmp_path, text)
    assert [facts(use)[:2] for use in uses_of(cut)] == [("A", 0), ("B", 24)]
    assert "event dailies" in cut.notices[0]


def test_drop_frame_is_kept_for_the_lists(tmp_path: Path) -> None:
    frame = Fraction(1001, 30000)
    start = 107892 * frame
    text = f"""<fcpxml version="1.9"><resources><format id="f" frameDuration="1001/30000s"/>
    <asset id="x" src="file:///x.mov" format="f" duration="9s"/></resources><project name="p">
    <sequence format="f" tcStart="{start.numerator}/{start.denominator}s" tcFormat="DF"><spine>
    <asset-clip ref="x" duration="1001/1000s"/></spine></sequence></project></fcpxml>"""
    (sequence,) = sequences(opened(tmp_path, text).content)
    assert sequence.start.value == 107892
    assert _drops(sequence)
    assert conform_lists(sequence, [], "x") == {}


def test_offsets_that_ignore_the_start_timecode_count_from_zero(tmp_path: Path) -> None:
    text = document(CLIP, sequence='format="r1" tcStart="3600s"')
    (use,) = uses_of(opened(tmp_path, text))
    assert facts(use) == ("A", 0, 10, 58)


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ('<ref-clip ref="x" name="X" offset="0s" duration="1s"/>', "sequence 'x' is not in"),
        ('<asset-clip ref="a" name="X" offset="0s" duration="1s" start="soon"/>', "no time"),
        ('<asset-clip ref="a" name="X" offset="0s" duration="1s" start="1/0s"/>', "no time"),
        ('<asset-clip ref="a" name="X" offset="0s" duration="1s" start="1e9s"/>', "no time"),
        ('<clip name="X" offset="0s" duration="1s"/>', "nothing is in it"),
        ('<hologram name="X" offset="0s" duration="1s"/>', "does not know this element"),
        ('<mc-clip ref="x" name="X" offset="0s" duration="1s"/>', "multicam 'x' is not in"),
    ],
    ids=["no-media", "no-time", "by-zero", "exponent", "empty", "unknown", "no-multicam"],
)
def test_an_element_that_cannot_be_read_is_left_out_alone(
    tmp_path: Path, element: str, reason: str
) -> None:
    spine = f'{element}\n<asset-clip ref="a" name="A" duration="1s"/>'
    cut = opened(tmp_path, document(spine))
    (use,) = uses_of(cut)
    assert facts(use) == ("A", 24, 0, 24)
    (notice,) = cut.notices
    line = document(spine).split(element)[0].count("\n") + 1
    assert f"X (line {line}): " in notice
    assert reason in notice
    assert notice.endswith("it was left out.")


def test_a_clip_whose_medium_is_missing_stays_with_a_notice(tmp_path: Path) -> None:
    cut = opened(tmp_path, document('<asset-clip ref="no" name="A" duration="1s"/>'))
    assert [use.clip.name for use in uses_of(cut)] == ["A"]
    assert "its medium 'no' is not in the file" in cut.notices[0]


# -- bad documents --


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<fcpxml><resources></fcpxml>", r"read as FCPXML: line 1: mismatched tag"),
        ("<fcpxml>\n<resources>\n", r"read as FCPXML: line \d: "),
        ("<fcpxml/>", "line 1: it holds no project and no clips"),
        ("<html/>", "read as XML: it is a document of <html>, not <xmeml> or <fcpxml>"),
        ("", "no element found"),
        ('<fcpxml><project name="p"><sequence><spine/></sequence></project></fcpxml>',
         "format does not say a frame rate"),
    ],
    ids=["crossed", "cut-short", "empty", "html", "nothing", "no-rate"],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_line_and_format(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        opened(tmp_path, text)


def test_bombs_and_other_files_stay_outside(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    laughs = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))
    for entities in (
        f'<!ENTITY l0 "ha">{laughs}',
        f'<!ENTITY x SYSTEM "file://{tmp_path}/secret">',
        f'<!ENTITY % x SYSTEM "file://{tmp_path}/secret"> %x;',
    ):
        text = f"<!DOCTYPE fcpxml [{entities}]>\n<fcpxml><event name='&l9;'/></fcpxml>"
        with pytest.raises(InputError, match="line 1: it declares entities"):
            opened(tmp_path, text)
    deep = "<fcpxml>" + "<a>" * 100_000
    with pytest.raises(InputError, match="nested more than 400 deep"):
        opened(tmp_path, deep)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_documents_come_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = document('<asset-clip ref="a" name="Ä &amp; &#x1F600;" duration="1s"/>')
    (use,) = uses_of(opened(tmp_path, text.encode(encoding)))
    assert use.clip.name == "Ä & \N{GRINNING FACE}"


def test_the_root_says_the_format_whatever_the_ending(tmp_path: Path) -> None:
    assert len(uses_of(opened(tmp_path, "\n\n  " + document(CLIP), "a.xml"))) == 1


@pytest.mark.shared
def test_the_cases_come_out_right(shared: Path) -> None:
    def case(name: str) -> list[tuple[Any, ...]]:
        cut = open_cut(shared / "cases" / "cuts" / name, None)
        assert cut.notices == ()
        return [facts(use) for use in uses_of(cut)]

    assert case("audition.fcpxml") == [("A", 0, 10, 106)]
    assert case("sync_clip.fcpxml") == [("A", 0, 12, 108)]
    assert case("video_in_spine.fcpxml") == [("A", 0, 10, 106), ("B", 96, 86400, 86448)]
