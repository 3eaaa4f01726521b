"""Curves of a shot's faces as a curve file holds them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mien._types import FloatArray
from mien.model.curve_file import CurveFile, FaceCurves, FlameCurves
from mien.model.curves import Curves
from mien.model.face import Face
from mien.model.shot import Shot
from mien.model.unit_curves import unit_curves

if TYPE_CHECKING:
    from mien.face.flame_fit import FlameFit

__all__ = ["shot_curves"]

_METRES = 0.01
"""A canonical unit is about 1 cm."""


def shot_curves(
    shot: Shot,
    faces: Sequence[Face],
    *,
    raw: bool = False,
    fits: Mapping[int, FlameFit] | None = None,
) -> CurveFile:
    """Return the curves of faces as a curve file holds them.

    Args:
        shot: The shot.
        faces: The faces.
        raw: Whether the curves are taken before smoothing.
        fits: A FLAME head's fit to faces, by their number; the others keep `mien-rig`.
    """
    media, fits = shot.media, fits or {}
    size = media.orientation.upright_size
    return CurveFile(
        tuple(_face_curves(face, fits.get(face.number), size, raw=raw) for face in faces),
        media.clock,
        source=media.path.name,
        size=size,
        cuts=shot.cuts,
        name=media.path.name,
    )


def _face_curves(
    face: Face, fit: FlameFit | None, size: tuple[int, int], *, raw: bool
) -> FaceCurves:
    curves = face.raw if raw else face.curves
    mesh_pose = curves.pose
    if fit is None:
        translation = _translation(curves, size)
        flame = FlameCurves(curves.basis, curves.flame, curves.pose.rotation, translation)
    else:
        curves = dataclasses.replace(curves, pose=fit.pose)
        flame = FlameCurves(
            fit.basis,
            fit.flame,
            *fit.global_pose(size),
            shape=fit.shape,
            camera_scale=fit.pose.scale / fit.scale,
            error=fit.error,
        )
    return FaceCurves(
        face.number,
        curves.controls,
        curves.valid,
        name=face.name,
        smoothed=not raw,
        bridged=curves.bridged,
        confidence=face.confidence,
        region_confidence=face.region_confidence,
        identity=face.identity,
        pose=curves.pose,
        mesh_pose=mesh_pose,
        flame=flame,
        units=unit_curves(curves.controls.array, curves.valid, float(face.clock.rate)),
    )


def _translation(curves: Curves, size: tuple[int, int]) -> FloatArray:
    middle = (np.array(size) - 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = (curves.pose.translation - middle) / curves.pose.scale[:, None] * _METRES
    return np.column_stack([offset[:, 0], -offset[:, 1], np.zeros(len(offset))]).astype(np.float32)
