"""What the formats of three-dimensional scenes have in common: names, places, times.

A scene stands in metres, x to the right of the picture, y up, z towards the camera, about the
middle of the picture. Heads have the size that mien takes people to have; how far they are from the
camera a weak-perspective camera does not tell, so that their depth is 0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray, FloatArray
from mien.errors import UsageError
from mien.face.mesh import METRES
from mien.io.curves.clock import read_clock
from mien.model.controls import ARKIT, NAMES
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.curves import HeadPose
from mien.model.occlusion import REGIONS
from mien.timebase import Clock, Timecode

__all__ = [
    "FACTS", "MOST_FRAMES", "NAMESPACE", "HeadPath", "SceneFace", "beside_weights",
    "control_named", "face_from", "head_path", "named_controls", "near_rate", "read_scene_clock",
    "scene_faces",
]  # fmt: skip

FACTS = "mien"
"""Key of what mien says of a scene: USD's `customLayerData` and `customData`, glTF's extras."""
NAMESPACE = "mien:"
"""Before the names of USD attributes that are mien's own."""
MOST_FRAMES = 2_000_000
"""Frames that a scene may have: nine hours at 60 a second."""
_CONFIDENCE = "confidence"
_SPELLINGS = {name.lower(): name for name in NAMES} | {
    re.sub("(?<=.)(left|right)$", lambda side: side[0][0], name.lower()): name
    for name in NAMES
    if name not in ("mouthLeft", "mouthRight", "jawLeft", "jawRight")
}


@dataclass(frozen=True, slots=True, eq=False)
class HeadPath:
    """Where a head is over T frames; rows of frames without it mean nothing.

    Attributes:
        translation: (T, 3) float32 metres from the middle of the picture.
        rotation: (T, 4) float32 unit quaternions (x, y, z, w), each on its predecessor's side, so
            that what lies between two is the shorter way.
    """

    translation: FloatArray
    rotation: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SceneFace:
    """A face with all that a scene shows of it.

    Attributes:
        curves: Its curves.
        identity: (468, 3) canonical units, its neutral face.
        path: Where its head is.
    """

    curves: FaceCurves
    identity: FloatArray
    path: HeadPath


def scene_faces(curves: CurveFile) -> tuple[SceneFace, ...]:
    """Return the faces of a shot as a scene shows them; heads without a pose stay in the middle.

    Raises:
        UsageError: When times or neutral faces are missing.
    """
    faces = []
    for face in curves.faces:
        if face.identity is not None:
            path = head_path(face.mesh_pose, curves.size or (1, 1), face.valid)
            faces.append(SceneFace(face, face.identity, path))
    if curves.clock is None or len(faces) < len(curves.faces):
        raise UsageError(
            f"{curves.name} does not say all that a scene holds: times and neutral faces.",
            "Write it from a tracked shot.",
        )
    return tuple(faces)


def head_path(
    pose: HeadPose | None, size: tuple[int, int], valid: npt.NDArray[np.bool_]
) -> HeadPath:
    """Return where a head is in a scene.

    Args:
        pose: Head pose over T frames, in the pixels of the picture; None for a head that stays.
        size: (width, height) of the upright picture.
        valid: (T,) the frames in which it is known.
    """
    from scipy.spatial.transform import Rotation

    translation = np.zeros((len(valid), 3), np.float32)
    rotation = np.tile(np.array([0, 0, 0, 1], np.float32), (len(valid), 1))
    if pose is not None and valid.any():
        middle = (np.array(size) - 1) / 2
        offset = (pose.translation[valid] - middle) / pose.scale[valid, None] * METRES
        translation[valid, :2] = offset * (1, -1)
        turns = Rotation.from_matrix(pose.rotation[valid].astype(np.float64)).as_quat()
        # q and -q are one rotation; programs that blend numbers must not go the long way round.
        sides = np.sign(np.einsum("ij,ij->i", turns[1:], turns[:-1]))
        turns[1:] *= np.cumprod(np.where(sides == 0, 1, sides))[:, None]
        rotation[valid] = turns
    return HeadPath(translation, rotation)


