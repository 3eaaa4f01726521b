"""FLAME coefficients as other tools store them, by the names that they use.

VHAP and GaussianAvatars (`expr`, `jaw_pose`, `neck_pose`, `eyes_pose`, `rotation`), DECA and EMOCA
(`exp`, `pose` of head and jaw), SMIRK (`expression_params`, `jaw_params`, `eyelid_params`),
metrical-tracker (`exp`, `jaw` of 6 numbers, `eyelids`), BEAT2 and others of SMPL-X (`expressions`,
`poses`). Rotations are axis times angle, three numbers; six are the first two rows of the matrix
(Zhou et al., "On the Continuity of Rotation Representations in Neural Networks", CVPR 2019, as
PyTorch3D writes them); (3, 3) is the matrix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray
from mien.face.flame_coefficients import BASES, EXPRESSION, EYELIDS, JAW
from mien.face.pose import angles
from mien.io.curves.grid import MAX_FRAMES
from mien.model.controls import HEAD
from mien.model.curve_file import CurveFile, FaceCurves, FlameCurves
from mien.model.curves import FLAME_SIZE
from mien.model.rates import exact_rate
from mien.timebase import Clock

__all__ = ["FLAME_KEYS", "flame_basis", "flame_curves"]

_EXPRESSION: Final = ("expr", "exp", "expression", "expressions", "expression_params", "expcode")
_JAW: Final = ("jaw_pose", "jaw", "jaw_params", "jawpose")
_HEAD: Final = ("rotation", "global_orient", "global_pose", "pose_params", "head_pose")
_NECK: Final = ("neck_pose", "neck", "neck_params")
_EYES: Final = ("eyes_pose", "eye_pose", "eyes", "eye_params")
_LIDS: Final = ("eyelids", "eyelid_params", "eyelid")
_HEAD_AND_JAW: Final = ("pose", "posecode")
_SMPLX: Final = ("poses",)
_VALID: Final = ("valid",)
_RATES: Final = (
    "fps", "frame_rate", "framerate", "mocap_frame_rate", "mocap_framerate", "video_fps"
)  # fmt: skip
_EXACT_RATE: Final = ("fps_num", "fps_den")
_BASIS: Final = ("flame_version", "flame_model", "basis", "model")
FLAME_KEYS: Final = frozenset({
    *_EXPRESSION, *_JAW, *_HEAD, *_NECK, *_EYES, *_LIDS, *_HEAD_AND_JAW, *_SMPLX, *_VALID, *_RATES,
    *_EXACT_RATE, *_BASIS,
})  # fmt: skip
"""Names of arrays that are read."""
_SMPLX_POSES: Final = {"jaw": slice(66, 69), "eyes": slice(69, 75)}
"""Joints 22 to 24 of SMPL-X: jaw, left and right eye."""
_Arrays = Mapping[str, npt.NDArray[Any]]


def flame_curves(arrays: _Arrays) -> CurveFile:
    """Return the coefficients in arrays of other tools, the head's angles and the gaze.

    The basis is that which the file names, or empty. Controls are made of coefficients by whoever
    knows the basis.

    Raises:
        ValueError: When there is no expression, or shapes are not those of FLAME.
    """
    parts, notices = _parts(arrays)
    frames, more = _frames(parts)
    notices += more
    parts = {name: part[:frames] for name, part in parts.items()}
    coefficients = np.zeros((frames, FLAME_SIZE), np.float32)
    expression = parts["expression"]
    used = min(expression.shape[1], EXPRESSION.stop)
    if (expression[:, used:] != 0).any():
        notices.append(
            f"Of its {expression.shape[1]} expressions the first {used} are taken; mien's heads"
            " have no more."
        )
    coefficients[:, :used] = expression[:, :used]
    if "lids" in parts:
        coefficients[:, EYELIDS] = parts["lids"]
    if "jaw" in parts:
        coefficients[:, JAW] = parts["jaw"]
    valid = np.isfinite(coefficients).all(axis=1)
    if "valid" in arrays and arrays["valid"].size == frames:
        valid &= arrays["valid"].reshape(-1).astype(bool)
    rotation = _rotation(parts, frames)
    controls: dict[str, npt.NDArray[Any]] = {}
    if "head" in parts or "neck" in parts:
        turned = angles(rotation)
        controls |= {name: turned[:, i] for i, name in enumerate(HEAD)}
    if "eyes" in parts:
        controls |= _gaze(parts["eyes"])
    basis = next((str(arrays[name].item()) for name in _BASIS if _is_text(arrays, name)), "")
    flame = FlameCurves(
        flame_basis(basis) or "", coefficients, rotation, np.zeros((frames, 3), np.float32)
    )
    rate = _rate(arrays)
    clock = None if rate is None else Clock(rate, frames)
    face = FaceCurves(1, controls, valid, flame=flame)
    return CurveFile((face,), clock, notices=tuple(notices))


def flame_basis(text: str) -> str | None:
    """Return the basis that a name of other tools means, as `FLAME 2020`; None for none."""
    name = re.sub(r"[^0-9a-z]", "", text.lower())
    for basis in BASES:
        if name == re.sub(r"[^0-9a-z]", "", basis):
            return basis
    year = re.search(r"20(?:20|23)", name)
    if year is None or not name.startswith(("flame", "smplx", "20", "generic")):
        return None
    return f"flame{year[0]}-open" if "open" in name and year[0] == "2023" else f"flame{year[0]}"


def _parts(arrays: _Arrays) -> tuple[dict[str, DoubleArray], list[str]]:
    """Return (T, N) expression, lids, jaw, head, neck and eyes, as far as there are any."""
    parts: dict[str, DoubleArray] = {}
    expression = _first(arrays, _EXPRESSION)
    if expression is None:
        raise ValueError(
            "it has neither controls nor an expression of FLAME (" + ", ".join(_EXPRESSION) + ")"
        )
    parts["expression"] = _rows(*expression)
    if lids := _first(arrays, _LIDS):
        parts["lids"] = _sized(lids[0], _rows(*lids), 2)
    if pose := _first(arrays, _HEAD_AND_JAW):
        both = _sized(pose[0], _rows(*pose), 6)
        parts |= {"head": both[:, :3], "jaw": both[:, 3:]}
    if poses := _first(arrays, _SMPLX):
        body = _rows(*poses)
        if body.shape[1] < 75:
            raise ValueError(f"its {poses[0]} is {poses[1].shape}, not (T, 165)")
        parts |= {name: body[:, part] for name, part in _SMPLX_POSES.items()}
    for name, keys in (("jaw", _JAW), ("head", _HEAD), ("neck", _NECK)):
        if turn := _first(arrays, keys):
            parts[name] = _turns(*turn)
    if eyes := _first(arrays, _EYES):
        rows = _rows(*eyes)
        if rows.shape[1] == 12:
            each = [_turns(eyes[0], rows[:, part]) for part in (slice(0, 6), slice(6, 12))]
            parts["eyes"] = np.concatenate(each, axis=1)
        else:
            parts["eyes"] = _sized(eyes[0], rows, 6)
    return parts, []


def _first(arrays: _Arrays, keys: tuple[str, ...]) -> tuple[str, npt.NDArray[Any]] | None:
    return next(((key, arrays[key]) for key in keys if key in arrays), None)


def _rows(name: str, array: npt.NDArray[Any]) -> DoubleArray:
    """Return (T, N) float64 of an array that may have 1s in front, or be of one frame."""
    if array.dtype.kind not in "fiu":
        raise ValueError(f"its {name} holds {array.dtype}, no numbers")
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or not array.shape[0] or not array.shape[1]:
        raise ValueError(f"its {name} is {array.shape}, not frames by numbers")
    if array.shape[0] > MAX_FRAMES:
        raise ValueError(
            f"its {name} has {array.shape[0]:,} frames; {MAX_FRAMES:,} are read at most"
        )
    rows = array.astype(np.float64)
    infinite = np.argwhere(np.isinf(rows))
    if len(infinite):
        raise ValueError(f"its {name} is infinite at frame {infinite[0][0]}")
    return rows


def _sized(name: str, rows: DoubleArray, size: int) -> DoubleArray:
    if rows.shape[1] != size:
        raise ValueError(f"its {name} has {rows.shape[1]} numbers a frame, not {size}")
    return rows


def _turns(name: str, array: npt.NDArray[Any]) -> DoubleArray:
    """Return rotations as (T, 3) axis times angle."""
    from scipy.spatial.transform import Rotation

    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim >= 2 and array.shape[-2:] == (3, 3) and array.ndim == 3:
        array = array.reshape(len(array), 9)
    rows = _rows(name, array)
    if rows.shape[1] == 3:
        return rows
    turns = np.full((len(rows), 3), np.nan)
    if rows.shape[1] not in (6, 9):
        raise ValueError(f"its {name} has {rows.shape[1]} numbers a frame, not 3, 6 or 9")
    matrices = rows.reshape(len(rows), -1, 3)
    first = matrices[:, 0]
    second = matrices[:, 1] - first * _along(matrices[:, 1], first)
    lengths = np.stack([np.linalg.norm(axis, axis=1) for axis in (first, second)], axis=1)
    whole = (lengths > 1e-6).all(axis=1)
    x, y = first[whole] / lengths[whole, :1], second[whole] / lengths[whole, 1:]
    if whole.any():
        turns[whole] = Rotation.from_matrix(np.stack([x, y, np.cross(x, y)], axis=1)).as_rotvec()
    return turns


def _along(vector: DoubleArray, axis: DoubleArray) -> DoubleArray:
    length = np.maximum((axis**2).sum(axis=1, keepdims=True), 1e-12)
    return np.asarray((vector * axis).sum(axis=1, keepdims=True) / length)


def _frames(parts: dict[str, DoubleArray]) -> tuple[int, list[str]]:
    """Return how many frames all parts have; one row holds for all, and one may be missing."""
    frames = len(parts["expression"])
    counts = {name: len(part) for name, part in parts.items()}
    for name, part in parts.items():
        if len(part) == 1:
            parts[name] = np.broadcast_to(part, (frames, part.shape[1]))
            counts[name] = frames
    least, most = min(counts.values()), max(counts.values())
    if most - least > 1:
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise ValueError(f"its arrays differ in frames: {told}")
    if most == least:
        return frames, []
    return least, [f"Its arrays have {most} and {least} frames; the last one is left out."]


def _rotation(parts: Mapping[str, DoubleArray], frames: int) -> npt.NDArray[np.float32]:
    """Return (T, 3, 3) the head's turn: that of the neck within that of the whole."""
    from scipy.spatial.transform import Rotation

    turned = Rotation.identity(frames)
    for name in ("head", "neck"):
        if name in parts:
            turned *= Rotation.from_rotvec(np.nan_to_num(parts[name]))
    return np.asarray(turned.as_matrix(), dtype=np.float32)


