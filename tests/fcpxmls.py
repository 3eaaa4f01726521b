"""FCPXML documents made of a few elements, and what is shown of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mien.editorial.cut import all_uses
from mien.editorial.formats import OpenedCut, open_cut
from mien.editorial.uses import ClipUse

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

COMPOUND = """<media id="m" name="comp"><sequence format="r25" tcStart="3600s" duration="8s"><spine>
 <asset-clip ref="pal" name="one" offset="3600s" duration="4s" start="1s"/>
 <asset-clip ref="pal" name="two" offset="3604s" duration="4s" start="10s">
  <asset-clip ref="pal" name="over" lane="1" offset="11s" duration="1s" start="20s"/></asset-clip>
</spine></sequence></media>"""
