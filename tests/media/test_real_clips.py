from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mien.media.planes import Box
from mien.media.probe import probe
from mien.timebase import FrameRange
from tests.media.mediakit import copy, decoded, survivors

pytestmark = pytest.mark.shared

CLIPS = [
    "derived_phone_rotated.mp4",
    "vretalk_1.mp4",
    "derived_prores422lt_24p_s29.mov",
    "derived_60fps_s29.mp4",
    "intel_asl_bird.mkv",
    "lp_d18.mp4",
    "pyfeat_no_face.mp4",
    "skv_carphone_pristine.mp4",
    pytest.param("pyfeat_face_noface.mov", marks=pytest.mark.slow),
    pytest.param("derived_hevc10_1080p_s18.mp4", marks=pytest.mark.slow),
]

Clip = Callable[[str], Path]


@pytest.mark.parametrize("name", CLIPS)
def test_everything_but_the_codes_survives(clip: Clip, tmp_path: Path, name: str) -> None:
    source, target = clip(name), tmp_path / name
    before = copy(source, target)
    after = probe(target)
    assert survivors(target) == survivors(source)
    for fact in ("codec", "pixel_format", "bits", "orientation", "clock", "pts", "time_base"):
        assert getattr(after, fact) == getattr(before, fact), fact
    assert after.color == before.color
    assert after.metadata == before.metadata
    assert not list(tmp_path.glob(".*"))


def test_rates_are_told_from_times(clip: Clip) -> None:
    for name, rate, varies in (
        ("derived_60fps_s29.mp4", 60, False),
        ("intel_asl_bird.mkv", 30, False),
        ("vretalk_1.mp4", 30, True),
        ("pyfeat_face_noface.mov", 30, True),
        ("pyfeat_no_face.mp4", 24, False),
        ("lp_d18.mp4", 30, False),
    ):
        clock = probe(clip(name)).clock
        assert (clock.rate, clock.times is not None) == (rate, varies), name


def test_discarded_frames_are_not_counted(clip: Clip) -> None:
    # Its edit list starts three frames in: 98 packets, 95 frames that are shown.
    assert probe(clip("pyfeat_no_face.mp4")).clock.frame_count == 95


def test_rotation_is_told_and_applied(clip: Clip) -> None:
    facts = probe(clip("derived_phone_rotated.mp4"))
    assert facts.orientation.quarter_turns == 3
    assert facts.orientation.upright_size == (720, 1280)


@pytest.mark.parametrize("name", ["lp_s18.mp4", "derived_hevc10_1080p_s18.mp4"])
def test_zero_edit_lossless_is_bit_identical(clip: Clip, tmp_path: Path, name: str) -> None:
    source, target = clip(name), tmp_path / "out.mkv"

    def nothing(frame):  # type: ignore[no-untyped-def]
        plate = frame.plate().copy()
        box = Box(301, 203, 502, 404)
        plate.add(box, plate.rgb(box) * 0)
        return frame.with_plate(plate)

    copy(source, target, nothing, lossless=True, frames=FrameRange(0, 20))
    before = [planes for _, planes in decoded(source, 20)]
    assert [planes for _, planes in decoded(target)] == before
