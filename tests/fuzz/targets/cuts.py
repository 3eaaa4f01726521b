"""Cuts of every format."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import opentimelineio as otio

from mien.editorial import list_clips, read_cut
from mien.errors import MienError, NothingToDoError
from tests.cuts import SMILE, clip, dissolve, gap, saved, timeline
from tests.fuzz.target import Target
from tests.unit.test_cut_aaf import show

__all__ = ["TARGETS"]


def _timeline() -> object:
    nested = otio.schema.Stack("nest", [otio.schema.Track("v", [clip("N", 5, 30)])])
    return timeline(
        [clip("A", 10, 48, edit=SMILE), dissolve(6, 6), clip("B", 100, 24, speed=2), gap(10),
         nested, clip("C", 0, 20, url="media/C.mov", edit=SMILE)],
        [gap(20), clip("D", 0, 20, speed=-1)],
        start=86400,
    )  # fmt: skip


def _otio(folder: Path) -> Mapping[str, bytes]:
    text = saved(_timeline(), folder / "a.otio").read_bytes()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("content.otio", text)
        archive.writestr("version.txt", "1.0.0")
        archive.writestr("media/C.mov", b"no film")
    # Without the blanks, harm falls on what is said.
    return {"a.otio": json.dumps(json.loads(text)).encode(), "a.otioz": packed.getvalue()}


_EDL = """TITLE: show
FCM: NON-DROP FRAME

001  A001     V     C        01:00:00:00 01:00:02:00 10:00:00:00 10:00:02:00
* FROM CLIP NAME: A001.mov
M2   A001       048.0                01:00:00:00
002  AX       V     D    012 02:00:00:00 02:00:01:00 10:00:02:00 10:00:03:00
* TO CLIP NAME: B 001.mov
* SOURCE FILE: /media/B 001.mov
003  BL       V     C        00:00:00:00 00:00:01:00 10:00:03:00 10:00:04:00
004  C003     V2    W001 024 03:00:00:00 03:00:01:00 10:00:04:00 10:00:05:00
M2   C003       -24.0                03:00:00:00
005  D004     AA/V  C        04:00:00:00 04:00:01:00 10:00:05:00 10:00:06:00
* LOC: 10:00:05:10 RED     look
"""
_RATE = "<rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate>"
_FCP7 = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="4"><sequence id="s1"><name>show</name><duration>96</duration>
{_RATE}
<timecode>{_RATE}<string>01:00:00:00</string><frame>86400</frame>
<displayformat>NDF</displayformat></timecode>
<media><video><track>
<clipitem id="c1"><name>A001</name><duration>500</duration>
{_RATE}
<start>24</start><end>72</end><in>100</in><out>148</out>
<file id="f1"><name>A001.mov</name><pathurl>file://localhost/media/A%20001.mov</pathurl>
{_RATE}<duration>500</duration>
<timecode>{_RATE}<string>02:00:00:00</string><frame>172800</frame>
<displayformat>NDF</displayformat></timecode><media><video/></media></file>
<filter><effect><name>Time Remap</name><effectid>timeremap</effectid>
<parameter><parameterid>variablespeed</parameterid><value>0</value></parameter>
<parameter><parameterid>speed</parameterid><value>50</value></parameter>
<parameter><parameterid>graphdict</parameterid><keyframe><when>0</when><value>0</value></keyframe>
<keyframe><when>48</when><value>96</value></keyframe></parameter></effect></filter>
<marker><name>look</name><in>110</in><out>-1</out></marker></clipitem>
<transitionitem><start>66</start><end>78</end><alignment>center</alignment>
{_RATE}<effect><name>Cross Dissolve</name><effectid>Cross Dissolve</effectid></effect>
</transitionitem>
<clipitem id="c2"><name>nest</name><start>72</start><end>96</end><in>0</in><out>24</out>
{_RATE}<sequence id="s2"><name>nest</name><duration>24</duration>{_RATE}
<media><video><track><clipitem id="c3"><name>x</name><start>0</start><end>24</end><in>0</in>
<out>24</out>{_RATE}<file id="f1"/></clipitem></track></video></media></sequence></clipitem>
</track></video></media></sequence></xmeml>
"""
_FCPX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE fcpxml>
<fcpxml version="1.11"><resources>
<format id="r1" frameDuration="100/2400s" width="1920" height="1080"/>
<asset id="a" name="A001" start="0s" duration="1000/24s" hasVideo="1" format="r1">
<media-rep kind="original-media" src="file:///media/A.mov"/></asset>
<asset id="b" name="B001" start="3600s" duration="2400/24s" hasVideo="1" format="r1">
<media-rep kind="original-media" src="file:///media/B%20one.mov"/></asset>
<media id="m" name="compound"><sequence format="r1" tcStart="0s" duration="48/24s"><spine>
<asset-clip ref="a" offset="0s" name="in" start="10/24s" duration="48/24s"/></spine></sequence>
</media>
</resources>
<library location="file:///x.fcpbundle"><event name="e"><project name="show">
<sequence format="r1" tcStart="3600s" tcFormat="NDF" duration="240/24s"><spine>
<asset-clip ref="a" offset="3600s" name="A" start="100/24s" duration="48/24s">
<timeMap><timept time="0s" value="0s" interp="smooth2"/>
<timept time="2s" value="4s"/></timeMap>
<asset-clip ref="b" lane="1" offset="110/24s" name="over" start="3600s" duration="10/24s"/>
<marker start="101/24s" duration="1/24s" value="look"/></asset-clip>
<transition offset="86442/24s" duration="12/24s" name="Cross Dissolve"/>
<ref-clip ref="m" offset="86448/24s" name="c" duration="24/24s"/>
<gap offset="86472/24s" duration="24/24s" start="3600s"/>
<sync-clip offset="86496/24s" name="s" duration="24/24s"><asset-clip ref="b" offset="0s"
 start="3601s" duration="24/24s"/></sync-clip>
