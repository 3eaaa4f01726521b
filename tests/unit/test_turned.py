"""Turned heads: what is hidden is told by what is seen, and nothing swings with the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.face.rig import load_rig
from mien.face.solve import solve_face, solve_landmarks
from mien.face.turned import TurnedEvidence, turn_of, worth_of
from mien.model.controls import INDEX, NAMES
from mien.model.face import Face, FaceTrack
from mien.timebase import Clock
from tests.unit.test_solve import RATE, Puppet, turn

FRAMES = 60
ACTED = slice(46, 58)
CLOCK = Clock(RATE, FRAMES)
SIDES = ("Left", "Right")


def performed(yaw: float, **controls: float) -> FaceTrack:
    """A face that turns its head over frames 10 to 20, and then does something from 42 on."""
    rig = load_rig()
    puppet = Puppet(rig)
    puppet.gaze = np.zeros(FRAMES)
    personal = rig.personal(puppet.identity)
    acted = np.zeros((FRAMES, len(NAMES)), np.float32)
    for name, value in controls.items():
        for one in (name,) if name in INDEX else (f"{name}{side}" for side in SIDES):
            acted[42:, INDEX[one]] = value
    yaws = np.interp(np.arange(FRAMES), (10, 20), (0, yaw))
    points = np.zeros((FRAMES, 478, 3), np.float32)
    for t in range(FRAMES):
        shape = np.concatenate([personal.shape(acted[t]), puppet._irises(rig, t)])
        points[t] = 14 * shape @ turn(yaws[t], 4, -3).T * [1, -1, -1] + [320, 240, 0]
    points += np.random.default_rng(1).normal(0, 0.1, points.shape)
    return FaceTrack(1, points.astype(np.float32), np.ones(FRAMES, np.float32))


def mirrored(track: FaceTrack) -> FaceTrack:
    landmarks = track.landmarks[:, load_rig().mirror].copy()
    landmarks[..., 0] = 640 - landmarks[..., 0]
    return replace(track, landmarks=landmarks)


def rise(face: Face, name: str) -> float:
    curve = face.raw.controls[name]
    return float(curve[ACTED].mean() - curve[24:38].mean())


def other_side(name: str) -> str:
    one, other = SIDES if SIDES[0] in name else SIDES[::-1]
    return name.replace(one, other)


def test_mirrored_landmarks_give_mirrored_curves() -> None:
    track = performed(-40, mouthSmileLeft=0.6, browOuterUpRight=0.5, eyeBlinkLeft=0.7, jawOpen=0.3)
    one, other = (solve_face(some, CLOCK).raw.controls for some in (track, mirrored(track)))
    for name in NAMES[:52]:
        assert np.abs(one[name] - other[other_side(name)]).max() < 0.01, name


@pytest.mark.parametrize(("yaw", "kept"), [(25, 0.75), (45, 0.4)])
def test_what_a_turned_face_does_is_seen(yaw: float, kept: float) -> None:
    for asked in ({"mouthSmile": 0.6}, {"browOuterUp": 0.6, "browInnerUp": 0.6}, {"jawOpen": 0.6}):
        face = solve_face(performed(yaw, **asked), CLOCK)
        for name in asked:
            for one in (name,) if name in INDEX else (f"{name}{side}" for side in SIDES):
                assert rise(face, one) > kept * 0.6, one


def test_what_no_face_does_on_the_far_side_is_no_expression() -> None:
    track = performed(45)
    landmarks = track.landmarks.copy()
    # Guessed: the brow of the side that is not seen, half a centimetre too high.
    landmarks[20:, load_rig().groups["left_brow"], 1] -= 7
    face = solve_face(replace(track, landmarks=landmarks), CLOCK)
    believed = solve_landmarks(landmarks, face.valid, face.identity).controls
    read, before = (
        float(curves["browOuterUpLeft"][25:].mean() - curves["browOuterUpLeft"][:10].mean())
        for curves in (face.raw.controls, believed)
    )
    assert abs(read) < 0.1
    assert before > 0.3


def test_faces_seen_from_the_front_are_taken_as_they_are() -> None:
    track = performed(2, mouthSmile=0.5, jawOpen=0.4)
    face = solve_face(track, CLOCK)
    assert not turn_of(face.raw.pose.rotation).any()
    plain = solve_landmarks(track.landmarks, face.valid, face.identity)
    assert plain.controls.array.tobytes() == face.raw.controls.array.tobytes()


def test_nothing_jumps_as_a_head_turns() -> None:
    columns = [INDEX[name] for name in ("browOuterUpLeft", "browOuterUpRight", "jawOpen")]
    rig = load_rig()
    fields = rig.fields[columns].reshape(len(columns), -1)
    evidence = TurnedEvidence(fields, columns, np.ones(len(columns), np.float32))
    turns = np.stack([np.arange(0, 30, 0.05), np.arange(0, 15, 0.025)], 1).astype(np.float32)
    worth = worth_of(np.linspace(0.1, 0.6, len(turns), dtype=np.float32), turns)
    away = np.repeat(fields[:1], len(turns), axis=0)
    right, _ = evidence.read(away, turns)
    for values in (right, evidence.normals(turns, worth)):
        steps = np.abs(np.diff(values.reshape(len(turns), -1), axis=0)).max(axis=1)
        assert steps.max() < 0.01 * np.abs(values).max()
    assert worth[0] == 1
    assert worth[-1] < 0.5
