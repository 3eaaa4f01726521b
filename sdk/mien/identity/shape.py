"""Who a face is by the shape of its landmarks alone, where no recognition network is installed.

A scaled orthographic camera, the rig's ways in which people differ and its controls are fitted to
the landmarks of one picture in turns (least squares with the rig's own priors; the camera as in
DeMenthon and Davis, "Model-Based Object Pose in 25 Lines of Code", IJCV 1995). It says little: an
expression passes for a shape in part, and what is wrong with skin, eyes or teeth goes unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from mien._types import DoubleArray, FloatArray
from mien.blas import one_blas_thread
from mien.face.rig import load_rig
from mien.identity.base import cosine, usable
from mien.model.landmarks import SKIN

__all__ = ["ShapeIdentity"]

_ROUNDS: Final = 4
_LEAST_ACTIVITY: Final = 0.05
"""A control's activity is taken as no less, so that rare ones can still explain a face."""


@dataclass(slots=True)
class ShapeIdentity:
    """A face's shape in the ways in which people differ, compared by cosine; `IdentityModel`."""

    reason: str
    name: str = "landmarks"
    sees_pixels: bool = False
    same_person: float = 0.75

    def describe(
        self, picture: npt.NDArray[np.uint8], landmarks: npt.ArrayLike
    ) -> FloatArray | None:
        """Describe the shape of a face, without looking at the pixels; see `IdentityModel`."""
        points = usable(picture, landmarks)
        return None if points is None else _traits(points[:SKIN])

    def similarity(self, first: npt.ArrayLike, second: npt.ArrayLike) -> float:
        """Return the cosine of two descriptions; see `IdentityModel`."""
        return cosine(first, second)


@dataclass(frozen=True, slots=True, eq=False)
class _Basis:
    """What a face can be: a mean, and directions of unit standard deviation.

    Attributes:
        mean: (468, 3) in canonical space.
        directions: (K + C, 468, 3) those of people, then those of the controls.
        people: K.
        precision: (468,) what a landmark is worth, in canonical units to the power of -2.
        steady: (468,) weights for the camera, high where expressions move little.
    """

    mean: DoubleArray
    directions: DoubleArray
    people: int
    precision: DoubleArray
    steady: DoubleArray


@lru_cache(maxsize=1)
def _basis() -> _Basis:
    rig = load_rig()
    moving = np.flatnonzero(np.abs(rig.fields).max(axis=(1, 2)) > 0)
    usual = np.maximum(rig.activity[moving], _LEAST_ACTIVITY)[:, None, None]
    people = rig.people.modes.reshape(-1, SKIN, 3)
    spread = np.hypot(rig.people.scale, rig.noise.scale).reshape(SKIN, 3)
    return _Basis(
        mean=rig.mean.astype(np.float64),
        directions=np.concatenate([people, rig.fields[moving] * usual]).astype(np.float64),
        people=len(people),
        precision=1 / (spread**2).mean(axis=1),
        steady=(rig.stiffness / rig.stiffness.sum()).astype(np.float64),
    )


@one_blas_thread()
def _traits(points: FloatArray) -> FloatArray:
    """(K,) how far a face (468, 2) departs from the mean in each way, in standard deviations."""
    basis = _basis()
    seen = points.astype(np.float64) * (1, -1)
    count = len(basis.directions)
    amounts = np.zeros(count)
    for _ in range(_ROUNDS):
        shape = basis.mean + np.tensordot(amounts, basis.directions, axes=1)
        camera, shift = _camera(shape, seen, basis.steady)
        away = seen - shift - basis.mean @ camera.T
        moved = (basis.directions @ camera.T).reshape(count, -1)
        size = float(np.linalg.norm(camera[0]))
        weights = np.repeat(basis.precision / size**2, 2)
        normal = (moved * weights) @ moved.T + np.eye(count)
        amounts = np.linalg.solve(normal, (moved * weights) @ away.reshape(-1))
    return np.asarray(amounts[: basis.people], dtype=np.float32)


def _camera(
    shape: DoubleArray, seen: DoubleArray, weights: DoubleArray
) -> tuple[DoubleArray, DoubleArray]:
    """The scaled orthographic camera (2, 3) and shift (2,) that take a shape to its picture."""
    middle, centre = weights @ shape, weights @ seen
    flat = (seen - centre).T * weights @ (shape - middle)
    spread = (shape - middle).T * weights @ (shape - middle)
    affine = flat @ np.linalg.inv(spread)
    u, s, vt = np.linalg.svd(affine, full_matrices=False)
    camera = s.mean() * (u @ vt)
    return np.asarray(camera), np.asarray(centre - camera @ middle)
