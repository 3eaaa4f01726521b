"""Both ways between controls and coefficients, and between the bases of different heads.

Eyelids and jaw mean the same in every basis, and pass. Everything else is geometry: what a
control does to the landmarks is carried to the head, what its jaw and its lids already do is
taken off, and the expression is what comes nearest to the rest, each direction of FLAME held
back by its own spread in people (coefficients count in standard deviations). All of it is
linear, so that no edit gives no change, and twice the edit gives twice the change.

Between two heads with the same triangles the vertices of the face are compared directly.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from mien._types import DoubleArray, FloatArray
from mien.blas import one_blas_thread
from mien.errors import UsageError
from mien.face.flame_coefficients import (
    BASES,
    EXPRESSION,
    EYELIDS,
    JAW,
    JAW_SIDEWAYS,
    MIEN_RIG,
    LinearBridge,
    rig_bridge,
)
from mien.face.heads import Head, installed_heads, load_head
from mien.face.rig import load_rig
from mien.model.controls import NAMES
from mien.model.curves import FLAME_SIZE

__all__ = [
    "apply_change",
    "bridge_to",
    "check_basis",
    "controls_to_flame",
    "convert",
    "flame_change",
    "flame_to_controls",
    "installed_bases",
]


LANDMARK_NOISE: Final = 0.1
"""Canonical units (about 1 mm) by which a landmark may miss when expressions are fitted."""
VERTEX_NOISE: Final = 0.001
"""Metres, the same for vertices."""
JAW_STEP: Final = 1e-3
"""Radians over which the jaw's turn is differentiated."""


def installed_bases() -> tuple[str, ...]:
    """Return the bases that can be used: FLAME heads that are installed, then the rig."""
    return (*installed_heads(), MIEN_RIG)


def check_basis(basis: str) -> None:
    """Refuse a name that is no basis, or one whose head is not installed.

    Raises:
        UsageError: When no basis has that name.
        MissingDependencyError: When its head is not installed; it says how to get it.
        WeightsError: When a file of the head cannot be used.
    """
    if basis not in BASES:
        raise UsageError(
            f"There is no basis '{basis}' for FLAME coefficients.", f"One of: {', '.join(BASES)}."
        )
    if basis != MIEN_RIG:
        load_head(basis)


def controls_to_flame(controls: FloatArray, basis: str) -> FloatArray:
    """Return the coefficients of control values.

    Args:
        controls: (..., 59).
        basis: The basis in which they are wanted.

    Returns:
        (..., 55) float32; eyelids within 0..1, the jaw not shut further than shut.

    Raises:
        UsageError: When no basis has that name.
        MissingDependencyError: When its head is not installed.
    """
    return _held(bridge_to(basis).to_flame(controls))


def flame_change(delta: FloatArray, basis: str) -> FloatArray:
    """Return the change of coefficients by a change of controls: linear, none for none.

    Args:
        delta: (..., 59) change of controls.
        basis: The basis in which it is wanted.

    Returns:
        (..., 55) float32, to be added; rows of zeros give rows of exact zeros.

    Raises:
        UsageError: When no basis has that name.
        MissingDependencyError: When its head is not installed.
    """
    return bridge_to(basis).to_flame(delta)


def apply_change(flame: FloatArray, change: FloatArray) -> FloatArray:
    """Return coefficients with a change, within what the published encoder can say.

    Args:
        flame: (..., 55).
        change: (..., 55) in the same basis.

    Returns:
        (..., 55) float32; eyelids within 0..1, the jaw open by 0 or more and turned sideways
        by 0.2 at most. Rows without a change are returned as they came.
    """
    asked = np.any(change != 0, axis=-1, keepdims=True)
    there = np.asarray(flame + change, dtype=np.float32)
    there[..., JAW][..., 1:] = np.clip(there[..., JAW][..., 1:], -JAW_SIDEWAYS, JAW_SIDEWAYS)
    return np.where(asked, _held(there), np.asarray(flame, dtype=np.float32))


def flame_to_controls(flame: FloatArray, basis: str) -> FloatArray:
    """Return the controls, 0..1, whose deformation comes nearest to that of coefficients.

    Gaze, looks, head and tongue are no deformations of the skin and come out 0.

    Args:
        flame: (..., 55).
        basis: The basis of the 50.

    Returns:
        (..., 59) float32.

    Raises:
        UsageError: When no basis has that name.
        MissingDependencyError: When its head is not installed.
    """
    return bridge_to(basis).to_controls(flame)


