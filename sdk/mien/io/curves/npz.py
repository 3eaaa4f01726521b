"""The curve format `.npz`: one face under the key names that FLAME tools read.

`expr`, `jaw_pose`, `neck_pose`, `eyes_pose`, `rotation` and `translation` are called as VHAP and
GaussianAvatars call them; beside them lies everything that those names cannot say. There is no
pickle in it: read it with `np.load(path, allow_pickle=False)`.

Rotations are axis-angle in radians, in FLAME's space: x to the person's left, y up, z
towards the camera. `translation` is in metres from the middle of the picture; its depth is
0, as a weak-perspective camera has none.

With the fit of an installed FLAME head, `expr`, `jaw_pose` and `eyelids` are that head's,
`shape` is the person's, and `rotation` and `translation` turn it about its own root.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.errors import UsageError
from mien.io.arrays import write_array
from mien.io.curves.archives import read_npz
from mien.io.curves.base import CurveFormat
from mien.io.curves.clock import read_clock
from mien.io.curves.flame_arrays import FLAME_KEYS, flame_curves
from mien.io.curves.grid import MAX_FRAMES
from mien.io.curves.rotations import axis_angle
from mien.model.curve_file import CurveFile, FaceCurves
from mien.model.occlusion import REGIONS

__all__ = ["NpzFormat", "npz_arrays"]

_OWN = frozenset({
    "control_names", "controls", "face", "confidence", "region_confidence", "fps_num", "fps_den",
    "time",
})  # fmt: skip
"""Arrays of mien's that are read."""
_Arrays = dict[str, npt.NDArray[Any]]


class NpzFormat(CurveFormat):
    """NumPy archives of one face."""

    api_version = 1
    name = "NumPy arrays"
    suffixes = (".npz",)
    faces = "one"

    def write(self, curves: CurveFile, file: IO[bytes]) -> None:
        """Write the curves of one face; equal curves make equal files."""
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in npz_arrays(curves).items():
                write_array(archive, f"{name}.npy", array, packed=True)

    def read(self, file: IO[bytes]) -> CurveFile:
        """Read the controls of the face, or FLAME coefficients as other tools name them."""
        arrays = read_npz(file, lambda name: name in FLAME_KEYS | _OWN)
        if "control_names" in arrays and "controls" in arrays:
            return _own(arrays)
        return flame_curves(arrays)


def _own(arrays: _Arrays) -> CurveFile:
    """Return the controls that mien wrote, and how surely the face was seen."""
    names = [str(name) for name in arrays["control_names"].tolist()]
    values: npt.NDArray[Any] = arrays["controls"].astype(np.float64)
    if values.ndim != 2 or values.shape[1] != len(names):
        raise ValueError(f"its controls are {values.shape}")
    if len(values) > MAX_FRAMES:
        raise ValueError(f"it has {len(values):,} frames, and {MAX_FRAMES:,} are read at most")
    confidence, regions = (
        arrays[name].astype(np.float32) if name in arrays else None
        for name in ("confidence", "region_confidence")
    )
    clock = None
    if {"fps_num", "fps_den", "time"} <= arrays.keys():
        rate = f"{int(arrays['fps_num'])}/{int(arrays['fps_den'])}"
        clock = read_clock(rate, arrays["time"].tolist())
    controls = {name: values[:, column] for column, name in enumerate(names)}
    valid = ~np.isnan(values).all(axis=1)
    number = int(arrays["face"])
    face = FaceCurves(number, controls, valid, confidence=confidence, region_confidence=regions)
    return CurveFile((face,), clock)


