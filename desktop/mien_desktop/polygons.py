"""Polygons: numpy points without a Python object for every point, and the shape of a key."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPolygonF
from shiboken6 import VoidPtr

__all__ = ["diamond", "polygon"]


def polygon(points: npt.ArrayLike) -> QPolygonF:
    """Return a polygon of (N, 2) points."""
    array = np.ascontiguousarray(points, dtype=np.float64)
    made = QPolygonF()
    made.resize(len(array))
    if len(array):
        # A QPolygonF is an array of pairs of doubles; its memory is filled in one go. PySide's
        # stubs know less of VoidPtr than PySide does.
        memory = cast(Any, VoidPtr)(made.data(), array.nbytes, True)
        np.frombuffer(memory, dtype=np.float64)[:] = array.ravel()
    return made


def diamond(x: float, y: float, reach: float) -> QPolygonF:
    """Return the shape of a key around a point."""
    return QPolygonF(
        [QPointF(x - reach, y), QPointF(x, y - reach), QPointF(x + reach, y), QPointF(x, y + reach)]
    )
