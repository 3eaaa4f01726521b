"""A face's curves as a host reads them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien.errors import UnknownControlError, UsageError
from mien.io.curves.rotations import axis_angle
from mien.io.project import Project
from mien.model.controls import NAMES, nearest, sides
from mien.model.curves import ControlCurves, Curves
from mien.model.evaluate import evaluate
from mien.model.face import Face
from mien.serve.messages import CurvesParams, CurvesResult, FlameRows, PoseRows
from mien.serve.numbers import write_numbers

__all__ = ["read_curves"]


def read_curves(project: Project, params: CurvesParams) -> CurvesResult:
    """Return the curves that a client asks for.

    Raises:
        NoFaceError: When there is no such face.
        UnknownControlError: When there is no such control.
        TimeError: When the frames lie outside the shot.
    """
    face = project.shot.face(params.face)
    clock = project.shot.clock
    start, stop = params.frames or (0, clock.frame_count)
    if params.frames is not None:
        clock.parse_range(f"{start}:{stop}")
    rows = slice(start, stop)
    curves = face.raw if params.which == "raw" else face.curves
    valid = curves.valid[rows]

    def written(array: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        part = array[rows]
        # Rows of frames that are not valid may hold anything, also what JSON cannot.
        return np.asarray(np.where(valid.reshape(-1, *(1,) * (part.ndim - 1)), part, 0))

    controls = _target(project, face) if params.which == "target" else curves.controls
    result = CurvesResult(
        start=start,
        stop=stop,
        valid=valid.tolist(),
        bridged=curves.bridged[rows].tolist(),
        controls={
            name: write_numbers(written(controls[name]), params.encoding)
            for name in _names(params.controls)
        },
    )
    more: dict[str, FlameRows | PoseRows] = {}
    if params.flame or params.pose:
        _check_performance(params)
    if params.flame:
        basis, flame = _flame(project, face, curves, params)
        more["flame"] = FlameRows(
            basis=basis, values=write_numbers(written(flame), params.encoding)
        )
    if params.pose:
        more["pose"] = PoseRows(
            scale=write_numbers(written(curves.pose.scale), params.encoding),
            rotation=write_numbers(written(axis_angle(curves.pose.rotation)), params.encoding),
            translation=write_numbers(written(curves.pose.translation), params.encoding),
        )
    return result.model_copy(update=more)


def _check_performance(params: CurvesParams) -> None:
    if params.which == "target":
        raise UsageError(
            "Edits are made of controls; FLAME coefficients and head pose are the performance's.",
            "Ask for them with `which` performance or raw.",
        )


def _names(names: list[str] | None) -> list[str]:
    for name in names or ():
        if sides(name) is None:
            guess = nearest(name, NAMES)
            raise UnknownControlError(
                f"There is no control '{name}'.", f"Did you mean '{guess}'?" if guess else ""
            )
    return list(NAMES) if names is None else names


def _target(project: Project, face: Face) -> ControlCurves:
    layers = project.edit(face.number).layers
    evaluated = evaluate(face.curves.controls.array, layers, face.valid, project.shot.breaks)
    return ControlCurves(evaluated.target)


def _flame(
    project: Project, face: Face, curves: Curves, params: CurvesParams
) -> tuple[str, npt.NDArray[np.float32]]:
    if params.basis == curves.basis:
        return curves.basis, curves.flame
    from mien import api

    fit = api.fit_flame(project.shot, basis=params.basis, faces=[face], raw=params.which == "raw")[
        0
    ]
    return fit.basis, fit.flame
