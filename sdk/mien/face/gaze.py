"""Where the eyes look: `gaze*` in degrees and `eyeLook*` in weights, kept in step.

An `eyeLook*` weight of 1 is a turn of the eyeball by 30 degrees. A performance carries the
same look in both; an edit may key either, and what it asks of both adds up.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mien._types import FloatArray
from mien.model.controls import GAZE, INDEX

__all__ = ["FULL_LOOK", "GAZE_COLUMNS", "degrees_to_looks", "gaze_change", "looks_to_degrees"]

FULL_LOOK: Final = 30.0
"""Degrees that the eyeball turns at an `eyeLook*` weight of 1."""

GAZE_COLUMNS: Final = tuple(INDEX[name] for name in GAZE)
"""Columns of yaw left, yaw right, pitch left, pitch right."""

_PAIRS: Final = tuple(
    (INDEX[f"eyeLook{more}"], INDEX[f"eyeLook{less}"])
    for more, less in (
        # Yaw is positive towards the person's left: outwards for the left eye.
        ("OutLeft", "InLeft"),
        ("InRight", "OutRight"),
        ("UpLeft", "DownLeft"),
        ("UpRight", "DownRight"),
    )
)
_MORE: Final = [more for more, _ in _PAIRS]
_LESS: Final = [less for _, less in _PAIRS]


def looks_to_degrees(controls: FloatArray) -> FloatArray:
    """Return the gaze of the `eyeLook*` weights in degrees.

    Args:
        controls: (..., 59) control values.

    Returns:
        (..., 4) yaw left, yaw right, pitch left, pitch right.
    """
    look = controls[..., _MORE] - controls[..., _LESS]
    return np.asarray(FULL_LOOK * look, dtype=np.float32)


def degrees_to_looks(gaze: FloatArray, controls: FloatArray) -> None:
    """Write a gaze into the gaze columns and into the `eyeLook*` columns.

    Args:
        gaze: (..., 4) degrees: yaw left, yaw right, pitch left, pitch right.
        controls: (..., 59) control values, changed in place.
    """
    controls[..., list(GAZE_COLUMNS)] = gaze
    controls[..., _MORE] = np.maximum(gaze, 0) / FULL_LOOK
    controls[..., _LESS] = np.maximum(-gaze, 0) / FULL_LOOK


def gaze_change(source: FloatArray, target: FloatArray) -> FloatArray:
    """Return the change of gaze between two performances, `gaze*` and `eyeLook*` together.

    Args:
        source: (..., 59) control values.
        target: (..., 59) control values.

    Returns:
        (..., 4) degrees: yaw left, yaw right, pitch left, pitch right.
    """
    change = target - source
    return change[..., list(GAZE_COLUMNS)] + looks_to_degrees(change)
