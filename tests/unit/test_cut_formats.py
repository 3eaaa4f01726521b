"""Cuts of every format, with the traps that their adapters leave open."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from mien.editorial import is_cut
from mien.editorial.cut import all_uses
from mien.editorial.formats import open_cut
from mien.editorial.media_refs import resolve_media, source_reference
from mien.editorial.uses import ClipUse
from mien.errors import InputError, UsageError
from tests.cuts import clip, dissolve, gap, saved, span, timeline

HOUR = 86400

EDL = """TITLE: show
FCM: NON-DROP FRAME

001  A001     V     C        01:00:00:00 01:00:04:00 01:00:00:00 01:00:04:00
* FROM CLIP NAME: A001.mov
* FROM CLIP: /media/A001.mov
* LOC: 01:00:01:14 RED     EYES
002  A001     V     C        01:00:04:00 01:00:04:00 01:00:04:00 01:00:04:00
002  A002     V     D    012 02:00:10:00 02:00:14:00 01:00:04:00 01:00:06:00
M2   A002       048.0                02:00:10:00
* FROM CLIP NAME: A001.mov
* TO CLIP NAME: A002.mov
003  A003     V     C        03:00:00:00 03:00:01:00 01:00:08:00 01:00:09:00
* FROM CLIP NAME: A003.mov
004  A004     V     D    012 04:00:00:00 04:00:02:00 01:00:09:00 01:00:10:00
M2   A004       048.0                04:00:00:00
* FROM CLIP NAME: A004.mov
"""

FCPX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.10"><resources>
 <format id="r1" frameDuration="1001/24000s" width="1920" height="1080"/>
 <asset id="r2" name="A001" start="86486400/24000s" duration="2402400/24000s" hasVideo="1"
  format="r1"><media-rep kind="proxy-media" src="file:///media/proxy.mov"/>
  <media-rep kind="original-media" src="file:///media/A%20001.mov"/></asset>
</resources><library><event name="e"><project name="show">
 <sequence format="r1" tcStart="86486400/24000s" tcFormat="NDF" duration="240240/24000s"><spine>
  <asset-clip ref="r2" offset="86486400/24000s" name="A" start="86586500/24000s"
   duration="96096/24000s"><marker start="86586500/24000s" duration="1001/24000s" value="m"/>
  </asset-clip>
  <transition name="Cross" offset="86576490/24000s" duration="12012/24000s"/>
  <asset-clip ref="r2" offset="86582496/24000s" name="B" start="86486400/24000s"
   duration="48048/24000s"><timeMap><timept time="0s" value="0s"/></timeMap></asset-clip>
  <asset-clip ref="r2" offset="86630544/24000s" name="off" enabled="0" start="86486400/24000s"
   duration="48048/24000s"/>
 </spine></sequence></project></event></library></fcpxml>
"""

FCP7 = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="4"><sequence id="s1"><name>show</name><duration>96</duration>
 <rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate>
 <timecode><rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate><string>01:00:00:00</string>
  <frame>86400</frame><displayformat>NDF</displayformat></timecode>
 <media><video><track>
  <clipitem id="c1"><name>A001</name><duration>500</duration>
   <rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate>
   <start>24</start><end>72</end><in>100</in><out>148</out>
   <file id="f1"><name>A001.mov</name><pathurl>file://localhost/media/A%20001.mov</pathurl>
    <rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate><duration>500</duration>
    <timecode><rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate><string>02:00:00:00</string>
     <frame>172800</frame><displayformat>NDF</displayformat></timecode>
    <media><video/></media></file>
   <marker><name>look</name><in>110</in><out>-1</out></marker>
  </clipitem></track></video></media></sequence></xmeml>
