"""FCPXML as odd as Final Cut and others write it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mien.editorial import list_clips
from tests.fcpxmls import document

COMPOUND = (
    '<media id="c1" name="comp"><sequence format="r1" duration="10s" tcStart="0s"><spine>'
    '<asset-clip ref="a" offset="0s" duration="2s" start="5s"/>'
    '<asset-clip ref="b" offset="2s" duration="8s" start="3600s"/></spine></sequence></media>'
)
MULTICAM = (
    '<media id="m1"><multicam format="r1"><mc-angle name="X" angleID="x">'
    '<asset-clip ref="a" offset="0s" duration="10s" start="0s"/></mc-angle>'
    '<mc-angle name="Y" angleID="y"><asset-clip ref="b" offset="0s" duration="10s"'
    ' start="3600s"/></mc-angle></multicam></media>'
)
BACKWARDS = (
    '<timeMap><timept time="0s" value="1000/24s" interp="linear"/>'
    '<timept time="1000/24s" value="0s" interp="linear"/></timeMap>'
)


@pytest.mark.parametrize(
    ("spine", "resources", "expected"),
    [
        ('<gap offset="0s" duration="1s"/><video ref="still" offset="1s" duration="2s" name="S"/>',
         "", [("S", 24, 48, 0, 0)]),
        ('<asset-clip ref="a" offset="0s" duration="2s" start="4s" enabled="0" name="off"/>'
         '<asset-clip ref="b" offset="2s" duration="2s" start="3601s" name="B &amp; c">'
         '<marker start="3601s" duration="1/24s" value="m"/></asset-clip>', "",
         [("B & c", 48, 48, 86424, 1)]),
        ('<ref-clip ref="c1" offset="0s" duration="2s" start="1s" name="comp"/>', COMPOUND,
         [("A001", 0, 24, 144, 1), ("B001", 24, 24, 86400, 1)]),
        ('<mc-clip ref="m1" offset="0s" duration="2s" start="1s" name="mc"><mc-source angleID="x"'
         ' srcEnable="audio"/><mc-source angleID="y" srcEnable="video"/></mc-clip>', MULTICAM,
         [("B001", 0, 48, 86424, 1)]),
        ('<transition offset="0s" duration="1s" name="Cross"/><asset-clip ref="a" offset="0s"'
         ' duration="4s" start="2s"/><transition offset="3s" duration="1s" name="Cross"/>', "",
         [("A001", 0, 96, 48, 1)]),
        (f'<asset-clip ref="a" offset="0s" duration="2s" start="0s">{BACKWARDS}</asset-clip>', "",
         [("A001", 0, 48, 999, -1)]),
    ],
    ids=["gap-and-still", "disabled", "compound", "inactive-angles", "transitions-at-the-ends",
         "backwards"],
)  # fmt: skip
def test_what_is_odd_and_certain(
    tmp_path: Path, spine: str, resources: str, expected: list[Any]
) -> None:
    path = tmp_path / "a.fcpxml"
    path.write_text(document(spine, resources))
    listing = list_clips(path)
    assert [
        (one.name, one.record_start, one.frames, one.source_start, one.speed)
        for one in listing.clips
    ] == expected  # fmt: skip
    assert listing.notices == ()


def test_a_reference_to_nothing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.fcpxml"
    path.write_text(document('<asset-clip ref="no" offset="0s" duration="2s" name="lost"/>'))
    listing = list_clips(path)
    assert [(one.name, one.media) for one in listing.clips] == [("lost", None)]
    assert "its medium 'no' is not in the file" in listing.notices[0]
