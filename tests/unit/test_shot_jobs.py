"""What a batch is made of: the frames that a cut means, and names that lead nowhere else."""

from __future__ import annotations

import pickle
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import MediaError, TimeError
from mien.jobs.job import CutSpan, Problem, ShotJob
from mien.jobs.names import output_path, safe_name, unique_names
from mien.timebase import Clock, FrameRange, Timecode

HOUR = 86400
NTSC = Fraction(24000, 1001)


def cut_span(
    start: float,
    length: float,
    *,
    rate: Fraction | int = 24,
    origin: int | None = None,
    available: int | None = None,
    handles: int = 0,
    numbered: bool = False,
) -> CutSpan:
    return CutSpan(
        Fraction(start), Fraction(length), Fraction(rate),
        None if origin is None else Fraction(origin),
        None if available is None else Fraction(available), handles, numbered,
    )  # fmt: skip


def frames(span: CutSpan, clock: Clock) -> tuple[int, int]:
    found = span.frames_of(clock)
    return found.start, found.stop


def test_frames_count_from_where_the_cut_says_the_media_start() -> None:
    span = cut_span(HOUR + 100, 48, origin=HOUR, available=500)
    assert frames(span, Clock(Fraction(24), 500)) == (100, 148)


def test_frames_count_from_the_timecode_of_media_that_the_cut_says_nothing_of() -> None:
    clock = Clock(Fraction(24), 500, None, Timecode(HOUR, 24))
    assert frames(cut_span(HOUR + 100, 48), clock) == (100, 148)


def test_what_a_cut_gives_as_available_may_be_only_what_it_uses() -> None:
    # As from tools that wrote available_range=clip.trimmed_range().
    clock = Clock(Fraction(24), 500, None, Timecode(HOUR, 24))
    assert frames(cut_span(HOUR + 100, 48, origin=HOUR + 100, available=48), clock) == (100, 148)


def test_media_with_a_timecode_may_be_counted_from_zero_all_the_same() -> None:
    clock = Clock(Fraction(24), 500, None, Timecode(48, 24))
    assert frames(cut_span(100, 48, origin=0, available=500), clock) == (100, 148)


def test_a_cut_may_count_from_zero_and_say_nothing() -> None:
    clock = Clock(Fraction(24), 500, None, Timecode(HOUR, 24))
    assert frames(cut_span(100, 48), clock) == (100, 148)


def test_handles_end_where_the_media_do() -> None:
    clock = Clock(Fraction(24), 150)
    assert frames(cut_span(100, 48, handles=8), clock) == (92, 150)
    assert frames(cut_span(3, 48, handles=8), clock) == (0, 59)


def test_a_cut_at_24_of_media_at_23_976_means_frames() -> None:
    clock = Clock(NTSC, 5000, None, Timecode(HOUR, 24))
    assert frames(cut_span(HOUR + 4000, 48), clock) == (4000, 4048)


def test_a_cut_at_24_of_media_at_30_means_seconds() -> None:
    clock = Clock(Fraction(30), 300)
    assert frames(cut_span(24, 48), clock) == (30, 90)
    # Half a frame of either end is shown, so both are needed.
    assert frames(cut_span(1, 1), clock) == (1, 3)


def test_frames_of_a_variable_rate_are_found_by_their_times() -> None:
    times = tuple(Fraction(n, 10) for n in (0, 1, 2, 4, 8, 9))
    clock = Clock(Fraction(10), 6, times)
    assert frames(cut_span(2, 6, rate=10), clock) == (2, 4)
    assert frames(cut_span(3, 2, rate=10), clock) == (2, 4)


def test_images_have_no_rate_but_the_cuts() -> None:
    assert frames(cut_span(25, 50, rate=25, numbered=True), Clock(Fraction(24), 100)) == (25, 75)


def test_the_last_frame_may_be_rounded_up() -> None:
    assert frames(cut_span(90, 10.1), Clock(Fraction(24), 100)) == (90, 100)


@pytest.mark.parametrize("start", [-1, 90, 500, HOUR])
def test_frames_that_the_media_do_not_have_are_refused(start: int) -> None:
    with pytest.raises(TimeError, match="right media"):
        cut_span(start, 48).frames_of(Clock(Fraction(24), 100))


def test_a_job_says_its_frames_in_one_of_three_ways() -> None:
    clock = Clock(Fraction(25), 100)
    assert ShotJob("a").frames_of(clock) == FrameRange(0, 100)
    assert ShotJob("a", frames="1s:2s").frames_of(clock) == FrameRange(25, 50)
    assert ShotJob("a", frames=cut_span(25, 50, rate=25)).frames_of(clock) == FrameRange(25, 75)


def test_jobs_and_problems_go_to_other_processes() -> None:
    problem = Problem.of(MediaError("There is no file x.", "Check."))
    job = ShotJob("a", Path("x.mov"), frames=cut_span(1, 2), problem=problem)
    assert pickle.loads(pickle.dumps(job)) == job
    assert str(problem) == "There is no file x. Check."


@given(st.text(max_size=300))
def test_no_name_leads_out_of_a_folder(text: str) -> None:
    name = safe_name(text)
    assert (Path("folder") / name).parent == Path("folder")
    assert name not in ("", ".", "..")
    assert not name.startswith(".")
    assert len(name.encode()) <= 101
    assert safe_name(name) == name or name.startswith("_")


def test_names_that_would_fall_together_are_numbered() -> None:
    assert unique_names(["sh 1", "sh/1", "SH_1", "sh_1_2"]) == [
        "sh_1",
        "sh_1_2",
        "SH_1_3",
        "sh_1_2_2",
    ]
    assert safe_name("../../etc/passwd") == "etc_passwd"
    assert safe_name("con") == "_con"


@pytest.mark.parametrize(
    ("media", "codec", "lossless", "written"),
    [
        ("a.mov", None, False, "sh.mov"), ("a.MP4", None, False, "sh.mp4"),
        ("a.avi", None, False, "sh.mov"), ("a.m4v", None, False, "sh.m4v"),
        ("a.mov", None, True, "sh.mkv"), ("a.mp4", "prores", False, "sh.mov"),
        ("a.mp4", "exr", False, "sh.%04d.exr"), ("a.%05d.exr", None, False, "sh.%05d.exr"),
        ("a.0001.jpg", None, False, "sh.%04d.png"), ("a.%04d.dpx", "h264", False, "sh.mov"),
        ("a.%04d.dpx", None, True, "sh.%04d.dpx"), ("a.mov", "ffv1", True, "sh.mkv"),
    ],
)  # fmt: skip
def test_outputs_are_of_the_sources_family(
    media: str, codec: str | None, lossless: bool, written: str
) -> None:
    path = output_path("sh", Path("out"), Path(media), codec=codec, lossless=lossless)
    assert path == Path("out") / written