<mc-clip ref="m" offset="86520/24s" duration="24/24s"/>
</spine></sequence></project></event></library></fcpxml>
"""
_LAUGHS = '<!DOCTYPE xmeml [<!ENTITY a "xxxxxxxxxx">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True)
) + "]>"  # fmt: skip


def _xml(folder: Path) -> Mapping[str, bytes]:
    outside = '<!DOCTYPE xmeml [<!ENTITY j SYSTEM "file:///etc/passwd">]>'
    plain = "<!DOCTYPE xmeml>"
    return {
        "fcp7.xml": _FCP7.encode(),
        "a.fcpxml": _FCPX.encode(),
        "laughs.xml": _FCP7.replace(plain, _LAUGHS).replace(">A001<", ">&j;<").encode(),
        "outside.xml": _FCP7.replace(plain, outside).replace(">A001<", ">&j;<").encode(),
    }


def _aaf(folder: Path) -> Mapping[str, bytes]:
    path = folder / "a.aaf"
    with show(path) as made:
        speed = made.operation("Motion Control", 48, made.shot("a", 100, 96), warp=True)
        parts = [made.shot("b", 0, 24), made.constant(speed, "SpeedRatio", 2), made.filler(10)]
        made.track.components.extend(parts)
        made.track.length = sum(part.length for part in parts)
    return {"a.aaf": path.read_bytes()}


def _read(path: Path) -> None:
    rate = "24" if path.suffix == ".edl" else None
    folder = path.with_name("unpacked")
    with suppress(MienError):
        list_clips(path, rate=rate)
    try:
        read_cut(path, rate=rate, handles=3, media_folder=folder)
    except NothingToDoError:
        return


TARGETS = (
    Target("cuts-otio", _otio, _read),
    Target("cuts-edl", lambda folder: {"a.edl": _EDL.encode()}, _read),
    Target("cuts-xml", _xml, _read),
    Target("cuts-aaf", _aaf, _read),
)