def convert(flame: FloatArray, source: str, target: str) -> FloatArray:
    """Convert coefficients of one basis to those of another.

    Args:
        flame: (..., 55) in the source.
        source: Their basis.
        target: The basis in which they are wanted.

    Returns:
        (..., 55) float32; eyelids and jaw are what they were.

    Raises:
        UsageError: When no basis has one of the names.
        MissingDependencyError: When a head is not installed.
    """
    check_basis(source)
    check_basis(target)
    flame = np.asarray(flame, dtype=np.float32)
    if source == target:
        return flame.copy()
    found = flame.copy()
    found[..., EXPRESSION] = flame @ _expression_map(source, target)
    return found


def bridge_to(basis: str) -> LinearBridge:
    """Return the maps between controls and a basis.

    Raises:
        UsageError: When no basis has that name.
        MissingDependencyError: When its head is not installed.
    """
    check_basis(basis)
    return rig_bridge() if basis == MIEN_RIG else _head_bridge(load_head(basis))


def _held(flame: FloatArray) -> FloatArray:
    flame[..., EYELIDS] = np.clip(flame[..., EYELIDS], 0, 1)
    flame[..., JAW.start] = np.maximum(flame[..., JAW.start], 0)
    return flame


@lru_cache(maxsize=4)
@one_blas_thread()
def _head_bridge(head: Head) -> LinearBridge:
    generators = _generators(head)
    forward = rig_bridge().forward.astype(np.float64)
    fields = load_rig().personal(load_rig().mean).fields.reshape(len(NAMES), -1)
    forward[:, EXPRESSION] = _beside_jaw_and_lids(fields.astype(np.float64), forward, generators)
    return LinearBridge.of(forward, generators)


def _generators(head: Head) -> DoubleArray:
    """(55, 1404) canonical displacement of a head's landmarks by each coefficient."""
    landmarks = head.landmarks
    count = EXPRESSION.stop
    steps = np.concatenate([JAW_STEP * np.eye(3), -JAW_STEP * np.eye(3)])
    turned = landmarks.vertices(np.zeros((6, 0)), jaw=steps).astype(np.float64)
    jaw = (turned[:3] - turned[3:]) / (2 * JAW_STEP)
    assert landmarks.eyelids is not None
    metres = np.concatenate(
        [
            landmarks.expressions[:count].reshape(count, -1, 3),
            landmarks.eyelids.reshape(2, -1, 3),
            jaw,
        ]
    )
    return head.embedding.to_canonical(metres).reshape(FLAME_SIZE, -1).astype(np.float64)


def _beside_jaw_and_lids(
    moved: DoubleArray, coefficients: DoubleArray, generators: DoubleArray
) -> DoubleArray:
    """Expression coefficients (N, 50) of displacements (N, 1404), lids and jaw taken off."""
    rest = moved - coefficients[:, 50:] @ generators[50:]
    return _explained(rest, generators[EXPRESSION], LANDMARK_NOISE)


def _explained(moved: DoubleArray, directions: DoubleArray, noise: float) -> DoubleArray:
    """The likeliest coefficients, each of spread 1 in people, behind displacements."""
    normal = directions @ directions.T + noise**2 * np.eye(len(directions))
    return np.asarray(np.linalg.solve(normal, directions @ moved.T).T)


def _expression_map(source: str, target: str) -> FloatArray:
    heads = tuple(None if basis == MIEN_RIG else load_head(basis) for basis in (source, target))
    return _mapped(*heads)


@lru_cache(maxsize=12)
@one_blas_thread()
def _mapped(source: Head | None, target: Head | None) -> FloatArray:
    """(55, 50) the target's expressions of each of the source's coefficients."""
    if source and target and np.array_equal(source.mesh.triangles, target.mesh.triangles):
        face = np.repeat(source.face & target.face, 3)
        theirs, ours = (
            head.mesh.expressions[: EXPRESSION.stop, face].astype(np.float64)
            for head in (source, target)
        )
        between = np.zeros((FLAME_SIZE, EXPRESSION.stop))
        between[EXPRESSION] = _explained(theirs, ours, VERTEX_NOISE)
        return between.astype(np.float32)
    before = rig_bridge().generators if source is None else _head_bridge(source).generators
    after = rig_bridge().generators if target is None else _head_bridge(target).generators
    rest = before.astype(np.float64)
    rest[50:] -= after[50:]
    if target is None:
        # Orthonormal directions that are nobody's spread: the nearest is a projection.
        return np.asarray(rest @ load_rig().expression.T, dtype=np.float32)
    return _explained(rest, after[EXPRESSION].astype(np.float64), LANDMARK_NOISE).astype(np.float32)
