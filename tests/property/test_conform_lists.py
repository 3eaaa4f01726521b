"""Conform lists: mien reads what it writes, to the frame, drop frame and retimes included."""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.editorial.conform import Render, conform_lists
from mien.editorial.cut import all_uses
from mien.editorial.edl import read_edl
from mien.editorial.formats import open_cut
from mien.editorial.uses import ClipUse, Sequence
from mien.jobs.job import ShotJob, ShotResult
from mien.timebase import Clock, FrameRange, Timecode

NTSC = Fraction(30000, 1001)
RATES = (Fraction(24), Fraction(24000, 1001), Fraction(25), NTSC, 2 * NTSC, Fraction(60))
FRAMES = 60_000
"""How many frames every source has."""


@dataclass(frozen=True)
class Shot:
    gap: int
    length: int
    start: int
    percent: int
    media_start: int
    media_drops: bool


SHOTS = st.builds(
    Shot,
    gap=st.integers(0, 5000),
    length=st.integers(1, 2000),
    start=st.integers(0, 20_000),
    percent=st.just(100) | st.integers(10, 800) | st.integers(-800, -10),
    media_start=st.integers(0, 2_000_000),
    media_drops=st.booleans(),
)


def can_drop(rate: Fraction) -> bool:
    return rate.denominator == 1001 and -(-rate.numerator // rate.denominator) % 30 == 0


def time(frames: int, rate: Fraction) -> Any:
    return otio.opentime.RationalTime(frames, float(rate))


def cut_of(shots: Many[Shot], rate: Fraction, first: int) -> Any:
    """A timeline of shots of which every source counts from its own start timecode."""
    timeline = otio.schema.Timeline("cut", global_start_time=time(first, rate))
    track = otio.schema.Track("V1")
    for number, shot in enumerate(shots):
        track.append(otio.schema.Gap(duration=time(shot.gap, rate)))
        span = otio.opentime.TimeRange(
            time(shot.media_start + shot.start, rate), time(shot.length, rate)
        )
        clip = otio.schema.Clip(f"sh{number}", source_range=span)
        if shot.percent != 100:
            clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=shot.percent / 100))
        track.append(clip)
    timeline.tracks.append(track)
    return timeline


def lists_of(
    timeline: Any, shots: Many[Shot], rate: Fraction, drop: Any = "auto"
) -> tuple[dict[str, str], list[tuple[Sequence, ClipUse]]]:
    nominal = -(-rate.numerator // rate.denominator)
    shown = list(all_uses(timeline))
    renders = []
    for (_, use), shot in zip(shown, shots, strict=True):
        code = Timecode(shot.media_start, nominal, shot.media_drops and can_drop(rate))
        result = ShotResult(
            ShotJob(use.clip.name), "done", Path(f"/renders/{use.clip.name}.mov"),
            FrameRange(0, FRAMES), Clock(rate, FRAMES, None, code),
        )  # fmt: skip
        at = Fraction(shot.media_start)
        renders.append(Render(result, use, at, at))
    return conform_lists(shown[0][0], renders, "cut", drop), shown


@given(
    st.lists(SHOTS, min_size=1, max_size=8),
    st.sampled_from(RATES),
    st.integers(0, 2_000_000),
    st.sampled_from(["auto", "yes", "no"]),
)
def test_an_edl_is_read_as_it_was_meant(
    shots: list[Shot], rate: Fraction, first: int, drop: str
) -> None:
    timeline = cut_of(shots, rate, first)
    lists, shown = lists_of(timeline, shots, rate, drop)
    content, notices = read_edl(lists["cut.mien.edl"], rate, "cut.mien.edl")
    back = list(all_uses(content))
    assert len(back) == len(shown)
    for (sequence, use), (read_sequence, read), shot in zip(shown, back, shots, strict=True):
        assert read_sequence.first + read.record * rate == sequence.first + use.record * rate
        assert read.record_length == use.record_length
        assert read.shown_from == use.shown_from == shot.media_start + shot.start
        # A tenth of a frame a second is all that M2 says, a frame all that durations say.
        tenth = Fraction(15, 100) / rate + abs(use.speed) / 1000
        near = min(Fraction(1, shot.length), tenth) if shot.percent != 100 else 0
        assert abs(read.speed - use.speed) <= near
    assert not notices
    assert not any("\\" in name for name in lists)


@given(st.lists(SHOTS, min_size=1, max_size=5), st.booleans(), st.booleans())
def test_lists_drop_as_the_cut_does_else_as_all_media_do(
    shots: list[Shot], said: bool, drop: bool
) -> None:
    timeline = cut_of(shots, NTSC, 107_892)
    if said:
        timeline.metadata["cmx_3600"] = {"drop_frame": drop}
    lists, _ = lists_of(timeline, shots, NTSC)
    drops = drop if said else all(shot.media_drops for shot in shots)
    head = lists["cut.mien.edl"].split("\n")[1]
    assert head == f"FCM: {'' if drops else 'NON-'}DROP FRAME"
    code = lists["cut.mien.xml"].rsplit("<displayformat>", 1)[1]
    assert code.startswith("DF" if drops else "NDF")
    for choice, words in (("yes", {"FCM: DROP FRAME"}), ("no", {"FCM: NON-DROP FRAME"})):
        lists, _ = lists_of(timeline, shots, NTSC, choice)
        text = lists["cut.mien.edl"]
        assert {line for line in text.split("\n") if line.startswith("FCM")} == words
        assert (";" in text) == (choice == "yes")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lists")


@given(st.lists(SHOTS, min_size=1, max_size=8), st.sampled_from(RATES), st.integers(0, 2_000_000))
def test_an_xml_list_is_read_as_it_was_meant(
    folder: Path, shots: list[Shot], rate: Fraction, first: int
) -> None:
    timeline = cut_of(shots, rate, first)
    lists, shown = lists_of(timeline, shots, rate)
    path = folder / "cut.mien.xml"
    path.write_text(lists["cut.mien.xml"])
    back = list(all_uses(open_cut(path, None).content))
    assert len(back) == len(shown)
    for (sequence, use), (read_sequence, read) in zip(shown, back, strict=True):
        assert read_sequence.first + read.record * rate == sequence.first + use.record * rate
        assert read.record_length == use.record_length
        assert float(read.shown_from) == pytest.approx(float(use.shown_from), abs=1e-3)
        assert float(read.speed) == pytest.approx(float(use.speed), abs=1e-5)
        assert read.frames_known
