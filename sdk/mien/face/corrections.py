"""Landmarks put right by hand, and the rig solved again on them.

Only frames that a correction reaches change, by the difference that it makes: the rig is solved
on the landmarks as they were and as they are now, and the curves go on by what differs. So where
a correction fades out, so does its effect.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from mien._math import smoothstep
from mien._types import BoolArray, FloatArray, IndexArray
from mien.face.flame_coefficients import controls_to_flame
from mien.face.gaze import GAZE_COLUMNS, degrees_to_looks
from mien.face.pose import angles, nearest_rotations
from mien.face.rig import load_rig
from mien.face.solve import solve_landmarks
from mien.model.controls import CONTROLS, HEAD, INDEX
from mien.model.corrections import (
    GROUPS,
    CorrectionGroup,
    LandmarkCorrection,
    UncorrectedFrames,
    correction_offsets,
)
from mien.model.curves import ControlCurves, Curves, HeadPose
from mien.model.face import Face
from mien.model.landmarks import IRISES, LANDMARKS, SKIN

__all__ = ["correct_face", "curve_rows", "group_landmarks", "group_weights", "moved_landmarks"]

_FALLOFF: Final = (0.2, 2.2)
"""Canonical units from a group's landmarks up to which skin goes with it, and from which it does
not."""

_AROUND: Final = 8
"""Frames on either side of a span that are solved with it: controls are settled in time."""

_JAW: Final = (
    152, 148, 176, 149, 150, 136, 172, 58, 377, 400, 378, 379, 365, 397, 288,
    175, 199, 200, 208, 428, 171, 396, 140, 369,
)  # fmt: skip
"""The chin and the outline of the jaw."""

_HEAD_COLUMNS: Final = [INDEX[name] for name in HEAD]
_WEIGHTS: Final = [i for i, control in enumerate(CONTROLS) if control.unit == "weight"]
_BASIS: Final = "mien-rig"


@functools.cache
def group_landmarks() -> dict[CorrectionGroup, IndexArray]:
    """Return the landmarks of each group, as a user sees it; irises belong to their eyes."""
    groups = load_rig().groups
    lips = [f"lips_{side}_{part}" for side in ("inner", "outer") for part in ("upper", "lower")]

    def joined(names: Iterable[str], irises: str = "") -> IndexArray:
        skin = np.unique(np.concatenate([groups[name] for name in names]))
        more = np.arange(LANDMARKS)[IRISES[irises]] if irises else skin[:0]
        return np.asarray(np.concatenate([skin, more]), dtype=np.intp)

    return {
        "left_eye": joined(["left_eye_upper", "left_eye_lower"], "Left"),
        "right_eye": joined(["right_eye_upper", "right_eye_lower"], "Right"),
        "brows": joined(["left_brow", "right_brow"]),
        "nose": joined(["nose"]),
        "mouth": joined(lips),
        "jaw": np.array(sorted(_JAW), dtype=np.intp),
    }


@functools.cache
def group_weights() -> FloatArray:
    """Return (478, 6) how far every landmark goes with each of `GROUPS`, 0 to 1.

    Skin around a group follows it less and less; the landmarks of other groups stay.
    """
    mean, groups = load_rig().mean, group_landmarks()
    weights = np.zeros((LANDMARKS, len(GROUPS)), np.float32)
    for column, group in enumerate(GROUPS):
        skin = groups[group][groups[group] < SKIN]
        apart = np.linalg.norm(mean[:, None] - mean[skin], axis=-1).min(axis=1)
        weights[:SKIN, column] = 1 - smoothstep(apart, *_FALLOFF)
        for other in GROUPS:
            if other != group:
                weights[groups[other], column] = 0
        weights[groups[group], column] = 1
    return weights


def moved_landmarks(landmarks: FloatArray, offsets: FloatArray) -> FloatArray:
    """Return landmarks moved as corrections say; cheap enough for every movement of a mouse.

    Args:
        landmarks: (N, 478, 3) or (N, 478, 2) pixels of the upright picture.
        offsets: (N, 6, 2) how far each of `GROUPS` is moved.
    """
    moved = landmarks.copy()
    moved[..., :2] += np.einsum("pg,ngk->npk", group_weights(), offsets)
    return moved


def correct_face(
    face: Face, corrections: Sequence[LandmarkCorrection], cuts: Sequence[int] = ()
) -> Face:
    """Return a face with other corrections in place of those that it has.

    The frames that they reach are solved anew, all others are those of the face as it was
    tracked, to the bit. What was there is kept with the face.

    Args:
        face: The face, corrected or not.
        corrections: All corrections that it is to have; none for as it was tracked.
        cuts: First frames of new shots; nothing goes on over one.
    """
    face = face.uncorrected()
    wanted = tuple(sorted(corrections, key=lambda one: (one.frame, GROUPS.index(one.group))))
    offsets = correction_offsets(wanted, len(face.valid), cuts)
    changed = np.asarray(offsets.any(axis=(1, 2)) & face.valid)
    if not changed.any():
        return dataclasses.replace(face, corrections=wanted)
    frames = np.flatnonzero(changed)
    landmarks = face.landmarks.copy()
    landmarks[frames] = moved_landmarks(face.landmarks[frames], offsets[frames])
    near = _widened(changed) & face.valid
    before = solve_landmarks(face.landmarks, near, face.identity, cuts)
    after = solve_landmarks(landmarks, near, face.identity, cuts)
    return dataclasses.replace(
        face,
        landmarks=landmarks,
        curves=_moved(face.curves, before, after, frames),
        raw=_moved(face.raw, before, after, frames),
        corrections=wanted,
        uncorrected_frames=UncorrectedFrames(
            frames,
            face.landmarks[frames],
            curve_rows(face.curves, frames),
            curve_rows(face.raw, frames),
        ),
    )


def _widened(changed: BoolArray) -> BoolArray:
    near = np.convolve(changed, np.ones(2 * _AROUND + 1), mode="same") > 0.5
    return np.asarray(near[: len(changed)] if len(near) != len(changed) else near)


def curve_rows(curves: Curves, frames: IndexArray) -> Curves:
    """Return some rows of curves."""
    pose = curves.pose
    return Curves(
        ControlCurves(curves.controls.array[frames]),
        curves.flame[frames],
        curves.basis,
        HeadPose(pose.scale[frames], pose.rotation[frames], pose.translation[frames]),
        curves.valid[frames],
        curves.bridged[frames],
    )


def _moved(curves: Curves, before: Curves, after: Curves, frames: IndexArray) -> Curves:
    """Curves that go on, in some frames, by what differs between two solutions."""
    old, pose = curves.controls.array[frames], curves.pose
    controls = old + after.controls.array[frames] - before.controls.array[frames]
    controls[:, _WEIGHTS] = np.clip(controls[:, _WEIGHTS], 0, 1)
    degrees_to_looks(controls[:, list(GAZE_COLUMNS)], controls)
    turned = after.pose.rotation[frames] @ before.pose.rotation[frames].transpose(0, 2, 1)
    rotation = nearest_rotations(turned @ pose.rotation[frames])
    controls[:, _HEAD_COLUMNS] = angles(rotation)
    flame = curves.flame.copy()
    if curves.basis == _BASIS:
        flame[frames] = controls_to_flame(controls)
    grown = after.pose.scale[frames] / before.pose.scale[frames]
    shifted = after.pose.translation[frames] - before.pose.translation[frames]
    array, scales = curves.controls.array.copy(), pose.scale.copy()
    rotations, translations = pose.rotation.copy(), pose.translation.copy()
    array[frames], scales[frames] = controls, pose.scale[frames] * grown
    rotations[frames], translations[frames] = rotation, pose.translation[frames] + shifted
    return dataclasses.replace(
        curves,
        controls=ControlCurves(array),
        flame=flame,
        pose=HeadPose(scales, rotations, translations),
    )
