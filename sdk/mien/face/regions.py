"""Which landmarks make each region of a face whose confidence is told apart."""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.face.rig import load_rig
from mien.model.landmarks import LANDMARKS, SKIN
from mien.model.occlusion import REGIONS

__all__ = ["region_landmarks", "region_weights"]

_CHIN = (152, 148, 176, 149, 150, 377, 400, 378, 379, 175, 199, 200, 208, 428, 171, 396, 140, 369)
"""The chin and the edge of the jaw below the corners of the mouth."""


@functools.cache
def region_landmarks() -> tuple[npt.NDArray[np.intp], ...]:
    """Return the landmarks of each of `REGIONS`."""
    groups = load_rig().groups
    names = {
        "eyes": ("left_eye_upper", "left_eye_lower", "right_eye_upper", "right_eye_lower"),
        "brows": ("left_brow", "right_brow"),
        "mouth": ("lips_inner_upper", "lips_inner_lower", "lips_outer_upper", "lips_outer_lower"),
    }
    found = {name: np.unique(np.concatenate([groups[g] for g in of])) for name, of in names.items()}
    found["jaw"] = np.array(sorted(_CHIN))
    return tuple(np.asarray(found[name], np.intp) for name in REGIONS)


@functools.cache
def region_weights() -> FloatArray:
    """Return (478, 4) weights with which values of landmarks make means over `REGIONS`."""
    shares = np.zeros((LANDMARKS, len(REGIONS)), np.float32)
    for column, indices in enumerate(region_landmarks()):
        shares[indices, column] = 1 / len(indices)
    assert not shares[SKIN:].any()
    return shares
