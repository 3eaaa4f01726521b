"""Solving: pose, identity, controls, gaze and coefficients come back; gaps and cuts hold."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mien._types import AnyArray
from mien.face.gaze import degrees_to_looks
from mien.face.least_squares import bounded_least_squares
from mien.face.pose import align, angles, nearest_rotations
from mien.face.rig import Rig, load_rig
from mien.face.solve import solve_faces
from mien.model.controls import ARKIT, INDEX, NAMES
from mien.model.face import Face, FaceTrack
from mien.timebase import Clock

FRAMES = 90
RATE = Fraction(30)


def turn(yaw: float, pitch: float, roll: float) -> AnyArray:
    """R = Ry(yaw) Rx(-pitch) Rz(-roll), degrees."""
    y, p, r = np.radians([yaw, -pitch, -roll])
    around_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    around_x = [[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]]
    around_z = [[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]]
    return np.array(around_y) @ np.array(around_x) @ np.array(around_z)


class Puppet:
    """A face made by the rig: every number of it is known."""

    def __init__(self, rig: Rig, seed: int = 0, noise: float = 0.15) -> None:
        random = np.random.default_rng(seed)
        self.identity = rig.mean + 0.5 * rig.people.modes[0].reshape(-1, 3).astype(np.float32)
        self.controls = np.zeros((FRAMES, len(NAMES)), dtype=np.float32)
        time = np.arange(FRAMES)
        for name, period in (("jawOpen", 17), ("mouthSmileLeft", 40), ("browInnerUp", 55)):
            self.controls[:, INDEX[name]] = 0.35 * (1 - np.cos(2 * np.pi * time / period))
        self.controls[40:44, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 0.95
        self.gaze = 15 * np.sin(time / 9)
        degrees_to_looks(
            np.stack([self.gaze, self.gaze, 0 * time, 0 * time], axis=1), self.controls
        )
        self.yaw, self.scale = 20 * np.sin(time / 20), 14 + 2 * np.cos(time / 30)
        personal = rig.personal(self.identity)
        points = np.zeros((FRAMES, 478, 3), dtype=np.float32)
        for t in range(FRAMES):
            shape = np.concatenate([personal.shape(self.controls[t]), self._irises(rig, t)])
            seen = self.scale[t] * shape @ turn(self.yaw[t], 5, -8).T
            points[t] = seen * [1, -1, -1] + np.array([320 + t, 240, 0])
        self.clean = points.copy()
        points += random.normal(0, noise, points.shape)
        self.track = FaceTrack(1, points.astype(np.float32), np.ones(FRAMES, np.float32))

    def _irises(self, rig: Rig, t: int) -> AnyArray:
        irises = np.zeros((10, 3))
        sine = np.sin(np.radians(self.gaze[t])) / np.sin(np.radians(30))
        for side, outward in (("right", -1), ("left", 1)):
            corners = self.identity[rig.groups[f"{side}_eye_upper"][[0, -1]]].mean(axis=0)
            rest = rig.iris_rest * [outward, 1]
            offset = np.array([rest[0] + sine * rig.iris_reach[0], rest[1], 0.2])
            at = corners + offset
            irises[rig.groups[f"{side}_iris"] - 468] = at
        return irises


@pytest.fixture(scope="module")
def puppet() -> Puppet:
    return Puppet(load_rig())


@pytest.fixture(scope="module")
def face(puppet: Puppet) -> Face:
    return solve_faces([puppet.track], Clock(RATE, FRAMES))[0]


def holes(track: FaceTrack, *spans: slice) -> FaceTrack:
    landmarks, confidence = track.landmarks.copy(), track.confidence.copy()
    for span in spans:
        landmarks[span], confidence[span] = np.nan, 0
    return FaceTrack(track.number, landmarks, confidence)


def test_pose_comes_back_with_the_signs_of_the_controls(puppet: Puppet, face: Face) -> None:
    curves = face.curves.controls
    assert np.abs(curves["headYaw"] - puppet.yaw).max() < 1.5
    assert np.abs(curves["headPitch"] - 5).max() < 1.5
    assert np.abs(curves["headRoll"] + 8).max() < 1.5
    assert np.abs(face.curves.pose.scale / puppet.scale - 1).max() < 0.03


def test_controls_come_back(puppet: Puppet, face: Face) -> None:
    for name in ("jawOpen", "mouthSmileLeft", "browInnerUp", "eyeBlinkLeft", "eyeBlinkRight"):
        found, true = face.raw.controls[name], puppet.controls[:, INDEX[name]]
        assert np.corrcoef(found, true)[0, 1] > 0.95, name
        assert abs(np.ptp(found) - np.ptp(true)) < 0.2, name
    assert face.raw.controls["mouthSmileRight"].max() < 0.15


def test_a_short_blink_survives_smoothing(puppet: Puppet, face: Face) -> None:
    for side in ("Left", "Right"):
        raw, smoothed = (
            face.raw.controls[f"eyeBlink{side}"],
            face.curves.controls[f"eyeBlink{side}"],
        )
        assert smoothed[40:44].mean() >= 0.9 * raw[40:44].mean()


def test_gaze_comes_back_in_degrees_and_in_looks(puppet: Puppet, face: Face) -> None:
    for name in ("gazeYawLeft", "gazeYawRight"):
        assert np.corrcoef(face.curves.controls[name], puppet.gaze)[0, 1] > 0.95
        assert np.abs(face.curves.controls[name] - puppet.gaze).mean() < 4
    looks = face.curves.controls["eyeLookOutLeft"] - face.curves.controls["eyeLookInLeft"]
    assert np.allclose(30 * looks, face.curves.controls["gazeYawLeft"], atol=1e-3)


def test_the_projected_model_lies_on_the_face(puppet: Puppet, face: Face) -> None:
    personal = load_rig().personal(face.identity)
    for frame in (0, 30, 42, 60):
        shape = personal.shape(face.curves.controls.array[frame])
        away = face.curves.pose.project(frame, shape) - puppet.track.landmarks[frame, :468, :2]
        assert np.sqrt((away**2).mean()) < 0.012 * np.ptp(puppet.track.landmarks[frame, :468, 0])


def test_smoothing_makes_landmarks_and_curves_steadier(puppet: Puppet, face: Face) -> None:
    def jitter(values: AnyArray) -> float:
        return float(np.median(np.abs(np.diff(values, n=2, axis=0))))

    assert jitter(face.landmarks) < 0.6 * jitter(puppet.track.landmarks)
    assert jitter(face.curves.pose.rotation) < jitter(face.raw.pose.rotation)
    products = face.curves.pose.rotation @ face.curves.pose.rotation.transpose(0, 2, 1)
    assert np.allclose(products, np.eye(3), atol=1e-5)


def test_a_shaking_head_is_followed_not_smoothed_away(puppet: Puppet) -> None:
    random = np.random.default_rng(5)
    shake = np.zeros((FRAMES, 1, 3), dtype=np.float32)
    shake[:, 0, :2] = 10 * np.sin(np.arange(FRAMES) * 0.6)[:, None] * [1, 0.5]
    true = puppet.clean + shake
    seen = (true + random.normal(0, 0.15, true.shape)).astype(np.float32)
    track = FaceTrack(1, seen, np.ones(FRAMES, dtype=np.float32))
    face = solve_faces([track], Clock(RATE, FRAMES))[0]
    away = np.linalg.norm((face.landmarks - true)[:, :468, :2], axis=2)
    assert np.median(away) < 0.5
    assert np.percentile(away, 99) < 1.2


def test_coefficients_have_lids_and_jaw(puppet: Puppet, face: Face) -> None:
    assert face.curves.basis == "mien-rig"
    assert face.curves.flame.shape == (FRAMES, 55)
    assert face.curves.flame[40:44, 50:52].min() > 0.7
    assert np.corrcoef(face.curves.flame[:, 52], puppet.controls[:, INDEX["jawOpen"]])[0, 1] > 0.9


def test_short_gaps_are_bridged_and_long_ones_left_empty(puppet: Puppet) -> None:
    track = holes(puppet.track, slice(10, 14), slice(50, 75))
    face = solve_faces([track], Clock(RATE, FRAMES))[0]
    assert np.flatnonzero(face.curves.bridged).tolist() == [10, 11, 12, 13]
    assert np.flatnonzero(~face.curves.valid).tolist() == list(range(50, 75))
    assert not face.confidence[10:14].any()
    assert np.isnan(face.landmarks[50:75]).all()
    assert np.isfinite(face.landmarks[face.valid]).all()
    assert np.isfinite(face.curves.controls.array).all()
    assert np.isfinite(face.curves.flame).all()


def test_a_cut_ends_bridges_and_smoothing(puppet: Puppet) -> None:
    track = holes(puppet.track, slice(28, 30))
    face = solve_faces([track], Clock(RATE, FRAMES), cuts=(30,))[0]
    assert not face.curves.bridged.any()
    assert not face.valid[28:30].any()


def test_a_face_seen_once_and_one_never_seen(puppet: Puppet) -> None:
    once = holes(puppet.track, slice(0, 20), slice(21, FRAMES))
    never = holes(puppet.track, slice(0, FRAMES))
    faces = solve_faces([once, never], Clock(RATE, FRAMES))
    assert [int(face.valid.sum()) for face in faces] == [1, 0]
    assert np.isfinite(faces[0].landmarks[20]).all()


def test_progress_reaches_the_total_and_nothing_is_changed(puppet: Puppet) -> None:
    before, told = puppet.track.landmarks.copy(), []
    solve_faces(
        [puppet.track, puppet.track],
        Clock(RATE, FRAMES),
        progress=lambda _, done, total: told.append((done, total)),
    )
    assert told == sorted(told)
    assert told[-1] == (2 * FRAMES, 2 * FRAMES)
    assert np.array_equal(before, puppet.track.landmarks)


def test_the_same_landmarks_give_the_same_bytes(puppet: Puppet, face: Face) -> None:
    again = solve_faces([puppet.track], Clock(RATE, FRAMES))[0]
    assert np.array_equal(again.curves.controls.array, face.curves.controls.array)
    assert np.array_equal(again.landmarks, face.landmarks)


def test_bounded_least_squares_meets_its_conditions() -> None:
    random = np.random.default_rng(3)
    rows = random.normal(size=(40, 6))
    normal = (rows.T @ rows).astype(np.float32)
    right = random.normal(size=(25, 6)).astype(np.float32) * 20
    found = bounded_least_squares(normal, right, np.ones(6, dtype=np.float32), sweeps=500)
    slope = found @ normal - right
    assert (found >= 0).all()
    assert (found <= 1).all()
    free = (found > 0) & (found < 1)
    assert np.abs(slope[free]).max() < 0.2
    assert (slope[found == 0] > -0.2).all()
    assert (slope[found == 1] < 0.2).all()


def test_alignment_and_angles_are_exact_without_noise() -> None:
    shape = load_rig().mean
    rotation = turn(25, -12, 30)
    points = (13 * shape @ rotation.T + [5, 6, 7])[None].astype(np.float32)
    found = align(shape, points, np.ones(468, dtype=np.float32))
    assert np.allclose(found.rotation[0], rotation, atol=1e-4)
    assert np.allclose(found.undo(points)[0], shape, atol=1e-3)
    assert np.allclose(angles(found.rotation), [[25, -12, 30]], atol=1e-2)
    assert np.allclose(nearest_rotations(found.rotation * 1.3), found.rotation, atol=1e-5)


@pytest.mark.slow
@pytest.mark.shared
def test_it_agrees_with_another_network_on_real_faces(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Correlations with the Face Landmarker's own scores, on frames of three clips."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "tools"))
    from rigmaker import collect

    detector = collect.landmarker(shared / "models" / "face_landmarker.task")
    least = {
        "lp_d12.mp4": {"jawOpen": 0.9, "mouthSmileLeft": 0.9},
        "lp_d9.mp4": {"eyeBlinkLeft": 0.9, "mouthPucker": 0.85, "mouthSmileRight": 0.85},
        "vretalk_4.mp4": {"eyeBlinkRight": 0.9, "browInnerUp": 0.85},
    }
    for name, wanted in least.items():
        seen = collect.collect(shared / "clips" / name, detector, tmp_path, samples=60)
        points = seen.points.astype(np.float32)
        track = FaceTrack(1, points, np.ones(len(points), dtype=np.float32))
        face = solve_faces([track], Clock(RATE, len(points)))[0]
        for control, limit in wanted.items():
            scores = seen.scores[:, ARKIT.index(control)]
            found = np.corrcoef(face.raw.controls[control], scores)[0, 1]
            assert found > limit, (name, control)
