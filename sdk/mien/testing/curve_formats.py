"""What every curve format must do, whoever wrote it."""

from __future__ import annotations

import dataclasses
import io

import numpy as np

from mien.io.curves.base import CurveFormat, format_problem
from mien.io.curves.collect import shot_curves
from mien.model.controls import CONTROLS
from mien.model.curve_file import CurveFile
from mien.model.curves import ControlCurves
from mien.testing.contract import ContractError, require
from mien.testing.scenes import Scene

__all__ = ["check_curve_format"]

_FRAMES = 12


def check_curve_format(curve_format: CurveFormat, *, tolerance: float = 1e-3) -> None:
    """Check that a curve format writes and reads what mien gives and takes.

    Args:
        curve_format: The format; what it cannot write or read is not checked.
        tolerance: How far values that went out and came in may be off, in units of a control.

    Raises:
        ContractError: When it breaks a promise; the message says which.
    """
    problem = format_problem(curve_format)
    require(problem is None, f"A format says what it is: {problem}.")
    if curve_format.can_read:
        _refuses_what_is_none(curve_format)
    if not curve_format.can_write:
        return
    curves = _curves(1 if curve_format.faces == "one" else 2)
    written = [_written(curve_format, curves) for _ in range(2)]
    require(written[0] == written[1], "The same curves make the same bytes.")
    require(len(written[0]) > 0, "Something is written.")
    if curve_format.can_read:
        _compare(curves, _read(curve_format, written[0]), tolerance)


def _curves(faces: int) -> CurveFile:
    """Curves with a value of its own for every control in every frame, and a gap."""
    shot = Scene(frames=_FRAMES).shot
    made = []
    for number in range(1, faces + 1):
        rng = np.random.default_rng(number)
        low = np.array([control.low for control in CONTROLS])
        high = np.array([control.high for control in CONTROLS])
        values = rng.uniform(low, high, (_FRAMES, len(CONTROLS))).astype(np.float32)
        face = shot.faces[0]
        valid = np.ones(_FRAMES, dtype=bool)
        valid[4:6] = False
        curves = dataclasses.replace(face.curves, controls=ControlCurves(values), valid=valid)
        made.append(dataclasses.replace(face, number=number, curves=curves, raw=curves))
    return shot_curves(shot, made)


def _written(curve_format: CurveFormat, curves: CurveFile) -> bytes:
    file = io.BytesIO()
    curve_format.write(curves, file)
    return file.getvalue()


def _read(curve_format: CurveFormat, content: bytes) -> CurveFile:
    try:
        return curve_format.read(io.BytesIO(content))
    except Exception as error:
        raise ContractError(f"What was written can be read ({error!r}).") from error


def _refuses_what_is_none(curve_format: CurveFormat) -> None:
    for content in (b"", b"\0\1\2 no curves at all \xff"):
        try:
            curve_format.read(io.BytesIO(content))
        except Exception:  # noqa: BLE001 - whatever is raised, the file is refused
            continue
        require(False, "A file that is damaged, or of another kind, is refused.")


def _compare(curves: CurveFile, back: CurveFile, tolerance: float) -> None:
    require(len(back.faces) == len(curves.faces), "All faces come back.")
    if back.clock is not None and curves.clock is not None:
        require(back.clock.rate == curves.clock.rate, "The rate comes back.")
    for face, other in zip(curves.faces, back.faces, strict=True):
        require(len(other) == len(face), "All frames come back.")
        require(np.array_equal(other.valid, face.valid), "Frames without the face come back so.")
        names = face.controls.keys() & other.controls.keys()
        require(bool(names), "Controls come back by mien's names.")
        for name in sorted(names):
            off = np.abs(face.controls[name] - other.controls[name])[face.valid].max()
            require(bool(off <= tolerance), f"{name} comes back; it is {off:g} off.")
