"""Sequences with images missing: named before the work begins, held or black where asked."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import opentimelineio as otio
import pytest

import mien
from mien.cli.main import run
from mien.editorial import read_cut
from mien.errors import DamagedMediaError
from mien.jobs.plan import make_plan
from mien.media.probe import probe
from mien.media.reader import open_reader
from mien.rendering.resume import media_stamp
from mien.timebase import FrameRange
from tests.cuts import SMILE, saved, span, timeline

PATTERN = "s.%04d.png"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Images 1001 to 1012, 1003, 1006 and 1007 of which are missing."""
    for number in range(1001, 1013):
        if number not in (1003, 1006, 1007):
            picture = np.full((16, 32, 3), number - 1000, np.uint8) * 10
            cv2.imwrite(str(tmp_path / (PATTERN % number)), picture)
    return tmp_path / PATTERN


def levels(path: Path, missing_frames: Any) -> list[int]:
    facts = probe(path, missing_frames=missing_frames)
    with open_reader(facts) as reader:
        return [int(frame.upright_rgb()[0, 0, 0]) for frame in reader.stream()]


def test_all_missing_images_are_named_with_what_to_do(images: Path) -> None:
    with pytest.raises(DamagedMediaError, match=r"3 of its 12 images.*1003, 1006-1007") as error:
        probe(images)
    assert "--missing-frames hold" in error.value.remedy
    assert error.value.frame == 2


def test_the_image_before_is_held_or_black_shown(images: Path) -> None:
    assert levels(images, "hold") == [10, 20, 20, 40, 50, 50, 50, 80, 90, 100, 110, 120]
    assert levels(images, "black") == [10, 20, 0, 40, 50, 0, 0, 80, 90, 100, 110, 120]
    held = probe(images, missing_frames="hold")
    black = probe(images, missing_frames="black")
    assert held.missing == (1003, 1006, 1007)
    assert media_stamp(held) != media_stamp(black)
    assert "the one before is shown" in held.missing_note(FrameRange(0, 12))
    assert held.missing_note(FrameRange(3, 5)) == ""


def test_a_stray_image_does_not_make_a_year_of_frames(images: Path) -> None:
    (images.parent / "s.9999999.png").write_bytes((images.parent / "s.1001.png").read_bytes())
    stray = images.parent / "s.%01d.png"
    with pytest.raises(DamagedMediaError, match="runs from image"):
        probe(stray, missing_frames="hold")


def test_a_render_says_what_is_held_and_a_project_keeps_it(images: Path, tmp_path: Path) -> None:
    shot = mien.open_shot(images, missing_frames="hold")
    (tmp_path / "out").mkdir()
    report = mien.render(shot, tmp_path / "out" / PATTERN)
    assert report.frames == 12
    assert any("1003, 1006-1007 are missing; the one before" in note for note in report.notes)
    mien.save_project(shot, tmp_path / "a.mien")
    assert mien.load_project(tmp_path / "a.mien").shot.media.missing == (1003, 1006, 1007)


def cut_of(folder: Path, start: float, policy: str, step: int = 1) -> Path:
    reference = otio.schema.ImageSequenceReference(
        "", "s.", ".png", start_frame=1001, rate=24, frame_zero_padding=4, frame_step=step,
        available_range=span(1001, 12),
        missing_frame_policy=getattr(
            otio.schema.ImageSequenceReference.MissingFramePolicy, policy
        ),
    )  # fmt: skip
    clip = otio.schema.Clip("s", reference, span(start, 3))
    clip.metadata["mien"] = SMILE
    return saved(timeline([clip]), folder / "a.otio")


@pytest.mark.parametrize(
    ("start", "policy", "problem"),
    [(1002, "error", "Image 1003 of s.%04d.png, which the cut shows, is missing."),
     (1008, "error", None), (1002, "hold", None), (1002, "black", None)],
    ids=["shown", "beside", "hold", "black"],
)  # fmt: skip
def test_a_cut_says_what_stands_for_them(
    images: Path, tmp_path: Path, start: float, policy: str, problem: str | None
) -> None:
    job = read_cut(cut_of(tmp_path, start, policy)).jobs[0]
    assert job.missing_frames == policy
    plan = make_plan([job], tmp_path / "out").shots[0]
    assert (plan.problem and plan.problem.cause) == problem
    if plan.order is not None:
        assert plan.order.missing_frames == ("hold" if policy == "error" else policy)
        assert plan.order.frames == FrameRange(int(start) - 1001, int(start) - 998)
    assert job.frames is not None
    assert Fraction(24) == job.frames.rate  # type: ignore[union-attr]


def test_a_sequence_on_twos_is_held(images: Path, tmp_path: Path) -> None:
    assert read_cut(cut_of(tmp_path, 1002, "error", step=2)).jobs[0].missing_frames == "hold"


def test_the_command_line_takes_it(
    images: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    out = str(tmp_path / "out" / PATTERN)
    assert run(["render", str(images), "-o", out]) != 0
    assert "3 of its 12 images are missing" in capsys.readouterr().err
    assert run(["render", str(images), "-o", out, "--missing-frames", "hold"]) == 0
    assert "the one before is shown" in capsys.readouterr().out
