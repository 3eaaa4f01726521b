"""Eyes on their way to shut are told by the person's own open and shut eyes, not by landmarks."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien._types import FloatArray
from mien.model.controls import INDEX, NAMES
from mien.model.lids import lids_closed, lids_tracked
from mien.rendering.appearance.closures import EyeClosures
from mien.rendering.appearance.library_frame import LibraryFrame
from mien.rendering.geometry.topology import EYES
from mien.testing.scenes import Scene

UPRIGHT = np.eye(3, dtype=np.float32)
LIDS = {side: INDEX[f"eyeBlink{side}"] for side in EYES}
SKIN_TONE, WHITE, DARK = (0.7, 0.5, 0.42), (0.9, 0.88, 0.86), (0.15, 0.1, 0.08)
POINTS = Scene().faces[0].landmarks[0, :, :2].astype(np.float32)


def picture(closed: float, light: float = 1.0) -> FloatArray:
    """A face of which little but eyes is drawn, whose lids are so far down."""
    rgb = np.full((340, 300, 3), SKIN_TONE, dtype=np.float32)
    for eye in EYES.values():
        first, last = POINTS[eye.upper[0]], POINTS[eye.upper[-1]]
        middle, width = (first + last) / 2, float(np.linalg.norm(last - first))
        half = width * 0.22
        axes = tuple(np.round([width / 2, half]).astype(int).tolist())
        place = tuple(np.round(middle).astype(int).tolist())
        cv2.ellipse(rgb, place, axes, 0, 0, 360, WHITE, -1)
        cv2.circle(rgb, place, round(half * 0.9), DARK, -1)
        top = place[1] - axes[1]
        lid = rgb[top : top + round(2 * axes[1] * closed), place[0] - axes[0] : place[0] + axes[0]]
        lid[:] = SKIN_TONE
    return np.asarray(light * rgb, dtype=np.float32)


def frame(number: int, closed: float, tracked: float) -> LibraryFrame:
    controls = np.zeros(len(NAMES), dtype=np.float32)
    controls[list(LIDS.values())] = tracked
    noise = np.random.default_rng(number).normal(0, 0.004, (340, 300, 3))
    rgb = (picture(closed) + noise).astype(np.float16)
    return LibraryFrame(number, rgb, POINTS, np.zeros(2, np.float32), 1.0, controls, UPRIGHT)


OPENED = [frame(number, 0.0, 0.02) for number in range(5)]
SHUT = [frame(number, 1.0, 0.95) for number in range(5, 7)]


def seen(eyes: EyeClosures, rgb: FloatArray, tracked: float, squint: float = 0.0) -> FloatArray:
    controls = np.zeros(len(NAMES), dtype=np.float32)
    controls[list(LIDS.values())] = tracked
    controls[[INDEX[f"eyeSquint{side}"] for side in EYES]] = squint
    return eyes.performance(rgb, POINTS, controls, UPRIGHT)[list(LIDS.values())]


def test_lids_that_are_tracked_late_are_seen() -> None:
    eyes = EyeClosures([*OPENED, *SHUT])
    assert seen(eyes, picture(0.0), 0.02) == pytest.approx(0.02)
    on_their_way = [seen(eyes, picture(closed), 0.1) for closed in (0.25, 0.5, 0.75, 1.0)]
    assert (np.diff(on_their_way, axis=0) >= 0).all()
    assert (on_their_way[1] > 0.2).all()
    assert on_their_way[3] == pytest.approx(1.0)


def test_light_closes_no_eye_and_what_is_tracked_stays() -> None:
    eyes = EyeClosures([*OPENED, *SHUT])
    assert seen(eyes, picture(0.0, light=0.5), 0.0) == pytest.approx(0.0)
    assert seen(eyes, picture(0.0), 0.6) == pytest.approx(0.6)


def test_a_squint_is_no_blink() -> None:
    eyes = EyeClosures([*OPENED, *SHUT])
    blink = seen(eyes, picture(0.4), 0.05)
    assert (blink > 0.15).all()
    assert (seen(eyes, picture(0.4), 0.05, squint=0.7) < 0.5 * blink).all()


def test_whoever_rests_with_heavy_lids_has_open_eyes() -> None:
    heavy = [frame(number, 0.15, 0.2) for number in range(6)]
    eyes = EyeClosures([*heavy, *SHUT])
    assert eyes.rest("Left") == pytest.approx(0.2)
    assert EyeClosures(OPENED).rest("Left") == 0.0
    assert seen(eyes, picture(0.15), 0.2) == pytest.approx(0.2)
    assert (seen(eyes, picture(0.7), 0.22) > 0.35).all()


def test_a_frame_without_numbers_teaches_nothing() -> None:
    broken = frame(8, 0.0, 0.02)
    broken.rgb[:] = np.nan
    eyes = EyeClosures([*OPENED, broken, *SHUT])
    assert (seen(eyes, picture(1.0), 0.1) > 0.9).all()


def test_an_open_eye_that_is_none_teaches_nothing() -> None:
    late = frame(9, 0.9, 0.05)
    eyes = EyeClosures([*OPENED, late, *SHUT])
    assert seen(eyes, picture(0.0), 0.0) == pytest.approx(0.0)
    assert (eyes.performance(late.rgb, POINTS, late.controls, UPRIGHT)[LIDS["Left"]]) > 0.5


@pytest.mark.parametrize("known", [[], OPENED, SHUT, [*OPENED[:2], *SHUT]])
def test_who_is_never_seen_both_ways_is_as_tracked(known: list[LibraryFrame]) -> None:
    assert seen(EyeClosures(known), picture(0.7), 0.1) == pytest.approx(0.1)


def test_what_is_no_eye_is_as_tracked() -> None:
    bars = np.full((340, 300, 3), 0.1, dtype=np.float32)
    bars[:, np.arange(300) // 12 % 2 == 0] = 0.9
    assert seen(EyeClosures([*OPENED, *SHUT]), bars, 0.1) == pytest.approx(0.1)


def test_eyes_at_the_edge_of_a_picture_are_looked_at_as_far_as_they_go() -> None:
    part = np.ascontiguousarray(picture(0.5)[: round(float(POINTS[159, 1]))])
    assert np.isfinite(seen(EyeClosures([*OPENED, *SHUT]), part, 0.1)).all()


@given(st.floats(-0.5, 1))
def test_lids_and_what_is_tracked_of_them_are_turned_into_each_other(value: float) -> None:
    assert lids_tracked(lids_closed(value)) == pytest.approx(value, abs=1e-6)
    assert lids_closed(lids_tracked(value)) == pytest.approx(value, abs=1e-6)
