"""Where a face's landmarks are once its performance is another: from controls to pixels.

This is the plain geometry of what is asked, for showing and pulling at: skin by the rig, irises
by the gaze, both turned with the head. The warp renderer goes on from the same motion, but keeps
still what may not tear.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from mien._types import FloatArray
from mien.face.gaze import GAZE_COLUMNS, gaze_change
from mien.face.rig import PersonalRig, load_rig
from mien.model.controls import HEAD, INDEX
from mien.model.face import Face
from mien.model.landmarks import IRISES, SKIN

__all__ = ["head_motion", "iris_motion", "personal_rig", "deform_landmarks"]

_EYEBALL = 1.2
"""Radius of an eyeball in canonical units (cm); the adult mean is 12 mm."""
_NECK = (0.0, -4.0, -3.0)
"""The joint that the head turns on, from the middle between the ears, in cm."""
_EARS = (234, 454)
_EYES = {"Left": (362, 263), "Right": (33, 133)}
"""Corners of the eyes, between which the eyeballs stand."""
_GAZE_OF = {"Left": [0, 2], "Right": [1, 3]}
"""Yaw and pitch of an eye among the columns of gaze."""
_HEAD = [INDEX[name] for name in HEAD]


def personal_rig(face: Face) -> PersonalRig:
    """Return the rig on a face, made once for each identity."""
    return _personal(face.identity.astype(np.float32).tobytes())


@lru_cache(maxsize=16)
def _personal(identity: bytes) -> PersonalRig:
    return load_rig().personal(np.frombuffer(identity, dtype=np.float32).reshape(SKIN, 3))


def deform_landmarks(face: Face, frame: int, target: FloatArray) -> FloatArray:
    """Return a face's landmarks in one frame with its edit.

    Args:
        face: The tracked face.
        frame: Index of the frame, one in which the face is valid.
        target: (59,) controls asked for.

    Returns:
        (478, 2) float32 pixels of the upright picture; the tracked landmarks themselves when
        the target is the performance.
    """
    source = face.curves.controls.array[frame]
    points = face.landmarks[frame, :, :2].copy()
    if np.array_equal(source, target):
        return points
    identity = face.identity
    motion = np.empty((len(points), 3), dtype=np.float32)
    motion[:SKIN] = personal_rig(face).displacement(source, target)
    at = np.empty_like(motion)
    at[:SKIN] = identity
    for side, moved in iris_motion(source, target).items():
        motion[IRISES[side]] = moved
        at[IRISES[side]] = identity[list(_EYES[side])].mean(axis=0)
    turns = np.radians((target - source)[_HEAD])
    if turns.any():
        motion += head_motion(identity, at + motion, turns)
    return points + face.curves.pose.displace(frame, motion)


def iris_motion(source: FloatArray, target: FloatArray) -> dict[str, FloatArray]:
    """Return the motion of each iris's centre: on a sphere, with the gaze.

    Args:
        source: (59,) controls of the performance.
        target: (59,) controls asked for.

    Returns:
        Per side, (3,) canonical displacement.
    """
    before = source[list(GAZE_COLUMNS)]
    after = before + gaze_change(source, target)
    motion = {}
    for side, columns in _GAZE_OF.items():
        ends = []
        for yaw, pitch in (np.radians(before[columns]), np.radians(after[columns])):
            ends.append([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
        motion[side] = (_EYEBALL * np.subtract(ends[1], ends[0])).astype(np.float32)
    return motion


def head_motion(identity: FloatArray, points: FloatArray, turns: FloatArray) -> FloatArray:
    """Return the motion of a head's points when it turns on its neck.

    Args:
        identity: (468, 3) the person's neutral face in canonical space, where the neck is.
        points: (N, 3) points of the head in canonical space.
        turns: (3,) radians of yaw to the person's left, pitch upwards, roll of the top to the
            person's left.

    Returns:
        (N, 3) float32 canonical displacement.
    """
    joint = identity[list(_EARS)].mean(axis=0) + np.array(_NECK, dtype=np.float32)
    turned = (points - joint) @ _rotation(turns).T + joint
    return np.asarray(turned - points, dtype=np.float32)


def _rotation(turns: FloatArray) -> FloatArray:
    """(3, 3) yaw to the person's left, pitch upwards, roll of the top to the person's left."""
    (sy, sp, sr), (cy, cp, cr) = np.sin(turns), np.cos(turns)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    roll = np.array([[cr, sr, 0], [-sr, cr, 0], [0, 0, 1]])
    return np.asarray(yaw @ pitch @ roll, dtype=np.float32)
