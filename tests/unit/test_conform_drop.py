"""Drop frame on the way out, and what else conform lists say of time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from typer.testing import CliRunner

from mien.cli.main import app
from mien.editorial import check_drop_frame, read_cut, write_back
from mien.editorial.cut import Cut, all_uses
from mien.editorial.formats import open_cut
from mien.errors import UsageError
from mien.jobs.job import CutSpan
from mien.timebase import Clock, Timecode
from tests.cuts import SMILE, rendered, saved, span, timeline

NTSC = Fraction(30000, 1001)
HOUR = 107_892


def made(folder: Path, *, rate: float = float(NTSC), speed: float | None = None) -> Cut:
    """A cut of two seconds from its source's frame 100."""
    clip = otio.schema.Clip(
        "a", otio.schema.ExternalReference("file:///a.mov"), span(HOUR + 100, 60, rate)
    )
    clip.metadata["mien"] = SMILE
    if speed is not None:
        clip.effects.append(
            otio.schema.LinearTimeWarp(time_scalar=speed) if speed else otio.schema.FreezeFrame()
        )
    cut = timeline([clip])
    cut.global_start_time = otio.opentime.RationalTime(HOUR, rate)
    return read_cut(saved(cut, folder / "s.otio"))


def written(cut: Cut, folder: Path, drop: bool, **options: str) -> list[Path]:
    clock = Clock(NTSC, 2000, None, Timecode(HOUR, 30, drop))
    results = [rendered(job, folder, clock) for job in cut.jobs]
    return write_back(cut, results, folder, **options)  # type: ignore[arg-type]


def test_a_cut_that_does_not_say_counts_as_its_media(tmp_path: Path) -> None:
    cut = made(tmp_path)
    text = written(cut, tmp_path, True)[1].read_text()
    assert "FCM: DROP FRAME" in text
    assert "01:00:03;10 01:00:05;10 01:00:00;00 01:00:02;00" in text
    text = written(cut, tmp_path, False)[1].read_text()
    assert "FCM: NON-DROP FRAME" in text
    assert "00:59:59:22 01:00:01:22 00:59:56:12 00:59:58:12" in text


def test_the_xml_says_which_timecodes_drop(tmp_path: Path) -> None:
    text = written(made(tmp_path), tmp_path, True)[2].read_text()
    assert text.count("<displayformat>DF</displayformat>") == 2
    assert "<string>01:00:00;00</string>" in text
    text = written(made(tmp_path), tmp_path, True, drop_frame="no")[2].read_text()
    assert text.count("<displayformat>NDF</displayformat>") == 2


def test_drop_frame_may_be_asked_for(tmp_path: Path) -> None:
    cut = made(tmp_path)
    assert ";" in written(cut, tmp_path, False, drop_frame="yes")[1].read_text()
    assert ";" not in written(cut, tmp_path, True, drop_frame="no")[1].read_text()
    with pytest.raises(UsageError, match="no drop frame timecode at 25"):
        check_drop_frame(made(tmp_path, rate=25), "yes")


def test_the_command_refuses_drop_frame_before_it_renders(tmp_path: Path) -> None:
    made(tmp_path, rate=24)
    arguments = ["batch", str(tmp_path / "s.otio"), "-o", str(tmp_path), "--drop-frame", "yes"]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, UsageError)
    assert "no drop frame timecode at 24" in str(result.exception)
    (tmp_path / "jobs.yaml").write_text("shots: []\n")
    arguments[1] = str(tmp_path / "jobs.yaml")
    result = CliRunner().invoke(app, arguments)
    assert "--drop-frame, --media-paths and --unpack go with a cut" in str(result.exception)


@pytest.mark.parametrize("speed", [2.0, 0.5, -1.0, 0.0])
@pytest.mark.parametrize("drop", [True, False])
def test_retimes_are_read_back_of_both_lists(tmp_path: Path, speed: float, drop: bool) -> None:
    cut = made(tmp_path, speed=speed)
    ((_, use),) = all_uses(cut.content)
    _, edl, xml = written(cut, tmp_path, drop)
    for path, rate in ((edl, "29.97"), (xml, None)):
        opened = open_cut(path, rate)
        ((sequence, back),) = all_uses(opened.content)
        assert sequence.first == HOUR
        assert (back.record, back.record_length) == (use.record, use.record_length)
        assert (back.speed, back.frames_known) == (use.speed, True)
        assert back.shown_from == use.shown_from
        assert not opened.notices


def test_what_only_a_transition_shows_is_listed_as_long_as_it(tmp_path: Path) -> None:
    (tmp_path / "a.edl").write_text(
        "TITLE: t\n\n"
        "001  A V C     01:00:00:00 01:00:02:00 01:00:00:00 01:00:02:00\n"
        "002  B V C     02:00:00:00 02:00:00:00 01:00:02:00 01:00:02:00\n"
        "002  C V D 012 03:00:00:00 03:00:02:00 01:00:02:00 01:00:04:00\n"
    )
    content = open_cut(tmp_path / "a.edl", "24").content
    shown = list(all_uses(content))
    assert [use.clip.name for _, use in shown] == ["A", "B", "C"]
    clock = Clock(Fraction(24), 2000, None, Timecode(2 * 86400, 24))
    use = shown[1][1]
    cut = Cut(tmp_path / "a.edl", content, (), 3, ())
    job = replace(made(tmp_path).jobs[0], frames=CutSpan(use.start, use.length, use.rate), clip=1)
    edl = write_back(cut, [rendered(job, tmp_path, clock)], tmp_path)[1].read_text()
    assert "02:00:00:00 02:00:00:12 01:00:02:00 01:00:02:12" in edl


@pytest.mark.parametrize("drop", [True, False])
def test_media_may_run_over_midnight(drop: bool) -> None:
    day = 24 * HOUR if drop else 24 * 108_000
    clock = Clock(NTSC, 1000, None, Timecode(day - 300, 30, drop))
    span = CutSpan(Fraction(90), Fraction(60), NTSC)
    assert span.frames_of(clock).start == 390
    before = CutSpan(Fraction(day - 200), Fraction(60), NTSC)
    assert before.frames_of(clock).start == 100
