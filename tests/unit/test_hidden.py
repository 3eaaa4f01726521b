"""Landmarks of covered regions are no evidence: they are bridged, and nothing jumps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien._types import AnyArray, FloatArray
from mien.face.regions import region_landmarks
from mien.face.rig import load_rig
from mien.face.solve import solve_face
from mien.model.control_regions import regions_of
from mien.model.controls import CONTROLS, INDEX
from mien.model.face import Face, FaceTrack
from mien.model.occlusion import REGIONS
from mien.timebase import Clock
from tests.unit.test_solve import FRAMES, RATE, Puppet

CLOCK = Clock(RATE, FRAMES)
HIDDEN = slice(50, 72)
MOUTH = REGIONS.index("mouth")
MOVED = [i for i, one in enumerate(CONTROLS) if "mouth" in regions_of(one)]
OTHERS = [i for i, one in enumerate(CONTROLS) if one.unit == "weight" and i not in MOVED]


def told(track: FaceTrack, regions: FloatArray | None) -> FaceTrack:
    return replace(track, landmarks=track.landmarks.copy(), region_confidence=regions)


@pytest.fixture(scope="module")
def puppet() -> Puppet:
    return Puppet(load_rig())


@pytest.fixture(scope="module")
def plain(puppet: Puppet) -> Face:
    return solve_face(told(puppet.track, None), CLOCK)


@pytest.fixture(scope="module")
def guessed(puppet: Puppet) -> FaceTrack:
    """A track whose mouth is a wild guess for a while, and whose head is misread with it."""
    landmarks = puppet.track.landmarks.copy()
    random = np.random.default_rng(3)
    mouth = region_landmarks()[MOUTH]
    landmarks[HIDDEN, mouth] += random.normal(0, 12, (22, len(mouth), 3)).astype(np.float32)
    middle = landmarks[HIDDEN].mean(axis=1, keepdims=True)
    landmarks[HIDDEN] = middle + 1.06 * (landmarks[HIDDEN] - middle)
    regions = np.ones((FRAMES, 4), np.float32)
    regions[HIDDEN, MOUTH] = 0.05
    return FaceTrack(1, landmarks, puppet.track.confidence, regions)


def test_what_is_seen_is_solved_to_the_byte(puppet: Puppet, plain: Face) -> None:
    for level in (1.0, 0.61):
        regions = np.full((FRAMES, 4), level, np.float32)
        face = solve_face(told(puppet.track, regions), CLOCK)
        assert face.region_confidence is not None
        assert (face.region_confidence == np.float32(level)).all()
        for one, other in (
            (face.landmarks, plain.landmarks),
            (face.identity, plain.identity),
            (face.curves.controls.array, plain.curves.controls.array),
            (face.curves.pose.rotation, plain.curves.pose.rotation),
        ):
            assert one.tobytes() == other.tobytes()


def steps(face: Face, columns: list[int]) -> AnyArray:
    return np.asarray(np.abs(np.diff(face.curves.controls.array[:, columns], axis=0)))


def test_no_curve_jumps_as_something_comes_and_goes(
    puppet: Puppet, plain: Face, guessed: FaceTrack
) -> None:
    face = solve_face(told(guessed, guessed.region_confidence), CLOCK)
    loose = solve_face(told(guessed, None), CLOCK)
    assert steps(loose, MOVED)[45:76].max() > 0.25
    assert steps(face, MOVED)[48:74].max() < 0.05
    beyond = steps(face, OTHERS)[45:76].max(axis=0) - steps(plain, OTHERS).max(axis=0)
    assert beyond.max() < 0.05


def test_the_mouth_is_bridged_between_the_frames_in_which_it_is_seen(
    puppet: Puppet, guessed: FaceTrack
) -> None:
    face = solve_face(told(guessed, guessed.region_confidence), CLOCK)
    smile = face.curves.controls.array[HIDDEN, INDEX["mouthSmileLeft"]]
    assert np.abs(np.diff(smile, n=2)).max() < 0.01
    assert face.weak_regions[HIDDEN, MOUTH].all()
    assert not face.curves.bridged.any()  # of the whole face
    mouth = region_landmarks()[MOUTH]
    off = np.linalg.norm(face.landmarks - puppet.clean, axis=-1)
    guess = np.linalg.norm(guessed.landmarks - puppet.clean, axis=-1)
    assert off[HIDDEN, mouth].mean() < 0.6 * guess[HIDDEN, mouth].mean()
    far = [0, 30, FRAMES - 1]
    assert off[far].mean() < 1


def test_what_was_tracked_is_kept_as_it_was(guessed: FaceTrack) -> None:
    face = solve_face(told(guessed, guessed.region_confidence), CLOCK)
    back = face.as_tracked()
    assert back is not None
    assert np.abs(back.landmarks - guessed.landmarks).max() < 0.05
    assert back.region_confidence is not None
    again = solve_face(back, CLOCK)
    # Kept landmarks are rounded.
    first, second = (one.curves.controls.array[:, MOVED + OTHERS] for one in (face, again))
    assert np.abs(first - second).max() < 0.03


def test_a_region_that_is_never_seen_is_solved_as_it_is_guessed(puppet: Puppet) -> None:
    regions = np.ones((FRAMES, 4), np.float32)
    regions[:, MOUTH] = 0
    face = solve_face(told(puppet.track, regions), CLOCK)
    assert np.isfinite(face.curves.controls.array).all()
    assert face.curves.controls.array[:, INDEX["jawOpen"]].max() > 0.3


def test_covers_at_both_ends_in_gaps_and_across_cuts(puppet: Puppet) -> None:
    landmarks, confidence = puppet.track.landmarks.copy(), puppet.track.confidence.copy()
    landmarks[40:46], confidence[40:46] = np.nan, 0
    regions = np.ones((FRAMES, 4), np.float32)
    regions[:8, MOUTH] = regions[36:50, :] = regions[80:, 0] = 0
    regions[58:62, MOUTH] = 0.1
    face = solve_face(FaceTrack(1, landmarks, confidence, regions), CLOCK, (60,))
    assert face.valid.all()
    assert np.isfinite(face.curves.controls.array).all()
    assert np.isfinite(face.landmarks).all()
    assert face.region_confidence is not None
    assert not face.region_confidence[40:46].any()
