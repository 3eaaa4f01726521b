"""`mien cut`: what mien sees in a cut, as a table, as JSON and from Python."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.cli.main import run
from mien.editorial import is_cut, list_clips, read_cut, takes_rate
from mien.errors import InputError, NothingToDoError, UsageError
from mien.jobs.job import CutSpan
from mien.timebase import Clock, Timecode
from tests.cuts import SMILE, clip, dissolve, gap, saved, span, timeline
from tests.media.mediakit import make_clip
from tests.unit.test_project import write_movie

HOUR = 86400
NTSC = Fraction(30000, 1001)


def listed(path: Path, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert run(["cut", str(path), "--json", *options]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def edl(folder: Path, *events: str, fcm: str = "NON-DROP FRAME") -> Path:
    path = folder / "a.edl"
    path.write_text(f"TITLE: t\nFCM: {fcm}\n\n" + "\n".join(events) + "\n")
    return path


def test_every_clip_is_listed_in_frames_of_the_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_movie(tmp_path / "b.mov")
    cut = timeline(
        [clip("a", HOUR + 10, 48, available=span(HOUR, 500)), dissolve(6, 6),
         clip("b", 20, 24, speed=-2.0, edit=SMILE), gap(10), clip("c", 3, 12, speed=0.0)],
        [gap(100), clip("d", 50, 25, rate=25)],
        start=HOUR,
    )  # fmt: skip
    told = listed(saved(cut, tmp_path / "a.otio"), capsys)
    assert set(told) == {"clips", "notices", "exit_code"}
    assert told["clips"][0] == {
        "name": "a", "track": "V1", "record_start": HOUR, "frames": 48,
        "source_start": HOUR + 10, "source_frames": 48, "speed": 1,
        "media": "/media/a.mov", "found": False, "edited": False,
    }  # fmt: skip
    second, third, fourth = told["clips"][1:]
    assert (second["record_start"], second["source_frames"], second["speed"]) == (HOUR + 48, 48, -2)
    assert (second["media"], second["found"], second["edited"]) == (
        str(tmp_path / "b.mov"), True, True,
    )  # fmt: skip
    assert (third["speed"], third["source_frames"], third["frames"]) == (0, 1, 12)
    # Media at another rate are counted at the cut's.
    assert (fourth["track"], fourth["record_start"]) == ("V2", HOUR + 100)
    assert (fourth["source_start"], fourth["frames"]) == (48, 24)
    assert told["notices"] == []


def test_the_table_has_timecodes_and_says_what_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(timeline([clip("a", HOUR, 48, edit=SMILE)], start=HOUR), tmp_path / "a.otio")
    assert run(["cut", str(path)]) == 0
    out = capsys.readouterr().out
    assert "record in" in out
    assert "01:00:00:00" in out
    assert "mouthSmile=+0.5" in out
    assert "/media/a.mov (not there)" in out
    assert "1 clip of OpenTimelineIO JSON at 24 fps; edits for 1; media there of 0" in out


def test_a_clip_without_edits_is_enough(tmp_path: Path) -> None:
    path = saved(timeline([clip("a", 0, 48)]), tmp_path / "a.otio")
    with pytest.raises(NothingToDoError):
        read_cut(path)
    assert [one.name for one in list_clips(path).clips] == ["a"]


def test_a_retime_that_cannot_be_followed_has_no_speed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = clip("a", 0, 48)
    item.effects.append(otio.schema.TimeEffect(effect_name="curve"))
    told = listed(saved(timeline([item]), tmp_path / "a.otio"), capsys)
    assert (told["clips"][0]["speed"], told["clips"][0]["source_frames"]) == (None, None)
    assert "a: retimed in a way that cannot be followed" in told["notices"][0]


def test_what_an_editor_makes_itself_is_no_clip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    black, bars = (
        otio.schema.Clip(kind, otio.schema.GeneratorReference(generator_kind=kind), span(0, 9))
        for kind in ("black", "SMPTEBars")
    )
    path = saved(timeline([black, bars, clip("a", 0, 48)]), tmp_path / "a.otio")
    told = listed(path, capsys)
    assert [(one["name"], one["record_start"]) for one in told["clips"]] == [("a", 18)]
    assert told["notices"] == ["SMPTEBars: made by the editor, without media; left out."]


def test_a_clip_that_says_no_length_costs_itself_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = clip("odd", 0, 48)
    odd.source_range = None
    told = listed(saved(timeline([odd, clip("a", 5, 48)]), tmp_path / "a.otio"), capsys)
    assert [one["name"] for one in told["clips"]] == ["a"]
    assert "odd (V1) does not say how long it is" in told["notices"][0]
    path = saved(timeline([odd.deepcopy()]), tmp_path / "b.otio")
    with pytest.raises(
        InputError, match=r"Nothing in b.otio can be read as OpenTimelineIO JSON: odd"
    ):
        list_clips(path)


def test_a_cut_without_clips_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(timeline([gap(48)]), tmp_path / "a.otio")
    told = listed(path, capsys)
    assert (told["clips"], told["notices"]) == ([], ["a.otio shows no clip with pictures."])
    with pytest.raises(NothingToDoError, match="None of the 0 clips"):
        read_cut(path)
    path = saved(timeline([]), tmp_path / "b.otio")
    assert run(["cut", str(path)]) == 4
    assert "shows no clip with pictures" in capsys.readouterr().err


def test_a_rate_is_for_an_edl(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = "001  R1 V C 10:00:00:00 10:00:02:00 01:00:00:00 01:00:02:00"
    path = edl(tmp_path, event)
    with pytest.raises(UsageError, match="--rate"):
        list_clips(path)
    renamed = path.rename(tmp_path / "list.txt")
    assert is_cut(renamed)
    assert takes_rate(renamed)
    assert listed(renamed, capsys, "--rate", "24")["clips"][0]["record_start"] == HOUR
    other = saved(timeline([clip("a", 0, 48)]), tmp_path / "a.otio")
    assert not takes_rate(other)
    assert "--rate goes with an EDL" in listed(other, capsys, "--rate", "24")["notices"][0]


def test_batches_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    item = clip("a", 0, 48)
    item.effects.append(otio.schema.TimeEffect(effect_name="curve"))
    path = saved(timeline([item, clip("b", 0, 48)]), tmp_path / "a.otio")
    told = listed(path, capsys)["notices"]
    assert run(["batch", str(path), "-o", str(tmp_path / "out"), "--dry-run"]) == 4
    assert told[0] in capsys.readouterr().err
    said: list[str] = []
    with pytest.raises(NothingToDoError):
        read_cut(path, notify=said.append)
    assert said == told


def test_names_are_there_where_the_cut_has_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nameless = clip("", 0, 48, url="/media/x.mov")
    bare = otio.schema.Clip("", otio.schema.MissingReference(), span(0, 9))
    told = listed(saved(timeline([nameless, bare]), tmp_path / "a.otio"), capsys)
    assert [one["name"] for one in told["clips"]] == ["x.mov", "clip 2"]
    assert told["clips"][1]["media"] is None


def test_rates_that_count_alike_are_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = [
        clip(str(number), 100, 48, rate=rate)
        for number, rate in enumerate((24.0, 23.976, 23.98, 24000 / 1001, 23.976024))
    ]
    told = listed(saved(timeline(items, start=HOUR), tmp_path / "a.otio"), capsys)
    for number, one in enumerate(told["clips"]):
        assert one["record_start"] == HOUR + 48 * number
        assert (one["frames"], one["source_start"], one["source_frames"]) == (48, 100, 48)


def test_drop_frame_is_compared_with_the_media(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_clip(tmp_path / "plate.mov", count=60, rate=NTSC, timecode="01:00:00:00")
    event = "001  R1 V C 01:00:00;05 01:00:01;05 01:00:00;00 01:00:01;00"
    path = edl(tmp_path, event, "* FROM CLIP NAME: plate.mov", fcm="DROP FRAME")
    told = listed(path, capsys, "--rate", "29.97")
    assert told["clips"][0]["source_start"] == 107897
    assert told["clips"][0]["found"]
    (notice,) = told["notices"]
    assert "the cut counts drop frame, plate.mov is non-drop: frames may be off by 108" in notice
    path = edl(tmp_path, event.replace(";", ":"), "* FROM CLIP NAME: plate.mov")
    assert listed(path, capsys, "--rate", "29.97")["notices"] == []


def test_a_timecode_is_what_is_written_where_the_counts_differ() -> None:
    """Frame 305 of a file without dropped numbers, though the cut drops them."""
    media = Clock(NTSC, 4000, None, Timecode.parse("01:00:00:00", NTSC))
    start = Timecode.parse("01:01:00;05", NTSC).frames
    used = CutSpan(Fraction(start), Fraction(30), NTSC, drop=True)
    assert used.drop_difference(media) == 108 + 2
    assert used.frames_of(media).start == 1805
    alike = CutSpan(Fraction(start), Fraction(30), NTSC, drop=False)
    assert alike.drop_difference(media) == 0


@given(st.integers(0, 3 * 107892 * 24), st.booleans(), st.sampled_from((30, 60)))
def test_a_recounted_timecode_reads_alike(frames: int, drop: bool, nominal: int) -> None:
    code = Timecode(frames, nominal, drop)
    other = code.recounted(not drop)
    if not drop and str(other).replace(";", ":") != str(code):
        assert str(code)[6:9] == "00:"  # a number that dropping leaves out
        return
    assert str(other).replace(";", ":") == str(code).replace(";", ":")
    assert other.recounted(drop) == code


def test_two_thousand_clips_are_listed_in_seconds(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(1001, 1401):
        (folder / f"a.{number}.exr").write_bytes(b"x")
    reference = otio.schema.ImageSequenceReference(
        folder.as_uri() + "/", "a.", ".exr", start_frame=1001, rate=24, frame_zero_padding=4,
        available_range=span(1001, 400),
    )  # fmt: skip
    items = [clip(f"c{number}", number, 24, edit=SMILE) for number in range(1000)]
    items += [otio.schema.Clip(f"i{n}", reference.clone(), span(1001, 24)) for n in range(1000)]
    path = saved(timeline(items), tmp_path / "a.otio")
    begun = time.process_time()
    assert len(list_clips(path).clips) == 2000
    assert time.process_time() - begun < 10
