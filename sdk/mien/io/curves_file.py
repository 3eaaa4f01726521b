"""Curve files: what a face does over a shot, for other programs.

`.npz` holds one face under the key names of VHAP and GaussianAvatars (`expr`, `jaw_pose`,
`neck_pose`, `eyes_pose`, `rotation`, `translation`), which FLAME tools read, and beside
them everything that those names cannot say; `.json` holds every face, for people and
scripts. Neither holds a pickle: read the first with `np.load(path, allow_pickle=False)`.

Rotations are axis-angle in radians, in FLAME's space: x to the person's left, y up, z
towards the camera. `translation` is in metres from the middle of the picture; its depth is
0, as a weak-perspective camera has none.

With the fit of an installed FLAME head, `expr`, `jaw_pose` and `eyelids` are that head's,
`shape` is the person's, and `rotation` and `translation` turn it about its own root.
"""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.errors import UsageError
from mien.face.flame_fit import FlameFit
from mien.io.arrays import write_array
from mien.io.files import written_whole
from mien.model.controls import NAMES
from mien.model.curves import Curves
from mien.model.face import Face
from mien.model.media import MediaInfo
from mien.model.shot import Shot

__all__ = ["FORMATS", "check_format", "npz_arrays", "write_curves"]

FORMATS = (".npz", ".json")
"""Endings of the files that can be written."""
_METRES = 0.01
"""A canonical unit is about 1 cm."""
_DIGITS = 6
"""Decimals in JSON; finer than float32 at these magnitudes."""
_Arrays = dict[str, npt.NDArray[Any]]


