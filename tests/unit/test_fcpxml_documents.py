"""FCPXML documents: formats, media, libraries, and what is wrong with them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from mien.editorial.conform import conform_lists
from mien.editorial.formats import open_cut
from mien.editorial.media_refs import resolve_media, source_reference
from mien.editorial.uses import drops_frames, sequences
from mien.errors import InputError
from tests.fcpxmls import CLIP, RESOURCES, document, facts, opened, uses_of


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
    (tmp_path / "Media").mkdir()
    (tmp_path / "Media" / "d 1.mov").write_bytes(b"x")
    paths = []
    for use in uses_of(opened(tmp_path, document(spine, more))):
        media = resolve_media(source_reference(use.clip), tmp_path)
        assert media is not None
        paths.append(media.path)
    assert paths == [
        Path("/media/B one.mov"), Path("/Volumes/A&B/ä #1.mov"), tmp_path / "Media/d 1.mov",
    ]  # fmt: skip


def test_paths_in_a_bundle_count_from_the_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "a.fcpxmld"
    bundle.mkdir()
    asset = '<asset id="c" format="r1" duration="9s" src="Media/c.mov"/>'
    (bundle / "Info.fcpxml").write_text(document('<asset-clip ref="c" duration="1s"/>', asset))
    cut = open_cut(bundle, None)
    (use,) = uses_of(cut)
    assert cut.folder == bundle
    media = resolve_media(source_reference(use.clip), bundle)
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
    assert drops_frames(sequence)
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


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<fcpxml><resources></fcpxml>", r"read as FCPXML: line 1: mismatched tag"),
        ("<fcpxml>\n<resources>\n", r"read as FCPXML: line \d: "),
        ("<fcpxml/>", "line 1: it holds no project and no clips"),
        ("<html/>", "outermost element is <html>"),
        ("", "is empty"),
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
