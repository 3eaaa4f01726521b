"""Another performance in place of a face's own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mien._types import FloatArray
from mien.errors import UsageError
from mien.face.bridge import apply_change, flame_change, flame_to_controls
from mien.model.controls import ARKIT, INDEX
from mien.model.curves import FLAME_SIZE
from mien.model.evaluate import NEGLIGIBLE, Evaluated
from mien.model.face import Face
from mien.rendering.base import FacePlan

__all__ = ["replace_performance"]

_BASIS = "flame2020"
_SPOKEN = [INDEX[name] for name in ARKIT if not name.startswith("eyeLook") and name != "tongueOut"]
"""Controls of which coefficients say something; looks and tongue stay the face's own."""


def replace_performance(
    face: Face,
    flame: npt.ArrayLike,
    edit: FacePlan | None = None,
    weights: FloatArray | None = None,
) -> FacePlan:
    """A face that does what coefficients say, and what is asked beside.

    Args:
        face: The face.
        flame: (T, 55) in `flame2020`: [expression 50 | eyelids 2 | jaw 3].
        edit: What is asked of it, on top of the coefficients; faded already.
        weights: (T, 59) how far the coefficients count, 0..1; None where they count in full.

    Raises:
        UsageError: When there are not as many frames, or values that are no numbers.
        MissingDependencyError: When the FLAME 2020 head is not installed.
    """
    given = np.asarray(flame, dtype=np.float32)
    frames = face.clock.frame_count
    if given.shape != (frames, FLAME_SIZE) or not np.isfinite(given).all():
        raise UsageError(
            f"{face.name} cannot be given coefficients of shape {given.shape}.",
            f"Give ({frames}, {FLAME_SIZE}) finite numbers in the basis {_BASIS}.",
        )
    source = face.curves.controls.array
    delta = np.zeros_like(source)
    controls = flame_to_controls(given, _BASIS)
    delta[:, _SPOKEN] = controls[:, _SPOKEN] - source[:, _SPOKEN]
    change = np.zeros_like(source)
    if weights is not None and (weights < 1).any():
        change = delta * (weights - 1)
        delta += change
    spoken = delta.copy()
    if edit is not None:
        change += edit.evaluated.delta
        delta += edit.evaluated.delta
    if change.any():
        given = apply_change(given, flame_change(change, _BASIS))
    delta[(np.abs(delta) < NEGLIGIBLE) | ~face.valid[:, None]] = 0
    departed = spoken
    if edit is not None and edit.evaluated.departed is not None:
        departed += edit.evaluated.departed
    departed = np.clip(departed, np.minimum(delta, 0), np.maximum(delta, 0))
    return FacePlan(face, Evaluated(source, delta, departed), given)
