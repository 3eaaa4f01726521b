"""Names for the array types that rooms exchange."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "AnyArray",
    "BoolArray",
    "ByteArray",
    "DoubleArray",
    "FloatArray",
    "IndexArray",
    "Int32Array",
    "PathLike",
]

FloatArray = npt.NDArray[np.float32]
"""What is kept and exchanged: landmarks, curves, pixels in R'G'B'."""
DoubleArray = npt.NDArray[np.float64]
"""What is computed with where single precision would not do."""
BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]
"""Pixels of eight bits."""
IndexArray = npt.NDArray[np.intp]
"""Positions in other arrays."""
Int32Array = npt.NDArray[np.int32]
"""Corners of triangles, as OpenCV takes them."""
AnyArray = npt.NDArray[Any]
PathLike = str | os.PathLike[str]
