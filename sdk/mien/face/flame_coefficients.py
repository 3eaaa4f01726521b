"""FLAME coefficients in the embedded basis, and the way to and from controls.

A frame's vector is `[expression 50 | eyelids 2 (left, right) | jaw 3 (axis-angle)]`. In
the basis `mien-rig` the expression is 50 orthonormal deformations of the landmark mesh,
made from the rig's fields after the jaw's rotation and the lids' closing were taken out;
a lid is 0 open .. 1 closed; the jaw turns about the hinge of the mean face, in radians
(x opens, y turns to the person's left, z tips).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from mien._types import DoubleArray, FloatArray
from mien.face.least_squares import bounded_least_squares
from mien.face.rig import Rig, load_rig
from mien.model.controls import ARKIT, INDEX, NAMES
from mien.model.curves import FLAME_SIZE

__all__ = [
    "BASES",
    "EXPRESSION",
    "EYELIDS",
    "FLAME_BASES",
    "JAW",
    "JAW_SIDEWAYS",
    "MIEN_RIG",
    "LinearBridge",
    "controls_to_flame",
    "flame_displacement",
    "flame_to_controls",
    "rig_bridge",
]

MIEN_RIG: Final = "mien-rig"

FLAME_BASES: Final = ("flame2020", "flame2023", "flame2023-open")
"""Bases of FLAME heads: each is there when the head of that name is installed."""
BASES: Final = (MIEN_RIG, *FLAME_BASES)
"""Names of the bases in which expression coefficients are given."""

EXPRESSION: Final = slice(0, 50)
EYELIDS: Final = slice(50, 52)
JAW: Final = slice(52, 55)
JAW_SIDEWAYS: Final = 0.2
"""Radians by which coefficients turn the jaw sideways, or roll it, at most: SMIRK's limit."""

_LIDS = ("eyeBlinkLeft", "eyeBlinkRight")
_CLOSING = ("eyeBlink", "eyeSquint", "eyeLookDown")
"""Controls that close lids; those that open them further are left to the expression."""
_JAW = ("jaw",)
_UNSEEN = frozenset({"tongueOut"} | {name for name in ARKIT if name.startswith("eyeLook")})
"""Controls that a deformation of the skin cannot give back; looks come from the irises."""
_SOLVED = [INDEX[name] for name in ARKIT if name not in _UNSEEN]
_RIDGE = 1e-4


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LinearBridge:
    """Linear maps between controls, the coefficients of one basis, and displacement.

    Attributes:
        forward: (59, 55) coefficients of each control at 1.
        generators: (55, 1404) displacement of the landmarks by each coefficient at 1, in
            canonical units; the jaw's turn at its beginning.
        normal, right: What least squares for the controls needs.
    """

    forward: FloatArray
    generators: FloatArray
    normal: FloatArray
    right: FloatArray

    @classmethod
    def of(cls, forward: DoubleArray, generators: DoubleArray) -> LinearBridge:
        """Make a bridge of the controls' coefficients in a basis, and what these do."""
        seen = forward[_SOLVED] @ generators
        return cls(
            forward=forward.astype(np.float32),
            generators=generators.astype(np.float32),
            normal=(seen @ seen.T + _RIDGE * np.eye(len(_SOLVED))).astype(np.float32),
            right=(generators @ seen.T).astype(np.float32),
        )

    def to_flame(self, controls: FloatArray) -> FloatArray:
        """Return the coefficients (..., 55) of controls (..., 59), or of a change; not held."""
        return np.asarray(np.asarray(controls, dtype=np.float32) @ self.forward, dtype=np.float32)

    def to_controls(self, flame: FloatArray) -> FloatArray:
        """Return the controls (..., 59), 0..1, that deform most like coefficients (..., 55)."""
        rows = np.asarray(flame, dtype=np.float32).reshape(-1, FLAME_SIZE)
        upper = np.ones(len(_SOLVED), dtype=np.float32)
        controls = np.zeros((len(rows), len(NAMES)), dtype=np.float32)
        controls[:, _SOLVED] = bounded_least_squares(
            self.normal, rows @ self.right, upper, sweeps=_SWEEPS
        )
        return controls.reshape(*flame.shape[:-1], len(NAMES))


def controls_to_flame(controls: FloatArray) -> FloatArray:
    """Return the coefficients of control values in `mien-rig`.

    Args:
        controls: (..., 59).

    Returns:
        (..., 55) float32; eyelids are held within 0..1.
    """
    flame = rig_bridge().to_flame(controls)
    flame[..., EYELIDS] = np.clip(flame[..., EYELIDS], 0, 1)
    return np.asarray(flame, dtype=np.float32)


def flame_to_controls(flame: FloatArray) -> FloatArray:
    """Return the controls, 0..1, whose deformation comes nearest to that of coefficients.

    Gaze, looks, head and tongue are no deformations of the skin and come out 0.

    Args:
        flame: (..., 55) in `mien-rig`.

    Returns:
        (..., 59) float32.
    """
    return rig_bridge().to_controls(flame)


def flame_displacement(flame: FloatArray) -> FloatArray:
    """Return the displacement of the mean face's skin by coefficients in `mien-rig`.

    Args:
        flame: (..., 55).

    Returns:
        (..., 468, 3) float32 in canonical units; linear, the jaw's turn too.
    """
    moved = np.asarray(flame, dtype=np.float32) @ rig_bridge().generators
    return moved.reshape(*flame.shape[:-1], -1, 3)


_SWEEPS: Final = 400
"""Sweeps of least squares: controls overlap more here than in a frame's solution."""


@lru_cache(maxsize=1)
def rig_bridge() -> LinearBridge:
    """Return the bridge to `mien-rig`."""
    rig = load_rig()
    fields, lids, jaw = _parts(rig)
    forward = np.zeros((len(NAMES), FLAME_SIZE))
    forward[:, EYELIDS] = _shares(fields, lids, _CLOSING)
    forward[:, JAW] = _shares(fields, jaw, _JAW)
    forward[:, EXPRESSION] = fields_beside_jaw_and_lids(rig) @ rig.expression.T
    return LinearBridge.of(forward, np.concatenate([rig.expression, lids, jaw]))


def fields_beside_jaw_and_lids(rig: Rig) -> DoubleArray:
    """Return what each control does besides turning jaw and closing lids, (59, 1404)."""
    fields, lids, jaw = _parts(rig)
    held = _shares(fields, lids, _CLOSING) @ lids + _shares(fields, jaw, _JAW) @ jaw
    return np.asarray(fields - held)


def _parts(rig: Rig) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """Fields of the mean face (59, 1404), those of the lids (2, ...), the jaw's (3, ...)."""
    fields = rig.personal(rig.mean).fields.reshape(len(NAMES), -1).astype(np.float64)
    return fields, fields[[INDEX[name] for name in _LIDS]], jaw_turns(rig)


def jaw_turns(rig: Rig) -> DoubleArray:
    """Return the skin's displacement (3, 1404) per radian of the jaw about x, y and z."""
    arm = (rig.mean - rig.jaw_hinge).astype(np.float64)
    turns = [rig.jaw_weight[:, None] * np.cross(axis, arm) for axis in np.eye(3)]
    return np.asarray(np.stack(turns).reshape(3, -1))


def _shares(fields: DoubleArray, parts: DoubleArray, names: tuple[str, ...]) -> DoubleArray:
    """How much of some parts the fields of some controls hold, by least squares."""
    shares = np.asarray(fields @ np.linalg.pinv(parts))
    for row, name in enumerate(NAMES):
        if not name.startswith(names):
            shares[row] = 0
    return shares
