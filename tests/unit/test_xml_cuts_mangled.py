"""Cuts in XML in which anything may be wrong: what is right is read, or all refused in words."""

from __future__ import annotations

import contextlib
import re
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.editorial.cut import all_uses
from mien.editorial.fcp7 import read_fcp7
from mien.editorial.fcpx import read_fcpx
from mien.editorial.uses import ClipUse, Sequence
from mien.editorial.xml_tree import XmlError, parse_xml
from mien.errors import InputError
from tests import fcpxmls as fcpx
from tests import xmemls as fcp7

RICH_FCPX = fcpx.document(
    f"""<asset-clip ref="b" name="B" offset="0s" duration="4s" start="3610s">
     <asset-clip ref="a" name="over" lane="1" offset="3611s" duration="2s"/>
     <spine lane="-1" offset="3611s"><video ref="a" offset="0s" duration="1s"/></spine>
     <marker start="3610s" duration="1s" value="m"/></asset-clip>
    <transition offset="3s" duration="1s"/>
    <audition offset="4s"><clip name="C" duration="1s"><video ref="a" offset="0s" duration="2s"/>
     </clip></audition>
    <ref-clip ref="m" offset="5s" duration="1s" start="3601s"/>
    <asset-clip ref="pal" offset="6s" duration="2s" start="1s"><conform-rate srcFrameRate="25"/>
     <timeMap><timept time="0s" value="0s"/><timept time="9s" value="18s" outTime="1s"/></timeMap>
    </asset-clip>
    <sync-clip offset="8s" duration="1s"><spine>{fcpx.CLIP}</spine></sync-clip>""",
    fcpx.COMPOUND,
)
RICH_FCP7 = fcp7.xmeml(fcp7.sequence(fcp7.track(
    fcp7.item("A", 0, -1, 100, 154, fcp7.file("f1", more="<timecode><frame>9</frame></timecode>"))
    + fcp7.transition(42, 54, "center")
    + fcp7.item("B", -1, 96, 200, 254, fcp7.file("f2") + fcp7.remap("50", graph="0:0: 900:450:"))
    + fcp7.item("n", 96, 120, 0, 24, fcp7.sequence(
        fcp7.track(fcp7.item("C", 0, 48, 0, 48, '<file id="f1"/>')), key="s2"))
    + fcp7.item("M", 120, 144, 0, 24, fcp7.multiclip(700, 1000))
    + fcp7.item("S", 144, 168, 0, 24, "<stillframe>TRUE</stillframe>" + fcp7.file("f4", "a.png"))
)))  # fmt: skip
VALUES = re.compile(r'(?<=")[^"<>]*(?=")|(?<=>)[^<>\s]+(?=<)')
ELEMENTS = re.compile(r"<[a-z][^<>]*/>|<(\w+)>[^<>]*</\1>")
ODD = st.sampled_from(
    ["", "0", "-1", "-1s", "0s", "1/0s", "99999999999s", "1e9", "NaN", "x", "TRUE", "s", "s2", "m",
     "a", "r1", "0.5", "1/3s", "999999999999999", "\N{ARABIC-INDIC DIGIT FIVE}", "-0"]
)  # fmt: skip


def frames_of(shown: tuple[Sequence, ClipUse]) -> tuple[Any, ...]:
    _, use = shown
    return use.clip.name, use.record, use.record_length, use.start, use.length, use.speed


def read(text: str) -> tuple[Any, tuple[str, ...]]:
    return (read_fcpx if text.count("<fcpxml") else read_fcp7)(parse_xml(text))


@pytest.mark.parametrize(
    ("text", "clips"), [(RICH_FCPX, 7), (RICH_FCP7, 5)], ids=["fcpxml", "fcp7"]
)
def test_the_whole_documents_are_read(text: str, clips: int) -> None:
    content, notices = read(text)
    assert len(list(all_uses(content))) == clips
    assert notices == ()
    # The cut goes back as OTIO: read again, it shows the same frames.
    again = otio.adapters.read_from_string(content.to_json_string(), "otio_json")
    assert [frames_of(use) for use in all_uses(again)] == [
        frames_of(use) for use in all_uses(content)
    ]


@given(
    text=st.sampled_from([RICH_FCPX, RICH_FCP7]), data=st.data(),
    values=st.lists(ODD, min_size=1, max_size=3), gone=st.integers(0, 2),
)  # fmt: skip
def test_whatever_is_odd_costs_itself_or_is_refused(
    text: str, data: st.DataObject, values: list[str], gone: int
) -> None:
    for value in values:
        spans = [match.span() for match in VALUES.finditer(text)]
        low, high = data.draw(st.sampled_from(spans))
        text = text[:low] + value + text[high:]
    for _ in range(gone):
        spans = [match.span() for match in ELEMENTS.finditer(text)]
        low, high = data.draw(st.sampled_from(spans))
        text = text[:low] + text[high:]
    shown = []
    with contextlib.suppress(InputError, XmlError):
        shown = list(all_uses(read(text)[0]))
    for _, use in shown:
        assert use.record >= 0
        assert use.length >= 0