def _gaze(eyes: DoubleArray) -> dict[str, npt.NDArray[Any]]:
    """Return the yaw and pitch of both eyes in degrees: z is where an eye looks."""
    from scipy.spatial.transform import Rotation

    gaze: dict[str, npt.NDArray[Any]] = {}
    for side, turn in (("Left", eyes[:, :3]), ("Right", eyes[:, 3:])):
        ahead = Rotation.from_rotvec(np.nan_to_num(turn)).as_matrix()[:, :, 2]
        gaze[f"gazeYaw{side}"] = np.degrees(np.arctan2(ahead[:, 0], ahead[:, 2]))
        gaze[f"gazePitch{side}"] = np.degrees(np.arcsin(np.clip(ahead[:, 1], -1, 1)))
    return gaze


def _is_text(arrays: _Arrays, name: str) -> bool:
    return name in arrays and arrays[name].dtype.kind == "U" and arrays[name].size == 1


def _rate(arrays: _Arrays) -> Fraction | None:
    """Return the frame rate where there is one."""
    if set(_EXACT_RATE) <= arrays.keys():
        return Fraction(*(int(arrays[key].item()) for key in _EXACT_RATE))
    for key in _RATES:
        if key in arrays and arrays[key].size == 1 and arrays[key].dtype.kind in "fiu":
            rate = float(arrays[key].item())
            if not 0 < rate <= 1000:
                raise ValueError(f"its {key} is {rate:g}, no frame rate")
            return exact_rate(rate)
    return None
