"""Curves of a shot as they are asked for: groups and gains, with coefficients that follow."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray
from mien.face.bridge import apply_change, flame_change
from mien.face.pose import angles
from mien.model.controls import HEAD, INDEX, NAMES
from mien.model.curve_change import CurveChange, resampled, shifted
from mien.model.curve_file import CurveFile, FaceCurves, FlameCurves
from mien.model.curves import HeadPose
from mien.model.unit_curves import unit_curves

__all__ = ["changed_curves"]


def changed_curves(curves: CurveFile, change: CurveChange) -> CurveFile:
    """Return curves with a change: scaled and left out first, then shifted, then resampled.

    FLAME coefficients and action units follow the controls. Where the head is left out, so is its
    pose.

    Args:
        curves: The curves of a shot.
        change: What is asked.

    Raises:
        UsageError: When the offset leaves nothing.
    """
    factors = change.factors
    if (factors != 1).any() or change.only:
        rate = 25.0 if curves.clock is None else float(curves.clock.rate)
        faces = tuple(_scaled(face, factors, change, rate) for face in curves.faces)
        curves = dataclasses.replace(curves, faces=faces)
    curves = shifted(curves, change.offset)
    return curves if change.rate is None else resampled(curves, change.rate)


def _scaled(face: FaceCurves, factors: DoubleArray, change: CurveChange, rate: float) -> FaceCurves:
    before = np.column_stack(
        [np.asarray(face.controls[name]) if name in face.controls else np.zeros(len(face))
         for name in NAMES]
    ).astype(np.float32)  # fmt: skip
    after = (before * factors).astype(np.float32)
    kept = change.kept
    head = factors[[INDEX[name] for name in HEAD]]
    flame = face.flame

    def posed(pose: HeadPose | None) -> HeadPose | None:
        if pose is None or not kept & set(HEAD):
            return None
        return HeadPose(pose.scale, _turned(pose.rotation, head, face), pose.translation)

    if flame is not None:
        flame = _flame(flame, after - before, head, face)
        if not kept & set(HEAD):
            flame = dataclasses.replace(
                flame, translation=np.zeros_like(flame.translation), camera_scale=None
            )
    return dataclasses.replace(
        face,
        controls={name: after[:, INDEX[name]] for name in face.controls if name in kept},
        pose=posed(face.pose),
        mesh_pose=posed(face.mesh_pose),
        flame=flame,
        units=face.units and unit_curves(after, face.valid, rate),
    )


def _flame(
    flame: FlameCurves, delta: npt.NDArray[np.float32], head: DoubleArray, face: FaceCurves
) -> FlameCurves:
    delta = np.where(face.valid[:, None], delta, 0).astype(np.float32)
    coefficients = apply_change(flame.coefficients, flame_change(delta, flame.basis))
    rotation = _turned(flame.rotation, head, face)
    return dataclasses.replace(flame, coefficients=coefficients, rotation=rotation)


def _turned(rotation: npt.NDArray[Any], factors: DoubleArray, face: FaceCurves) -> Any:
    """Return (T, 3, 3) rotations with yaw, pitch and roll multiplied."""
    from scipy.spatial.transform import Rotation

    if (factors == 1).all():
        return rotation
    turned = rotation.copy()
    yaw, pitch, roll = (angles(rotation[face.valid]) * factors).T
    degrees = np.column_stack([yaw, -pitch, -roll])
    turned[face.valid] = Rotation.from_euler("YXZ", degrees, degrees=True).as_matrix()
    return turned
