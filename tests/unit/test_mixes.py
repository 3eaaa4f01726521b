"""Mixes: what they mean for confidence, edits and time, and how they are found and divided at."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from mien._types import AnyArray
from mien.model.face import FaceTrack
from mien.model.mixes import breaks, middle, mix_weights, purity
from mien.timebase import FrameRange
from mien.tracking.divide import dim, divide
from mien.tracking.mixes import MixFinder, straight_rise
from tests.unit.test_tracking import reading, tracklet

WIDE, HIGH = 64, 36


def scene(seed: int) -> AnyArray:
    """A still picture with structure, as the finder sees one."""
    coarse = np.random.default_rng(seed).integers(0, 255, (9, 16, 3)).astype(np.float32)
    wide = cv2.resize(coarse, (WIDE, HIGH), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(wide, 0, 255))


def found(pictures: Iterable[AnyArray]) -> list[tuple[int, int]]:
    finder = MixFinder()
    for picture in pictures:
        finder.step(np.rint(picture).astype(np.uint8))
    return [(mix.start, mix.stop) for mix in finder.mixes]


def shares(length: int) -> AnyArray:
    return np.arange(1, length + 1) / (length + 1)


@pytest.mark.parametrize("length", [6, 12, 24, 48])
def test_a_dissolve_is_found_with_its_span(length: int) -> None:
    one, other = scene(1), scene(2)
    mixed = [(1 - a) * one + a * other for a in shares(length)]
    assert found([*[one] * 20, *mixed, *[other] * 20]) == [(20, 20 + length)]


@pytest.mark.parametrize("plain", [0, 255, 90])
def test_a_dip_to_a_plain_picture_is_one_mix(plain: int) -> None:
    one, other = scene(1), scene(2)
    away = [(1 - a) * one + a * plain for a in shares(8)]
    back = [(1 - a) * plain + a * other for a in shares(8)]
    dip = [*[one] * 20, *away, np.full_like(one, plain), *back, *[other] * 20]
    assert found(dip) == [(20, 37)]


def test_fades_far_from_each_other_are_two_mixes() -> None:
    one, other, black = scene(1), scene(2), np.zeros((HIGH, WIDE, 3))
    away = [(1 - a) * one for a in shares(12)]
    back = [a * other for a in shares(12)]
    film = [black, *back, *[other] * 20, *[one] * 20, *away, *[black] * 30, *back, *[other] * 9]
    assert found(film) == [(1, 13), (53, 65), (95, 107)]


@pytest.mark.parametrize("length", [8, 16, 32])
@pytest.mark.parametrize("direction", ["right", "down", "across", "doors"])
def test_a_wipe_is_found_with_its_span(length: int, direction: str) -> None:
    y, x = np.mgrid[0:HIGH, 0:WIDE].astype(np.float64)
    x, y = x / (WIDE - 1), y / (HIGH - 1)
    way = {"right": x, "down": y, "across": (x + y) / 2, "doors": 2 * np.abs(x - 0.5)}[direction]
    one, other = scene(1), scene(2)
    pictures = [np.where((way < a)[..., None], other, one) for a in shares(length)]
    ((start, stop),) = found([*[one] * 20, *pictures, *[other] * 20])
    assert abs(start - 20) <= 3
    assert abs(stop - 20 - length) <= 3


def test_cuts_pans_light_and_flashes_are_no_mixes() -> None:
    one, other = scene(1), scene(2)
    wide = cv2.resize(scene(3).astype(np.float32), (3 * WIDE, HIGH))
    pan = [wide[:, 4 * i : 4 * i + WIDE] for i in range(30)]
    dimmed = [one * g for g in np.linspace(1, 0.3, 12)]
    flash = [one + (255 - one) * a for a in (1, 0.9, 0.7, 0.5, 0.3, 0.2, 0.1)]
    assert found([*[one] * 20, *[other] * 20]) == []
    assert found([*[one] * 20, (one + other) / 2, *[other] * 20]) == []
    assert found([*[pan[0]] * 20, *pan, *[pan[-1]] * 20]) == []
    assert found([*[one] * 20, *dimmed, *[dimmed[-1]] * 20]) == []
    assert found([*[one] * 20, *flash, *[one] * 20]) == []


def test_a_rise_is_read_off_its_shares() -> None:
    rise = np.clip((np.arange(40) - 11) / 13, 0, 1)
    assert straight_rise(rise)[:2] == (11, 24)
    assert straight_rise(rise)[2] < 1e-6
    assert straight_rise(np.r_[np.zeros(9), np.ones(9)])[1] - 8 <= 1


def test_the_middle_of_a_mix_is_a_break() -> None:
    mixes = (FrameRange(10, 20), FrameRange(40, 41))
    assert [middle(mix) for mix in mixes] == [15, 40]
    assert breaks((30,), mixes) == (15, 30, 40)
    assert breaks((), (FrameRange(0, 1),)) == ()


def test_edits_are_gone_in_a_mix_and_whole_away_from_it() -> None:
    weights = mix_weights(60, [FrameRange(20, 32)], 30)
    assert (weights[20:32] == 0).all()
    assert (weights[:14] == 1).all()
    assert (weights[38:] == 1).all()
    assert (np.diff(weights[13:21]) < 0).all()
    np.testing.assert_allclose(weights[13:20], weights[32:39][::-1])
    assert (mix_weights(9, [], 25) == 1).all()
    assert mix_weights(10, [FrameRange(0, 10)], 24).max() == 0


def test_a_mix_shows_least_of_one_shot_in_its_middle() -> None:
    pure = purity(30, [FrameRange(10, 21)])
    assert (pure[:10] == 1).all()
    assert pure[15] == pytest.approx(0)
    assert (np.diff(pure[10:16]) < 0).all()


def test_a_piece_that_runs_through_a_mix_is_divided() -> None:
    piece = tracklet(0, 60)
    (before, after) = divide([piece], [FrameRange(20, 32)])
    assert before.start == 0
    assert 20 < before.stop <= 26 <= after.start < 32
    assert after.stop == 60
    assert len(before.rois) == len(before.confidence) == len(before.spreads) == len(before.rows)
    assert divide([piece], [FrameRange(80, 90)]) == [piece]


@pytest.mark.parametrize(("start", "stop"), [(0, 22), (30, 60), (0, 26), (26, 60)])
def test_a_piece_may_end_or_begin_in_a_mix(start: int, stop: int) -> None:
    (part,) = divide([tracklet(start, stop)], [FrameRange(20, 32)])
    assert part.start >= start
    assert part.stop <= stop
    assert len(part.rows) == part.stop - part.start


def test_a_part_that_lies_in_a_mix_is_nobodys() -> None:
    (part,) = divide([tracklet(0, 30)], [FrameRange(20, 32)])
    assert part.stop <= 26
    assert divide([tracklet(21, 30)], [FrameRange(20, 32)]) == []


def test_a_part_looks_like_its_own_frames_alone() -> None:
    piece = tracklet(0, 1)
    for frame in range(1, 90):
        piece.append(reading(100))
        if frame % 5 == 1:
            piece.sample(reading(100))
    assert len(piece.samples) <= 16
    before, after = divide([piece], [FrameRange(40, 52)])
    for part in (before, after):
        assert part.samples
        assert part.likeness.distance(piece.likeness) == pytest.approx(0, abs=1e-3)
    assert all(sample.stop <= 40 for sample in before.samples)
    assert all(sample.start >= 52 for sample in after.samples)


def test_a_face_in_a_mix_is_weak() -> None:
    landmarks = np.zeros((30, 478, 3), np.float32)
    track = FaceTrack(1, landmarks, np.ones(30, np.float32), np.ones((30, 4), np.float32))
    dim([track], [FrameRange(10, 20)])
    assert (track.confidence[:10] == 1).all()
    assert (track.confidence[10:20] < 0.5).all()
    assert track.region_confidence is not None
    assert (track.region_confidence[10:20] < 0.5).all()
