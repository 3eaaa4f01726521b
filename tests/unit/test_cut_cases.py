"""Kinds of cuts that were once refused or read wrongly, through `mien cut --json`.

The first table is made here. The second runs the small files of `cases/cuts` beside the internal
footage, where they are: they are listed with what is right in the README there.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from mien.cli.main import run

HOUR, NTSC_HOUR = 86400, 107892
ONE = "* FROM CLIP NAME: plate.mov"


def edl(*lines: str, fcm: str = "NON-DROP FRAME") -> str:
    return "\n".join(["TITLE: kinds", f"FCM: {fcm}", "", *lines, ""])


def xmeml(items: str) -> str:
    rate = "<rate><timebase>24</timebase><ntsc>FALSE</ntsc></rate>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE xmeml><xmeml version="5">'
        f'<sequence id="s"><name>kinds</name><duration>300</duration>{rate}<timecode>{rate}'
        "<string>01:00:00:00</string><frame>86400</frame><displayformat>NDF</displayformat>"
        f"</timecode><media><video><track>{items.replace('RATE', rate)}</track></video></media>"
        "</sequence></xmeml>"
    )


def item(name: str, start: int, length: int, first: int, inside: str) -> str:
    return (
        f'<clipitem id="{name}"><name>{name}</name><duration>900</duration>RATE'
        f"<start>{start}</start><end>{start + length}</end><in>{first}</in>"
        f"<out>{first + length}</out>{inside}</clipitem>"
    )


def file(name: str) -> str:
    return (
        f'<file id="f{name}"><name>{name}.mov</name><pathurl>file://localhost/D%3a/rushes/{name}'
        ".mov</pathurl>RATE<duration>900</duration><media><video/></media></file>"
    )


NEST = (
    '<sequence id="n"><name>nest</name><duration>72</duration>RATE<timecode>RATE'
    "<string>00:00:00:00</string><frame>0</frame><displayformat>NDF</displayformat></timecode>"
    f"<media><video><track>{item('one', 0, 36, 7, file('one'))}"
    f"{item('two', 36, 36, 9, file('two'))}</track></video></media></sequence>"
)


def fcpxml(spine: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE fcpxml><fcpxml version="1.10"><resources>'
        '<format id="r1" frameDuration="1/25s" width="1920" height="1080"/>'
        '<asset id="r2" name="one" start="0s" duration="40s" hasVideo="1" format="r1">'
        '<media-rep kind="original-media" src="file:///rushes/one.mov"/></asset>'
        '<asset id="r3" name="two" start="7200s" duration="40s" hasVideo="1" format="r1">'
        '<media-rep kind="original-media" src="file:///rushes/two.mov"/></asset></resources>'
        '<library><event name="e"><project name="p"><sequence format="r1" tcStart="3600s"'
        f' tcFormat="NDF" duration="20s"><spine>{spine}</spine></sequence></project></event>'
        "</library></fcpxml>"
    )


Expected = list[dict[str, Any]]

KINDS: dict[str, tuple[str, str, str | None, Expected, str]] = {
    "M2 against equal durations": (
        "a.edl",
        edl("003  CAM2 V C 09:00:00:00 09:00:03:00 01:00:00:00 01:00:03:00",
            "M2   CAM2   050.0   09:00:00:00", ONE),
        "25",
        [{"frames": 75, "source_frames": 150, "speed": 2}],
        "003",
    ),
    "drop frame by FCM alone": (
        "a.edl",
        edl("001  T V C 01:00:00:00 01:00:08:00 01:00:00:00 01:00:08:00", ONE, fcm="DROP FRAME"),
        "29.97",
        [{"record_start": NTSC_HOUR, "source_start": NTSC_HOUR, "frames": 240}],
        "",
    ),
    "drop frame by semicolons": (
        "a.edl",
        edl("001  T V C 01:00:00;00 01:00:08;00 01:00:00;00 01:00:08;00", ONE, fcm="DROP FRAME"),
        "29.97",
        [{"record_start": NTSC_HOUR, "source_start": NTSC_HOUR, "frames": 240}],
        "",
    ),
    "drop frame at 59.94": (
        "a.edl",
        edl("001  T V C 01:00:00;00 01:00:08;00 01:00:00;00 01:00:08;00", ONE, fcm="DROP FRAME"),
        "59.94",
        [{"record_start": 2 * NTSC_HOUR, "frames": 480}],
        "",
    ),
    "drop frame with a speed": (
        "a.edl",
        edl("001  T V C 01:00:00;00 01:00:04;00 01:00:00;00 01:00:08;00",
            "M2   T   015.0   01:00:00;00", ONE, fcm="DROP FRAME"),
        "29.97",
        [{"frames": 240, "source_frames": 120, "speed": 0.5}],
        "",
    ),
    "a reel with spaces": (
        "a.edl",
        edl("001  DAY 2 CARD 9 V C 09:00:00:00 09:00:02:00 01:00:00:00 01:00:02:00", ONE),
        "24",
        [{"media": "DAY 2 CARD 9", "track": "V", "frames": 48}],
        "",
    ),
    "one frame too many": (
        "a.edl",
        edl("001  R1 V C 09:00:00:00 09:00:01:23 01:00:00:00 01:00:02:00", ONE,
            "002  R2 V C 09:00:00:00 09:00:01:00 01:00:02:00 01:00:03:00", ONE),
        "24",
        [{"record_start": HOUR}, {"record_start": HOUR + 48, "frames": 24}],
        "001",
    ),
    "a key": (
        "a.edl",
        edl("001  R1 V K B 09:00:00:00 09:00:02:00 01:00:00:00 01:00:02:00",
            "001  R2 V K   012 09:00:00:00 09:00:02:00 01:00:00:00 01:00:02:00",
            "002  R3 V C 09:00:00:00 09:00:01:00 01:00:02:00 01:00:03:00", ONE),
        "24",
        [{"media": "R1"}, {"media": "R3", "record_start": HOUR + 48}, {"media": "R2"}],
        "001",
    ),
    "sound and picture": (
        "a.edl",
        edl("001  R1 AA/V C 09:00:00:00 09:00:02:00 01:00:00:00 01:00:02:00", ONE),
        "24",
        [{"frames": 48}],
        "",
    ),
    "a nest of two clips": (
        "a.xml",
        xmeml(item("nest", 10, 40, 20, NEST)),
        None,
        [{"record_start": HOUR + 10, "frames": 16, "source_start": 27, "media":
          "D:/rushes/one.mov"},
         {"record_start": HOUR + 26, "frames": 24, "source_start": 9}],
        "",
    ),
    "an item without a file": (
        "a.xml",
        xmeml(item("lost", 0, 24, 5, "") + item("kept", 24, 12, 3, file("kept"))),
        None,
        [{"name": "kept", "record_start": HOUR + 24, "frames": 12, "source_start": 3}],
        "lost",
    ),
    "a sync clip from its own start": (
        "a.fcpxml",
        fcpxml('<sync-clip offset="3600s" name="S" duration="4s" start="2s"><spine><asset-clip'
               ' ref="r2" offset="0s" name="one" start="1s" duration="30s"/></spine></sync-clip>'),
        None,
        [{"record_start": 90000, "frames": 100, "source_start": 75}],
        "",
    ),
    "video in a spine": (
        "a.fcpxml",
        fcpxml('<video ref="r2" offset="3600s" name="one" start="2s" duration="4s"/><clip'
               ' offset="3604s" name="two" start="7202s" duration="3s"><video ref="r3"'
               ' offset="7200s" start="7200s" duration="40s"/></clip>'),
        None,
        [{"frames": 100, "source_start": 50},
         {"record_start": 90100, "frames": 75, "source_start": 180050}],
        "",
    ),
    "an audition": (
        "a.fcpxml",
        fcpxml('<audition offset="3600s"><asset-clip ref="r2" offset="0s" name="one" start="1s"'
               ' duration="4s"/><asset-clip ref="r3" name="two" start="7201s" duration="4s"/>'
               '</audition><asset-clip ref="r3" offset="3604s" name="two" start="7201s"'
               ' duration="2s"/>'),
        None,
        [{"name": "one", "source_start": 25}, {"name": "two", "record_start": 90100}],
        "",
    ),
}  # fmt: skip

FILES: dict[str, tuple[str | None, Expected, str]] = {
    "m2_same_durations.edl": ("24", [{"frames": 96, "source_frames": 192, "speed": 2}], ""),
    "drop_by_fcm_only.edl": (
        "29.97", [{"record_start": NTSC_HOUR, "source_start": NTSC_HOUR, "frames": 300}], "",
    ),
    "drop_by_semicolon.edl": (
        "29.97", [{"record_start": NTSC_HOUR, "source_start": NTSC_HOUR, "frames": 300}], "",
    ),
    "drop_with_m2.edl": ("29.97", [{"source_frames": 300, "speed": 2, "frames": 150}], ""),
    "reel_with_space.edl": ("24", [{"media": "ROLL 7", "track": "V"}, {"media": "ROLL8"}], ""),
    "one_frame_off.edl": ("24", [{}, {"record_start": HOUR + 48, "frames": 48}], "001"),
    "key_event.edl": ("24", [{"media": "R1"}, {"media": "R2"}, {"media": "R3"}], "002"),
    "channel_a_slash_v.edl": ("24", [{"frames": 48, "record_start": HOUR}], ""),
    "fcp7_nested.xml": (
        None,
        [{"frames": 24, "source_start": 124}, {"record_start": HOUR + 24, "source_start": 200}],
        "",
    ),
    "fcp7_item_without_file.xml": (None, [], "A.mov"),
    "sync_clip.fcpxml": (None, [{"frames": 96, "source_start": 12}], ""),
    "video_in_spine.fcpxml": (
        None, [{"frames": 96, "source_start": 10}, {"record_start": 96, "frames": 48}], "",
    ),
    "audition.fcpxml": (None, [{"name": "A", "frames": 96, "source_start": 10}], ""),
}  # fmt: skip
"""By file the rate, what is to be true of its clips, and what a notice has to name."""


def check(
    path: Path, rate: str | None, clips: Expected, named: str, out: pytest.CaptureFixture[str]
) -> None:
    code = run(["cut", str(path), "--json", *(["--rate", rate] if rate else [])])
    printed = out.readouterr()
    assert code == 0, printed.err
    told = json.loads(printed.out)
    assert len(told["clips"]) == len(clips), told
    for clip, facts in zip(told["clips"], clips, strict=True):
        assert {name: clip[name] for name in facts} == facts, told
    notices = "\n".join(told["notices"])
    assert bool(notices) == bool(named) or not named, notices
    assert re.search(re.escape(named), notices), notices


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_read(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    name, text, rate, clips, named = KINDS[kind]
    path = tmp_path / name
    path.write_text(text)
    check(path, rate, clips, named, capsys)


@pytest.fixture
def cuts(shared: Path) -> Path:
    """The folder of the files that failed."""
    return shared / "cases" / "cuts"


@pytest.mark.shared
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_failed_is_read(
    cuts: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rate, clips, named = FILES[name]
    check(cuts / name, rate, clips, named, capsys)


@pytest.mark.shared
def test_every_file_that_failed_is_in_the_table(cuts: Path) -> None:
    assert {path.name for path in cuts.iterdir()} == set(FILES)
