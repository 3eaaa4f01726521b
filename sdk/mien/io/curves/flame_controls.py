"""Controls of FLAME coefficients that a file holds in place of them."""

from __future__ import annotations

import dataclasses

import numpy as np

from mien.errors import UsageError
from mien.face.flame_coefficients import BASES
from mien.io.curves.flame_arrays import flame_basis
from mien.model.controls import GAZE, HEAD, NAMES
from mien.model.curve_file import CurveFile, FaceCurves

__all__ = ["with_controls"]

_BY_GEOMETRY = tuple(
    name
    for name in NAMES
    if name not in (*GAZE, *HEAD, "tongueOut") and not name.startswith("eyeLook")
)
"""Controls that move the skin; the others are not told by coefficients."""


def with_controls(curves: CurveFile, basis: str | None = None) -> CurveFile:
    """Return a file whose faces have controls, those of coefficients where there are no others.

    Args:
        curves: The content of a file.
        basis: Basis of the coefficients; None takes what the file names.

    Raises:
        UsageError: When the basis is named by neither, or otherwise by each, or there is no such.
        MissingDependencyError: When its head is not installed.
    """
    wanted = None if basis is None else flame_basis(basis)
    if basis is not None and wanted is None:
        raise UsageError(
            f"There is no basis '{basis}' for FLAME coefficients.", f"One of: {', '.join(BASES)}."
        )
    faces = tuple(_with_controls(face, curves.name, wanted) for face in curves.faces)
    return dataclasses.replace(curves, faces=faces)


def _with_controls(face: FaceCurves, file: str, wanted: str | None) -> FaceCurves:
    from mien.face.bridge import flame_to_controls

    if face.flame is None or any(name in face.controls for name in _BY_GEOMETRY):
        return face
    named = face.flame.basis
    if not named and wanted is None:
        raise UsageError(
            f"{file} holds FLAME coefficients, and does not name their basis.",
            f"Name it (--basis, basis=): {', '.join(BASES)}.",
            choices=BASES,
        )
    if named and wanted is not None and named != wanted:
        raise UsageError(
            f"{file} holds FLAME coefficients of {named}, not of {wanted}.", "Leave the basis out."
        )
    basis = named or str(wanted)
    coefficients = np.where(face.valid[:, None], face.flame.coefficients, 0)
    values = flame_to_controls(coefficients.astype(np.float32), basis)
    controls = {name: values[:, NAMES.index(name)] for name in _BY_GEOMETRY}
    flame = dataclasses.replace(face.flame, basis=basis)
    return dataclasses.replace(face, controls=controls | dict(face.controls), flame=flame)
