"""The jaw's hinge, and the basis of expression without jaw and lids."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rigmaker.topology import SKIN

Array = npt.NDArray[np.float64]

HINGE_BEHIND_CHIN = 7.5
"""Canonical units from the tip of the chin back to the jaw's joint, before the ear. The
depth of tracked landmarks is too weak to tell it; its height follows from the chin's arc."""
COMPONENTS = 50
CHIN = (152, 148, 377, 176, 400)


def hinge(mean: Array, jaw_open: Array) -> tuple[Array, Array]:
    """Where the jaw turns, and how far each point goes with it.

    Args:
        mean: (468, 3).
        jaw_open: (468, 3) the field of jawOpen.

    Returns:
        (3,) the hinge, and (468,) shares 0..1.
    """
    chin, moved = mean[list(CHIN)].mean(axis=0), jaw_open[list(CHIN)].mean(axis=0)
    z = chin[2] - HINGE_BEHIND_CHIN
    # The chin moves at right angles to its arm: dy (y - hy) + dz (z - hz) = 0.
    y = chin[1] + moved[2] / moved[1] * (chin[2] - z)
    at = np.array([0.0, y, z])
    turn = np.cross([1.0, 0.0, 0.0], mean - at)
    angle = (moved @ turn[list(CHIN)].mean(axis=0)) / (turn[list(CHIN)].mean(axis=0) ** 2).sum()
    share = (jaw_open * turn).sum(axis=1) / (angle * (turn**2).sum(axis=1))
    return at, np.clip(share, 0, 1)


def expression(rest: Array, weights: Array, spare: Array) -> Array:
    """Orthonormal components of what the controls do beside jaw and lids.

    Args:
        rest: (52, 1404) the fields less their jaw and lid parts.
        weights: (52,) how much each control counts (its activity).
        spare: (K, 1404) motions of real faces that complete the basis.

    Returns:
        (50, 1404) orthonormal rows; the first hold most of everyday motion.
    """
    _, s, vt = np.linalg.svd(weights[:, None] * rest, full_matrices=False)
    found = vt[s > s[0] * 1e-4][:COMPONENTS]
    beside = spare - (spare @ found.T) @ found
    more = np.linalg.svd(beside, full_matrices=False)[2][: COMPONENTS - len(found)]
    basis = np.concatenate([found, more])
    # One sign for one meaning: the largest coordinate is positive.
    largest = np.abs(basis).argmax(axis=1)
    basis *= np.sign(basis[np.arange(len(basis)), largest])[:, None]
    if basis.shape != (COMPONENTS, SKIN * 3):
        raise ValueError(f"only {len(basis)} independent deformations for {COMPONENTS} components")
    return basis
