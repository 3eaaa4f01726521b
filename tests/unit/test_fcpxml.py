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
from mien.editorial.media_refs import source_reference
from mien.errors import InputError
from tests.fcpxmls import CLIP, COMPOUND, document, facts, opened, shown, uses_of


def test_asset_clips_and_gaps_lie_where_they_say(tmp_path: Path) -> None:
    spine = f"""{CLIP}<gap offset="48/24s" duration="24/24s" start="3600s"/>
    <asset-clip ref="b" name="B" offset="72/24s" duration="24/24s" start="86424/24s"/>"""
    assert shown(tmp_path, spine) == [("A", 0, 10, 58), ("B", 72, 86424, 86448)]


def test_what_is_not_said_is_the_mediums_own(tmp_path: Path) -> None:
    spine = '<asset-clip ref="b" offset="0s"/><asset-clip ref="a" duration="2s"/>'
    assert shown(tmp_path, spine) == [("B001", 0, 86400, 88800), ("A001", 2400, 0, 48)]


@pytest.mark.parametrize(
    ("time", "seconds"),
    [("5s", 5), ("1001/30000s", Fraction(1001, 30000)), ("0.5s", Fraction(1, 2)), ("3", 3),
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


def test_seconds_written_rounded_mean_whole_frames(tmp_path: Path) -> None:
    spine = """<asset-clip ref="a" name="A" offset="0s" start="1.042s" duration="0.999s"/>
    <asset-clip ref="b" name="B" offset="1s" start="3600.041667s" duration="2.000001s"/>"""
    assert shown(tmp_path, spine) == [("A", 0, 25, 49), ("B", 24, 86401, 86449)]