"""


def shown(path: Path, rate: str | None = None) -> list[ClipUse]:
    return [use for _, use in all_uses(open_cut(path, rate).content)]


def frames(use: ClipUse) -> tuple[float, float]:
    return float(use.start), float(use.start + use.length)


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_an_edl_is_read_with_dissolves_retimes_gaps_and_markers(tmp_path: Path) -> None:
    first, second, third, fourth = shown(written(tmp_path, "a.edl", EDL), "24")
    assert frames(first) == (HOUR, HOUR + 96 + 12)
    assert frames(second) == (2 * HOUR + 240, 2 * HOUR + 336)
    assert second.speed == 2
    assert [float(use.record) for use in (first, second, third, fourth)] == [0, 4, 8, 9]
    # A dissolve on one line is one all the same.
    assert frames(third) == (3 * HOUR, 3 * HOUR + 24 + 12)
    assert frames(fourth) == (4 * HOUR, 4 * HOUR + 48)
    assert fourth.speed == 2
    # A marker is on its clip, not an hour beside it.
    assert first.clip.markers[0].marked_range.start_time.value == HOUR + 38


def test_an_edl_starts_where_its_record_does(tmp_path: Path) -> None:
    cut = open_cut(written(tmp_path, "a.edl", EDL), "24").content
    assert cut.global_start_time.value == HOUR
    assert cut.tracks[0].source_range is None


def test_an_edl_without_its_rate_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.edl", EDL)
    with pytest.raises(UsageError, match=r"does not say its frame rate.*--rate"):
        open_cut(path, None)
    with pytest.raises(UsageError, match="'fast' is no frame rate"):
        open_cut(path, "fast")
    with pytest.raises(InputError, match="Check that --rate"):
        open_cut(written(tmp_path, "b.edl", EDL.replace("01:00:04:00", "01:00:04:24")), "24")


@pytest.mark.parametrize("rate", ["23.976", "23.98", "24000/1001"])
def test_rates_may_be_typed_rounded(tmp_path: Path, rate: str) -> None:
    assert shown(written(tmp_path, "a.edl", EDL), rate)[0].rate == Fraction(24000, 1001)


def test_drop_frame_timecode_counts_frames(tmp_path: Path) -> None:
    text = (
        "TITLE: t\nFCM: DROP FRAME\n"
        "001  A1  V  C  00:01:00;02 00:01:01;02 01:00:00;00 01:00:01;00\n"
    )
    assert frames(shown(written(tmp_path, "a.edl", text), "29.97")[0]) == (1800, 1830)


@pytest.mark.parametrize("name", ["a.fcpxml", "a.xml", "a.fcpxmld"])
def test_fcpxml_has_its_media_its_times_and_its_transitions(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("d"):
        path.mkdir()
        written(path, "Info.fcpxml", FCPX)
    else:
        path.write_text(FCPX)
    first, second = shown(path)
    place = resolve_media(source_reference(first.clip), tmp_path)
    assert place is not None
    assert place.path == Path("/media/A 001.mov")
    assert first.rate == Fraction(24000, 1001)
    assert frames(first) == (HOUR + 100, HOUR + 100 + 96 + 6)
    assert source_reference(first.clip).available_range == span(HOUR, 2400, 24000 / 1001)
    assert (first.record, second.record) == (0, 96 / first.rate)
    assert second.start == HOUR - 6
    assert not second.frames_known
    assert first.clip.markers[0].name == "m"


def test_fcpxml_keeps_its_start_timecode(tmp_path: Path) -> None:
    collection = open_cut(written(tmp_path, "a.fcpxml", FCPX), None).content
    assert collection[0].global_start_time.value == HOUR


def test_final_cut_7_xml_is_read_with_source_timecode(tmp_path: Path) -> None:
    (use,) = shown(written(tmp_path, "a.xml", FCP7))
    assert frames(use) == (172900, 172948)
    assert float(use.record) == pytest.approx(1.001)
    place = resolve_media(source_reference(use.clip), tmp_path)
    assert place is not None
    assert place.path == Path("/media/A 001.mov")


def test_an_aaf_is_read(tmp_path: Path) -> None:
    cut = timeline([
        clip("a", HOUR + 10, 48, available=span(HOUR, 500)),
        clip("b", HOUR + 20, 24, available=span(HOUR, 500)),
    ])  # fmt: skip
    path = tmp_path / "a.aaf"
    otio.adapters.write_to_file(cut, str(path), "AAF", use_empty_mob_ids=True)
    first, second = shown(path)
    assert frames(first) == (HOUR + 10, HOUR + 58)
    assert frames(second) == (HOUR + 20, HOUR + 44)
    assert second.record == 2


def test_otio_and_its_bundles_are_read(tmp_path: Path) -> None:
    items = [clip("a", 0, 48), dissolve(4, 4), clip("b", 100, 24), gap(5)]
    path = saved(timeline(items), tmp_path / "a.otio")
    assert [frames(use) for use in shown(path)] == [(0, 52), (96, 124)]
    assert [is_cut(Path(name)) for name in ("a.OTIO", "a.edl", "a.yaml", "a.mov")] == [
        True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a.otio", "a.xml", "a.fcpxml", "a.aaf", "a.otioz", "a.edl"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe\x00 nonsense", b"<fcpxml/>"])
def test_what_is_no_cut_is_refused_in_words(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        # Some adapters find nothing in it, which is as well.
        assert shown(path, "24") == []


def test_a_cut_that_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"OpenTimelineIO JSON: .*line 2.* Export"):
        open_cut(written(tmp_path, "a.otio", "{"), None)


def test_a_missing_cut_is_named(tmp_path: Path) -> None:
    for name in ("a.otio", "a.edl", "a.fcpxml", "a.aaf", "a.otiod"):
        with pytest.raises(InputError, match=f"{name} cannot be opened: no such file"):
            open_cut(tmp_path / name, "24")
