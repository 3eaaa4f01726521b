"""Confidence by region tells what is seen of real faces, and what is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mien._types import AnyArray, FloatArray
from mien.face.solve import solve_face
from mien.media.reader import open_reader
from mien.model.controls import CONTROLS
from mien.model.face import FaceTrack
from mien.model.fading import fade_weights
from mien.model.occlusion import REGIONS
from mien.tracking.base import TrackResult, check_result
from mien.tracking.mediapipe.tracker import MediaPipeTracker
from tests.covers import Texture, covered, flat, pictures, speckles, stripes
from tests.film import ByteImage, Film

EYES, BROWS, MOUTH, JAW = range(4)


def regions_of(track: FaceTrack) -> FloatArray:
    assert track.region_confidence is not None
    return track.region_confidence


def track_clip(path: Path) -> TrackResult:
    with open_reader(path) as reader:
        return MediaPipeTracker().track(reader)


@pytest.mark.shared
@pytest.mark.slow
def test_a_hand_over_the_mouth(clip: Callable[[str], Path]) -> None:
    (track, *_) = track_clip(clip("intel_asl_bird.mkv")).tracks
    regions = regions_of(track)
    assert regions[15:41, [MOUTH, JAW]].max() < 0.2
    assert regions[15:41, [EYES, BROWS]].min() > 0.7
    assert regions[[*range(12), *range(45, 63)]].min() > 0.7
    assert track.confidence[:9].min() > 0.85


@pytest.mark.shared
@pytest.mark.slow
def test_a_hand_at_the_chin_leaves_the_mouth(clip: Callable[[str], Path]) -> None:
    (track, *_) = track_clip(clip("intel_asl_eat.mkv")).tracks
    regions = regions_of(track)
    assert regions[19:29, JAW].max() < 0.2
    assert regions[:, [EYES, BROWS]].min() > 0.7
    assert regions[[*range(15), *range(33, 47)]].min() > 0.7


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "lp_d6.mp4",  # tongues, extreme mouths
        "lp_d18.mp4",  # a jaw wide open
        "lp_d3.mp4",  # frowns, turns
        "lp_d9.mp4",  # glasses, shut eyes
        "derived_lowlight_s32.mp4",
        "lp_s20.mp4",  # a camera that pulls back, wind
        "skv_carphone_pristine.mp4",
    ],
)
def test_what_faces_do_covers_nothing(clip: Callable[[str], Path], name: str) -> None:
    regions = np.concatenate([regions_of(t)[t.seen] for t in track_clip(clip(name)).tracks])
    assert (regions < 0.7).mean() < 0.02
    assert (regions < 0.7).mean(axis=0).max() < 0.08


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "texture", "span"),
    [
        (("mouth",), flat, range(40, 60)),
        (("mouth",), stripes, range(40, 90)),
        (("eyes",), speckles, range(30, 100)),
    ],
    ids=["flat", "stripes", "speckles"],
)
def test_a_card_over_a_region(
    clip: Callable[[str], Path], names: tuple[str, ...], texture: Texture, span: range
) -> None:
    with open_reader(clip("lp_s18.mp4")) as reader:
        shown = pictures(reader)[:130]
    clean = MediaPipeTracker().track(Film([one.copy() for one in shown])).tracks[0]
    film, under = covered(shown, clean, names, span, texture)
    result = MediaPipeTracker().track(film)
    assert check_result(result, film.facts) is None
    (track, *_) = result.tracks
    regions = regions_of(track)
    assert regions[under > 0.95].max() < 0.2
    assert regions[under == 0].min() > 0.7
    face, before = (solve_face(one, film.facts.clock) for one in (track, clean))
    weights = [i for i, one in enumerate(CONTROLS) if one.unit == "weight"]
    steps = np.abs(np.diff(face.curves.controls.array[:, weights], axis=0))
    usual = np.abs(np.diff(before.curves.controls.array[:, weights], axis=0))
    # What the performance does within a few frames, read a little otherwise.
    near = [usual[max(i - 4, 0) : i + 5].max(axis=0) for i in range(len(steps))]
    for edge in (span.start, span.stop):
        around = slice(edge - 5, edge + 5)
        assert (steps - np.array(near))[around].max() < 0.08
    faded = fade_weights(face)
    moved = [i for i, one in enumerate(CONTROLS) if one.region in names]
    assert not faded[span.start : span.stop, moved].any()
    assert (faded[: span.start - 15] == 1).all()


def moved_in(portrait: ByteImage, frames: int) -> list[ByteImage]:
    """A portrait that comes in from the left, and stops."""
    width = portrait.shape[1]
    shown = []
    for frame in range(frames):
        left = max(0, 420 - 14 * frame)
        blank = np.full_like(portrait, 120)
        blank[:, : width - left] = portrait[:, left:]
        shown.append(blank)
    return shown


@pytest.mark.slow
def test_a_face_that_comes_into_the_picture_gets_its_edit_as_it_comes() -> None:
    portrait = np.asarray(pytest.importorskip("skimage.data").astronaut())
    film = Film(moved_in(portrait, 60))
    (track, *_) = MediaPipeTracker().track(film).tracks
    first = int(np.flatnonzero(track.seen)[0])
    assert first > 2
    face = solve_face(track, film.facts.clock)
    weights = fade_weights(face)
    assert weights[first].max() < 0.2
    assert np.abs(np.diff(weights, axis=0)).max() < 0.2
    assert (weights[50:] == 1).all()


def test_wrong_confidence_by_region_is_refused() -> None:
    frames = 5
    film = Film([np.zeros((8, 8, 3), np.uint8)] * frames)
    landmarks = np.zeros((frames, 478, 3), np.float32)
    right = np.ones((frames, len(REGIONS)), np.float32)
    cases: tuple[tuple[AnyArray, str], ...] = (
        (right[:, :3], "region_confidence of face 1 is float32"),
        (right.astype(np.float64), "float64"),
        (2 * right, "not from 0 to 1"),
        (np.full_like(right, np.nan), "not from 0 to 1"),
    )
    for wrong, words in cases:
        track = FaceTrack(1, landmarks, np.ones(frames, np.float32), wrong)
        assert words in str(check_result(TrackResult((track,), ()), film.facts))
    track = FaceTrack(1, landmarks, np.ones(frames, np.float32), right)
    assert check_result(TrackResult((track,), ()), film.facts) is None