def beside_weights(face: FaceCurves) -> dict[str, FloatArray]:
    """Return the curves of a face that no blend shape shows, by name.

    Gaze and head in degrees under the names of controls, action units as `AU12`, `confidence`, and
    `confidence_mouth` for each region.
    """
    arrays: dict[str, Any] = {n: v for n, v in face.controls.items() if n not in ARKIT}
    arrays |= face.units or {}
    if face.confidence is not None:
        arrays[_CONFIDENCE] = face.confidence
    if face.region_confidence is not None:
        for region, values in zip(REGIONS, face.region_confidence.T, strict=True):
            arrays[f"{_CONFIDENCE}_{region}"] = values
    return {name: np.asarray(values, np.float32) for name, values in arrays.items()}


def face_from(
    number: int,
    name: str,
    weights: Mapping[str, DoubleArray],
    beside: Mapping[str, DoubleArray],
    valid: npt.NDArray[np.bool_],
) -> FaceCurves:
    """Return a face from what a scene tells of it.

    Args:
        number: Its number in the file.
        name: Its name.
        weights: (T,) curves of its blend shapes by name.
        beside: (T,) curves as `beside_weights` names them; others are not taken.
        valid: (T,) the frames in which it is there.
    """
    controls = named_controls(weights)
    controls |= {n: values for n, values in beside.items() if n in NAMES and n not in ARKIT}
    regions = [beside.get(f"{_CONFIDENCE}_{region}") for region in REGIONS]
    given = [region for region in regions if region is not None]
    confidence = beside.get(_CONFIDENCE)
    return FaceCurves(
        number,
        controls,
        valid,
        name=name,
        confidence=None if confidence is None else np.nan_to_num(confidence).astype(np.float32),
        region_confidence=None
        if len(given) < len(REGIONS)
        else np.nan_to_num(np.stack(given, axis=1)).astype(np.float32),
    )


def named_controls(weights: Mapping[str, DoubleArray]) -> dict[str, DoubleArray]:
    """Return curves by the controls that their names mean; other names stay.

    Raises:
        ValueError: When two names mean the same control.
    """
    controls: dict[str, DoubleArray] = {}
    for name, values in weights.items():
        control = control_named(name) or name
        if control in controls:
            raise ValueError(f"two of its blend shapes are {control}")
        controls[control] = values
    return controls


def control_named(name: str) -> str | None:
    """Return the control that a blend shape is named after, if any.

    Case, separators, what stands before the last `.`, `:`, `|` or `/`, and the way to write the
    side do not matter: `mouthSmileLeft`, `head.MouthSmile_L` and `mouth_smile_left` are one.
    """
    last = re.split(r"[.:|/]", name)[-1]
    return _SPELLINGS.get(re.sub("[^a-z0-9]", "", last.lower()))


def read_scene_clock(facts: Mapping[str, Any], times: list[float]) -> Clock:
    """Return the clock of a scene that mien wrote.

    Args:
        facts: `rate` (`24000/1001`) and, where the shot has one, `start_timecode`.
        times: Seconds of every frame from the first.

    Raises:
        ValueError: When they are no times in ascending order, or the rate is none.
        TimeError: When the rate is impossible.
    """
    clock = read_clock(str(facts["rate"]), times)
    start = facts.get("start_timecode")
    if not start:
        return clock
    return Clock(clock.rate, clock.frame_count, clock.times, Timecode.parse(str(start), clock.rate))


def near_rate(rate: float) -> Fraction:
    """Return a frame rate from a rounded one: 23.976 is 24000/1001.

    Raises:
        ValueError: When it is no rate.
    """
    if not 0.01 <= rate <= 100_000:
        raise ValueError(f"its rate of {rate:g} frames a second is impossible")
    ntsc = Fraction(round(rate * 1.001) * 1000, 1001)
    if abs(rate - ntsc) < 2e-3 and abs(rate - round(rate)) > 2e-3:
        return ntsc
    return Fraction(rate).limit_denominator(1000)