def npz_arrays(curves: CurveFile) -> _Arrays:
    """Return the arrays of an `.npz` by key; rows of frames that are not valid are NaN.

    Keys, over T frames: `expr` (T, 50), `jaw_pose` (T, 3), `neck_pose` (T, 3), `eyes_pose`
    (T, 6; left, right), `rotation` (T, 3), `translation` (T, 3), `eyelids` (T, 2; left,
    right; 0 open .. 1 closed), `controls` (T, 59), `control_names` (59,), fewer where groups are
    chosen, `action_units` (T, 23; 0 .. 1), `action_unit_names` (23,), `head_scale` (T,) pixels per
    centimetre,
    `head_translation` (T, 2) pixels, `identity` (468, 3) centimetres, `frame` (T,), `time`
    (T,) seconds, `valid` (T,), `bridged` (T,), `confidence` (T,), `region_confidence` (T, 4)
    and `regions` (4,), their names, where regions were told apart, `fps_num`, `fps_den`,
    `start_timecode`, `flame_version` (the basis of `expr`), `face`, `name`, `source`. With the
    fit of a FLAME head, also `shape` (300,), `camera_scale` (T,) pixels per metre of the posed
    head about the middle of the picture, and `fit_error` (T,), root mean square miss of the
    landmarks as a part of the face's width.

    Args:
        curves: The curves of one face.

    Raises:
        UsageError: When FLAME coefficients or times are missing.
    """
    face, clock = curves.face(), curves.clock
    flame, pose = face.flame, face.pose
    if clock is None or flame is None:
        raise UsageError(
            f"{curves.name} does not say all that an .npz holds: times and FLAME coefficients.",
            "Write it from a tracked shot.",
        )
    timed = _given({
        "expr": flame.coefficients[:, :50],
        "eyelids": flame.coefficients[:, 50:52],
        "jaw_pose": flame.coefficients[:, 52:],
        "neck_pose": np.zeros((len(face), 3), dtype=np.float32),
        "eyes_pose": _eyes(face),
        "rotation": axis_angle(flame.rotation),
        "translation": flame.translation,
        "controls": np.column_stack(list(face.controls.values())),
        "action_units": None if face.units is None else np.column_stack(list(face.units.values())),
        "head_scale": None if pose is None else pose.scale,
        "head_translation": None if pose is None else pose.translation,
        "camera_scale": flame.camera_scale,
        "fit_error": flame.error,
    })  # fmt: skip
    for name, array in timed.items():
        timed[name] = array.astype(np.float32)
        timed[name][~face.valid] = np.nan
    still = _given({
        "shape": flame.shape,
        "control_names": np.array(list(face.controls)),
        "action_unit_names": None if face.units is None else np.array(list(face.units)),
        "identity": face.identity,
        "frame": np.arange(len(face), dtype=np.int64),
        "time": np.array([float(clock.seconds(i)) for i in range(len(face))]),
        "valid": face.valid,
        "bridged": face.bridged,
        "confidence": face.confidence,
        "region_confidence": face.region_confidence,
        "regions": None if face.region_confidence is None else np.array(REGIONS),
        "fps_num": np.array(clock.rate.numerator),
        "fps_den": np.array(clock.rate.denominator),
        "start_timecode": np.array(str(clock.timecode(0))),
        "flame_version": np.array(flame.basis),
        "face": np.array(face.number),
        "name": np.array(face.name),
        "source": np.array(curves.source),
    })  # fmt: skip
    return timed | still


def _given(arrays: Mapping[str, npt.NDArray[Any] | None]) -> _Arrays:
    return {name: array for name, array in arrays.items() if array is not None}


def _eyes(face: FaceCurves) -> FloatArray:
    """Return (T, 6) axis-angle of both eyes: up turns about -x, left about y; none are 0."""
    turns = []
    still = np.zeros(len(face))
    for side in ("Left", "Right"):
        yaw = np.radians(np.asarray(face.controls.get(f"gazeYaw{side}", still), np.float64))
        pitch = np.radians(-np.asarray(face.controls.get(f"gazePitch{side}", still), np.float64))
        zero, one = np.zeros_like(yaw), np.ones_like(yaw)
        about_y = np.array([[np.cos(yaw), zero, np.sin(yaw)], [zero, one, zero],
                            [-np.sin(yaw), zero, np.cos(yaw)]])  # fmt: skip
        about_x = np.array([[one, zero, zero], [zero, np.cos(pitch), -np.sin(pitch)],
                            [zero, np.sin(pitch), np.cos(pitch)]])  # fmt: skip
        turns.append(axis_angle(np.einsum("ijt,jkt->tik", about_y, about_x)))
    return np.concatenate(turns, axis=1)
