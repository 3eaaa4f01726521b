"""Regions of a face of which other frames of a shot can show more than the one painted."""

from __future__ import annotations

from enum import Enum
from typing import Final

import numpy as np

from mien.model.controls import CONTROLS
from mien.model.evaluate import Evaluated

__all__ = ["FaceRegion", "needs"]


class FaceRegion(Enum):
    """A region of a face with an appearance of its own."""

    MOUTH = "mouth"
    SKIN = "skin"
    LIBRARY = "library"


_EXPRESSION = ("brows", "cheeks", "eyes", "gaze", "jaw", "mouth", "nose", "tongue")
_MOVED_BY: Final = {
    FaceRegion.MOUTH: ("jaw", "mouth", "tongue"),
    FaceRegion.SKIN: _EXPRESSION,
    FaceRegion.LIBRARY: _EXPRESSION,
}
"""The groups of controls that uncover what a region hides."""
_CONTROLS: Final = {
    region: [i for i, control in enumerate(CONTROLS) if control.region in groups]
    for region, groups in _MOVED_BY.items()
}


def needs(evaluated: Evaluated) -> frozenset[FaceRegion]:
    """Return the regions whose appearance an edit needs, as it moves them somewhere in the shot."""
    moved = np.flatnonzero(evaluated.delta.any(axis=0))
    return frozenset(
        region for region, controls in _CONTROLS.items() if np.isin(controls, moved).any()
    )