def check_format(path: Path) -> None:
    """Refuse a file whose ending is no format.

    Raises:
        UsageError: When it is none.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(
            f"'{path.name}' is no name of a curve file.",
            f"Its ending must be {' or '.join(FORMATS)}.",
        )


def write_curves(
    shot: Shot,
    faces: Sequence[Face],
    path: Path,
    *,
    raw: bool = False,
    fits: Mapping[int, FlameFit] | None = None,
) -> None:
    """Write the curves of faces.

    Args:
        shot: The shot.
        faces: The faces; one for `.npz`.
        path: The file; its ending chooses the format.
        raw: Whether the curves are taken before smoothing.
        fits: A FLAME head's fit to faces, by their number; the others keep `mien-rig`.

    Raises:
        UsageError: When the ending is no format, or several faces are given for `.npz`.
        OutputError: When it cannot be put there.
        WriteError: When writing fails half-way.
    """
    check_format(path)
    fits = fits or {}
    if path.suffix.lower() == ".json":
        content = json.dumps(_document(shot, faces, raw, fits), allow_nan=False).encode()
        with written_whole(path) as file:
            file.write(content)
        return
    if len(faces) != 1:
        raise UsageError(f"An .npz holds one face, not {len(faces)}.", "Choose it with --face.")
    arrays = npz_arrays(shot.media, faces[0], raw=raw, fit=fits.get(faces[0].number))
    with written_whole(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            write_array(archive, f"{name}.npy", array, packed=True)


def npz_arrays(
    media: MediaInfo, face: Face, *, raw: bool = False, fit: FlameFit | None = None
) -> _Arrays:
    """The arrays of an `.npz` by key; rows of frames that are not valid are NaN.

    Keys, over T frames: `expr` (T, 50), `jaw_pose` (T, 3), `neck_pose` (T, 3), `eyes_pose`
    (T, 6; left, right), `rotation` (T, 3), `translation` (T, 3), `eyelids` (T, 2; left,
    right; 0 open .. 1 closed), `controls` (T, 59), `control_names` (59,), `head_scale`
    (T,) pixels per centimetre, `head_translation` (T, 2) pixels, `identity` (468, 3)
    centimetres, `frame` (T,), `time` (T,) seconds, `valid` (T,), `bridged` (T,),
    `confidence` (T,), `fps_num`, `fps_den`, `start_timecode`, `flame_version` (the basis of
    `expr`), `face`, `name`, `source`. With the fit of a FLAME head, also `shape` (300,),
    `camera_scale` (T,) pixels per metre of the posed head about the middle of the picture, and
    `fit_error` (T,), root mean square miss of the landmarks as a part of the face's width.
    """
    curves = _chosen(face, raw, fit)
    clock = media.clock
    timed: _Arrays = {
        "expr": curves.flame[:, :50],
        "eyelids": curves.flame[:, 50:52],
        "jaw_pose": curves.flame[:, 52:],
        "neck_pose": np.zeros((len(curves), 3), dtype=np.float32),
        "eyes_pose": _eyes(curves),
        "rotation": _axis_angle(curves.pose.rotation),
        "translation": _translation(curves, media.orientation.upright_size),
        "controls": curves.controls.array,
        "head_scale": curves.pose.scale,
        "head_translation": curves.pose.translation,
    }
    if fit is not None:
        rotation, timed["translation"] = fit.global_pose(media.orientation.upright_size)
        timed["rotation"] = _axis_angle(rotation)
        timed["camera_scale"] = curves.pose.scale / fit.scale
        timed["fit_error"] = fit.error
    gaps = ~curves.valid
    for name, array in timed.items():
        timed[name] = array.astype(np.float32)
        timed[name][gaps] = np.nan
    person = {} if fit is None else {"shape": fit.shape}
    return (
        timed
        | person
        | {
            "control_names": np.array(NAMES),
            "identity": face.identity,
            "frame": np.arange(len(curves), dtype=np.int64),
            "time": np.array([float(clock.seconds(i)) for i in range(len(curves))]),
            "valid": curves.valid,
            "bridged": curves.bridged,
            "confidence": face.confidence,
            "fps_num": np.array(clock.rate.numerator),
            "fps_den": np.array(clock.rate.denominator),
            "start_timecode": np.array(str(clock.timecode(0))),
            "flame_version": np.array(curves.basis),
            "face": np.array(face.number),
            "name": np.array(face.name),
            "source": np.array(media.path.name),
        }
    )


def _chosen(face: Face, raw: bool, fit: FlameFit | None) -> Curves:
    """The curves that are asked for, in the basis of the fit if there is one."""
    curves = face.raw if raw else face.curves
    if fit is None:
        return curves
    return dataclasses.replace(curves, flame=fit.flame, basis=fit.basis, pose=fit.pose)


def _document(
    shot: Shot, faces: Sequence[Face], raw: bool, fits: Mapping[int, FlameFit]
) -> dict[str, Any]:
    media = shot.media
    clock = media.clock
    return {
        "schema": "mien-curves",
        "version": 1,
        "source": media.path.name,
        "frames": clock.frame_count,
        "rate": str(clock.rate),
        "start_timecode": str(clock.timecode(0)),
        "times": [round(float(clock.seconds(i)), _DIGITS) for i in range(clock.frame_count)],
        "cuts": list(shot.cuts),
        "faces": [_face(face, raw, fits.get(face.number)) for face in faces],
    }


def _face(face: Face, raw: bool, fit: FlameFit | None) -> dict[str, Any]:
    curves = _chosen(face, raw, fit)
    shape = {} if fit is None else {"shape": np.round(fit.shape.astype(float), _DIGITS).tolist()}
    return shape | {
        "number": face.number,
        "name": face.name,
        "smoothed": not raw,
        "basis": curves.basis,
        "valid": curves.valid.tolist(),
        "bridged": curves.bridged.tolist(),
        "controls": {name: _numbers(curves.controls[name], curves) for name in NAMES},
        "flame": _numbers(curves.flame, curves),
        "head": {
            "scale": _numbers(curves.pose.scale, curves),
            "rotation": _numbers(_axis_angle(curves.pose.rotation), curves),
            "translation": _numbers(curves.pose.translation, curves),
        },
    }


def _numbers(array: FloatArray, curves: Curves) -> list[Any]:
    """Rows as JSON; null where the face is not valid, as JSON has no NaN."""
    rows = np.round(array.astype(np.float64), _DIGITS).tolist()
    return [row if valid else None for row, valid in zip(rows, curves.valid, strict=True)]


def _eyes(curves: Curves) -> FloatArray:
    """(T, 6) axis-angle of both eyes; up is a negative turn about x, left a positive about y."""
    turns = []
    for side in ("Left", "Right"):
        yaw = np.radians(curves.controls[f"gazeYaw{side}"].astype(np.float64))
        pitch = np.radians(-curves.controls[f"gazePitch{side}"].astype(np.float64))
        zero, one = np.zeros_like(yaw), np.ones_like(yaw)
        about_y = np.array([[np.cos(yaw), zero, np.sin(yaw)], [zero, one, zero],
                            [-np.sin(yaw), zero, np.cos(yaw)]])  # fmt: skip
        about_x = np.array([[one, zero, zero], [zero, np.cos(pitch), -np.sin(pitch)],
                            [zero, np.sin(pitch), np.cos(pitch)]])  # fmt: skip
        turns.append(_axis_angle(np.einsum("ijt,jkt->tik", about_y, about_x)))
    return np.concatenate(turns, axis=1)


def _axis_angle(rotation: npt.NDArray[Any]) -> FloatArray:
    """(T, 3, 3) rotations as (T, 3) axis times angle; NaN where the rotation is."""
    from scipy.spatial.transform import Rotation

    vectors = np.full((len(rotation), 3), np.nan, dtype=np.float32)
    # An invalid frame's row may hold anything; SciPy refuses what is no rotation.
    fine = np.isfinite(rotation).all(axis=(1, 2))
    fine[fine] = np.linalg.det(rotation[fine]) > 0
    if fine.any():
        vectors[fine] = Rotation.from_matrix(rotation[fine].astype(np.float64)).as_rotvec()
    return vectors


def _translation(curves: Curves, size: tuple[int, int]) -> FloatArray:
    middle = (np.array(size) - 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = (curves.pose.translation - middle) / curves.pose.scale[:, None] * _METRES
    return np.column_stack([offset[:, 0], -offset[:, 1], np.zeros(len(offset))]).astype(np.float32)
